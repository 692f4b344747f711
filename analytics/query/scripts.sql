-- What customers did after each wording, by key and variant. Only a message within half an hour of the wording counts as an answer to it.
-- What the next message was is one number, so that little is sorted: 1 not understood + 2 handed over + 4 angry.
-- filters: channel lang tier intent bundle
WITH t AS (
  SELECT t.ts, t.scripts, CASE WHEN t.ts < :to @filter(t) THEN 1 ELSE 0 END AS counts,
    lead(t.ts) OVER (PARTITION BY t.conversation ORDER BY t.seq) AS next_ts,
    lead(CASE WHEN t.fallback THEN 1 ELSE 0 END + CASE WHEN t.handoff <> '' THEN 2 ELSE 0 END + CASE WHEN t.emotion = 'angry' THEN 4 ELSE 0 END) OVER (PARTITION BY t.conversation ORDER BY t.seq) AS next
  FROM turns t
  WHERE @span(t, ts, :from, :through)
), u AS (
  SELECT t.scripts, CASE WHEN t.next_ts < t.ts + INTERVAL '30' MINUTE THEN t.next ELSE -1 END AS next
  FROM t
  WHERE t.counts = 1
), e AS (
  SELECT script, u.next
  FROM u @each(u.scripts, script)
), r AS (
  SELECT r.conversation, r.about, count(CASE WHEN r.thumb > 0 THEN 1 END) AS ups, count(*) AS thumbs
  FROM ratings r
  WHERE @span(r, ts, :from, :through) AND r.thumb IS NOT NULL AND r.about <> ''
  GROUP BY r.conversation, r.about
), j AS (
  SELECT t.scripts, r.ups, r.thumbs
  FROM r JOIN turns t ON t.conversation = r.conversation AND t.id = r.about
  WHERE @range(t, ts) @filter(t)
), g AS (
  SELECT e.script, e.next, count(*) AS uses, 0 AS ups, 0 AS thumbs FROM e GROUP BY e.script, e.next
  UNION ALL
  SELECT script, -1 AS next, 0 AS uses, j.ups, j.thumbs FROM j @each(j.scripts, script)
), k AS (
  SELECT @part(@part(g.script, '@', 1), '#', 1) AS script_key, @part(@part(g.script, '@', 1), '#', 2) AS variant, g.next, g.uses, g.ups, g.thumbs
  FROM g
)
SELECT k.script_key, k.variant, CAST(sum(k.uses) AS BIGINT) AS uses, CAST(sum(CASE WHEN k.next >= 0 THEN k.uses ELSE 0 END) AS BIGINT) AS answered,
  CAST(sum(CASE WHEN k.next IN (1, 3, 5, 7) THEN k.uses ELSE 0 END) AS BIGINT) AS lost, CAST(sum(CASE WHEN k.next IN (2, 3, 6, 7) THEN k.uses ELSE 0 END) AS BIGINT) AS handed,
  CAST(sum(CASE WHEN k.next >= 4 THEN k.uses ELSE 0 END) AS BIGINT) AS angry, CAST(sum(k.ups) AS BIGINT) AS ups, CAST(sum(k.thumbs) AS BIGINT) AS thumbs
FROM k
GROUP BY k.script_key, k.variant
ORDER BY uses DESC, k.script_key, k.variant
