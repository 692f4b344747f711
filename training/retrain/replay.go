package retrain

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"yingda/nlu"
)

// Files of the step "replay".
const (
	TrafficName = "traffic.jsonl" // the messages, a [Message] a line
	ReplayName  = "replay.json"
)

// Replay is what both bundles make of recent messages. Messages are counted as often as they were sent.
type Replay struct {
	Texts    int         `json:"texts"`    // different ones
	Messages int         `json:"messages"` // that were sent
	Skipped  int         `json:"skipped,omitempty"`
	Before   Share       `json:"unrecognised_before"` // by the champion
	After    Share       `json:"unrecognised_after"`  // by the new bundle
	Changed  Share       `json:"changed"`             // other intents, or none where there were some, or the other way round
	By       []Kind      `json:"by"`                  // what changes into what, the most frequent first
	New      []NewShare  `json:"new"`                 // messages that get a new intent
	Examples []Rewording `json:"examples"`            // changed messages, the most frequent first
}

// Share is a part of the messages.
type Share struct {
	N     int     `json:"n"`
	Of    int     `json:"of"`
	Value float64 `json:"value"`
}

// Kind is a kind of change.
type Kind struct {
	Before string `json:"before"` // intents, "none" where there are none
	After  string `json:"after"`
	N      int    `json:"n"`
}

// NewShare is what a new intent takes: of what was not understood, and of what had another intent.
type NewShare struct {
	Intent string `json:"intent"`
	None   int    `json:"from_none"`
	Other  int    `json:"from_others"`
}

// Rewording is a changed message.
type Rewording struct {
	Message
	Before []string `json:"before"`
	After  []string `json:"after"`
}

// How much of a long list a replay keeps.
const (
	maxKinds    = 40
	maxExamples = 200
)

// none stands for a message without intents.
const none = "none"

// replay is the fourth step.
func (r *Run) replay(ctx context.Context) (outcome, error) {
	if r.o.Traffic == nil {
		return outcome{status: Done, note: "no messages to replay: name the analytics folder or a file of messages"}, r.f.write(ReplayName, []byte("null\n"))
	}
	list, err := r.o.Traffic(ctx, r.f.state.Plan.Since)
	if err != nil {
		return outcome{}, err
	}
	list = counted(list)
	raw, err := lines(list)
	if err != nil {
		return outcome{}, err
	}
	if err := r.f.write(TrafficName, raw); err != nil {
		return outcome{}, err
	}
	_, made, champion, err := r.trained()
	if err != nil {
		return outcome{}, err
	}
	pair, err := r.openPair(made, champion, nil)
	if err != nil {
		return outcome{}, err
	}
	defer pair.close()
	var sum Merge
	if err := r.f.read(SummaryName, &sum); err != nil {
		return outcome{}, err
	}
	rep := &Replay{New: []NewShare{}}
	for _, n := range sum.New {
		rep.New = append(rep.New, NewShare{Intent: n.Name})
	}
	if err := rep.compare(ctx, r, pair, list); err != nil {
		return outcome{}, err
	}
	data, err := indented(rep)
	if err != nil {
		return outcome{}, err
	}
	return outcome{Done, nil, []string{TrafficName, ReplayName}, rep.note()}, r.f.write(ReplayName, data)
}

func (rep *Replay) note() string {
	return fmt.Sprintf("%d messages: not understood %.2f %% before, %.2f %% after; %.2f %% would go otherwise", rep.Messages, 100*rep.Before.Value, 100*rep.After.Value, 100*rep.Changed.Value)
}

// counted puts equal texts together, the most frequent first.
func counted(list []Message) []Message {
	at := map[string]int{}
	out := []Message{}
	for _, m := range list {
		m.Text, m.N = strings.TrimSpace(m.Text), max(m.N, 1)
		if m.Text == "" {
			continue
		}
		if i, ok := at[m.Text]; ok {
			out[i].N += m.N
			continue
		}
		at[m.Text] = len(out)
		out = append(out, m)
	}
	slices.SortStableFunc(out, func(a, b Message) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Text, b.Text)) })
	return out
}

// compare parses the messages with both bundles.
func (rep *Replay) compare(ctx context.Context, r *Run, p *pair, list []Message) error {
	const batch = 32
	kinds := map[[2]string]int{}
	for from := 0; from < len(list); from += batch {
		part := list[from:min(from+batch, len(list))]
		before, err := intentsOf(ctx, p.champion, part)
		if err != nil {
			return err
		}
		after, err := intentsOf(ctx, p.made, part)
		if err != nil {
			return err
		}
		for i, m := range part {
			rep.count(m, before[i], after[i], kinds)
		}
		if r.o.Progress != nil {
			r.o.Progress("replay", from+len(part), len(list), "")
		}
	}
	for k, n := range kinds {
		rep.By = append(rep.By, Kind{k[0], k[1], n})
	}
	slices.SortFunc(rep.By, func(a, b Kind) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Before, b.Before), cmp.Compare(a.After, b.After))
	})
	rep.By = rep.By[:min(maxKinds, len(rep.By))]
	for _, s := range []*Share{&rep.Before, &rep.After, &rep.Changed} {
		if s.Of = rep.Messages; s.Of > 0 {
			s.Value = float64(s.N) / float64(s.Of)
		}
	}
	return nil
}

// count takes one message in. A nil list is a message that is too long to be read.
func (rep *Replay) count(m Message, before, after []string, kinds map[[2]string]int) {
	if before == nil || after == nil {
		rep.Skipped += m.N
		return
	}
	rep.Texts++
	rep.Messages += m.N
	if len(before) == 0 {
		rep.Before.N += m.N
	}
	if len(after) == 0 {
		rep.After.N += m.N
	}
	if slices.Equal(before, after) {
		return
	}
	rep.Changed.N += m.N
	kinds[[2]string{joined(before), joined(after)}] += m.N
	for i := range rep.New {
		switch n := &rep.New[i]; {
		case !slices.Contains(after, n.Intent):
		case len(before) == 0:
			n.None += m.N
		default:
			n.Other += m.N
		}
	}
	if len(rep.Examples) < maxExamples { // they come by frequency
		rep.Examples = append(rep.Examples, Rewording{m, before, after})
	}
}

func joined(intents []string) string {
	if len(intents) == 0 {
		return none
	}
	return strings.Join(intents, "+")
}

// intentsOf parses messages. Those that are too long get nil.
func intentsOf(ctx context.Context, e Engine, list []Message) ([][]string, error) {
	out := make([][]string, len(list))
	us := make([]nlu.Utterance, len(list))
	for i, m := range list {
		us[i] = nlu.Utterance{Text: m.Text}
	}
	as, err := e.Analyse(ctx, us...)
	if err != nil && len(list) > 1 && ctx.Err() == nil { // one of them is too long: one by one
		for i := range list {
			one, err := intentsOf(ctx, e, list[i:i+1])
			if err != nil {
				return nil, err
			}
			out[i] = one[0]
		}
		return out, nil
	}
	var long *nlu.TooLongError
	if errors.As(err, &long) {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	for i, a := range as {
		out[i] = []string{}
		for _, in := range a.Intents {
			out[i] = append(out[i], in.Label)
		}
		slices.Sort(out[i])
	}
	return out, nil
}
