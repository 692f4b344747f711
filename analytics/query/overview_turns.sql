-- The messages of the period and of the one of the same length before.
-- filters: channel lang tier intent
SELECT CASE WHEN t.ts >= :from THEN 1 ELSE 0 END AS now, count(*) AS turns, count(CASE WHEN t.fallback THEN 1 END) AS fallbacks,
  count(t.ms_total) AS ms_n, coalesce(sum(t.ms_total), 0.0) AS ms_sum
FROM turns t
WHERE @span(t, ts, :before, :to) @filter(t)
GROUP BY CASE WHEN t.ts >= :from THEN 1 ELSE 0 END
ORDER BY now DESC
