-- The same numbers side by side for each channel.
-- filters: channel lang tier intent
SELECT s.channel, count(*) AS sessions, CAST(sum(s.turns) AS BIGINT) AS turns, CAST(sum(s.fallbacks) AS BIGINT) AS fallbacks,
  count(CASE WHEN NOT s.handed THEN 1 END) AS contained, count(CASE WHEN s.handed THEN 1 END) AS handed,
  count(CASE WHEN s.asked_last AND NOT s.handed THEN 1 END) AS abandoned, count(CASE WHEN s.angry THEN 1 END) AS angry,
  count(s.score) AS rated, count(CASE WHEN s.score >= 4 THEN 1 END) AS satisfied
FROM sessions s
WHERE @range(s, started) AND s.over @filter(s)
GROUP BY s.channel
ORDER BY sessions DESC, s.channel
