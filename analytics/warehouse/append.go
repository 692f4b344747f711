package warehouse

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"time"

	"yingda/analytics"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// appendRows writes rows into the fact tables, in the transaction that conn is in.
func appendRows(ctx context.Context, conn *sql.Conn, r *analytics.Rows) error {
	return errors.Join(
		appendTurns(ctx, conn, r.Turns),
		appendTo(ctx, conn, "hands", r.Hands, handValues),
		appendTo(ctx, conn, "agent_messages", r.AgentMessages, agentValues),
		appendTo(ctx, conn, "outbound", r.Outbound, outboundValues),
		appendTo(ctx, conn, "ratings", r.Ratings, ratingValues),
		appendTo(ctx, conn, "exposures", r.Exposures, exposureValues),
		appendTo(ctx, conn, "shadows", r.Shadows, shadowValues),
	)
}

// bulkRows is from how many rows on it is cheaper to hand over whole columns.
const bulkRows = 500

// appendTurns writes turns, which are most of the rows and have most of the texts: with the tag duckdb_arrow as whole columns.
func appendTurns(ctx context.Context, conn *sql.Conn, rows []analytics.Turn) error {
	if len(rows) < bulkRows {
		return appendTo(ctx, conn, "turns", rows, turnValues)
	}
	return appendBulk(ctx, conn, "turns", rows, turnValues)
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

func turnValues(row []driver.Value, t *analytics.Turn) []driver.Value {
	return append(factValues(row, &t.Fact), t.Lang, t.Tier, t.Owner, t.Text, t.Intent, list(t.Intents), list(t.Recognised), t.Top1, double(t.P1), t.Top2, double(t.P2),
		double(t.OOS), t.Emotion, double(t.Intensity), list(t.Entities), list(t.Attachments), t.Action, t.Reason, t.Task, t.Fallback, t.Handoff, t.Queue,
		list(t.Scripts), list(t.Calls), t.CallsFailed, t.Bundle, double(t.Total), double(t.Parse), double(t.CallsTime))
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

func exposureValues(row []driver.Value, e *analytics.Exposure) []driver.Value {
	return append(row, e.Tenant, e.Conversation, e.Seq, e.Time, day(e.Time), e.Experiment, e.Variant, e.Customer, e.Bundle)
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

// double makes NULL of what is not known or not a number: one NaN would make every sum over it one.
func double(v *float64) driver.Value {
	if v == nil || math.IsNaN(*v) || math.IsInf(*v, 0) {
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
