-- What is asked most, by the redacted words without regard to case. Small talk is left out.
-- filters: channel lang tier intent bundle
WITH x AS (
  SELECT lower(trim(t.text)) AS question, t.intent, t.fallback, t.handoff
  FROM turns t
  WHERE @range(t, ts) AND t.text <> '' AND t.intent NOT LIKE 'chat.%' @filter(t)
), n AS (
  SELECT count(*) AS all_turns FROM x
)
SELECT x.question, max(x.intent) AS intent, count(*) AS turns, max(n.all_turns) AS all_turns,
  count(CASE WHEN x.fallback THEN 1 END) AS fallbacks, count(CASE WHEN x.handoff <> '' THEN 1 END) AS handoffs
FROM x CROSS JOIN n
GROUP BY x.question
ORDER BY turns DESC, x.question
LIMIT :limit
