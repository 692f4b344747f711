package policy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/policy"
	"yingda/nlu"
	"yingda/nlu/norm"
	typed "yingda/nlu/recognizer/value"
)

// said is an analysis made by hand.
func said(text string, parts ...func(*nlu.Analysis)) *nlu.Analysis {
	a := &nlu.Analysis{Utterance: nlu.Utterance{Text: text}, Normal: norm.Fold(text, norm.Matching), Language: nlu.Detect(text), OOS: 0.02}
	a.Emotion = nlu.Emotion{Prediction: nlu.Prediction{Label: "neutral", Score: 0.95}, Valence: "neutral"}
	for _, p := range parts {
		p(a)
	}
	return a
}

// means adds an intent; the first is the best.
func means(intent string, score float64) func(*nlu.Analysis) {
	return func(a *nlu.Analysis) {
		a.Ranking = append(a.Ranking, nlu.Prediction{Label: intent, Score: score})
		if len(a.Ranking) == 1 && score >= 0.25 {
			a.Intents = append(a.Intents, nlu.Intent{Prediction: nlu.Prediction{Label: intent, Score: score}, Span: nlu.Span{End: len(a.Text)}})
		}
	}
}

// and adds a second wish, cut out of the message.
func and(intent string, score float64) func(*nlu.Analysis) {
	return func(a *nlu.Analysis) {
		a.Ranking = append(a.Ranking, nlu.Prediction{Label: intent, Score: score / 4})
		a.Intents = append(a.Intents, nlu.Intent{Prediction: nlu.Prediction{Label: intent, Score: score}})
	}
}

// strange makes the message out of scope.
func strange(a *nlu.Analysis) { a.OOS, a.Intents = 0.85, nil }

// vague leaves the message without an intent, although it is not out of scope.
func vague(a *nlu.Analysis) { a.OOS, a.Intents = 0.2, nil }

// has adds an entity by its words.
func has(typ, text string) func(*nlu.Analysis) {
	return func(a *nlu.Analysis) {
		i := strings.Index(a.Text, text)
		if i < 0 {
			panic(fmt.Sprintf("%q is not in %q", text, a.Text))
		}
		a.Entities = append(a.Entities, nlu.Entity{Span: nlu.Span{Start: i, End: i + len(text)}, Type: typ, Text: text, Score: 0.95, Source: nlu.SourceRegex})
	}
}

// bare adds a value that means something only where it was asked for.
func bare(typ, text string, v any) func(*nlu.Analysis) {
	return func(a *nlu.Analysis) {
		i := strings.Index(a.Text, text)
		a.Candidates = append(a.Candidates, nlu.Entity{Span: nlu.Span{Start: i, End: i + len(text)}, Type: typ, Text: text, Value: v, Score: 1, Source: nlu.SourceSlot})
	}
}

// on adds a date.
func on(text, iso string) func(*nlu.Analysis) {
	return func(a *nlu.Analysis) {
		has("datetime", text)(a)
		day, err := time.Parse(time.DateOnly, iso)
		if err != nil {
			panic(err)
		}
		a.Entities[len(a.Entities)-1].Value = typed.DateTime{Type: typed.Date, Readings: []typed.Reading{{Timex: iso, Start: day}}}
	}
}

// feels sets the emotion.
func feels(label string, intensity float64) func(*nlu.Analysis) {
	return func(a *nlu.Analysis) {
		valence := map[string]string{"angry": "negative", "disappointed": "negative", "anxious": "anxious", "positive": "positive"}[label]
		a.Emotion = nlu.Emotion{Prediction: nlu.Prediction{Label: label, Score: 0.9}, Valence: valence, Intensity: intensity}
	}
}

func yes(text string) *nlu.Analysis { return said(text, means("chat.affirm", 0.97)) }

// bot is a conversation under test.
type bot struct {
	tb      testing.TB
	p       *policy.Policy
	tr      *dialogue.Tracker
	profile dialogue.Profile
	shop    *shop
	last    dialogue.Decision
	n       int
}

func newBot(tb testing.TB, p *policy.Policy, profile dialogue.Profile) *bot {
	key := dialogue.Key{Tenant: "default", Conversation: "c"}
	return &bot{tb: tb, p: p, tr: &dialogue.Tracker{Key: key}, profile: profile, shop: &shop{profile: profile, answer: map[string]dialogue.Result{}}}
}

// hear gives a message to the robot and takes the turn into the tracker.
func (b *bot) hear(m dialogue.Message, a *nlu.Analysis) dialogue.Decision {
	b.tb.Helper()
	b.n++
	m.Key, m.ID = b.tr.Key, fmt.Sprint(b.n)
	if a != nil {
		m.Text = a.Text
	}
	if m.Time.IsZero() {
		m.Time = time.Date(2026, 11, 2, 10, b.n, 0, 0, time.FixedZone("", 8*3600))
	}
	d, err := b.p.Decide(b.tb.Context(), dialogue.Turn{Tracker: b.tr, Message: m, Analysis: a, Profile: b.profile, Calls: b.shop})
	if err != nil {
		b.tb.Fatal(err)
	}
	b.last, b.tr = d, next(b.tr, m, a, d)
	return d
}

func (b *bot) say(a *nlu.Analysis) dialogue.Decision {
	b.tb.Helper()
	return b.hear(dialogue.Message{}, a)
}

func (b *bot) press(payload string) dialogue.Decision {
	b.tb.Helper()
	return b.hear(dialogue.Message{Payload: payload}, nil)
}

// want checks the latest decision: the action, and parts of "slot=value", "queue:", "why:", "key:", "intent:", "call:", "reason:", "later:"; a ! before a part
// forbids it.
func (b *bot) want(action dialogue.Action, parts ...string) {
	b.tb.Helper()
	d := b.last
	if d.Action != action {
		b.tb.Errorf("turn %d: %s (%s: %s, said %s), want %s", b.n, d.Action, d.Reason, d.Why, keysOf(d), action)
	}
	var have []string
	for n, s := range d.State.Slots {
		have = append(have, n+"="+strings.Join(append([]string{s.Value}, s.More...), "|"))
	}
	if d.HandOff != nil {
		have = append(have, "queue:"+d.HandOff.Queue, "why:"+string(d.HandOff.Why))
	}
	for _, s := range d.Say {
		have = append(have, "key:"+s.Key)
		for _, x := range s.Buttons {
			have = append(have, "button:"+x.Payload)
		}
	}
	for _, in := range d.Intents {
		have = append(have, "intent:"+in)
	}
	for _, in := range d.State.Later {
		have = append(have, "later:"+in)
	}
	for _, c := range b.shop.calls {
		have = append(have, "call:"+c.Name)
	}
	have = append(have, "reason:"+string(d.Reason))
	for _, p := range parts {
		p, forbidden := strings.CutPrefix(p, "!")
		found := false
		for _, h := range have {
			found = found || h == p || strings.HasSuffix(p, "*") && strings.HasPrefix(h, p[:len(p)-1])
		}
		if found == forbidden {
			b.tb.Errorf("turn %d: %q %v in %q", b.n, p, found, have)
		}
	}
	b.shop.calls = nil
}

func orders(list ...string) dialogue.Profile {
	p := dialogue.Profile{Tier: "standard"}
	for _, o := range list { // id product status
		f := strings.Fields(o)
		p.History = append(p.History, dialogue.HistoryItem{Kind: "order", OrderID: f[0], Product: f[1], Status: f[2]})
	}
	return p
}
