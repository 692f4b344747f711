package readout

import (
	"context"
	"fmt"
	"time"

	"yingda/analytics/abtest"
)

// ShadowQuestion asks how two bundles differ on the same messages.
type ShadowQuestion struct {
	Tenant         string
	Bundle, Shadow string // "" = any
	From, To       time.Time
	Alpha          float64 // default 0.05
	Limit          int     // of Changes, default 20
}

// ShadowResult is what came out.
type ShadowResult struct {
	Pairs         int64 `json:"pairs"` // messages both parsed
	Conversations int64 `json:"conversations"`
	// Disagree is the share of messages that the two take to mean different things; the interval allows for messages of a conversation being alike.
	Disagree ArmValue `json:"disagree"`
	// Understood counts messages by whether each bundle passed its thresholds with any intent.
	Understood abtest.Pairs `json:"understood"`
	// Difference is how much more often the shadow understands, by conversation; McNemar is the same for messages taken one by one.
	Difference *Effect `json:"difference,omitempty"`
	P          float64 `json:"p"`
	McNemarP   float64 `json:"mcnemar_p"`
	// Changes are what the first bundle's meanings became with the shadow, the most frequent first.
	Changes []Change `json:"changes"`
}

// Change is a meaning that became another.
type Change struct {
	From  string `json:"from"` // "" = not understood
	To    string `json:"to"`
	Count int64  `json:"count"`
}

// Shadows compares two bundles on the messages that both parsed. Which is right it cannot tell: look at the messages behind the changes, or ask
// people to label them.
func Shadows(ctx context.Context, q Querier, ask ShadowQuestion) (*ShadowResult, error) {
	if ask.Alpha == 0 {
		ask.Alpha = 0.05
	}
	if ask.Limit <= 0 {
		ask.Limit = 20
	}
	if ask.Tenant == "" || !ask.From.Before(ask.To) {
		return nil, fmt.Errorf("%w: a tenant and a period are required", ErrPlan)
	}
	r := &ShadowResult{P: 1, McNemarP: 1}
	if err := r.count(ctx, q, &ask); err != nil {
		return nil, err
	}
	return r, r.changes(ctx, q, &ask)
}

// pairsSQL picks the messages; it takes tenant, bundle twice and shadow twice. was and became are the first intents.
func (ask *ShadowQuestion) pairsSQL() (string, []any) {
	return `WITH k AS (
  SELECT conversation, same, len(intents) > 0 AS one, len(shadow_intents) > 0 AS two, coalesce(intents[1], '') AS was, coalesce(shadow_intents[1], '') AS became
  FROM shadows WHERE tenant = ? AND (? = '' OR bundle = ?) AND (? = '' OR shadow = ?) AND ts >= ` + stamp(ask.From) + ` AND ts < ` + stamp(ask.To) + `
)`, []any{ask.Tenant, ask.Bundle, ask.Bundle, ask.Shadow, ask.Shadow}
}

func (r *ShadowResult) count(ctx context.Context, q Querier, ask *ShadowQuestion) error {
	with, args := ask.pairsSQL()
	rows, err := q.Query(ctx, with+`, c AS (
  SELECT CAST(count(*) AS DOUBLE) AS n, CAST(sum(CASE WHEN same THEN 0 ELSE 1 END) AS DOUBLE) AS d,
    CAST(sum(CASE WHEN two THEN 1 ELSE 0 END) - sum(CASE WHEN one THEN 1 ELSE 0 END) AS DOUBLE) AS g,
    CAST(sum(CASE WHEN one AND two THEN 1 ELSE 0 END) AS DOUBLE) AS both_, CAST(sum(CASE WHEN one AND NOT two THEN 1 ELSE 0 END) AS DOUBLE) AS first_,
    CAST(sum(CASE WHEN two AND NOT one THEN 1 ELSE 0 END) AS DOUBLE) AS second_
  FROM k GROUP BY conversation
)
SELECT count(*), coalesce(sum(n), 0), coalesce(sum(n*n), 0), coalesce(sum(d), 0), coalesce(sum(d*d), 0), coalesce(sum(d*n), 0),
  coalesce(sum(g), 0), coalesce(sum(g*g), 0), coalesce(sum(g*n), 0), coalesce(sum(both_), 0), coalesce(sum(first_), 0), coalesce(sum(second_), 0) FROM c`, args...)
	if err != nil {
		return fmt.Errorf("shadow pairs: %w", err)
	}
	defer rows.Close()
	var n, nn, d, dd, dn, g, gg, gn float64
	p := &r.Understood
	for rows.Next() {
		if err := rows.Scan(&r.Conversations, &n, &nn, &d, &dd, &dn, &g, &gg, &gn, &p.Both, &p.FirstOnly, &p.SecondOnly); err != nil {
			return fmt.Errorf("shadow pairs: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("shadow pairs: %w", err)
	}
	r.Pairs = int64(n)
	p.Neither = n - p.Both - p.FirstOnly - p.SecondOnly
	units := float64(r.Conversations)
	sums := func(sum, squares, cross float64) abtest.RatioSums {
		return abtest.RatioSums{Num: abtest.Sums{N: units, Sum: sum, Squares: squares}, Den: abtest.Sums{N: units, Sum: n, Squares: nn}, Cross: cross}
	}
	r.Disagree = ArmValue{Units: r.Conversations, Num: d, Den: n}
	r.Disagree.set(abtest.Ratio(sums(d, dd, dn)), n > 0 && units > 1, ask.Alpha, metricOf("fallback"))
	if n == 0 {
		return nil
	}
	r.McNemarP = abtest.McNemar(*p, ask.Alpha).P
	if res, err := abtest.PairedDifference(sums(g, gg, gn), ask.Alpha); err == nil {
		r.Difference, r.P = effectOf(res, "paired, by conversation"), res.P
	}
	return nil
}

func (r *ShadowResult) changes(ctx context.Context, q Querier, ask *ShadowQuestion) error {
	with, args := ask.pairsSQL()
	rows, err := q.Query(ctx, with+" SELECT was, became, count(*) AS n FROM k WHERE NOT same GROUP BY was, became ORDER BY n DESC, was, became LIMIT "+fmt.Sprint(ask.Limit), args...)
	if err != nil {
		return fmt.Errorf("shadow pairs: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var c Change
		if err := rows.Scan(&c.From, &c.To, &c.Count); err != nil {
			return fmt.Errorf("shadow pairs: %w", err)
		}
		r.Changes = append(r.Changes, c)
	}
	return rows.Err()
}
