package analytics

import (
	"fmt"
	"strings"
)

// Question is one of the benchmark, in SQL that the engines share; a query over the whole table unless it says otherwise. polars and pandas have them
// by name in engines.py.
type Question struct {
	Name, About string
	sql         string
}

// Questions are those of the benchmark: what a dashboard, an experiment and an analyst ask of raw turns.
var Questions = []Question{
	{"by_day", "by day and channel: turns, share of fallbacks, mean confidence, exact 95th percentile of the answer time",
		"SELECT dt, channel, count(*) AS n, avg(CASE WHEN fallback THEN 1e0 ELSE 0e0 END) AS fallbacks, avg(p1) AS confidence, @p95 AS p95 FROM @turns GROUP BY dt, channel ORDER BY dt, channel"},
	{"by_intent", "by intent: turns, distinct conversations, share of unsure ones",
		"SELECT intent, count(*) AS n, count(DISTINCT conversation) AS conversations, avg(CASE WHEN p1 < 5e-1 THEN 1e0 ELSE 0e0 END) AS unsure FROM @turns GROUP BY intent ORDER BY intent"},
	{"by_variant", "an experiment: turns by conversation, then by arm", `WITH c AS (SELECT conversation, max(customer) AS customer, count(*) AS k, max(CASE WHEN fallback THEN 1e0 ELSE 0e0 END) AS failed FROM @turns GROUP BY conversation)
SELECT substr(customer, length(customer), 1) < '5' AS treated, count(*) AS n, avg(k) AS turns, avg(failed) AS share FROM c GROUP BY substr(customer, length(customer), 1) < '5' ORDER BY treated`},
	{"top_questions", "the twenty questions that were not understood most often",
		"SELECT text, count(*) AS n FROM @turns WHERE fallback GROUP BY text ORDER BY n DESC, text LIMIT 20"},
	{"one_day", "one day: turns, mean confidence", "SELECT count(*) AS n, avg(p1) AS confidence FROM @turns WHERE dt = @day"},
}

// Day is the day that one_day asks about; the data begin on the first of its month.
const Day = "2026-01-15"

// SQL writes a question out for DuckDB, Spark or ClickHouse, with turns for the table.
func (q Question) SQL(engine, turns string) string {
	p95, day := "quantile_cont(ms_total, 0.95)", "DATE '"+Day+"'"
	switch engine {
	case Spark:
		p95 = "percentile(ms_total, 0.95)"
	case ClickHouse:
		p95, day = "quantileExactInclusive(0.95)(ms_total)", "toDate('"+Day+"')"
	}
	return strings.NewReplacer("@p95", p95, "@day", day, "@turns", turns).Replace(q.sql)
}

// TurnsOfDay is a DuckDB query that makes rows of the table turns as the lake's files have them: the day's share of a year's traffic, without a
// meaning. from and to number the rows, eight to a conversation; day counts from 1 January 2026, customers is how many there are.
func TurnsOfDay(day int, from, to, customers int64) string {
	return fmt.Sprintf(`WITH r AS (SELECT range AS i, range // 8 AS c, (hash(range) >> 1)::BIGINT AS a, (hash(range // 8 + 77) >> 1)::BIGINT AS b FROM range(%d, %d)),
u AS (SELECT *, (a %% 1000003) / 1000003 AS x, ((a >> 20) %% 1000003) / 1000003 AS y, ((a >> 40) %% 1000003) / 1000003 AS z FROM r)
SELECT 'c' || lpad(c::VARCHAR, 9, '0') AS conversation, i + 1 AS seq, 'm' || i AS id,
  TIMESTAMP '2026-01-01' + to_days(%d) + to_seconds(b %% 86000 + 45 * (i %% 8)) + to_microseconds(a %% 1000000) AS ts,
  'p' || (b %% %d) AS customer, ['web', 'app', 'wechat', 'phone'][1 + (b >> 8) %% 4] AS channel, CASE WHEN (b >> 16) %% 5 = 0 THEN 'en' ELSE 'zh' END AS lang,
  ['', 'silver', 'gold'][1 + (b >> 24) %% 3] AS tier, 'robot' AS owner, '第' || floor(pow(20000, x))::INTEGER || '个问题' AS text,
  'intent.' || floor(pow(60, y))::INTEGER AS intent, ['intent.' || floor(pow(60, y))::INTEGER] AS intents, ['intent.' || floor(pow(60, y))::INTEGER] AS recognised,
  'intent.' || floor(pow(60, y))::INTEGER AS top1, 0.3 + 0.7 * sqrt(z) AS p1, '' AS top2, 0.1 * z AS p2, 1 - z AS oos,
  ['neutral', 'happy', 'angry', 'anxious'][1 + (a >> 10) %% 4] AS emotion, z * z AS intensity, []::VARCHAR[] AS entities, []::VARCHAR[] AS attachments,
  'answer' AS action, '' AS reason, '' AS task, z < 0.1 AS fallback, CASE WHEN x < 0.03 THEN 'asked' ELSE '' END AS handoff, CASE WHEN x < 0.03 THEN 'general' ELSE '' END AS queue,
  ['answer.' || floor(pow(60, y))::INTEGER || '#a@1'] AS scripts, []::VARCHAR[] AS calls, 0 AS calls_failed, 'bundle-1' AS bundle,
  5 + 60 * x * x * x AS ms_total, 4 + 10 * y AS ms_parse, NULL::DOUBLE AS ms_calls
FROM u ORDER BY conversation, seq`, from, to, day, customers)
}
