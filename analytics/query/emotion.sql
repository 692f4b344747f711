-- Emotions of messages by day, where the bundle told one.
-- filters: channel lang tier intent bundle
WITH x AS (
  SELECT @day(t.ts) AS day, t.emotion, count(*) AS turns
  FROM turns t
  WHERE @range(t, ts) AND t.emotion <> '' @filter(t)
  GROUP BY @day(t.ts), t.emotion
), n AS (
  SELECT x.day, CAST(sum(x.turns) AS BIGINT) AS all_turns FROM x GROUP BY x.day
)
SELECT x.day, x.emotion, x.turns, n.all_turns
FROM x JOIN n ON n.day = x.day
ORDER BY x.day, x.emotion
