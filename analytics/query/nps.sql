-- Whether customers would recommend the shop, by the day the session began. An answer belongs to the last session of its conversation that had
-- begun; of several the last one counts.
-- filters: channel lang tier intent
WITH v AS (
  SELECT v.conversation, v.seq, v.nps, max(CASE WHEN s.started <= v.ts THEN s.session END) AS session
  FROM surveys v JOIN sessions s ON s.tenant = v.tenant AND s.conversation = v.conversation
  WHERE v.tenant = :tenant AND v.ts >= :from AND s.tenant = :tenant
  GROUP BY v.conversation, v.seq, v.nps
), a AS (
  SELECT v.conversation, v.session, @last(v.nps, v.seq) AS nps
  FROM v
  GROUP BY v.conversation, v.session
)
SELECT @day(s.started) AS day, count(*) AS sessions, count(a.nps) AS answered,
  count(CASE WHEN a.nps >= 9 THEN 1 END) AS promoters, count(CASE WHEN a.nps >= 7 AND a.nps <= 8 THEN 1 END) AS passives, count(CASE WHEN a.nps <= 6 THEN 1 END) AS detractors
FROM sessions s LEFT JOIN a ON a.conversation = s.conversation AND a.session = s.session
WHERE @range(s, started) AND s.over @filter(s)
GROUP BY @day(s.started)
ORDER BY day
