-- How long the robot took to answer a message, by day and over all.
-- filters: channel lang tier intent bundle
WITH x AS (
  SELECT @day(t.ts) AS day, t.ms_total AS ms
  FROM turns t
  WHERE @range(t, ts) AND t.ms_total IS NOT NULL @filter(t)
)
SELECT x.day, grouping(x.day) AS total, count(*) AS n,
  @quantile(0.5, x.ms) AS p50, @quantile(0.9, x.ms) AS p90, @quantile(0.95, x.ms) AS p95, @quantile(0.99, x.ms) AS p99
FROM x
GROUP BY GROUPING SETS ((x.day), ())
ORDER BY total, x.day
