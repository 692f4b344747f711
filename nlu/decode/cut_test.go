package decode_test

import (
	"testing"
	"unicode/utf8"

	"yingda/models"
	"yingda/nlu"
)

// TestCandidates_Unpunctuated cuts running speech where its halves say different things, and never inside a word.
func TestCandidates_Unpunctuated(t *testing.T) {
	tests := []struct {
		name, text string
		turn       int // byte from which the tokens speak of another intent
		want       int // byte of the cut; −1 = no candidates
	}{
		{"OK", "单子不要了钱退我", 15, 15},
		{"OKWords", "drop it pay me", 8, 8},
		{"OKNotInsideAWord", "dropitpayme", 6, -1},
		{"OKShort", "不要退", 3, -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := mustIntent(t, manifest(nil))
			a := &nlu.Analysis{Utterance: nlu.Utterance{Text: tt.text}, Encoding: nlu.Encoding{Tokens: chars(tt.text)}}
			n := utf8.RuneCountInString(tt.text)
			logits := models.Logits{Rows: n, Cols: 4, Data: make([]float32, 4*n)}
			mean := make([]float32, 4)
			for i, tok := range a.Encoding.Tokens {
				k := 0
				if tok.Start >= tt.turn {
					k = 1
				}
				logits.Row(i)[k] = 8
				mean[k] += 8 / float32(n)
			}
			a.Ranking = d.Rank(mean, 0)
			cs := d.Candidates(a, logits)
			if tt.want < 0 {
				if len(cs) > 0 {
					t.Errorf("candidates %v, want none", cs)
				}
				return
			}
			spans := map[string]nlu.Span{}
			for _, c := range cs {
				spans[c.Label] = c.Span
			}
			if spans["cancel"] != (nlu.Span{Start: 0, End: tt.want}) || spans["refund"] != (nlu.Span{Start: tt.want, End: len(tt.text)}) {
				t.Errorf("clauses %v, want the cut at %d", spans, tt.want)
			}
		})
	}
}
