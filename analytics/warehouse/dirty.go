package warehouse

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"strings"
	"time"

	"yingda/analytics"
)

// dirty is what a batch touches: what must be computed again, and written to the lake again.
type dirty struct {
	conversations map[[2]string]*dirtyConversation // by tenant and conversation
	hours         map[tenantHour]bool
	unsealed      map[factHour]*int64 // the lowest sequence in the log; nil = not from the log
	batch         *batch

	// Of the fact before, which most often was of the same ones.
	hour factHour
	ends time.Time // of hour
	low  *int64
}

func newDirty(b *batch) *dirty {
	return &dirty{conversations: map[[2]string]*dirtyConversation{}, hours: map[tenantHour]bool{}, unsealed: map[factHour]*int64{}, batch: b}
}

// dirtyConversation is a row of dirty_conversations: the lowest sequence and the earliest time that are new in one.
type dirtyConversation struct {
	tenant, conversation string
	seq                  int64
	ts                   time.Time
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
	if fact != "outbound" && fact != "shadows" {
		d.addConversation(f)
	}
	if d.low != nil && d.hour.fact == fact && d.hour.tenant == f.Tenant && !f.Time.Before(d.hour.hour) && f.Time.Before(d.ends) {
		*d.low = min(*d.low, f.Seq)
		return
	}
	at := tenantHour{f.Tenant, f.Time.Truncate(time.Hour)}
	if fact == "turns" {
		d.hours[at] = true
	}
	d.addHour(factHour{fact, at}, f.Seq)
}

func (d *dirty) addHour(h factHour, seq int64) {
	low, ok := d.unsealed[h]
	switch {
	case !d.batch.logged:
		if !ok {
			d.unsealed[h] = nil
		}
		return
	case low == nil:
		low = &seq
		d.unsealed[h] = low
	default:
		*low = min(*low, seq)
	}
	d.hour, d.ends, d.low = h, h.hour.Add(time.Hour), low
}

func (d *dirty) addConversation(f *analytics.Fact) {
	k := [2]string{f.Tenant, f.Conversation}
	if c := d.conversations[k]; c == nil {
		k[0], k[1] = strings.Clone(k[0]), strings.Clone(k[1]) // what came is let go of before the end
		d.conversations[k] = &dirtyConversation{k[0], k[1], f.Seq, f.Time}
	} else {
		c.seq = min(c.seq, f.Seq)
		if f.Time.Before(c.ts) {
			c.ts = f.Time
		}
	}
}

// eachFact calls do with the table and the fact of every row.
func eachFact(r *analytics.Rows, do func(table string, f *analytics.Fact)) {
	for i := range r.Turns {
		do("turns", &r.Turns[i].Fact)
	}
	for i := range r.Hands {
		do("hands", &r.Hands[i].Fact)
	}
	for i := range r.AgentMessages {
		do("agent_messages", &r.AgentMessages[i].Fact)
	}
	for i := range r.Outbound {
		do("outbound", &r.Outbound[i].Fact)
	}
	for i := range r.Ratings {
		do("ratings", &r.Ratings[i].Fact)
	}
	for i := range r.Surveys {
		do("surveys", &r.Surveys[i].Fact)
	}
	for i := range r.Exposures {
		do("exposures", &r.Exposures[i].Fact)
	}
	for i := range r.Shadows {
		do("shadows", &r.Shadows[i].Fact)
	}
}

// write writes it all.
func (d *dirty) write(ctx context.Context, conn *sql.Conn) error {
	conversations := make([]dirtyConversation, 0, len(d.conversations))
	for _, c := range d.conversations {
		conversations = append(conversations, *c)
	}
	if err := appendMany(ctx, conn, "dirty_conversations", conversations, dirtyColumns); err != nil {
		return err
	}
	var hours, unsealed [][]driver.Value
	for h := range d.hours {
		hours = append(hours, []driver.Value{h.tenant, h.hour})
	}
	for h, low := range d.unsealed {
		unsealed = append(unsealed, []driver.Value{h.fact, h.tenant, h.hour, optional(low), d.batch.number, d.batch.now})
	}
	for _, t := range []struct {
		table string
		rows  [][]driver.Value
	}{{"dirty_hours", hours}, {"unsealed", unsealed}} {
		if err := appendTo(ctx, conn, t.table, t.rows, asIs); err != nil {
			return err
		}
	}
	return nil
}

// asIs is for rows that are values already.
func asIs(_ []driver.Value, row *[]driver.Value) []driver.Value { return *row }
