package decode_test

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"yingda/models"
	"yingda/nlu"
	"yingda/nlu/decode"
)

// manifest has three intents and a reject class between them, so that its column is neither the first nor the last.
func manifest(change func(s *models.IntentSpec)) *models.Manifest {
	labels := []string{"cancel", "refund", "oos", "track"}
	s := &models.IntentSpec{Reject: "oos", Temperature: 2, OOS: models.OOSSpec{Bias: -1, Margin: 1, Energy: -0.1}, MinScore: 0.2, MaxOOS: 0.6,
		Clause: models.ClauseSpec{MinTokens: 2, Bias: 0, Score: 1, MinScore: 0.5}}
	if change != nil {
		change(s)
	}
	return &models.Manifest{Intents: s, Heads: []models.Head{{Name: models.HeadIntents, Kind: models.Sequence, Labels: labels},
		{Name: models.HeadIntentTokens, Kind: models.Tokens, Labels: labels}}}
}

func mustIntent(tb testing.TB, m *models.Manifest) *decode.Intent {
	tb.Helper()
	d, err := decode.NewIntent(m)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// chars are one token a character.
func chars(text string) (tokens []nlu.Token) {
	for i, r := range text {
		tokens = append(tokens, nlu.Token{Span: nlu.Span{Start: i, End: i + utf8.RuneLen(r)}})
	}
	return tokens
}

func TestIntent(t *testing.T) {
	tests := []struct {
		name   string
		change func(s *models.IntentSpec)
		logits []float32
		want   string // "" = not understood
	}{
		{"OK", nil, []float32{5, 0, -3, 0}, "cancel"},
		{"OKLast", nil, []float32{0, 0, -3, 5}, "track"},
		{"OKNotUnderstoodOOS", nil, []float32{1, 0, 5, 0}, ""},
		{"OKNotUnderstoodScore", func(s *models.IntentSpec) { s.MinScore = 0.9 }, []float32{1, 0, -5, 0}, ""},
		{"OKMaxOOSOff", func(s *models.IntentSpec) { s.MaxOOS, s.MinScore = 1, 0 }, []float32{1, 0, 50, 0}, "cancel"},
		{"OKNoOOSModel", func(s *models.IntentSpec) { s.OOS = models.OOSSpec{} }, []float32{1, 0, 50, 0}, "cancel"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := mustIntent(t, manifest(tt.change))
			a := &nlu.Analysis{Utterance: nlu.Utterance{Text: "退款"}, Logits: map[string]models.Logits{models.HeadIntents: {Rows: 1, Cols: 4, Data: tt.logits}}}
			if err := d.Annotate(t.Context(), []*nlu.Analysis{a}); err != nil {
				t.Fatal(err)
			}
			got := ""
			if len(a.Intents) == 1 {
				got = a.Intents[0].Label
			}
			if got != tt.want || len(a.Intents) > 1 {
				t.Errorf("intents %v, want %q (out of scope %.3f)", a.Intents, tt.want, a.OOS)
			}
			sum := a.OOS
			for i, p := range a.Ranking {
				sum += p.Score
				if p.Label == "oos" || i > 0 && p.Score > a.Ranking[i-1].Score {
					t.Errorf("ranking %v", a.Ranking)
				}
			}
			if len(a.Ranking) != 3 || !near(sum, 1) {
				t.Errorf("%d intents whose scores and out-of-scope sum to %v", len(a.Ranking), sum)
			}
		})
	}
}

// TestOOS computes the documented formula by hand.
func TestOOS(t *testing.T) {
	d := mustIntent(t, manifest(nil))
	energy := math.Log(math.Exp(1) + math.Exp(2) + math.Exp(-1))
	want := 1 / (1 + math.Exp(-(-1 + 1*(3-energy) + -0.1*energy)))
	if got := d.OOS([]float32{1, 2, 3, -1}); !near(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	m := manifest(func(s *models.IntentSpec) { s.Reject = ""; s.OOS.Margin = 5 })
	all := math.Log(math.Exp(1) + math.Exp(2) + math.Exp(3) + math.Exp(-1))
	if got, want := mustIntent(t, m).OOS([]float32{1, 2, 3, -1}), 1/(1+math.Exp(-(-1+-0.1*all))); !near(got, want) {
		t.Errorf("without a reject class: got %v, want %v", got, want)
	}
}

// TestLabelsStay: the decoder must not change the manifest that it was made from.
func TestLabelsStay(t *testing.T) {
	m := manifest(nil)
	mustIntent(t, m)
	if got := strings.Join(m.Heads[0].Labels, " "); got != "cancel refund oos track" {
		t.Errorf("the labels are now %s", got)
	}
}

func TestSeveral(t *testing.T) {
	text := "我要取消订单，另外退款到了吗"
	a := &nlu.Analysis{Utterance: nlu.Utterance{Text: text}, Encoding: nlu.Encoding{Tokens: chars(text)}}
	tokens := models.Logits{Rows: len(a.Encoding.Tokens), Cols: 4}
	for i := range tokens.Rows {
		row := []float32{6, 0, -4, 0}
		if i >= 7 { // after the comma
			row = []float32{0, 6, -4, 0}
		}
		tokens.Data = append(tokens.Data, row...)
	}
	a.Logits = map[string]models.Logits{models.HeadIntents: {Rows: 1, Cols: 4, Data: []float32{3, 2.9, -4, 0}}, models.HeadIntentTokens: tokens}
	if err := mustIntent(t, manifest(nil)).Annotate(t.Context(), []*nlu.Analysis{a}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range a.Intents {
		got = append(got, i.Label+":"+text[i.Span.Start:i.Span.End])
	}
	if want := "cancel:我要取消订单， refund:另外退款到了吗"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// checkClauses: the ranges cover the text, in order, on the boundaries of characters.
func checkClauses(t *testing.T, text string, minTokens int) {
	t.Helper()
	at := 0
	spans := decode.Clauses(text, chars(text), minTokens)
	for _, s := range spans {
		if s.Start != at || s.End <= s.Start || s.End > len(text) {
			t.Fatalf("%q: clauses %v do not follow each other", text, spans)
		}
		if s.End < len(text) && utf8.ValidString(text) && !utf8.RuneStart(text[s.End]) {
			t.Fatalf("%q: %v cuts a character", text, s)
		}
		at = s.End
	}
	if at != len(text) {
		t.Fatalf("%q: clauses %v do not cover the text", text, spans)
	}
}

var clauseTexts = []string{"", "退款", "我要退款，另外问一下发票", "，，，", "。", "cancel it and refund me. Also where is my order?", "1,000元, 2.5 kg", "a", "另外", "还有还有还有", "好！！！！快点",
	"Hi. OK. I want to cancel.", "\xff，\xff退", "订单…没到～", "I ALSO want, BTW, a refund", " also also also "}

func TestClauses(t *testing.T) {
	for _, text := range clauseTexts {
		for minTokens := range 6 {
			checkClauses(t, text, minTokens)
		}
	}
	if n := len(decode.Clauses("价格1,000元", chars("价格1,000元"), 1)); n != 1 {
		t.Errorf("a number was cut: %d clauses", n)
	}
	if n := len(decode.Clauses("我要取消订单，退款到了吗", chars("我要取消订单，退款到了吗"), 3)); n != 2 {
		t.Errorf("%d clauses, want 2", n)
	}
}

func FuzzClauses(f *testing.F) {
	for i, text := range clauseTexts {
		f.Add(text, i%5)
	}
	f.Fuzz(func(t *testing.T, text string, minTokens int) { checkClauses(t, text, minTokens) })
}

// FuzzDecode: no finite logits make a decoder panic or give a score outside 0–1.
func FuzzDecode(f *testing.F) {
	f.Add("我要取消订单，另外退款到了吗", []byte{1, 2, 3, 4, 5, 6, 7, 8})
	f.Add("a, b also c", []byte{0xff, 0xff, 0x7f, 0x7f, 0xff, 0xff, 0x7f, 0xff}) // the largest floats
	f.Add("", []byte{})
	in := mustIntent(f, manifest(nil))
	ent := mustEntity(f, nil, 0, tags...)
	emo, err := decode.NewEmotion(&models.Manifest{Emotion: &models.EmotionSpec{Temperature: 0.1, Neutral: "b"},
		Heads: []models.Head{{Name: models.HeadEmotion, Kind: models.Sequence, Labels: []string{"a", "b"}}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string, data []byte) {
		if !utf8.ValidString(text) {
			return
		}
		at := 0
		logits := func(rows, cols int) models.Logits {
			l := models.Logits{Rows: rows, Cols: cols, Data: make([]float32, rows*cols)}
			for i := range l.Data {
				if len(data) < 4 {
					break
				}
				v := math.Float32frombits(binary.LittleEndian.Uint32(data[at%(len(data)-3):]))
				if at++; v == v && !math.IsInf(float64(v), 0) {
					l.Data[i] = v
				}
			}
			return l
		}
		a := &nlu.Analysis{Utterance: nlu.Utterance{Text: text}, Encoding: nlu.Encoding{Tokens: chars(text)}}
		n := len(a.Encoding.Tokens)
		a.Logits = map[string]models.Logits{models.HeadIntents: logits(1, 4), models.HeadIntentTokens: logits(n, 4), models.HeadEmotion: logits(1, 2), models.HeadEntities: logits(n, len(tags))}
		for _, c := range []nlu.Component{in, ent, emo} {
			if err := c.Annotate(t.Context(), []*nlu.Analysis{a}); err != nil {
				t.Fatal(err)
			}
		}
		scores := []float64{a.OOS, a.Emotion.Score, a.Emotion.Intensity}
		for _, p := range a.Ranking {
			scores = append(scores, p.Score)
		}
		for _, i := range a.Intents {
			scores = append(scores, i.Score)
		}
		for _, e := range a.Candidates {
			scores = append(scores, e.Score)
		}
		for _, s := range scores {
			if !(s >= 0 && s <= 1) {
				t.Fatalf("a score of %v: %+v", s, a)
			}
		}
	})
}
