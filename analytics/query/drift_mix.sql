-- How messages are divided over topics, emotions, languages, channels, tiers and recognition, in the period and in the base.
-- filters: channel lang tier
WITH h AS (
  SELECT h.hour >= :from AS now, CASE WHEN h.intent = '' THEN 'unrecognised' ELSE h.intent END AS intent, h.emotion, h.lang, h.channel, h.tier, h.turns, h.fallbacks
  FROM hourly h
  WHERE @span(h, hour, :base, :to) @filter(h)
), x AS (
  SELECT 'intent' AS dimension, h.intent AS item, h.now, h.turns AS n FROM h
  UNION ALL SELECT 'emotion', h.emotion, h.now, h.turns FROM h
  UNION ALL SELECT 'lang', h.lang, h.now, h.turns FROM h
  UNION ALL SELECT 'channel', h.channel, h.now, h.turns FROM h
  UNION ALL SELECT 'tier', h.tier, h.now, h.turns FROM h
  UNION ALL SELECT 'recognition', 'understood', h.now, h.turns - h.fallbacks FROM h
  UNION ALL SELECT 'recognition', 'fallback', h.now, h.fallbacks FROM h
)
SELECT x.dimension, x.item, CAST(sum(CASE WHEN x.now THEN x.n ELSE 0 END) AS BIGINT) AS now_n, CAST(sum(CASE WHEN x.now THEN 0 ELSE x.n END) AS BIGINT) AS base_n
FROM x
GROUP BY x.dimension, x.item
ORDER BY x.dimension, x.item
