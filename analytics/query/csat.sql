-- What customers thought of it, by the day the session began.
-- filters: channel lang tier intent
SELECT @day(s.started) AS day, count(*) AS sessions, count(s.score) AS rated,
  count(CASE WHEN s.score >= 4 THEN 1 END) AS satisfied,
  CAST(coalesce(sum(s.score), 0) AS DOUBLE) AS score_sum, CAST(coalesce(sum(s.score * s.score), 0) AS DOUBLE) AS score_sum_of_squares,
  count(CASE WHEN s.score = 1 THEN 1 END) AS one, count(CASE WHEN s.score = 2 THEN 1 END) AS two, count(CASE WHEN s.score = 3 THEN 1 END) AS three,
  count(CASE WHEN s.score = 4 THEN 1 END) AS four, count(CASE WHEN s.score = 5 THEN 1 END) AS five,
  CAST(sum(s.thumbs_up) AS BIGINT) AS ups, CAST(sum(s.thumbs_up + s.thumbs_down) AS BIGINT) AS thumbs
FROM sessions s
WHERE @range(s, started) AND s.over @filter(s)
GROUP BY @day(s.started)
ORDER BY day
