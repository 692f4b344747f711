-- Scores of understanding in twentieths, in the period and in the base.
-- filters: channel lang tier
WITH t AS (
  SELECT t.ts >= :from AS now, t.p1, t.oos
  FROM turns t
  WHERE @span(t, ts, :base, :to) @filter(t)
), x AS (
  SELECT 'confidence' AS score, least(floor(t.p1 * 20), 19) AS step, t.now FROM t WHERE t.p1 IS NOT NULL
  UNION ALL
  SELECT 'out_of_scope' AS score, least(floor(t.oos * 20), 19) AS step, t.now FROM t WHERE t.oos IS NOT NULL
)
SELECT x.score, CAST(x.step AS BIGINT) AS step, count(CASE WHEN x.now THEN 1 END) AS now_n, count(CASE WHEN NOT x.now THEN 1 END) AS base_n
FROM x
GROUP BY x.score, x.step
ORDER BY x.score, step
