package warehouse

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"time"

	"yingda/analytics"
)

// identity is what a fact of a table is known by. part tells the rows of one event apart: the experiment of an exposure.
type identity struct {
	tenant, conversation string
	seq, micros          int64
	part                 string
}

func identityOf(f *analytics.Fact, part string) identity {
	return identity{f.Tenant, f.Conversation, f.Seq, f.Time.UnixMicro(), part}
}

// keepNew drops the rows that are in the tables already, or twice in the batch. It goes by table: one that was made again from a lake with a
// damaged file may lack what others have, and a row may be about an earlier event than the one that it came with.
func (b *batch) keepNew(ctx context.Context, conn *sql.Conn, newest map[string]int64) error {
	r := &b.rows
	return errors.Join(
		keepNew(ctx, conn, newest, "turns", &r.Turns, func(t *analytics.Turn) identity { return identityOf(&t.Fact, "") }),
		keepNew(ctx, conn, newest, "hands", &r.Hands, func(h *analytics.Hand) identity { return identityOf(&h.Fact, "") }),
		keepNew(ctx, conn, newest, "agent_messages", &r.AgentMessages, func(m *analytics.AgentMessage) identity { return identityOf(&m.Fact, "") }),
		keepNew(ctx, conn, newest, "outbound", &r.Outbound, func(o *analytics.Outbound) identity { return identityOf(&o.Fact, "") }),
		keepNew(ctx, conn, newest, "ratings", &r.Ratings, func(g *analytics.Rating) identity { return identityOf(&g.Fact, "") }),
		keepNew(ctx, conn, newest, "surveys", &r.Surveys, func(s *analytics.Survey) identity { return identityOf(&s.Fact, "") }),
		keepNew(ctx, conn, newest, "exposures", &r.Exposures, func(e *analytics.Exposure) identity { return identityOf(&e.Fact, e.Experiment) }),
		keepNew(ctx, conn, newest, "shadows", &r.Shadows, func(s *analytics.Shadow) identity { return identityOf(&s.Fact, "") }),
	)
}

// keepNew does it for one table. The sequences of a log only grow, so that what is above the newest of its tenant is new without looking.
func keepNew[T any](ctx context.Context, conn *sql.Conn, newest map[string]int64, table string, rows *[]T, of func(*T) identity) error {
	if allNew(newest, *rows, of) {
		return nil
	}
	seen := make(map[identity]bool, len(*rows))
	var doubtful []identity
	for i := range *rows {
		id := of(&(*rows)[i])
		if top, ok := newest[id.tenant]; ok && id.seq <= top && !seen[id] {
			doubtful = append(doubtful, id)
		}
		seen[id] = true
	}
	in, err := findKnown(ctx, conn, table, doubtful)
	if err != nil {
		return fmt.Errorf("look for what %s has: %w", table, err)
	}
	clear(seen)
	*rows = slices.DeleteFunc(*rows, func(row T) bool {
		id := of(&row)
		drop := seen[id] || in[id]
		seen[id] = true
		return drop
	})
	return nil
}

// allNew tells whether rows are certainly new and different, as those that come from the log in its order are.
func allNew[T any](newest map[string]int64, rows []T, of func(*T) identity) bool {
	before := identity{seq: -1}
	for i := range rows {
		id := of(&rows[i])
		if top, ok := newest[id.tenant]; ok && id.seq <= top || id.seq < before.seq || id.seq == before.seq && id.part <= before.part {
			return false
		}
		before = id
	}
	return true
}

// findKnown returns which facts are in a table. The ranges let the database pass over what is too old or too new without reading it.
func findKnown(ctx context.Context, conn *sql.Conn, table string, doubtful []identity) (map[identity]bool, error) {
	if len(doubtful) == 0 {
		return nil, nil
	}
	const create = "CREATE OR REPLACE TEMP TABLE candidates (i INTEGER, tenant VARCHAR, conversation VARCHAR, seq BIGINT, ts TIMESTAMP, part VARCHAR)"
	if _, err := conn.ExecContext(ctx, create); err != nil {
		return nil, err
	}
	i := int32(-1)
	err := appendTo(ctx, conn, "candidates", doubtful, func(row []driver.Value, id *identity) []driver.Value {
		i++
		return append(row, i, id.tenant, id.conversation, id.seq, time.UnixMicro(id.micros).UTC(), id.part)
	})
	if err != nil {
		return nil, err
	}
	byTime := func(a, b identity) int { return int(min(1, max(-1, a.micros-b.micros))) }
	from, to := slices.MinFunc(doubtful, byTime).micros, slices.MaxFunc(doubtful, byTime).micros
	query := "SELECT DISTINCT c.i FROM candidates c JOIN " + table + " f ON f.tenant = c.tenant AND f.conversation = c.conversation AND f.seq = c.seq AND f.ts = c.ts"
	if table == "exposures" {
		query += " AND f.experiment = c.part"
	}
	found, err := conn.QueryContext(ctx, query+" WHERE f.ts BETWEEN ? AND ?", time.UnixMicro(from).UTC(), time.UnixMicro(to).UTC())
	if err != nil {
		return nil, err
	}
	defer found.Close()
	in := map[identity]bool{}
	for found.Next() {
		var i int
		if err := found.Scan(&i); err != nil {
			return nil, err
		}
		in[doubtful[i]] = true
	}
	return in, found.Err()
}
