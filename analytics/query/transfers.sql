-- Whether customers were sent to the right place at once, by the first queue. A transfer to another agent of the same queue is none here.
-- filters: channel lang tier intent queue
SELECT s.queue, count(*) AS handed, count(CASE WHEN s.last_queue = s.queue THEN 1 END) AS stayed, count(s.claimed_at) AS claimed,
  count(CASE WHEN s.agent_first >= s.handed_at THEN 1 END) AS answered
FROM sessions s
WHERE @range(s, started) AND s.over AND s.handed AND s.queue <> '' @filter(s)
GROUP BY s.queue
ORDER BY handed DESC, s.queue
