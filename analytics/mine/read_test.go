package mine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"yingda/models"
	"yingda/nlu"
)

// lengthEngine is a fake: the out-of-scope score of a text is its length. It fails for one text.
type lengthEngine struct {
	bad string
}

func (e *lengthEngine) Manifest() *models.Manifest { return &models.Manifest{} }

func (e *lengthEngine) Analyse(ctx context.Context, us ...nlu.Utterance) ([]*nlu.Analysis, error) {
	var out []*nlu.Analysis
	size := 0
	for _, u := range us {
		if u.Text == e.bad {
			return nil, errors.New("bad text")
		}
		size += len(u.Text)
		out = append(out, &nlu.Analysis{OOS: float64(len(u.Text))})
	}
	if size > readBytes && len(us) > 1 {
		return nil, fmt.Errorf("%d bytes at once", size)
	}
	return out, ctx.Err()
}

// TestReadAll reads texts of many lengths on several goroutines: each reading is that of its text.
func TestReadAll(t *testing.T) {
	texts := make([]string, 1000)
	for i := range texts {
		texts[i] = strings.Repeat("x", 1+(i*7919)%300)
	}
	texts[17] = strings.Repeat("y", 3*readBytes)
	most := 0
	reads, err := readAll(t.Context(), &lengthEngine{}, texts, func(n int) { most = max(most, n) })
	if err != nil || most != len(texts) {
		t.Fatalf("%v, progress up to %d", err, most)
	}
	for i := range texts {
		if int(reads[i].oos) != len(texts[i]) {
			t.Fatalf("text %d has %d bytes, its reading is of one with %v", i, len(texts[i]), reads[i].oos)
		}
	}
	if reads, err := readAll(t.Context(), &lengthEngine{}, nil, func(int) {}); len(reads) != 0 || err != nil {
		t.Errorf("no texts: %v, %v", reads, err)
	}
	e := &lengthEngine{bad: texts[17]}
	if _, err := readAll(t.Context(), e, texts, func(int) {}); err == nil || err.Error() != "bad text" {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := readAll(ctx, &lengthEngine{}, texts, func(int) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
