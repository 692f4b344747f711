-- The emotion at the end of sessions by the one at their beginning.
-- filters: channel lang tier intent
WITH x AS (
  SELECT s.emotion_first, s.emotion_last, count(*) AS sessions
  FROM sessions s
  WHERE @range(s, started) AND s.over AND s.emotion_first <> '' AND s.emotion_last <> '' @filter(s)
  GROUP BY s.emotion_first, s.emotion_last
), n AS (
  SELECT x.emotion_first, CAST(sum(x.sessions) AS BIGINT) AS all_sessions FROM x GROUP BY x.emotion_first
)
SELECT x.emotion_first, x.emotion_last, x.sessions, n.all_sessions
FROM x JOIN n ON n.emotion_first = x.emotion_first
ORDER BY x.emotion_first, x.emotion_last
