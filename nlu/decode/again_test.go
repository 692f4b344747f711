package decode_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"yingda/models"
	"yingda/nlu"
	"yingda/nlu/decode"
)

// readings answers texts by themselves with logits that were written down, and keeps what it was asked for.
type readings struct {
	logits map[string][]float32
	asked  [][]string
}

var errBroken = errors.New("the model is gone")

func (r *readings) Head(_ context.Context, name string, texts ...string) ([]models.Logits, nlu.Timing, error) {
	r.asked = append(r.asked, texts)
	var out []models.Logits
	for _, text := range texts {
		l, ok := r.logits[text]
		if !ok || name != models.HeadIntents {
			return nil, nlu.Timing{}, errBroken
		}
		out = append(out, models.Logits{Rows: 1, Cols: len(l), Data: l})
	}
	return out, nlu.Timing{Inference: time.Millisecond}, nil
}

// coloured is a message whose first wish colours the states of all its tokens: the second clause is hardly likelier to be a refund than to be cancelled.
func coloured(text string, cut int) *nlu.Analysis {
	a := &nlu.Analysis{Utterance: nlu.Utterance{Text: text}, Encoding: nlu.Encoding{Tokens: chars(text)}}
	tokens := models.Logits{Rows: len(a.Encoding.Tokens), Cols: 4}
	for i := range tokens.Rows {
		row := []float32{6, 0, -4, 0}
		if i >= cut {
			row = []float32{2, 2.2, -4, 0}
		}
		tokens.Data = append(tokens.Data, row...)
	}
	a.Logits = map[string]models.Logits{models.HeadIntents: {Rows: 1, Cols: 4, Data: []float32{6, 1, -4, 0}}, models.HeadIntentTokens: tokens}
	return a
}

// again decides by what the clauses say by themselves and nothing else.
func again(s *models.IntentSpec) {
	s.Clause.MinScore = 0.99
	s.Clause.Again = &models.AgainSpec{From: 0.2, To: 0.9, Bias: -2, Alone: 1, Home: 1, First: 1, MinScore: 0.5}
}

func labels(a *nlu.Analysis) string {
	var got []string
	for _, i := range a.Intents {
		got = append(got, i.Label+":"+a.Text[i.Span.Start:i.Span.End])
	}
	return strings.Join(got, " ")
}

func TestReadAgain(t *testing.T) {
	text := "我要取消订单，另外退款到了吗"
	cancel, refund, none := []float32{6, 0, -4, 0}, []float32{0, 6, -4, 0}, []float32{0, 0, 6, 0}
	tests := []struct {
		name         string
		first, other []float32 // logits of the clauses by themselves
		want         string
	}{
		{"OKSecond", cancel, refund, "cancel:我要取消订单， refund:另外退款到了吗"},
		{"OKOneBoth", cancel, cancel, "cancel:" + text},
		{"OKOneNothingThere", cancel, none, "cancel:" + text},
		{"OKOneNotAtHome", none, refund, "cancel:" + text},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, r := mustIntent(t, manifest(again)), &readings{logits: map[string][]float32{"我要取消订单，": tt.first, "另外退款到了吗": tt.other}}
			d.ReadWith(r)
			a := coloured(text, 7)
			if err := d.Annotate(t.Context(), []*nlu.Analysis{a}); err != nil {
				t.Fatal(err)
			}
			if got := labels(a); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if a.Timing.Inference != time.Millisecond {
				t.Errorf("the second reading took %v by its timing", a.Timing.Inference)
			}
		})
	}
}

// TestReadAgainTogether: the doubtful ones among several messages are read in one run, the others not at all.
func TestReadAgainTogether(t *testing.T) {
	d, r := mustIntent(t, manifest(again)), &readings{logits: map[string][]float32{"取消它，": {6, 0, -4, 0}, "退款呢": {0, 6, -4, 0}, "取消吧，": {6, 0, -4, 0}, "还要退": {6, 0, -4, 0}}}
	d.ReadWith(r)
	clear := coloured("取消取消取消", 9)
	clear.Logits[models.HeadIntentTokens].Data[1] = -9
	as := []*nlu.Analysis{coloured("取消它，退款呢", 4), clear, coloured("取消吧，还要退", 4)}
	if err := d.Annotate(t.Context(), as); err != nil {
		t.Fatal(err)
	}
	if len(r.asked) != 1 || !slices.Equal(r.asked[0], []string{"取消它，", "退款呢", "取消吧，", "还要退"}) {
		t.Errorf("read again %q", r.asked)
	}
	for i, want := range []string{"cancel:取消它， refund:退款呢", "cancel:取消取消取消", "cancel:取消吧，还要退"} {
		if got := labels(as[i]); got != want {
			t.Errorf("message %d: %q, want %q", i, got, want)
		}
	}
}

func TestReadAgainErr(t *testing.T) {
	d := mustIntent(t, manifest(again))
	d.ReadWith(&readings{})
	err := d.Annotate(t.Context(), []*nlu.Analysis{coloured("我要取消订单，另外退款到了吗", 7)})
	if !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
	plain := mustIntent(t, manifest(again)) // nobody reads: the first evidence decides, and asks for more than there is
	a := coloured("我要取消订单，另外退款到了吗", 7)
	if err := plain.Annotate(t.Context(), []*nlu.Analysis{a}); err != nil || len(a.Intents) != 1 {
		t.Errorf("without a reader: %v, %v", a.Intents, err)
	}
}

// TestEvidenceAgain computes the documented formula by hand.
func TestEvidenceAgain(t *testing.T) {
	d := mustIntent(t, manifest(func(s *models.IntentSpec) {
		s.Clause.Again = &models.AgainSpec{To: 1, Bias: -1, Score: 0.1, Whole: 0.2, Lead: 0.3, Connective: 0.4, Apart: 0.5, Alone: 0.6, Home: 0.7, First: 0.8, Stays: 0.9}
	}))
	c := decode.Candidate{Prediction: nlu.Prediction{Score: 0.6}, Whole: 0.1, Top: 0.3, Joined: true, Apart: true, Alone: 0.9, Home: 1, First: true, Stays: true}
	logit := func(p float64) float64 { return math.Log(p / (1 - p)) }
	want := decode.Sigmoid(-1 + 0.1*logit(0.6) + 0.2*math.Log(0.1) + 0.3*math.Log(0.6/0.3) + 0.4 + 0.5 + 0.6*logit(0.9) + 0.7*models.AgainLimit + 0.8 + 0.9)
	if got := d.EvidenceAgain(c); !near(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
