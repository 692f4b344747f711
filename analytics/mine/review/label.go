package review

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"yingda/analytics"
	"yingda/analytics/mine"
)

// Label is a line of labels.jsonl: what a person says a text means.
type Label struct {
	Time    time.Time  `json:"time"`
	Actor   string     `json:"actor"`
	Text    Text       `json:"text"`
	Intents []string   `json:"intents"` // empty = none of those that there are, and none that there should be
	Slice   mine.Slice `json:"slice"`
	Group   string     `json:"group,omitempty"`
	Bundle  string     `json:"bundle"`
	Top1    string     `json:"top1"` // the bundle's best intent
	OOS     float64    `json:"oos"`
}

// Labels returns all labels of a tenant, oldest first.
func (s *Store) Labels(tenant string) ([]Label, error) {
	path, err := s.path(tenant, "labels.jsonl")
	if err != nil {
		return nil, err
	}
	return readLines[Label](path)
}

// twice tells whether two people are to label a text: one in ten, by its key.
func twice(key string) bool {
	return len(key) > 0 && strings.Contains("048c", key[:1]) && strings.Contains("0123456", key[1:2]) // 4/16 · 7/16 = 0.109
}

// Queue returns up to n texts of the last run that actor is to label: those that nobody has labelled, and of those that are labelled twice the
// ones that another person has.
func (s *Store) Queue(tenant, actor string, n int) ([]mine.Pick, error) {
	res, err := s.Run(tenant)
	if err != nil || res == nil {
		return nil, err
	}
	labels, err := s.Labels(tenant)
	if err != nil {
		return nil, err
	}
	by := map[string][]string{}
	for _, l := range labels {
		by[l.Text.Key] = append(by[l.Text.Key], l.Actor)
	}
	var out []mine.Pick
	for _, p := range res.Queue {
		who := by[p.Key]
		if len(out) < n && !slices.Contains(who, actor) && (len(who) == 0 || len(who) == 1 && twice(p.Key)) {
			out = append(out, p)
		}
	}
	return out, nil
}

// Label keeps what actor says of a text of the queue, by its key. Saying it again replaces what was said before.
func (s *Store) Label(tenant, actor, key string, intents []string) (Label, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var l Label
	if strings.TrimSpace(actor) == "" {
		return l, fmt.Errorf("%w: a label needs an actor", ErrInvalid)
	}
	for _, in := range intents {
		if !intentName.MatchString(in) {
			return l, fmt.Errorf("%w: intent %q: names are lower-case words with dots, as order.gift_card", ErrInvalid, in)
		}
	}
	res, err := s.Run(tenant)
	if err != nil {
		return l, err
	}
	if res == nil {
		return l, fmt.Errorf("%w: nothing was mined yet", ErrNotFound)
	}
	i := slices.IndexFunc(res.Queue, func(p mine.Pick) bool { return p.Key == key })
	if i < 0 {
		return l, fmt.Errorf("%w: there is no text %q in the queue", ErrNotFound, key)
	}
	p := res.Queue[i]
	l = Label{Time: s.now().UTC(), Actor: actor, Text: textOf(p.Member), Intents: append([]string{}, intents...), Slice: p.Slice, Group: p.Group, Bundle: string(res.Bundle), Top1: p.Top1, OOS: p.OOS}
	if err := s.appendTo(tenant, "labels.jsonl", l); err != nil {
		return l, fmt.Errorf("keep label: %w", err)
	}
	return l, nil
}

// newest keeps each person's last word on each text, in the order they were said first.
func newest(labels []Label) []Label {
	at, out := map[[2]string]int{}, []Label(nil)
	for _, l := range labels {
		k := [2]string{l.Text.Key, l.Actor}
		if i, ok := at[k]; ok {
			out[i] = l
			continue
		}
		at[k] = len(out)
		out = append(out, l)
	}
	return out
}

// Quality says how good the bundle is on what was not understood, and how good the labels are.
type Quality struct {
	Labelled int `json:"labelled"` // texts
	// Right is over the random slice alone: the share of texts whose best intent, right or refused, is what a person says. The other slices were
	// chosen because the bundle is weak there.
	Right analytics.Rate `json:"right"`
	// New is the share of the random slice that no intent of the bundle's ranking fits as a person sees it.
	New    analytics.Rate `json:"none"`
	Twice  int            `json:"twice"`  // texts that two people labelled
	Agreed int            `json:"agreed"` // of them, alike
	Kappa  float64        `json:"kappa"`  // Cohen's, of Twice; from 0.7 on labels can be relied on. 0 when there are none
}

// Quality measures the labels of a tenant.
func (s *Store) Quality(tenant string) (Quality, error) {
	all, err := s.Labels(tenant)
	if err != nil {
		return Quality{}, err
	}
	var q Quality
	first, second := map[string]Label{}, map[string]Label{}
	for _, l := range newest(all) {
		switch _, ok := first[l.Text.Key]; {
		case !ok:
			first[l.Text.Key] = l
			q.Labelled++
		default:
			if _, ok := second[l.Text.Key]; !ok {
				second[l.Text.Key] = l
			}
		}
	}
	var right, none, n int64
	var a, b []string
	for k, l := range first {
		if l.Slice == mine.Random {
			n++
			right += number(len(l.Intents) > 0 && l.Intents[0] == l.Top1)
			none += number(len(l.Intents) == 0)
		}
		if o, ok := second[k]; ok {
			a, b = append(a, answer(l)), append(b, answer(o))
			q.Agreed += int(number(answer(l) == answer(o)))
		}
	}
	q.Right, q.New, q.Twice, q.Kappa = wilson(right, n), wilson(none, n), len(a), Kappa(a, b)
	return q, nil
}

func number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// answer is a label as one word.
func answer(l Label) string { return strings.Join(l.Intents, "+") }

// Kappa is Cohen's: how far two people agree beyond chance (Cohen 1960), 1 = always, 0 = as by chance. 0 for nothing; 1 when both always say the
// same one thing.
func Kappa(a, b []string) float64 {
	if len(a) == 0 || len(a) != len(b) {
		return 0
	}
	n := float64(len(a))
	ca, cb, same := map[string]float64{}, map[string]float64{}, 0.0
	for i := range a {
		ca[a[i]]++
		cb[b[i]]++
		if a[i] == b[i] {
			same++
		}
	}
	chance := 0.0
	for _, k := range slices.Sorted(maps.Keys(ca)) { // in one order: the last digit of a sum hangs on it
		chance += ca[k] / n * cb[k] / n
	}
	if chance >= 1 {
		return 1
	}
	return (same/n - chance) / (1 - chance)
}

// wilson is a share with Wilson's 95 % interval.
func wilson(num, n int64) analytics.Rate {
	if n == 0 {
		return analytics.Rate{}
	}
	const z = 1.959963984540054
	p, m := float64(num)/float64(n), float64(n)
	mid, half := (p+z*z/(2*m))/(1+z*z/m), z*math.Sqrt(p*(1-p)/m+z*z/(4*m*m))/(1+z*z/m)
	return analytics.Rate{Value: p, Num: num, N: n, Low: max(0, mid-half), High: min(1, mid+half)}
}
