-- Whether customers would recommend the shop, over all and for each channel, tier and language. As nps.sql.
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
), g AS (
  SELECT s.channel, s.tier, s.lang, count(*) AS sessions, count(a.nps) AS answered,
    count(CASE WHEN a.nps >= 9 THEN 1 END) AS promoters, count(CASE WHEN a.nps >= 7 AND a.nps <= 8 THEN 1 END) AS passives, count(CASE WHEN a.nps <= 6 THEN 1 END) AS detractors
  FROM sessions s LEFT JOIN a ON a.conversation = s.conversation AND a.session = s.session
  WHERE @range(s, started) AND s.over @filter(s)
  GROUP BY s.channel, s.tier, s.lang
), x AS (
  SELECT 0 AS place, 'channel' AS part, g.channel AS item, g.sessions, g.answered, g.promoters, g.passives, g.detractors FROM g
  UNION ALL
  SELECT 1 AS place, 'tier' AS part, g.tier AS item, g.sessions, g.answered, g.promoters, g.passives, g.detractors FROM g
  UNION ALL
  SELECT 2 AS place, 'lang' AS part, g.lang AS item, g.sessions, g.answered, g.promoters, g.passives, g.detractors FROM g
)
SELECT x.part, x.item, CAST(sum(x.sessions) AS BIGINT) AS sessions, CAST(sum(x.answered) AS BIGINT) AS answered,
  CAST(sum(x.promoters) AS BIGINT) AS promoters, CAST(sum(x.passives) AS BIGINT) AS passives, CAST(sum(x.detractors) AS BIGINT) AS detractors
FROM x
GROUP BY x.place, x.part, x.item
ORDER BY x.place, sessions DESC, x.item
