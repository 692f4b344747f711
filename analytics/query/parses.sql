-- Texts that callers had analysed without a conversation, by day, kept or not.
-- filters: channel lang bundle
SELECT @day(p.ts) AS day, CAST(sum(p.texts) AS BIGINT) AS texts, CAST(sum(p.understood) AS BIGINT) AS understood, CAST(sum(p.unsure) AS BIGINT) AS unsure,
  CAST(sum(p.texts - p.understood + p.unsure) AS BIGINT) AS misses, CAST(sum(p.kept) AS BIGINT) AS kept, CAST(sum(p.dropped) AS BIGINT) AS dropped
FROM parse_counts p
WHERE @range(p, ts) @filter(p)
GROUP BY @day(p.ts)
ORDER BY day
