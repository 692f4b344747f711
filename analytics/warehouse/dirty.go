package warehouse

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"time"

	"yingda/analytics"
)

// dirty is what a batch touches: what must be computed again, and written to the lake again.
type dirty struct {
	conversations map[[2]string]*firstTouched // by tenant and conversation
	hours         map[tenantHour]bool
	unsealed      map[factHour]*int64 // the lowest sequence in the log; nil = not from the log
	batch         *batch
}

type firstTouched struct {
	seq int64
	ts  time.Time
}

type tenantHour struct {
	tenant string
	hour   time.Time
}

type factHour struct {
	fact string
	tenantHour
}

// add marks what a fact touches. Only turns make hourly sums, and some facts say nothing about sessions.
func (d *dirty) add(fact string, f *analytics.Fact) {
	at := tenantHour{f.Tenant, f.Time.Truncate(time.Hour)}
	if fact == "turns" {
		d.hours[at] = true
	}
	if fact != "outbound" && fact != "shadows" {
		d.addConversation(f)
	}
	h := factHour{fact, at}
	low, ok := d.unsealed[h]
	switch {
	case !d.batch.logged:
		if !ok {
			d.unsealed[h] = nil
		}
	case low == nil:
		seq := f.Seq
		d.unsealed[h] = &seq
	default:
		*low = min(*low, f.Seq)
	}
}

func (d *dirty) addConversation(f *analytics.Fact) {
	k := [2]string{f.Tenant, f.Conversation}
	if c := d.conversations[k]; c == nil {
		d.conversations[k] = &firstTouched{f.Seq, f.Time}
	} else {
		c.seq = min(c.seq, f.Seq)
		if f.Time.Before(c.ts) {
			c.ts = f.Time
		}
	}
}

// writeDirty writes what the rows touch.
func (b *batch) writeDirty(ctx context.Context, conn *sql.Conn) error {
	r := &b.rows
	d := &dirty{conversations: map[[2]string]*firstTouched{}, hours: map[tenantHour]bool{}, unsealed: map[factHour]*int64{}, batch: b}
	for i := range r.Turns {
		d.add("turns", &r.Turns[i].Fact)
	}
	for i := range r.Hands {
		d.add("hands", &r.Hands[i].Fact)
	}
	for i := range r.AgentMessages {
		d.add("agent_messages", &r.AgentMessages[i].Fact)
	}
	for i := range r.Outbound {
		d.add("outbound", &r.Outbound[i].Fact)
	}
	for i := range r.Ratings {
		d.add("ratings", &r.Ratings[i].Fact)
	}
	for i := range r.Exposures {
		d.add("exposures", &r.Exposures[i].Fact)
	}
	for i := range r.Shadows {
		d.add("shadows", &r.Shadows[i].Fact)
	}
	return d.write(ctx, conn)
}

func (d *dirty) write(ctx context.Context, conn *sql.Conn) error {
	var conversations, hours, unsealed [][]driver.Value
	for k, c := range d.conversations {
		conversations = append(conversations, []driver.Value{k[0], k[1], c.seq, c.ts})
	}
	for h := range d.hours {
		hours = append(hours, []driver.Value{h.tenant, h.hour})
	}
	for h, low := range d.unsealed {
		unsealed = append(unsealed, []driver.Value{h.fact, h.tenant, h.hour, optional(low), d.batch.number, d.batch.now})
	}
	for _, t := range []struct {
		table string
		rows  [][]driver.Value
	}{{"dirty_conversations", conversations}, {"dirty_hours", hours}, {"unsealed", unsealed}} {
		if err := appendTo(ctx, conn, t.table, t.rows, asIs); err != nil {
			return err
		}
	}
	return nil
}

// asIs is for rows that are values already.
func asIs(_ []driver.Value, row *[]driver.Value) []driver.Value { return *row }
