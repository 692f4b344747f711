package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/engine"
	"yingda/dialogue/eventlog"
	"yingda/dialogue/redact"
	"yingda/nlu"
)

// parser is a stand-in for the model: it finds the words before a colon as intents, and digit runs as order ids.
type parser struct {
	calls atomic.Int64
	err   error
}

func (p *parser) Parse(_ context.Context, bundle string, us []nlu.Utterance) ([]*nlu.Analysis, error) {
	p.calls.Add(1)
	if p.err != nil {
		return nil, p.err
	}
	var as []*nlu.Analysis
	for _, u := range us {
		a := &nlu.Analysis{Utterance: u, Language: nlu.Chinese, Emotion: nlu.Emotion{Prediction: nlu.Prediction{Label: "neutral", Score: 1}}}
		if intent, _, ok := strings.Cut(u.Text, ":"); ok {
			a.Intents = []nlu.Intent{{Prediction: nlu.Prediction{Label: intent, Score: .9}}}
		}
		if i := strings.IndexAny(u.Text, "0123456789"); i >= 0 {
			a.Entities = []nlu.Entity{{Span: nlu.Span{Start: i, End: len(u.Text)}, Type: "order_id", Text: u.Text[i:]}}
		}
		as = append(as, a)
	}
	return as, nil
}

// counter is a policy that counts the turns of a conversation in a slot, and calls a system when it is told to.
type counter struct{}

func (counter) Decide(ctx context.Context, t dialogue.Turn) (dialogue.Decision, error) {
	s := t.Tracker.State.Clone()
	if s.Slots == nil {
		s.Slots = map[string]dialogue.Slot{}
	}
	var n int
	fmt.Sscan(s.Slots["n"].Value, &n)
	s.Slots["n"] = dialogue.Slot{Value: fmt.Sprint(n + 1)}
	d := dialogue.Decision{Action: dialogue.Answer, Reason: dialogue.IntentKnown, State: s,
		Say: []dialogue.Say{{Key: "count", Vars: map[string]string{"n": fmt.Sprint(n + 1), "text": t.Message.Text}}}}
	if strings.HasPrefix(t.Message.Text, "call:") {
		r := t.Calls.Call(ctx, dialogue.Call{Name: "order.get", Args: map[string]string{"order_id": t.Message.Text}})
		d.Say[0].Vars["status"] = string(r.Status)
	}
	if strings.HasPrefix(t.Message.Text, "agent:") {
		d.Action, d.HandOff = dialogue.HandOff, &dialogue.HandOffAsk{Queue: "general", Why: dialogue.ByRequest}
	}
	return d, nil
}

// plain words say the values.
type plain struct{}

func (plain) Render(w dialogue.Wording) dialogue.Reply {
	v, _ := json.Marshal(w.Vars)
	return dialogue.Reply{Text: w.Key + " " + string(v), Script: dialogue.ScriptRef{Key: w.Key}}
}

// system counts calls by key.
type system struct {
	mu   sync.Mutex
	keys []string
}

func (s *system) Call(_ context.Context, c dialogue.Call) dialogue.Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = append(s.keys, c.Key)
	return dialogue.Result{Status: dialogue.CallOK}
}

func mustLog(t testing.TB) *eventlog.Log {
	t.Helper()
	log, err := eventlog.Open(context.Background(), eventlog.Options{Dir: t.TempDir(), Master: []byte(strings.Repeat("k", 32)), MaxBytes: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	return log
}

func mustEngine(t testing.TB, o engine.Options) *engine.Engine {
	t.Helper()
	if o.Store == nil {
		o.Store = mustLog(t)
	}
	if o.Parser == nil {
		o.Parser = &parser{}
	}
	if o.Policy == nil {
		o.Policy = counter{}
	}
	o.Scripts = plain{}
	e, err := engine.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func message(conv, id, text string) dialogue.Message {
	return dialogue.Message{Key: dialogue.Key{Tenant: "default", Conversation: conv}, ID: id, Text: text, Customer: "u-1"}
}

func must(t testing.TB, e *engine.Engine, m dialogue.Message) dialogue.Outcome {
	t.Helper()
	out, err := e.Handle(context.Background(), m)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTurn(t *testing.T) {
	e := mustEngine(t, engine.Options{Redact: redact.Rules{Visible: []string{"product"}}})
	out := must(t, e, message("c", "m1", "order.get:查 88012456"))
	if len(out.Replies) != 1 || !strings.Contains(out.Replies[0].Text, `"n":"1"`) || out.Duplicate || out.Seq == 0 {
		t.Errorf("outcome %+v", out)
	}
	evs, err := e.Events(context.Background(), out.Key, 0, 10)
	if err != nil || len(evs) != 1 {
		t.Fatalf("%d events, %v", len(evs), err)
	}
	ev := evs[0]
	if ev.Turn.Redacted != "order.get:查 <order_id>" || ev.Private.Text != "order.get:查 88012456" || ev.Turn.Intents[0].Label != "order.get" {
		t.Errorf("event %+v %+v", ev.Turn, ev.Private)
	}
	body, err := json.Marshal(ev)
	if err != nil || strings.Contains(string(body), "88012456") || strings.Contains(string(body), "u-1") {
		t.Errorf("the readable part says who or what: %s %v", body, err)
	}
}

func TestSameMessageTwice(t *testing.T) {
	p := &parser{}
	e := mustEngine(t, engine.Options{Parser: p})
	first := must(t, e, message("c", "m1", "a:1"))
	must(t, e, message("c", "m2", "a:2"))
	again := must(t, e, message("c", "m1", "something else"))
	if !again.Duplicate || again.Seq != first.Seq || again.Replies[0].Text != first.Replies[0].Text || p.calls.Load() != 2 {
		t.Errorf("again %+v after %d parses", again, p.calls.Load())
	}
	if evs, _ := e.Events(context.Background(), first.Key, 0, 10); len(evs) != 2 {
		t.Errorf("%d events", len(evs))
	}
}

func TestSilentWhileAPersonSpeaks(t *testing.T) {
	e := mustEngine(t, engine.Options{})
	if out := must(t, e, message("c", "m1", "agent:")); out.Owner.Kind != dialogue.OwnerQueue || out.Owner.Queue != "general" {
		t.Fatalf("owner %+v", out.Owner)
	}
	if out := must(t, e, message("c", "m2", "a:1")); len(out.Replies) != 1 {
		t.Errorf("while waiting the robot still answers; got %+v", out.Replies)
	}
	k := dialogue.Key{Tenant: "default", Conversation: "c"}
	claim := func(tr *dialogue.Tracker) (*dialogue.Event, error) {
		return &dialogue.Event{ID: "claim-1", Kind: dialogue.Claimed, Hand: &dialogue.HandBody{Agent: "li"}}, nil
	}
	if tr, _, err := e.Update(context.Background(), k, claim); err != nil || tr.Owner.Kind != dialogue.OwnerAgent {
		t.Fatalf("%+v %v", tr, err)
	}
	out := must(t, e, message("c", "m3", "a:1"))
	if len(out.Replies) != 0 || out.Decision.Action != dialogue.Silent || out.Decision.Reason != dialogue.PersonSpeaks || out.Tracker.State.Slots["n"].Value != "2" {
		t.Errorf("the robot speaks beside the agent: %+v", out)
	}
	back := func(tr *dialogue.Tracker) (*dialogue.Event, error) {
		return &dialogue.Event{ID: "return-1", Kind: dialogue.Returned, Hand: &dialogue.HandBody{By: "li"}}, nil
	}
	if _, _, err := e.Update(context.Background(), k, back); err != nil {
		t.Fatal(err)
	}
	if out := must(t, e, message("c", "m4", "a:1")); len(out.Replies) != 1 || out.Tracker.State.Slots["n"].Value != "3" {
		t.Errorf("the robot does not go on: %+v", out)
	}
}

// TestTwoReplicas has two engines on one log answer the same conversations: no turn is lost, doubled or out of order.
func TestTwoReplicas(t *testing.T) {
	log, sys := mustLog(t), &system{}
	engines := []*engine.Engine{mustEngine(t, engine.Options{Store: log, Calls: sys}), mustEngine(t, engine.Options{Store: log, Calls: sys})}
	const senders, each = 8, 12
	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			for i := range each {
				m := message(fmt.Sprint("c", i%3), fmt.Sprintf("m%d-%d", s, i), "call:x")
				for range 2 { // each message comes twice, to either replica
					if _, err := engines[(s+i)%2].Handle(context.Background(), m); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	turns := 0
	for c := range 3 {
		k := dialogue.Key{Tenant: "default", Conversation: fmt.Sprint("c", c)}
		evs, err := log.Events(context.Background(), k, 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for i, ev := range evs {
			if got := ev.Private.State.Slots["n"].Value; got != fmt.Sprint(i+1) {
				t.Fatalf("turn %d of %s counted %s", i+1, k.Conversation, got)
			}
		}
		turns += len(evs)
	}
	if turns != senders*each {
		t.Errorf("%d turns, want %d", turns, senders*each)
	}
	slices.Sort(sys.keys)
	if keys := slices.Compact(slices.Clone(sys.keys)); len(keys) != senders*each {
		t.Errorf("%d idempotency keys, want one a message: %d", len(keys), senders*each)
	}
}

func TestRefusals(t *testing.T) {
	e := mustEngine(t, engine.Options{})
	ok := message("c", "m1", "hi")
	for _, c := range []struct {
		name, field string
		change      func(m *dialogue.Message)
	}{
		{"no id", "id", func(m *dialogue.Message) { m.ID = "" }},
		{"no conversation", "conversation", func(m *dialogue.Message) { m.Conversation = "" }},
		{"tenant", "conversation", func(m *dialogue.Message) { m.Tenant = "A B" }},
		{"empty", "text", func(m *dialogue.Message) { m.Text = " \n" }},
		{"long", "text", func(m *dialogue.Message) { m.Text = strings.Repeat("长", 10000) }},
		{"not UTF-8", "text", func(m *dialogue.Message) { m.Text = "\xff" }},
		{"attachments", "attachments", func(m *dialogue.Message) { m.Attachments = make([]dialogue.Attachment, 11) }},
		{"payload", "payload", func(m *dialogue.Message) { m.Payload = strings.Repeat("x", 2000) }},
		{"customer", "customer", func(m *dialogue.Message) { m.Customer = strings.Repeat("x", 300) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := ok
			c.change(&m)
			_, err := e.Handle(context.Background(), m)
			var in *dialogue.InputError
			if !errors.As(err, &in) || in.Field != c.field {
				t.Errorf("error %v, want one about %s", err, c.field)
			}
		})
	}
	if tr, err := e.Load(context.Background(), ok.Key); err != nil || tr.Seq != 0 {
		t.Errorf("something was written: %+v %v", tr, err)
	}
}

// TestParserFails leaves the conversation as it was; the same message sent again is answered.
func TestParserFails(t *testing.T) {
	p := &parser{err: errors.New("overloaded")}
	e := mustEngine(t, engine.Options{Parser: p})
	if _, err := e.Handle(context.Background(), message("c", "m1", "a:1")); err == nil {
		t.Fatal("no error")
	}
	p.err = nil
	if out := must(t, e, message("c", "m1", "a:1")); out.Duplicate || !strings.Contains(out.Replies[0].Text, `"n":"1"`) {
		t.Errorf("outcome %+v", out)
	}
}

// conflicting lets others write first so often.
type conflicting struct {
	dialogue.Store
	left int
}

func (c *conflicting) Append(ctx context.Context, t *dialogue.Tracker, ev *dialogue.Event) (*dialogue.Tracker, error) {
	if c.left > 0 {
		c.left--
		return nil, fmt.Errorf("append: %w", dialogue.ErrConflict)
	}
	return c.Store.Append(ctx, t, ev)
}

func TestRedoneTurnCallsAndParsesOnce(t *testing.T) {
	p, sys := &parser{}, &system{}
	e := mustEngine(t, engine.Options{Store: &conflicting{mustLog(t), 5}, Parser: p, Calls: sys})
	out := must(t, e, message("c", "m1", "call:7"))
	if p.calls.Load() != 1 || len(sys.keys) != 1 || !strings.Contains(out.Replies[0].Text, `"status":"ok"`) {
		t.Errorf("%d parses, calls %v, %+v", p.calls.Load(), sys.keys, out.Replies)
	}
}

func TestEndlessConflict(t *testing.T) {
	e := mustEngine(t, engine.Options{Store: &conflicting{mustLog(t), 1 << 30}, Attempts: 3})
	if _, err := e.Handle(context.Background(), message("c", "m1", "a:1")); !errors.Is(err, dialogue.ErrConflict) || !strings.Contains(err.Error(), "m1") {
		t.Errorf("error %v", err)
	}
}

func TestLanguageOfTheReply(t *testing.T) {
	var langs []nlu.Lang
	e := mustEngine(t, engine.Options{Policy: policyFunc(func(t dialogue.Turn) dialogue.Decision {
		return dialogue.Decision{Action: dialogue.Answer, Say: []dialogue.Say{{Key: "x"}}}
	})})
	for i, m := range []string{"a:1", "88012456"} {
		out := must(t, e, message("c", fmt.Sprint(i), m))
		langs = append(langs, out.Tracker.Lang)
	}
	if langs[0] != nlu.Chinese || langs[1] != nlu.Chinese {
		t.Errorf("languages %v", langs)
	}
}

type policyFunc func(t dialogue.Turn) dialogue.Decision

func (f policyFunc) Decide(_ context.Context, t dialogue.Turn) (dialogue.Decision, error) {
	return f(t), nil
}

// TestWaitingForALock ends with its context.
func TestWaitingForALock(t *testing.T) {
	started, release := make(chan struct{}), make(chan struct{})
	var first atomic.Bool
	e := mustEngine(t, engine.Options{Policy: policyFunc(func(dialogue.Turn) dialogue.Decision {
		if first.CompareAndSwap(false, true) {
			close(started)
			<-release
		}
		return dialogue.Decision{Action: dialogue.Silent}
	})})
	done := make(chan error, 1)
	go func() { _, err := e.Handle(context.Background(), message("c", "m1", "a:1")); done <- err }()
	<-started
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := e.Handle(ctx, message("c", "m2", "a:1")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if _, err := e.Handle(context.Background(), message("other", "m2", "a:1")); err != nil {
		t.Errorf("another conversation waits: %v", err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
}
