package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"yingda/analytics/demodata"
	"yingda/analytics/mine"
	"yingda/analytics/mine/review"
)

// simulatedReviewer stands for the person at the review queue. It names a group by what most of its texts truly mean, as the demo data knows, if that is at least a
// third of them, and leaves the others out: what a careful person sees when reading a group. It refuses groups without such a share. Then it labels the
// texts of the labelling queue one by one, those whose meaning the demo data tells. It never sees wordings of the measuring time.
type simulatedReviewer struct {
	truth map[string]string // text → planted intent, "" = out of scope
}

// reviewerName is who signs its decisions.
const reviewerName = "simulated reviewer"

// plurality is the share of a group's texts that must mean the same.
const plurality = 1.0 / 3

// reviewOf is what it did with a group.
type reviewOf struct {
	Group   string
	Name    string // that the mining gave
	Verdict string // of the mining
	Intent  string // that the reviewer named; empty = refused
	Share   float64
	Texts   int // taken
	Left    int // left out
	Count   int // messages
}

// newSimulatedReviewer reads what messages truly mean.
func newSimulatedReviewer(labels string) (*simulatedReviewer, error) {
	data, err := os.ReadFile(labels)
	if err != nil {
		return nil, err
	}
	s := &simulatedReviewer{truth: map[string]string{}}
	for raw := range bytes.Lines(data) {
		var l demodata.Label
		if err := json.Unmarshal(raw, &l); err != nil {
			return nil, fmt.Errorf("%s: %w", labels, err)
		}
		if !l.Measure {
			s.truth[mine.Key(l.Text)] = l.Intent
		}
	}
	return s, nil
}

// review decides about the groups of the last run.
func (s *simulatedReviewer) review(store *review.Store, tenant string, known func(string) bool) ([]reviewOf, error) {
	groups, err := store.Groups(tenant)
	if err != nil {
		return nil, err
	}
	var out []reviewOf
	for i := range groups {
		g, err := store.Group(tenant, groups[i].ID)
		if err != nil {
			return nil, err
		}
		r := s.look(&g.Group)
		d := review.Decision{Actor: reviewerName, Group: g.ID, Action: review.Refuse}
		if r.Intent != "" {
			d.Action, d.Intent = review.Accept, r.Intent
			if known(r.Intent) {
				d.Action = review.Assign
			}
			for _, m := range g.Members {
				if s.truth[m.Key] != r.Intent {
					d.Leave = append(d.Leave, m.Key)
				}
			}
		}
		if _, err := store.Decide(tenant, d); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// queued is how many texts of the labelling queue it looks at.
const queued = 100

// label labels texts of the queue and tells how many.
func (s *simulatedReviewer) label(store *review.Store, tenant string) (int, error) {
	picks, err := store.Queue(tenant, reviewerName, queued)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, p := range picks {
		intent, ok := s.truth[p.Key]
		if !ok {
			continue
		}
		intents := []string{}
		if intent != "" {
			intents = append(intents, intent)
		}
		if _, err := store.Label(tenant, reviewerName, p.Key, intents); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// look names a group.
func (s *simulatedReviewer) look(g *mine.Group) reviewOf {
	count := map[string]int{}
	for _, m := range g.Members {
		if intent, ok := s.truth[m.Key]; ok && intent != "" {
			count[intent]++
		}
	}
	r := reviewOf{Group: g.ID, Name: g.Name.ZH, Verdict: string(g.Verdict.Kind), Count: g.Count}
	var names []string
	for name := range count {
		names = append(names, name)
	}
	if len(names) == 0 {
		return r
	}
	best := slices.MaxFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(count[a], count[b]), cmp.Compare(b, a)) })
	if r.Share = float64(count[best]) / float64(len(g.Members)); r.Share >= plurality {
		r.Intent, r.Texts, r.Left = best, count[best], len(g.Members)-count[best]
	}
	return r
}
