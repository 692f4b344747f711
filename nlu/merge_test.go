package nlu_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"yingda/nlu"
)

// ent is an entity of a source.
func ent(source nlu.Source, start, end int, score float64) nlu.Entity {
	return nlu.Entity{Span: nlu.Span{Start: start, End: end}, Type: string(source), Source: source, Score: score}
}

func show(es []nlu.Entity) string {
	var parts []string
	for _, e := range es {
		parts = append(parts, fmt.Sprintf("%s[%d,%d)%g", e.Source, e.Start, e.End, e.Score))
	}
	return strings.Join(parts, " ")
}

func TestMerge(t *testing.T) {
	const regex, value, lookup, model, fuzzy = nlu.SourceRegex, nlu.SourceValue, nlu.SourceLookup, nlu.SourceModel, nlu.SourceFuzzy
	tests := []struct {
		name string
		in   []nlu.Entity
		want string
	}{
		{"None", nil, ""},
		{"ByPosition", []nlu.Entity{ent(fuzzy, 6, 9, 1), ent(regex, 3, 6, 1), ent(model, 0, 3, 1)}, "model[0,3)1 regex[3,6)1 fuzzy[6,9)1"},
		{"Touching", []nlu.Entity{ent(model, 0, 3, 1), ent(model, 3, 4, 1)}, "model[0,3)1 model[3,4)1"},
		{"RegexBeatsValue", []nlu.Entity{ent(value, 0, 9, 1), ent(regex, 2, 4, .1)}, "regex[2,4)0.1"},
		{"ValueBeatsLookup", []nlu.Entity{ent(lookup, 0, 9, 1), ent(value, 2, 4, .1)}, "value[2,4)0.1"},
		{"LookupBeatsModel", []nlu.Entity{ent(model, 0, 4, 1), ent(lookup, 2, 6, .1)}, "lookup[2,6)0.1"},
		{"ModelBeatsFuzzy", []nlu.Entity{ent(fuzzy, 0, 9, 1), ent(model, 2, 4, .1)}, "model[2,4)0.1"},
		{"LongerWins", []nlu.Entity{ent(model, 0, 3, 1), ent(model, 0, 6, .1)}, "model[0,6)0.1"},
		{"ScoreWins", []nlu.Entity{ent(model, 0, 3, .1), ent(model, 2, 5, .9)}, "model[2,5)0.9"},
		{"EarlierWins", []nlu.Entity{ent(model, 2, 5, .5), ent(model, 0, 3, .5)}, "model[0,3)0.5"},
		{"FirstOfEquals", []nlu.Entity{ent(model, 0, 3, .5), ent(model, 0, 3, .5)}, "model[0,3)0.5"},
		{"AddressAroundCity", []nlu.Entity{ent(lookup, 0, 6, 1), ent(model, 0, 20, .5)}, "model[0,20)0.5"},
		{"AddressAroundTwo", []nlu.Entity{ent(lookup, 0, 6, 1), ent(value, 8, 9, 1), ent(model, 0, 20, .5)}, "model[0,20)0.5"},
		{"SameSpanIsNotAround", []nlu.Entity{ent(lookup, 0, 6, 1), ent(model, 0, 6, .9)}, "lookup[0,6)1"},
		{"NotAroundRegex", []nlu.Entity{ent(regex, 2, 4, 1), ent(model, 0, 6, .9)}, "regex[2,4)1"},
		{"FuzzyIsNeverAround", []nlu.Entity{ent(lookup, 2, 4, 1), ent(fuzzy, 0, 6, .9)}, "lookup[2,4)1"},
		{"BlockedModelTakesNothing", []nlu.Entity{ent(regex, 0, 5, 1), ent(lookup, 6, 8, 1), ent(model, 3, 10, .9)}, "regex[0,5)1 lookup[6,8)1"},
		{"BlockedByHalf", []nlu.Entity{ent(lookup, 0, 5, 1), ent(lookup, 6, 8, 1), ent(model, 3, 10, .9)}, "lookup[0,5)1 lookup[6,8)1"},
		{"EmptyIsDropped", []nlu.Entity{ent(regex, 2, 2, 1), ent(regex, 4, 3, 1), ent(fuzzy, 0, 9, .5)}, "fuzzy[0,9)0.5"},
		{"UnknownSourceIsWeakest", []nlu.Entity{ent("own", 0, 9, 1), ent(fuzzy, 2, 4, .1)}, "fuzzy[2,4)0.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := show(tt.in)
			if got := show(nlu.Merge(tt.in)); got != tt.want {
				t.Errorf("%s\n merges to %s\n     want %s", before, got, tt.want)
			}
			if show(tt.in) != before {
				t.Error("the candidates were changed")
			}
		})
	}
}

// TestMergeInvariants: the result is sorted and free of overlaps; what was left out overlaps something kept; merging again changes nothing.
func TestMergeInvariants(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	sources := []nlu.Source{nlu.SourceRegex, nlu.SourceValue, nlu.SourceLookup, nlu.SourceModel, nlu.SourceFuzzy}
	for range 5000 {
		var in []nlu.Entity
		for range rng.IntN(8) {
			start := rng.IntN(16)
			in = append(in, ent(sources[rng.IntN(5)], start, start+1+rng.IntN(8), float64(rng.IntN(3))/2))
		}
		out := nlu.Merge(in)
		for i := 1; i < len(out); i++ {
			if out[i-1].End > out[i].Start {
				t.Fatalf("%s merges to %s", show(in), show(out))
			}
		}
		for _, e := range in {
			if !slices.ContainsFunc(out, func(k nlu.Entity) bool { return k.Overlaps(e.Span) }) {
				t.Fatalf("%s merges to %s: %s is lost", show(in), show(out), show([]nlu.Entity{e}))
			}
		}
		if again := nlu.Merge(out); show(again) != show(out) {
			t.Fatalf("%s merges again to %s", show(out), show(again))
		}
	}
}
