-- Answer times in the buckets of the roll-up, by day; the report makes quantiles of them.
-- filters: channel
SELECT @day(l.hour) AS day, l.bucket, CAST(sum(l.n) AS BIGINT) AS n
FROM hourly_latency l
WHERE @range(l, hour) @filter(l)
GROUP BY @day(l.hour), l.bucket
ORDER BY day, l.bucket
