-- emotion from the roll-up by hour: the same numbers where the period and the zone keep to whole hours.
-- filters: channel lang tier intent bundle
WITH x AS (
  SELECT @day(h.hour) AS day, h.emotion, CAST(sum(h.turns) AS BIGINT) AS turns
  FROM hourly h
  WHERE @range(h, hour) AND h.emotion <> '' @filter(h)
  GROUP BY @day(h.hour), h.emotion
), n AS (
  SELECT x.day, CAST(sum(x.turns) AS BIGINT) AS all_turns FROM x GROUP BY x.day
)
SELECT x.day, x.emotion, x.turns, n.all_turns
FROM x JOIN n ON n.day = x.day
ORDER BY x.day, x.emotion
