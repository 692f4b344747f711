package nlu_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"yingda/nlu"
)

// part is a component for tests.
type part struct {
	name              string
	requires, assigns []nlu.Field
	do                func(as []*nlu.Analysis) error
}

func (p part) Name() string          { return p.name }
func (p part) Requires() []nlu.Field { return p.requires }
func (p part) Assigns() []nlu.Field  { return p.assigns }
func (p part) Annotate(_ context.Context, as []*nlu.Analysis) error {
	if p.do == nil {
		return nil
	}
	return p.do(as)
}

func MustPipeline(tb testing.TB, cs ...nlu.Component) *nlu.Pipeline {
	tb.Helper()
	p, err := nlu.NewPipeline(cs...)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func TestNewPipeline(t *testing.T) {
	text := part{name: "normalise@1", requires: []nlu.Field{nlu.FieldText}, assigns: []nlu.Field{nlu.FieldNormal}}
	find := part{name: "find@1", requires: []nlu.Field{nlu.FieldNormal}, assigns: []nlu.Field{nlu.FieldCandidates}}
	merge := part{name: "merge@1", requires: []nlu.Field{nlu.FieldCandidates, nlu.FieldIntents}, assigns: []nlu.Field{nlu.FieldEntities}}
	intent := part{name: "intent@1", requires: []nlu.Field{nlu.FieldText}, assigns: []nlu.Field{nlu.FieldIntents}}
	self := part{name: "self@1", requires: []nlu.Field{nlu.FieldLogits}, assigns: []nlu.Field{nlu.FieldLogits}}
	tests := []struct {
		name   string
		parts  []nlu.Component
		faults []string
	}{
		{"OK", []nlu.Component{text, find, intent, merge}, nil},
		{"OKOtherOrder", []nlu.Component{intent, text, find, find, merge}, nil},
		{"OKEmpty", nil, nil},
		{"ErrOrder", []nlu.Component{find, text}, []string{"find@1 requires normal"}},
		{"ErrAllAtOnce", []nlu.Component{find, merge}, []string{"find@1 requires normal", "merge@1 requires intents"}},
		{"ErrOwnField", []nlu.Component{self}, []string{"self@1 requires logits"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := nlu.NewPipeline(tt.parts...)
			if (err == nil) != (tt.faults == nil) {
				t.Fatalf("got %v", err)
			}
			for _, f := range tt.faults {
				if !strings.Contains(err.Error(), f) {
					t.Errorf("%v does not say %q", err, f)
				}
			}
			if err == nil && len(p.Components()) != len(tt.parts) {
				t.Errorf("components %v", p.Components())
			}
		})
	}
}

// score ranks readings by what the table says of their text.
func score(table map[string]float64) part {
	return part{name: "intent@1", assigns: []nlu.Field{nlu.FieldIntents}, do: func(as []*nlu.Analysis) error {
		for _, a := range as {
			a.Ranking = []nlu.Prediction{{Label: a.Text, Score: table[a.Text]}}
		}
		return nil
	}}
}

func TestAlternatives(t *testing.T) {
	tests := []struct {
		name   string
		scores map[string]float64 // a is the best reading, then b and c
		want   string
	}{
		{"FirstWinsTies", map[string]float64{"a": .5, "b": .5, "c": .5}, "a"},
		{"BetterByLittle", map[string]float64{"a": .5, "b": .54, "c": .59}, "a"},
		{"SecondIsBetter", map[string]float64{"a": .5, "b": .6, "c": .6}, "b"},
		{"ThirdIsMuchBetter", map[string]float64{"a": .5, "b": .6, "c": .7}, "c"},
		{"NothingIsUnderstood", map[string]float64{}, "a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ref := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
			u := nlu.Utterance{Text: "a", Alternatives: []nlu.Alternative{{Text: "b"}, {Text: "c"}}, Lang: nlu.English, Reference: ref}
			as, err := MustPipeline(t, score(tt.scores)).Analyse(t.Context(), nlu.Utterance{Text: "x"}, u, nlu.Utterance{Text: "y"})
			if err != nil || len(as) != 3 {
				t.Fatal(len(as), err)
			}
			a := as[1]
			if as[0].Text != "x" || a.Text != tt.want || as[2].Text != "y" {
				t.Errorf("chose %q, %q, %q; want %q in the middle", as[0].Text, a.Text, as[2].Text, tt.want)
			}
			if a.Ranking[0].Label != tt.want || !slices.Equal(a.Alternatives, u.Alternatives) || a.Lang != nlu.English || !a.Reference.Equal(ref) {
				t.Errorf("the reading lost something: %+v", a)
			}
		})
	}
	// Without an intents head there is nothing to choose by.
	as, err := MustPipeline(t).Analyse(t.Context(), nlu.Utterance{Text: "a", Alternatives: []nlu.Alternative{{Text: "b"}}})
	if err != nil || as[0].Text != "a" {
		t.Errorf("got %q, %v", as[0].Text, err)
	}
}

// TestTooLong counts utterances, not readings.
func TestTooLong(t *testing.T) {
	us := []nlu.Utterance{{Text: "a", Alternatives: []nlu.Alternative{{}, {}}}, {Text: "b"}, {Text: "c", Alternatives: []nlu.Alternative{{}}}}
	for reading, want := range []int{0, 0, 0, 1, 2, 2} {
		p := MustPipeline(t, part{name: "encode@1", do: func([]*nlu.Analysis) error { return &nlu.TooLongError{Index: reading, Tokens: 9, Limit: 8} }})
		as, err := p.Analyse(t.Context(), us...)
		var long *nlu.TooLongError
		if !errors.As(err, &long) || as != nil {
			t.Fatalf("got %v, %v", as, err)
		}
		if *long != (nlu.TooLongError{Index: want, Tokens: 9, Limit: 8}) || !strings.HasPrefix(err.Error(), "encode@1: utterance ") {
			t.Errorf("reading %d: %v, want utterance %d", reading, err, want)
		}
	}
}

func TestAnalyse(t *testing.T) {
	t.Run("ErrStops", func(t *testing.T) {
		fail, ran := errors.New("no"), false
		p := MustPipeline(t, part{name: "bad@2", do: func([]*nlu.Analysis) error { return fail }}, part{name: "after@1", do: func([]*nlu.Analysis) error { ran = true; return nil }})
		if _, err := p.Analyse(t.Context(), nlu.Utterance{Text: "a"}); !errors.Is(err, fail) || !strings.HasPrefix(err.Error(), "bad@2: ") || ran {
			t.Errorf("got %v; later component ran: %v", err, ran)
		}
	})
	t.Run("Nothing", func(t *testing.T) {
		p := MustPipeline(t, part{name: "find@1", assigns: []nlu.Field{nlu.FieldCandidates}})
		if as, err := p.Analyse(t.Context()); err != nil || len(as) != 0 {
			t.Errorf("got %v, %v", as, err)
		}
	})
	t.Run("Timing", func(t *testing.T) {
		slow := func([]*nlu.Analysis) error { time.Sleep(2 * time.Millisecond); return nil }
		p := MustPipeline(t, part{name: "find@1", assigns: []nlu.Field{nlu.FieldCandidates}, do: slow}, part{name: "other@1", do: slow})
		as, err := p.Analyse(t.Context(), nlu.Utterance{Text: "a"}, nlu.Utterance{Text: "b"})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range as { // each text bears its share of the recognisers, and the whole time passed for all of them
			if a.Timing.Recognise < time.Millisecond || a.Timing.Total < 4*time.Millisecond || a.Timing.Recognise >= a.Timing.Total {
				t.Errorf("timing %+v", a.Timing)
			}
		}
	})
}
