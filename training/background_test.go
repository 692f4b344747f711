package training

import (
	"testing"

	"yingda/nlu"
	"yingda/training/corpus"
	"yingda/training/heads"
)

// TestBackgroundSegments reads clauses off a head of three classes over states that spell the class.
func TestBackgroundSegments(t *testing.T) {
	const text = "aaa, bbb, ccc"
	c := &corpus.Corpus{Examples: []corpus.Example{{Text: text, HasIntents: true, Intents: []string{"a"}}, {Text: "b", HasIntents: true, Intents: []string{"b"}}, {Text: "c", HasIntents: true}}}
	tokens := make([]nlu.Token, len(text))
	for i := range tokens {
		tokens[i] = nlu.Token{Span: nlu.Span{Start: i, End: i + 1}}
	}
	for _, tc := range []struct {
		name   string
		states map[byte][]float32 // of the letters
		want   []int              // class of each segment
	}{
		{"CarriedAndBackground", map[byte][]float32{'a': {9, 0, 0}, 'b': {0, 9, 0}, 'c': {0, 9, 0}}, []int{0, 2, 2}},
		{"BetweenIsLeftOpen", map[byte][]float32{'a': {9, 0, 0}, 'b': {1, 1, 0}, 'c': {0, 9, 0}}, []int{0, 2}},
		{"TwiceCarried", map[byte][]float32{'a': {9, 0, 0}, 'b': {9, 0, 0}, 'c': {0, 0, 9}}, []int{0, 0, 2}},
		{"NobodySpeaks", map[byte][]float32{'a': {0, 9, 0}, 'b': {0, 9, 0}, 'c': {0, 9, 0}}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := &Features{Dim: 3, Tokens: [][]nlu.Token{tokens}, States: [][]float32{nil}}
			for i := range text {
				state := tc.states[text[min((i+1)/5*5, len(text)-1)]] // marks and spaces say what their clause says
				f.States[0] = append(f.States[0], state...)
			}
			tn := &tuning{train: newDataset(c, f, nil)}
			tn.r.Finetune.Background = 0.25
			l := &heads.Linear{Dim: 3, Classes: 3, W: []float32{1, 0, 0, 0, 1, 0, 0, 0, 1}, B: make([]float32, 3)}
			segments := tn.backgroundSegments(0, l)
			if len(segments) != len(tc.want) {
				t.Fatalf("%d segments, want %d", len(segments), len(tc.want))
			}
			for i, s := range segments {
				if s.Target[0].Class != int32(tc.want[i]) || s.Target[0].Weight != 0.25 {
					t.Errorf("segment %d is %v, want class %d", i, s.Target, tc.want[i])
				}
			}
			if tn.r.Finetune.Background = 0; tn.backgroundSegments(0, l) != nil {
				t.Error("weight 0 teaches")
			}
		})
	}
}
