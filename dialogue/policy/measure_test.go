package policy_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/policy"
	"yingda/dialogue/task"
	"yingda/internal/testenv"
	"yingda/nlu"
	"yingda/nlu/standard"
)

const (
	pack      = "../standard"
	devDialog = "../../../shared/service-dev/dialogues-zh.jsonl"
)

// mustPolicy makes a policy of the default pack.
func mustPolicy(tb testing.TB, o policy.Options) *policy.Policy {
	tb.Helper()
	set, err := task.Load(os.DirFS(pack), "tasks")
	if err != nil {
		tb.Fatal(err)
	}
	data, err := os.ReadFile(pack + "/policy.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	settings, err := policy.ParseSettings("policy.yaml", data)
	if err != nil {
		tb.Fatal(err)
	}
	o.Tasks, o.Settings = set, settings
	p, err := policy.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// shop answers calls as a shop would that knows the customer's history.
type shop struct {
	profile dialogue.Profile
	calls   []dialogue.Call
	answer  map[string]dialogue.Result // by call name; the rest is "ok" from the history
}

func (s *shop) Call(_ context.Context, c dialogue.Call) dialogue.Result {
	s.calls = append(s.calls, c)
	if r, ok := s.answer[c.Name]; ok {
		return r
	}
	data := map[string]any{"ticket_id": "T1", "amount": 59}
	for _, it := range s.profile.History {
		if it.OrderID != "" && it.OrderID == c.Args["order_id"] {
			data["status"], data["product"] = it.Status, it.Product
		}
	}
	if c.Name == "product.compare" || c.Name == "plan.list" || c.Name == "product.search" {
		data["items"] = []any{}
	}
	out, _ := json.Marshal(data)
	return dialogue.Result{Status: dialogue.CallOK, Data: out}
}

type devDialogue struct {
	ID      string
	Profile *struct {
		Tier    string
		History []json.RawMessage
	}
	Turns []devTurn
}

type devTurn struct {
	User        string
	Time        time.Time
	ASR         []nlu.Alternative
	Attachments []dialogue.Attachment
	Expect      struct {
		Intents []string
		Slots   map[string]any
		Action  string
		Handoff *struct{ Queue, Why string }
	}
}

// step is a turn with what came of it.
type step struct {
	id       string
	turn     devTurn
	got      dialogue.Decision
	action   bool
	queue    bool
	slots    bool
	intents  bool
	analysis *nlu.Analysis
}

func (s *step) ok() bool { return s.action && s.queue && s.slots }

// TestDevelopmentDialogues measures the share of right steps on the development dialogues with the shipped bundle.
func TestDevelopmentDialogues(t *testing.T) {
	path := devDialog
	if p := os.Getenv("YINGDA_DIALOGUES"); p != "" {
		path = p
	}
	f, err := os.Open(path)
	if err != nil {
		t.Skipf("SKIPPED, NOT TESTED: %v", err)
	}
	defer func() { _ = f.Close() }()
	b := testenv.MustDefault(t)
	e, err := standard.New(t.Context(), b, testenv.MustOpen(t, b, 1), standard.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	p := mustPolicy(t, policy.Options{})
	var steps []step
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		var d devDialogue
		if err := json.Unmarshal(sc.Bytes(), &d); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, play(t, e, p, d)...)
	}
	report(t, steps)
}

// play runs a dialogue.
func play(t *testing.T, e *standard.Engine, p *policy.Policy, d devDialogue) []step {
	profile := dialogue.Profile{}
	if d.Profile != nil {
		profile.Tier = d.Profile.Tier
		for _, raw := range d.Profile.History {
			var it dialogue.HistoryItem
			if err := json.Unmarshal(raw, &it); err != nil {
				t.Fatal(err)
			}
			profile.History = append(profile.History, it)
		}
	}
	tr := &dialogue.Tracker{Key: dialogue.Key{Tenant: "default", Conversation: d.ID}}
	var out []step
	for i, turn := range d.Turns {
		m := dialogue.Message{Key: tr.Key, ID: fmt.Sprint(i), Text: turn.User, Time: turn.Time, Attachments: turn.Attachments}
		if m.Time.IsZero() {
			m.Time = time.Date(2025, 11, 3, 10, i, 0, 0, time.FixedZone("", 8*3600))
		}
		if len(turn.ASR) > 0 {
			m.Confidence, m.Alternatives = turn.ASR[0].Confidence, turn.ASR[1:]
		}
		var a *nlu.Analysis
		if m.Text != "" {
			as, err := e.Analyse(t.Context(), nlu.Utterance{Text: m.Text, Alternatives: m.Alternatives, Reference: m.Time})
			if err != nil {
				t.Fatal(err)
			}
			a = as[0]
		}
		dec, err := p.Decide(t.Context(), dialogue.Turn{Tracker: tr, Message: m, Analysis: a, Profile: profile, Calls: &shop{profile: profile}})
		if err != nil {
			t.Fatal(err)
		}
		s := step{id: d.ID, turn: turn, got: dec, analysis: a}
		s.compare()
		out = append(out, s)
		tr = next(tr, m, a, dec)
	}
	return out
}

// next folds a turn into the tracker as the engine does.
func next(tr *dialogue.Tracker, m dialogue.Message, a *nlu.Analysis, d dialogue.Decision) *dialogue.Tracker {
	ev := &dialogue.Event{ID: m.ID, Kind: dialogue.TurnTaken, Key: m.Key, Time: m.Time, Turn: &dialogue.TurnBody{Decision: d}, Seq: tr.Seq + 1}
	if a != nil {
		ev.Turn.Emotion = dialogue.Emotion{Label: a.Emotion.Label, Valence: a.Emotion.Valence, Intensity: a.Emotion.Intensity}
	}
	ev.Private = &dialogue.Private{Customer: "c", Text: m.Text, State: d.State}
	return tr.Apply(ev, "")
}

// compare judges a step.
func (s *step) compare() {
	x := s.turn.Expect
	s.action = string(s.got.Action) == x.Action
	s.queue = (s.got.HandOff == nil) == (x.Handoff == nil)
	if x.Handoff != nil && s.got.HandOff != nil {
		s.queue = s.got.HandOff.Queue == x.Handoff.Queue && string(s.got.HandOff.Why) == x.Handoff.Why
	}
	want := map[string][]string{}
	for k, v := range x.Slots {
		switch v := v.(type) {
		case string:
			want[k] = []string{v}
		case []any:
			for _, y := range v {
				want[k] = append(want[k], fmt.Sprint(y))
			}
		}
	}
	s.slots = maps.EqualFunc(want, slotValues(s.got), slices.Equal)
	s.intents = slices.Equal(slices.Sorted(slices.Values(x.Intents)), slices.Sorted(slices.Values(s.got.Intents)))
}

func slotValues(d dialogue.Decision) map[string][]string {
	out := map[string][]string{}
	for k, v := range d.State.Slots {
		out[k] = append([]string{v.Value}, v.More...)
	}
	return out
}

func report(t *testing.T, steps []step) {
	var ok, action, queue, slots, intents int
	for i := range steps {
		s := &steps[i]
		for _, x := range []struct {
			yes bool
			n   *int
		}{{s.ok(), &ok}, {s.action, &action}, {s.queue, &queue}, {s.slots, &slots}, {s.intents, &intents}} {
			if x.yes {
				*x.n++
			}
		}
		if s.ok() && s.intents && os.Getenv("YINGDA_ALL") == "" {
			continue
		}
		mark := func(b bool, name string) string {
			if b {
				return ""
			}
			return " ✗" + name
		}
		t.Logf("%s %q%s%s%s%s\n    want %s %v %v %v\n    got  %s %v %v %v (%s: %s) said %s", s.id, s.turn.User, mark(s.action, "action"), mark(s.queue, "queue"), mark(s.slots, "slots"), mark(s.intents, "intents"),
			s.turn.Expect.Action, s.turn.Expect.Handoff, s.turn.Expect.Slots, s.turn.Expect.Intents,
			s.got.Action, s.got.HandOff, slotValues(s.got), s.got.Intents, s.got.Reason, s.got.Why, keysOf(s.got))
	}
	n := max(len(steps), 1)
	t.Logf("%d steps: %.1f %% right in action, queue and slots; action %.1f, queue %.1f, slots %.1f, intents %.1f", len(steps),
		100*float64(ok)/float64(n), 100*float64(action)/float64(n), 100*float64(queue)/float64(n), 100*float64(slots)/float64(n), 100*float64(intents)/float64(n))
	if float64(ok) < 0.8*float64(n) {
		t.Errorf("below 80 %%")
	}
}

func keysOf(d dialogue.Decision) string {
	var keys []string
	for _, s := range d.Say {
		keys = append(keys, s.Key)
	}
	return strings.Join(keys, ", ")
}
