package report_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"yingda/analytics/warehouse"
	"yingda/dialogue"
	"yingda/models"
	"yingda/nlu"
)

// Begin of all random traffic: a week before clocks change in New York.
var begin = time.Date(2026, 3, 2, 5, 0, 0, 0, time.UTC)

// traffic makes random events of conversations: everything that reports count, also in odd orders.
func traffic(seed uint64, conversations int) []dialogue.Event {
	r := rand.New(rand.NewPCG(seed, 7))
	var events []dialogue.Event
	for i := range conversations {
		tenant := "t1"
		if r.IntN(8) == 0 {
			tenant = "t2"
		}
		c := &talk{r: r, key: dialogue.Key{Tenant: tenant, Conversation: fmt.Sprintf("c%d", i)}, customer: fmt.Sprintf("u%d", r.IntN(conversations/2+1)), channel: pick(r, "web", "app", "voice"),
			tier: pick(r, "", "gold", "vip"), at: begin.Add(time.Duration(r.Int64N(int64(20 * 24 * time.Hour)))), owner: "robot"}
		for range 1 + r.IntN(12) {
			c.step()
		}
		events = append(events, c.events...)
	}
	slices.SortStableFunc(events, func(a, b dialogue.Event) int { return a.Time.Compare(b.Time) })
	for i := range events {
		events[i].Seq = uint64(i + 1)
	}
	return events
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// talk is a conversation that is being made up.
type talk struct {
	r                       *rand.Rand
	key                     dialogue.Key
	customer, channel, tier string
	at                      time.Time
	owner                   dialogue.OwnerKind
	agent                   string
	turns                   []string // ids
	events                  []dialogue.Event
}

func (c *talk) add(kind dialogue.EventKind) *dialogue.Event {
	ev := dialogue.Event{ID: fmt.Sprintf("m%d", len(c.events)), Kind: kind, Key: c.key, Customer: c.customer, Channel: c.channel, Time: c.at}
	c.events = append(c.events, ev)
	return &c.events[len(c.events)-1]
}

// step adds something after a while: mostly seconds, now and then hours or days.
func (c *talk) step() {
	gap := time.Duration(c.r.Int64N(int64(4 * time.Minute)))
	switch c.r.IntN(14) {
	case 0:
		gap = time.Duration(c.r.Int64N(int64(90 * time.Minute)))
	case 1:
		gap = time.Duration(c.r.Int64N(int64(5 * 24 * time.Hour)))
	}
	c.at = c.at.Add(gap + time.Microsecond).Truncate(time.Microsecond)
	switch n := c.r.IntN(20); {
	case len(c.turns) == 0 || n < 11:
		c.turn()
	case n < 15:
		c.people()
	case n < 17:
		c.rate()
	case n < 18:
		c.add(dialogue.Closed).Hand = &dialogue.HandBody{By: "system"}
		c.owner = "robot"
	default:
		c.sendOut()
	}
}

func (c *talk) turn() {
	r := c.r
	intent := pick(r, "order.status", "refund.request", "complaint.delivery", "chat.greet", "invoice.request")
	body := &dialogue.TurnBody{Redacted: pick(r, "我的订单到哪了", "Where is my order? ", "where is my order?", "怎么退货", "<order_id>", ""), Lang: nlu.Lang(pick(r, "zh", "en")), Bundle: models.BundleID(pick(r, "b1", "b2")),
		Owner: c.owner, Tier: c.tier, OOS: r.Float64(), Emotion: dialogue.Emotion{Label: pick(r, "neutral", "neutral", "angry", "anxious", "positive", "")},
		Ranking: []nlu.Prediction{{Label: pick(r, intent, "order.cancel"), Score: r.Float64()}}}
	if r.IntN(10) > 0 {
		body.Millis = map[string]float64{"total": r.Float64() * 400}
	}
	d := &body.Decision
	d.Action, d.Reason = pick(r, dialogue.Answer, dialogue.Answer, dialogue.Ask, dialogue.Confirm, dialogue.Recommend), dialogue.IntentKnown
	d.Intents = []string{intent}
	switch r.IntN(9) {
	case 0:
		d.Action, d.Reason, d.Intents = dialogue.Clarify, dialogue.NotUnderstood, []string{}
	case 1:
		why := pick(r, dialogue.ByRequest, dialogue.ByUnrecognised, dialogue.ByComplexity, dialogue.ByTier, dialogue.ByFailure, dialogue.ByEmotion)
		d.Action, d.HandOff = dialogue.HandOff, &dialogue.HandOffAsk{Queue: pick(r, "general", "tech"), Why: why}
	}
	if c.owner != "robot" {
		d.Action, d.HandOff = dialogue.Silent, nil
	} else if d.HandOff != nil {
		c.owner = "queue"
	}
	if r.IntN(6) == 0 {
		body.Calls = []dialogue.CallNote{{Name: "order.get", Status: pick(r, dialogue.CallOK, dialogue.CallFailed)}}
	}
	for range r.IntN(3) {
		body.Scripts = append(body.Scripts, dialogue.ScriptRef{Key: pick(r, "order.status.ok", "greet"), Variant: pick(r, "", "warm"), Version: r.IntN(3)})
	}
	ev := c.add(dialogue.TurnTaken)
	ev.Turn = body
	c.turns = append(c.turns, ev.ID)
}

// people adds what agents do, as it may come.
func (c *talk) people() {
	switch {
	case c.owner == "agent" && c.r.IntN(3) > 0:
		ev := c.add(dialogue.AgentSaid)
		ev.Agent = &dialogue.AgentBody{Agent: c.agent, Length: 1 + c.r.IntN(80), Suggested: pick(c.r, "", "s1")}
	case c.owner == "agent":
		kind := pick(c.r, dialogue.Transferred, dialogue.Released, dialogue.Returned)
		c.add(kind).Hand = &dialogue.HandBody{Queue: pick(c.r, "general", "tech", ""), By: c.agent, Why: pick(c.r, "", dialogue.ByComplexity)}
		c.owner = "queue"
		if kind == dialogue.Returned {
			c.owner = "robot"
		}
	case c.owner == "queue":
		c.agent = pick(c.r, "a1", "a2", "a3")
		c.add(dialogue.Claimed).Hand = &dialogue.HandBody{Agent: c.agent, By: c.agent}
		c.owner = "agent"
	default:
		c.add(dialogue.Queued).Hand = &dialogue.HandBody{Queue: pick(c.r, "general", "vip"), By: "api", Why: dialogue.ByRequest}
		c.owner = "queue"
	}
}

func (c *talk) rate() {
	body := &dialogue.RatingBody{}
	if c.r.IntN(2) == 0 {
		body.NPS = new(int)
		*body.NPS = c.r.IntN(11)
	}
	switch c.r.IntN(4) {
	case 3: // nothing else, or what a channel may send that means nothing
	case 0:
		body.Thumb, body.About = pick(c.r, 1, -1), pick(c.r, c.turns...)
	case 1:
		body.Score = 1 + c.r.IntN(5)
	default:
		body.Score, body.Resolved = 1+c.r.IntN(5), new(bool)
		*body.Resolved = c.r.IntN(2) == 0
	}
	c.add(dialogue.Rated).Rating = body
}

func (c *talk) sendOut() {
	id, kind := fmt.Sprintf("f%d", len(c.events)), pick(c.r, "interrupted_task", "order_exception")
	for _, status := range []string{"sent", pick(c.r, "delivered", "failed", "sent"), pick(c.r, "read", "delivered")} {
		k := dialogue.SentOut
		if status != "sent" {
			k = dialogue.Receipt
		}
		c.add(k).Out = &dialogue.OutBody{FollowUp: id, Kind: kind, Status: status, Script: dialogue.ScriptRef{Key: "follow"}}
		if c.r.IntN(3) == 0 {
			return
		}
		c.at = c.at.Add(time.Duration(c.r.Int64N(int64(time.Hour)))).Truncate(time.Microsecond)
	}
}

// mustWarehouse opens a warehouse with events in it. now is when it was brought up to date.
func mustWarehouse(tb testing.TB, events []dialogue.Event, now time.Time) *warehouse.Warehouse {
	tb.Helper()
	w, err := warehouse.Open(tb.Context(), warehouse.Options{Dir: tb.TempDir(), Now: func() time.Time { return now }})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { w.Close() })
	for part := range slices.Chunk(events, 500) {
		if err := w.Ingest(tb.Context(), part); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Refresh(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return w
}
