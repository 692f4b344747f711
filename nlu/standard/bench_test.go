package standard_test

import (
	"context"
	"strings"
	"testing"

	"yingda/internal/testenv"
	"yingda/models"
	"yingda/nlu"
	"yingda/nlu/standard"
)

// fixedBackend answers at once with the same logits, so that a benchmark measures everything but the model. The intents head is sure
// of its first label, tokens are outside of entities.
type fixedBackend struct {
	heads []models.Head
	data  [][]float32 // by head, enough rows for the longest text
}

func newFixedBackend(m *models.Manifest) *fixedBackend {
	f := &fixedBackend{heads: m.Heads}
	for _, h := range m.Heads {
		rows := 1
		if h.Kind == models.Tokens {
			rows = m.Model.MaxTokens
		}
		data := make([]float32, rows*h.Width())
		for i := range data {
			data[i] = float32(i%7) - 3 // the columns differ, as they do in life
			if h.Name == models.HeadEntities && h.Labels[i%h.Width()] == "O" {
				data[i] = 9
			}
		}
		if h.Name == models.HeadIntents {
			data[0] = 9
		}
		f.data = append(f.data, data)
	}
	return f
}

func (f *fixedBackend) Forward(_ context.Context, b *models.Batch) ([][]models.Logits, error) {
	out := make([][]models.Logits, b.Rows)
	for r := range out {
		row := make([]models.Logits, len(f.heads))
		for i := range f.heads {
			h, n := &f.heads[i], 1
			if h.Kind == models.Tokens {
				n = b.Lens[r]
			}
			row[i] = models.Logits{Rows: n, Cols: h.Width(), Data: f.data[i][:n*h.Width()]}
		}
		out[r] = row
	}
	return out, nil
}

func (f *fixedBackend) Close() error { return nil }

// mustFixed makes an engine of the default bundle without its model. Probes are left out: the backend cannot answer them.
func mustFixed(tb testing.TB) *standard.Engine {
	tb.Helper()
	b := testenv.CloneBundle(testenv.MustDefault(tb))
	b.Manifest.Probes = nil
	e, err := standard.New(tb.Context(), b, newFixedBackend(b.Manifest), standard.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = e.Close() })
	return e
}

// BenchmarkAnalyse is what a request costs outside the model: a few texts of chat, one with entities, a long one, a batch.
func BenchmarkAnalyse(b *testing.B) {
	e := mustFixed(b)
	chat := "上周五下的单到现在都没有动静"
	for _, bc := range []struct {
		name  string
		texts []string
	}{
		{"short", []string{"退款"}},
		{"chat", []string{chat}},
		{"english", []string{"my package says delivered but it's not here"}},
		{"entities", []string{"单号SF1234567890123，换个手机号13812345678收，发到上海市浦东新区"}},
		{"long", []string{strings.Repeat(chat+"，", 16)}},
		{"batch64", strings.Split(strings.Repeat(chat+"\n", 63)+chat, "\n")},
	} {
		b.Run(bc.name, func(b *testing.B) {
			us := make([]nlu.Utterance, len(bc.texts))
			for i, text := range bc.texts {
				us[i].Text = text
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Analyse(b.Context(), us...); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(us)), "µs/text")
		})
	}
}
