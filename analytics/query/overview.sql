-- The sessions of the period and of the one of the same length before, in the key numbers.
-- filters: channel lang tier intent
SELECT CASE WHEN s.started >= :from THEN 1 ELSE 0 END AS now, count(*) AS sessions,
  count(CASE WHEN NOT s.handed THEN 1 END) AS contained,
  count(CASE WHEN s.ended + INTERVAL '72' HOUR <= :through THEN 1 END) AS seen_three,
  count(CASE WHEN s.ended + INTERVAL '72' HOUR <= :through AND NOT s.handed AND (s.back_at IS NULL OR s.back_at >= s.ended + INTERVAL '72' HOUR) THEN 1 END) AS kept_three,
  count(CASE WHEN s.handed THEN 1 END) AS handed, count(s.score) AS rated, count(CASE WHEN s.score >= 4 THEN 1 END) AS satisfied,
  count(s.resolved) AS said, count(CASE WHEN s.resolved THEN 1 END) AS said_yes, count(CASE WHEN s.angry THEN 1 END) AS angry,
  count(CASE WHEN s.handed AND s.agent_first >= s.handed_at THEN 1 END) AS wait_n,
  @quantile(0.5, CASE WHEN s.handed AND s.agent_first >= s.handed_at THEN @seconds(s.handed_at, s.agent_first) END) AS wait_median
FROM sessions s
WHERE @span(s, started, :before, :to) AND s.over @filter(s)
GROUP BY CASE WHEN s.started >= :from THEN 1 ELSE 0 END
ORDER BY now DESC
