package mine

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// parsesQuery lists texts that were only analysed and not understood, or unsurely, newest first. Nothing is known of what came after them. Its
// arguments: MinTop, MinMargin; tenant, from, to; MinTop, MinMargin; most.
const parsesQuery = `
SELECT id, conversation, customer, ts, lang, text, top1, bundle, NOT understood, coalesce(p1 < ?, FALSE), coalesce(p1 - p2 < ?, FALSE)
FROM parses
WHERE tenant = ? AND ts >= ? AND ts < ? AND text <> '' AND bundle <> '' AND (NOT understood OR p1 < ? OR p1 - p2 < ?)
ORDER BY ts DESC, conversation, id LIMIT ?`

// collectParses reads the candidates among texts that callers had analysed without a conversation, newest first. The pseudonym is that of the
// customer in conversations; it is empty where the caller named nobody.
func collectParses(ctx context.Context, q Querier, tenant string, from, to time.Time, o CollectOptions) ([]Candidate, error) {
	rows, err := q.Query(ctx, parsesQuery, o.MinTop, o.MinMargin, tenant, from, to, o.MinTop, o.MinMargin, o.Limit)
	if err != nil {
		return nil, fmt.Errorf("read candidates among parses: %w", err)
	}
	defer rows.Close()
	var out []Candidate
	for rows.Next() {
		c, err := scanParse(rows)
		if err != nil {
			return nil, fmt.Errorf("read candidates among parses: %w", err)
		}
		if o.fits(c.Text) {
			out = append(out, c)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read candidates among parses: %w", err)
	}
	return out, nil
}

func scanParse(rows *sql.Rows) (c Candidate, err error) {
	var fell, low, tight bool
	if err := rows.Scan(&c.ID, &c.Conversation, &c.Customer, &c.Time, &c.Lang, &c.Text, &c.Top1, &c.Bundle, &fell, &low, &tight); err != nil {
		return c, err
	}
	for _, r := range []struct {
		is     bool
		reason Reason
	}{{fell, Fallback}, {low, Low}, {tight, Margin}} {
		if r.is {
			c.Reasons = append(c.Reasons, r.reason)
		}
	}
	return c, nil
}
