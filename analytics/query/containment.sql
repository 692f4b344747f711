-- Sessions that the robot kept to itself, by the day they began, and whether the customer had to come back. A window counts once it has passed.
-- filters: channel lang tier intent
SELECT @day(s.started) AS day, count(*) AS sessions,
  count(CASE WHEN NOT s.handed THEN 1 END) AS contained,
  count(CASE WHEN s.ended + INTERVAL '24' HOUR <= :through THEN 1 END) AS seen_day,
  count(CASE WHEN s.ended + INTERVAL '24' HOUR <= :through AND NOT s.handed AND (s.back_at IS NULL OR s.back_at >= s.ended + INTERVAL '24' HOUR) THEN 1 END) AS kept_day,
  count(CASE WHEN s.ended + INTERVAL '72' HOUR <= :through THEN 1 END) AS seen_three,
  count(CASE WHEN s.ended + INTERVAL '72' HOUR <= :through AND NOT s.handed AND (s.back_at IS NULL OR s.back_at >= s.ended + INTERVAL '72' HOUR) THEN 1 END) AS kept_three,
  count(CASE WHEN s.ended + INTERVAL '168' HOUR <= :through THEN 1 END) AS seen_week,
  count(CASE WHEN s.ended + INTERVAL '168' HOUR <= :through AND NOT s.handed AND (s.back_at IS NULL OR s.back_at >= s.ended + INTERVAL '168' HOUR) THEN 1 END) AS kept_week,
  count(CASE WHEN s.asked_last AND NOT s.handed THEN 1 END) AS abandoned
FROM sessions s
WHERE @range(s, started) AND s.over @filter(s)
GROUP BY @day(s.started)
ORDER BY day
