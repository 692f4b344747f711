package server_test

import (
	"context"
	"strings"
	"sync"
	"time"

	"yingda/dialogue"
	"yingda/nlu"
)

// fakeTalk is a robot and its log in memory. It says what a script of a few words makes it say.
type fakeTalk struct {
	mu     sync.Mutex
	seq    uint64
	now    func() time.Time
	states map[dialogue.Key]*dialogue.Tracker
	events map[dialogue.Key][]dialogue.Event
	heard  map[int]func(*dialogue.Event)
	next   int
	handed []dialogue.Message

	handle func(context.Context, dialogue.Message) (dialogue.Outcome, error) // before the script
	fail   error                                                             // of everything
}

var (
	_ dialogue.Robot         = (*fakeTalk)(nil)
	_ dialogue.Conversations = (*fakeTalk)(nil)
)

func newTalk() *fakeTalk {
	at := time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
	return &fakeTalk{states: map[dialogue.Key]*dialogue.Tracker{}, events: map[dialogue.Key][]dialogue.Event{}, heard: map[int]func(*dialogue.Event){},
		now: func() time.Time { at = at.Add(time.Second); return at }}
}

func (f *fakeTalk) Handle(ctx context.Context, m dialogue.Message) (dialogue.Outcome, error) {
	if f.handle != nil {
		if out, err := f.handle(ctx, m); err != nil || out.ID != "" {
			return out, err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return dialogue.Outcome{}, f.fail
	}
	f.handed = append(f.handed, m)
	t := f.load(m.Key)
	if seq := t.Saw(m.ID); seq > 0 {
		return f.again(t, m, seq), nil
	}
	ev, a := f.decide(t, m)
	t = f.append(t, ev)
	return dialogue.Outcome{Key: m.Key, ID: m.ID, Seq: ev.Seq, Replies: ev.Private.Replies, Decision: ev.Turn.Decision, Analysis: a, Owner: t.Owner, Tracker: t}, nil
}

func (f *fakeTalk) again(t *dialogue.Tracker, m dialogue.Message, seq uint64) dialogue.Outcome {
	for _, ev := range f.events[m.Key] {
		if ev.Seq == seq {
			return dialogue.Outcome{Key: m.Key, ID: m.ID, Seq: seq, Duplicate: true, Replies: ev.Private.Replies, Decision: ev.Turn.Decision, Owner: t.Owner, Tracker: t}
		}
	}
	panic("an event that was seen is not there")
}

// decide makes the event of a turn.
func (f *fakeTalk) decide(t *dialogue.Tracker, m dialogue.Message) (*dialogue.Event, *nlu.Analysis) {
	var a *nlu.Analysis
	if m.Text != "" {
		a = handMade(nlu.Utterance{Text: m.Text})
	}
	d := dialogue.Decision{Action: dialogue.Answer, Reason: dialogue.IntentKnown, Why: "asks about an order", Intents: []string{"order.status"}, State: t.State.Clone()}
	reply := dialogue.Reply{Text: "您好，“" + m.Text + "”我记下了。", Script: dialogue.ScriptRef{Key: "answer.order.status", Version: 1}}
	switch {
	case t.Owner.Kind == dialogue.OwnerAgent:
		d.Action, d.Reason, d.Why, reply = dialogue.Silent, dialogue.PersonSpeaks, "an agent speaks", dialogue.Reply{}
	case strings.Contains(m.Text, "退款"):
		d.Action, d.Reason, d.Task, d.Why = dialogue.Ask, dialogue.SlotMissing, "refund.request", "wants a refund; the order is not known yet"
		d.Intents = []string{"refund.request"}
		d.State.Slots = map[string]dialogue.Slot{"reason": {Value: "质量问题", From: "customer", Turn: 1}}
		d.State.Tasks = []dialogue.TaskState{{Task: "refund.request", Intent: "refund.request", Since: 1}}
		d.State.Asked = &dialogue.Question{Kind: dialogue.AskSlot, Task: "refund.request", Slot: "order_id", Turn: 1}
		reply = dialogue.Reply{Text: "好的，请问是哪一笔订单？", Buttons: []dialogue.Button{{Title: "尾号 8832", Payload: "/slot order_id=8832"}, {Title: "转人工", Payload: "/agent"}},
			Cards: []dialogue.Card{{ID: "8832", Title: "蓝色水杯", Subtitle: "¥39 · 11月20日", Image: "https://shop.example/cup.png", Link: "https://shop.example/orders/8832"}}}
	case strings.Contains(m.Text, "人工") || m.Payload == "/agent":
		d.Action, d.Reason, d.HandOff = dialogue.HandOff, dialogue.ByRequest, &dialogue.HandOffAsk{Queue: "general", Why: dialogue.ByRequest}
		reply.Text = "好的，马上为您转接人工客服。"
	}
	if a == nil {
		a = &nlu.Analysis{}
	}
	ev := &dialogue.Event{ID: m.ID, Kind: dialogue.TurnTaken, Key: m.Key, Customer: "c-1", Channel: "web",
		Turn:    &dialogue.TurnBody{Redacted: "…", Lang: nlu.Chinese, Decision: d, Ranking: a.Ranking, OOS: a.OOS, Emotion: dialogue.Emotion{Label: "anxious", Valence: "anxious", Intensity: 0.4}},
		Private: &dialogue.Private{Customer: m.Customer, Text: m.Text, Attachments: m.Attachments, Payload: m.Payload, State: d.State}}
	for _, in := range a.Intents {
		ev.Turn.Intents = append(ev.Turn.Intents, in.Prediction)
	}
	if reply.Text != "" {
		ev.Private.Replies = []dialogue.Reply{reply}
	}
	if m.Text == "" {
		a = nil
	}
	return ev, a
}

func (f *fakeTalk) load(k dialogue.Key) *dialogue.Tracker {
	if t := f.states[k]; t != nil {
		return t
	}
	return &dialogue.Tracker{Key: k}
}

func (f *fakeTalk) append(t *dialogue.Tracker, ev *dialogue.Event) *dialogue.Tracker {
	f.seq++
	ev.Seq, ev.Key = f.seq, t.Key
	if ev.Time.IsZero() {
		ev.Time = f.now()
	}
	t = t.Apply(ev, "hash")
	f.states[t.Key] = t
	f.events[t.Key] = append(f.events[t.Key], *ev)
	for _, fn := range f.heard {
		fn(ev)
	}
	return t
}

func (f *fakeTalk) Load(_ context.Context, k dialogue.Key) (*dialogue.Tracker, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.load(k), f.fail
}

func (f *fakeTalk) Update(_ context.Context, k dialogue.Key, change func(*dialogue.Tracker) (*dialogue.Event, error)) (*dialogue.Tracker, *dialogue.Event, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return nil, nil, f.fail
	}
	t := f.load(k)
	ev, err := change(t)
	if err != nil || ev == nil {
		return t, nil, err
	}
	if ev.Private == nil {
		ev.Private = &dialogue.Private{}
	}
	return f.append(t, ev), ev, nil
}

func (f *fakeTalk) Events(_ context.Context, k dialogue.Key, after uint64, limit int) ([]dialogue.Event, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []dialogue.Event
	for _, ev := range f.events[k] {
		if ev.Seq > after && len(list) < limit {
			list = append(list, ev)
		}
	}
	return list, f.fail
}

// Follow implements server.Follower.
func (f *fakeTalk) Follow(ctx context.Context, fn func(*dialogue.Event)) error {
	f.mu.Lock()
	id := f.next
	f.next++
	f.heard[id] = fn
	f.mu.Unlock()
	<-ctx.Done()
	f.mu.Lock()
	delete(f.heard, id)
	f.mu.Unlock()
	return ctx.Err()
}

// following tells how many listen.
func (f *fakeTalk) following() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.heard)
}
