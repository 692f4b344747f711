package warehouse

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"yingda/analytics"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// appendRows writes rows into the fact tables, in the transaction that conn is in.
func appendRows(ctx context.Context, conn *sql.Conn, r *analytics.Rows) error {
	return errors.Join(
		appendMany(ctx, conn, "turns", r.Turns, turnColumns),
		appendTo(ctx, conn, "hands", r.Hands, handValues),
		appendTo(ctx, conn, "agent_messages", r.AgentMessages, agentValues),
		appendTo(ctx, conn, "outbound", r.Outbound, outboundValues),
		appendTo(ctx, conn, "ratings", r.Ratings, ratingValues),
		appendTo(ctx, conn, "surveys", r.Surveys, surveyValues),
		appendMany(ctx, conn, "exposures", r.Exposures, exposureColumns),
		appendTo(ctx, conn, "shadows", r.Shadows, shadowValues),
	)
}

// bulkRows is from how many rows on it is cheaper to hand over whole columns.
const bulkRows = 500

// appendMany writes rows of a table that may get many at once: with the tag duckdb_arrow as whole columns.
func appendMany[T any](ctx context.Context, conn *sql.Conn, table string, rows []T, columns []column[T]) error {
	if len(rows) < bulkRows {
		return appendTo(ctx, conn, table, rows, valuesOf(columns))
	}
	return appendBulk(ctx, conn, table, rows, columns)
}

// appendTo writes rows into a table; values puts those of a row into its argument, in the order of the columns.
func appendTo[T any](ctx context.Context, conn *sql.Conn, table string, rows []T, values func([]driver.Value, *T) []driver.Value) error {
	if len(rows) == 0 {
		return nil
	}
	err := conn.Raw(func(c any) error {
		a, err := duckdb.NewAppenderFromConn(c.(driver.Conn), "", table)
		if err != nil {
			return err
		}
		var row []driver.Value
		for i := range rows {
			row = values(row[:0], &rows[i])
			if err := a.AppendRow(row...); err != nil {
				return errors.Join(err, a.Clear(), a.Close())
			}
		}
		return a.CloseWithCancel(ctx)
	})
	if err != nil {
		return fmt.Errorf("append to %s: %w", table, err)
	}
	return nil
}

func day(t time.Time) time.Time { return t.Truncate(24 * time.Hour) }

func factValues(row []driver.Value, f *analytics.Fact) []driver.Value {
	return append(row, f.Tenant, f.Conversation, f.Seq, f.ID, f.Time, day(f.Time), f.Customer, f.Channel)
}

func handValues(row []driver.Value, h *analytics.Hand) []driver.Value {
	return append(factValues(row, &h.Fact), h.Kind, h.Queue, h.Agent, h.By, h.Why, h.Urgent)
}

func agentValues(row []driver.Value, m *analytics.AgentMessage) []driver.Value {
	return append(factValues(row, &m.Fact), m.Agent, m.Length, m.Suggested)
}

func outboundValues(row []driver.Value, o *analytics.Outbound) []driver.Value {
	return append(factValues(row, &o.Fact), o.FollowUp, o.Kind, o.Script, o.Status)
}

func ratingValues(row []driver.Value, r *analytics.Rating) []driver.Value {
	return append(factValues(row, &r.Fact), optional(r.Score), optional(r.Thumb), r.About, optional(r.Resolved), r.Text)
}

func surveyValues(row []driver.Value, s *analytics.Survey) []driver.Value {
	return append(factValues(row, &s.Fact), s.NPS)
}

func shadowValues(row []driver.Value, s *analytics.Shadow) []driver.Value {
	return append(row, s.Tenant, s.Conversation, s.Seq, s.Time, day(s.Time), s.Bundle, s.Shadow, list(s.Intents), list(s.ShadowIntents), double(s.P), double(s.ShadowP),
		s.Emotion, s.ShadowEmotion, s.Same)
}

// list makes an empty list of nil.
func list(s []string) driver.Value {
	if s == nil {
		return []string{}
	}
	return s
}

// double makes NULL of what is not known or not a number.
func double(v *float64) driver.Value {
	if !storable(v) {
		return nil
	}
	return *v
}

func optional[T any](v *T) driver.Value {
	if v == nil {
		return nil
	}
	return *v
}
