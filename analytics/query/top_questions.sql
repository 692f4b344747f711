-- What is asked most, by the redacted words without regard to case. Small talk is left out.
-- Words are counted as they stand first, so that each spelling is folded once.
-- filters: channel lang tier intent bundle
WITH w AS (
  SELECT t.text, max(t.intent) AS intent, count(*) AS turns, count(CASE WHEN t.fallback THEN 1 END) AS fallbacks, count(CASE WHEN t.handoff <> '' THEN 1 END) AS handoffs
  FROM turns t
  WHERE @range(t, ts) AND t.text <> '' AND t.intent NOT LIKE 'chat.%' @filter(t)
  GROUP BY t.text
), x AS (
  SELECT lower(trim(w.text)) AS question, max(w.intent) AS intent, sum(w.turns) AS turns, sum(w.fallbacks) AS fallbacks, sum(w.handoffs) AS handoffs
  FROM w
  GROUP BY lower(trim(w.text))
), n AS (
  SELECT sum(x.turns) AS all_turns FROM x
)
SELECT x.question, x.intent, CAST(x.turns AS BIGINT) AS turns, CAST(n.all_turns AS BIGINT) AS all_turns,
  CAST(x.fallbacks AS BIGINT) AS fallbacks, CAST(x.handoffs AS BIGINT) AS handoffs
FROM x CROSS JOIN n
ORDER BY turns DESC, x.question
LIMIT :limit
