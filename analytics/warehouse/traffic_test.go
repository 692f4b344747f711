package warehouse_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"yingda/analytics/schema"
	"yingda/analytics/warehouse"
	"yingda/dialogue"
	"yingda/nlu"
)

// traffic makes n events of a log that looks like a shop's: several tenants, customers with more than one conversation, silences, people who take
// over, ratings, and clocks that jump.
func traffic(seed uint64, n int) []dialogue.Event {
	r := rand.New(rand.NewPCG(seed, 1))
	at := start
	events := make([]dialogue.Event, 0, n)
	owner := map[string]dialogue.OwnerKind{}
	for len(events) < n {
		at = at.Add(time.Duration(r.IntN(90_000)) * time.Millisecond)
		conversation := fmt.Sprintf("c%d", r.IntN(1+n/25))
		ev := turn(conversation, uint64(len(events)+1), at)
		ev.Tenant, ev.Customer = []string{"t1", "t2"}[len(conversation)%2], "who-"+conversation[:len(conversation)-1]
		if r.IntN(40) == 0 {
			ev.Time = at.Add(time.Duration(r.IntN(7200)-3600) * time.Second)
		}
		key := ev.Tenant + conversation
		if owner[key] == "" {
			owner[key] = "robot"
		}
		fill(r, &ev, owner, key)
		if r.IntN(20) == 0 && len(events) > 3 {
			shadow(&ev, events[len(events)-3:])
		}
		events = append(events, ev)
	}
	return events
}

// shadow makes ev one about the turns among events. A recorder that is not sure writes the same pairs again.
func shadow(ev *dialogue.Event, events []dialogue.Event) {
	b := &dialogue.ShadowBody{}
	for i := range events {
		if t := &events[i]; t.Kind == dialogue.TurnTaken && t.Tenant == ev.Tenant {
			p := dialogue.ShadowPair{Conversation: t.Conversation, Seq: t.Seq, ID: t.ID, Time: t.Time, Customer: t.Customer, Channel: t.Channel, Bundle: "b1", Shadow: "b2",
				First: dialogue.Reading{Intents: []string{"greet"}, Score: 0.5}, Second: dialogue.Reading{Score: 0.25}}
			b.Pairs = append(b.Pairs, p, p)
		}
	}
	*ev = dialogue.Event{ID: ev.ID, Kind: dialogue.Shadowed, Key: dialogue.Key{Tenant: ev.Tenant, Conversation: "shadow"}, Time: ev.Time, Seq: ev.Seq, Shadow: b}
}

// fill makes some event of ev.
func fill(r *rand.Rand, ev *dialogue.Event, owner map[string]dialogue.OwnerKind, key string) {
	hand := func(kind dialogue.EventKind, to dialogue.OwnerKind, b dialogue.HandBody) {
		ev.Kind, ev.Turn, ev.Hand, owner[key] = kind, nil, &b, to
	}
	switch k := r.IntN(20); {
	case k == 0 && owner[key] == "queue":
		hand(dialogue.Claimed, "agent", dialogue.HandBody{Queue: "vip", Agent: "a1"})
	case k == 1 && owner[key] == "agent":
		hand(dialogue.Returned, "robot", dialogue.HandBody{})
	case k == 2:
		hand(dialogue.Closed, "robot", dialogue.HandBody{By: "system"})
	case k <= 4 && owner[key] == "agent":
		ev.Kind, ev.Turn, ev.Agent = dialogue.AgentSaid, nil, &dialogue.AgentBody{Agent: "a1", Length: 20}
	case k == 5:
		ev.Kind, ev.Turn, ev.Rating = dialogue.Rated, nil, &dialogue.RatingBody{Score: 1 + r.IntN(5)}
	case k == 6:
		ev.Kind, ev.Turn, ev.Out = dialogue.Receipt, nil, &dialogue.OutBody{FollowUp: "f1", Kind: "promo", Script: dialogue.ScriptRef{Key: "promo"}, Status: "read"}
	default:
		intent := []string{"order.status", "order.cancel", "greet", ""}[r.IntN(4)]
		ev.Turn.Owner, ev.Turn.Intents = owner[key], nil
		if intent != "" {
			ev.Turn.Intents = []nlu.Prediction{{Label: intent, Score: 0.9}}
		} else {
			ev.Turn.Decision.Reason, ev.Turn.Decision.Action = dialogue.NotUnderstood, dialogue.Clarify
		}
		ev.Turn.Emotion.Label = []string{"neutral", "angry", "happy"}[r.IntN(3)]
		ev.Turn.Millis["total"] = float64(1+r.IntN(4000)) / 8 // sums of eighths are exact in any order
		if r.IntN(10) == 0 && owner[key] == "robot" {
			ev.Turn.Decision.Action, owner[key] = dialogue.HandOff, "queue"
			ev.Turn.Decision.HandOff = &dialogue.HandOffAsk{Queue: "vip", Why: dialogue.ByRequest}
		}
	}
}

// dump writes all tables as text, in an order of their own.
func dump(tb testing.TB, w *warehouse.Warehouse) map[string][]string {
	tb.Helper()
	out := map[string][]string{}
	for _, table := range slices.Concat(schema.Facts, schema.Derived) {
		rows, err := w.Query(tb.Context(), fmt.Sprintf("SELECT t::VARCHAR FROM %s t", table))
		if err != nil {
			tb.Fatal(err)
		}
		for rows.Next() {
			var s string
			if err := rows.Scan(&s); err != nil {
				tb.Fatal(err)
			}
			out[table] = append(out[table], s)
		}
		if err := rows.Err(); err != nil {
			tb.Fatal(err)
		}
		rows.Close()
		slices.Sort(out[table])
	}
	return out
}

// same fails for the first difference of two dumps.
func same(tb testing.TB, what string, got, want map[string][]string) {
	tb.Helper()
	for table := range want {
		if slices.Equal(got[table], want[table]) {
			continue
		}
		tb.Errorf("%s: %s has %d rows, want %d\nonly here: %s\nmissing: %s", what, table, len(got[table]), len(want[table]),
			firstNotIn(got[table], want[table]), firstNotIn(want[table], got[table]))
	}
}

func firstNotIn(a, b []string) string {
	for _, s := range a {
		if _, ok := slices.BinarySearch(b, s); !ok {
			return strings.ReplaceAll(s, ", ", " ")
		}
	}
	return "-"
}

func MustRefresh(tb testing.TB, w *warehouse.Warehouse) {
	tb.Helper()
	if err := w.Refresh(tb.Context()); err != nil {
		tb.Fatal(err)
	}
}

func MustTake(tb testing.TB, w *warehouse.Warehouse, events []dialogue.Event) {
	tb.Helper()
	var through uint64
	for _, ev := range events {
		through = max(through, ev.Seq)
	}
	if err := w.Take(tb.Context(), events, through); err != nil {
		tb.Fatal(err)
	}
}

// clock is a time that tests set.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

// reference takes events in order and computes everything once.
func reference(tb testing.TB, events []dialogue.Event, now func() time.Time) map[string][]string {
	tb.Helper()
	w := MustOpen(tb, warehouse.Options{Now: now})
	MustTake(tb, w, events)
	MustRefresh(tb, w)
	return dump(tb, w)
}

// TestAnyOrder takes events in repeated, in parts, in any order, with refreshes between: the tables are those of the same events taken in once.
func TestAnyOrder(t *testing.T) {
	for seed := range uint64(3) {
		events := traffic(seed, 300)
		c := &clock{events[len(events)-1].Time.Add(10 * time.Hour)}
		want := reference(t, events, c.now)
		r := rand.New(rand.NewPCG(seed, 2))
		shuffled := slices.Concat(events, events[:r.IntN(len(events))], events[r.IntN(len(events)):])
		if seed%2 == 0 {
			r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		}
		late := &clock{start} // sessions end while time passes
		w := MustOpen(t, warehouse.Options{Now: late.now})
		for len(shuffled) > 0 {
			n := min(len(shuffled), 1+r.IntN(120))
			MustTake(t, w, shuffled[:n])
			shuffled = shuffled[n:]
			late.t = late.t.Add(2 * time.Hour)
			if r.IntN(3) > 0 {
				MustRefresh(t, w)
			}
		}
		late.t = c.t
		MustRefresh(t, w)
		same(t, fmt.Sprintf("seed %d", seed), dump(t, w), want)
	}
}

// TestIndependentCount compares what does not depend on sessions with a count in Go.
func TestIndependentCount(t *testing.T) {
	events := traffic(99, 1500)
	w := MustOpen(t, warehouse.Options{})
	MustTake(t, w, events)
	MustRefresh(t, w)
	turns, agents, handoffs, ms := 0, 0, 0, 0.0
	for _, ev := range events {
		switch ev.Kind {
		case dialogue.TurnTaken:
			turns++
			ms += ev.Turn.Millis["total"]
			if ev.Turn.Decision.HandOff != nil {
				handoffs++
			}
		case dialogue.AgentSaid:
			agents++
		}
	}
	for query, want := range map[string]int{
		"SELECT sum(turns)::BIGINT FROM hourly":                                                                               turns,
		"SELECT sum(handoffs)::BIGINT FROM hourly":                                                                            handoffs,
		"SELECT (8*sum(ms_sum))::BIGINT FROM hourly":                                                                          int(8 * ms),
		"SELECT sum(n)::BIGINT FROM hourly_latency":                                                                           turns,
		"SELECT sum(turns)::BIGINT FROM sessions":                                                                             turns,
		"SELECT count(*) FROM agent_messages":                                                                                 agents,
		"SELECT count(*) FROM sessions WHERE started > ended":                                                                 0,
		"SELECT count(*) FROM sessions WHERE turns < 1 OR session<1":                                                          0,
		"SELECT count(*) FROM (SELECT tenant, conversation, session FROM sessions GROUP BY ALL HAVING count(*) > 1)":          0,
		"SELECT count(*) FROM (SELECT max(session) - count(*) AS d FROM sessions GROUP BY tenant, conversation) WHERE d <> 0": 0,
		"SELECT abs(sum(sessions) - (SELECT count(*) FROM sessions WHERE over))::BIGINT FROM daily_sessions":                  0,
		"SELECT count(*) FROM sessions s WHERE back_at IS DISTINCT FROM (SELECT min(started) FROM sessions o WHERE o.tenant = s.tenant AND o.customer = s.customer AND (o.started, o.conversation, o.session) > (s.started, s.conversation, s.session))": 0,
	} {
		if n := count(t, w, query); n != want {
			t.Errorf("%s = %d, want %d", query, n, want)
		}
	}
}
