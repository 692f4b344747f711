-- How long people work on a session, by the queue that it ended in: from the first claim to the last message of a person.
-- filters: channel lang tier intent queue
WITH x AS (
  SELECT s.last_queue AS queue, s.agent_messages AS messages,
    CASE WHEN s.agent_last > s.claimed_at THEN @seconds(s.claimed_at, s.agent_last) ELSE 0.0 END AS took
  FROM sessions s
  WHERE @range(s, started) AND s.over AND s.claimed_at IS NOT NULL @filter(s)
)
SELECT x.queue, grouping(x.queue) AS total, count(*) AS contacts,
  CAST(sum(x.took) AS DOUBLE) AS took_sum, CAST(sum(x.took * x.took) AS DOUBLE) AS took_sum_of_squares,
  CAST(sum(x.messages) AS DOUBLE) AS messages_sum, CAST(sum(x.messages * x.messages) AS DOUBLE) AS messages_sum_of_squares,
  @quantile(0.5, x.took) AS p50, @quantile(0.9, x.took) AS p90, @quantile(0.95, x.took) AS p95, @quantile(0.99, x.took) AS p99
FROM x
GROUP BY GROUPING SETS ((x.queue), ())
ORDER BY total, contacts DESC, x.queue
