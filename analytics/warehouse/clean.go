package warehouse

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"yingda/analytics"
	"yingda/dialogue"
)

// maxText is how many bytes of a text are kept: more is not something that a person wrote, and the database holds rows of a batch in memory.
const maxText = 64 << 10

// maxName bounds what things are called by: kinds, queues, agents, labels.
const maxName = 1024

// note is something that whoever runs the warehouse should know about an event.
type note struct {
	at                   time.Time
	tenant, conversation string
	seq                  int64
	text                 string
}

func noteValues(row []driver.Value, n *note) []driver.Value {
	return append(row, n.at, n.tenant, n.conversation, n.seq, n.text)
}

func (b *batch) note(k dialogue.Key, seq uint64, text string) {
	b.notes = append(b.notes, note{b.now, cut(k.Tenant, maxName), cut(k.Conversation, maxName), int64(seq), text})
}

// cut returns the valid UTF-8 of s, at most limit bytes of it.
func cut(s string, limit int) string {
	if len(s) > limit {
		s = s[:limit]
		for len(s) > 0 && !utf8.RuneStart(s[len(s)-1]) {
			s = s[:len(s)-1]
		}
		if r, n := utf8.DecodeLastRuneInString(s); r == utf8.RuneError && n == 1 {
			s = s[:len(s)-1]
		}
	}
	return strings.ToValidUTF8(s, "�")
}

// Times outside of these are not those of a conversation, and not all that reads the lake can hold them.
var (
	earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

// unfitFact says why a fact with that key, sequence and time cannot be a row; empty if it can. What is before horizon is not kept.
func unfitFact(k dialogue.Key, seq uint64, at, horizon time.Time) string {
	if err := k.Validate(); err != nil {
		return err.Error()
	}
	switch {
	case seq > 1<<62:
		return fmt.Sprintf("sequence %d is too high", seq)
	case at.Before(earliest) || !at.Before(latest):
		return fmt.Sprintf("its time %s is not between %d and %d", at.UTC().Format(time.RFC3339), earliest.Year(), latest.Year())
	case at.Before(horizon):
		return fmt.Sprintf("its time %s is older than what is kept", at.UTC().Format(time.RFC3339))
	}
	return ""
}

// unfit says why an event cannot be a row; empty if it can.
func unfit(ev *dialogue.Event, horizon time.Time) string {
	if why := unfitFact(ev.Key, ev.Seq, ev.Time, horizon); why != "" {
		return why
	}
	missing := false
	switch ev.Kind {
	case dialogue.TurnTaken:
		missing = ev.Turn == nil
	case dialogue.AgentSaid:
		missing = ev.Agent == nil
	case dialogue.SentOut, dialogue.Receipt:
		missing = ev.Out == nil
	case dialogue.Rated:
		if missing = ev.Rating == nil; !missing && ev.Rating.NPS != nil && (*ev.Rating.NPS < 0 || *ev.Rating.NPS > dialogue.MostNPS) {
			return fmt.Sprintf("an answer of %d, which is not from 0 to %d, to how likely the customer is to recommend", *ev.Rating.NPS, dialogue.MostNPS)
		}
	case dialogue.Shadowed:
		missing = ev.Shadow == nil
	}
	if missing {
		return fmt.Sprintf("an event of kind %q without its body", ev.Kind)
	}
	return ""
}

// cutter shortens the values of rows, and notes where.
type cutter struct {
	b    *batch
	fact *analytics.Fact
	cuts int
}

// cutRows makes the values of rows fit for the tables: valid UTF-8 of bounded length.
func (b *batch) cutRows() {
	c, r := &cutter{b: b}, &b.rows
	for i := range r.Turns {
		t := &r.Turns[i]
		c.begin(&t.Fact)
		c.one(&t.Text, maxText)
		c.names(&t.Lang, &t.Tier, &t.Owner, &t.Intent, &t.Top1, &t.Top2, &t.Emotion, &t.Action, &t.Reason, &t.Task, &t.Handoff, &t.Queue, &t.Bundle)
		c.lists(&t.Intents, &t.Recognised, &t.Entities, &t.Attachments, &t.Scripts, &t.Calls)
		c.end()
	}
	for i := range r.Hands {
		h := &r.Hands[i]
		c.begin(&h.Fact)
		c.names(&h.Kind, &h.Queue, &h.Agent, &h.By, &h.Why)
		c.end()
	}
	for i := range r.AgentMessages {
		c.begin(&r.AgentMessages[i].Fact)
		c.names(&r.AgentMessages[i].Agent)
		c.end()
	}
	for i := range r.Outbound {
		o := &r.Outbound[i]
		c.begin(&o.Fact)
		c.names(&o.FollowUp, &o.Kind, &o.Script, &o.Status)
		c.end()
	}
	for i := range r.Ratings {
		c.begin(&r.Ratings[i].Fact)
		c.one(&r.Ratings[i].Text, maxText)
		c.names(&r.Ratings[i].About)
		c.end()
	}
	for i := range r.Surveys {
		c.begin(&r.Surveys[i].Fact)
		c.end()
	}
	for i := range r.Exposures {
		e := &r.Exposures[i]
		c.begin(&e.Fact)
		c.names(&e.Experiment, &e.Variant, &e.Bundle)
		c.end()
	}
	for i := range r.Shadows {
		s := &r.Shadows[i]
		c.begin(&s.Fact)
		c.names(&s.Bundle, &s.Shadow, &s.Emotion, &s.ShadowEmotion)
		c.lists(&s.Intents, &s.ShadowIntents)
		c.end()
	}
}

func (c *cutter) begin(f *analytics.Fact) {
	c.fact, c.cuts = f, 0
	c.names(&f.ID, &f.Customer, &f.Channel)
}

func (c *cutter) end() {
	if c.cuts > 0 {
		f := c.fact
		c.b.notes = append(c.b.notes, note{c.b.now, f.Tenant, f.Conversation, f.Seq, fmt.Sprintf("cut: %d bytes were left out or not UTF-8", c.cuts)})
	}
}

func (c *cutter) one(s *string, limit int) {
	if len(*s) <= limit && utf8.ValidString(*s) {
		return
	}
	before := len(*s)
	*s = strings.Clone(cut(*s, limit))
	c.cuts += max(1, before-len(*s))
}

func (c *cutter) names(names ...*string) {
	for _, s := range names {
		c.one(s, maxName)
	}
}

func (c *cutter) lists(lists ...*[]string) {
	for _, l := range lists {
		if len(*l) > maxName {
			c.cuts += len(*l) - maxName
			*l = (*l)[:maxName]
		}
		for i, s := range *l {
			if len(s) > maxName || !utf8.ValidString(s) {
				*l = append([]string(nil), *l...) // the event's own stays as it is
				c.one(&(*l)[i], maxName)
			}
		}
	}
}

// Note is something about an event that was not taken in as it came.
type Note struct {
	At                   time.Time `json:"at"`
	Tenant, Conversation string
	Seq                  int64
	Text                 string // "refused: …" or "cut: …"
}

// Notes returns the newest notes, at most limit.
func (w *Warehouse) Notes(ctx context.Context, limit int) ([]Note, error) {
	rows, err := w.Query(ctx, "SELECT noted, tenant, conversation, seq, note FROM notes ORDER BY noted DESC, seq DESC LIMIT ?", limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return scanNotes(rows)
}

func scanNotes(rows *sql.Rows) (notes []Note, err error) {
	for rows.Next() {
		var n Note
		if err := rows.Scan(&n.At, &n.Tenant, &n.Conversation, &n.Seq, &n.Text); err != nil {
			return nil, err
		}
		notes = append(notes, n)
	}
	return notes, rows.Err()
}
