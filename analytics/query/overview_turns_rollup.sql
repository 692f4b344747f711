-- overview_turns from the roll-up by hour: the same numbers where the period keeps to whole hours.
-- filters: channel lang tier intent
SELECT CASE WHEN h.hour >= :from THEN 1 ELSE 0 END AS now, CAST(sum(h.turns) AS BIGINT) AS turns, CAST(sum(h.fallbacks) AS BIGINT) AS fallbacks,
  CAST(sum(h.ms_n) AS BIGINT) AS ms_n, sum(h.ms_sum) AS ms_sum
FROM hourly h
WHERE @span(h, hour, :before, :to) @filter(h)
GROUP BY CASE WHEN h.hour >= :from THEN 1 ELSE 0 END
ORDER BY now DESC
