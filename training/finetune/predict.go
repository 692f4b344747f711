package finetune

import (
	"context"
	"sort"

	"yingda/models/ort"
)

// Output is what the heads say of a text. Intents, Emotion and Several are those of the whole text, the means of the token logits.
type Output struct {
	Intents, Emotion []float32
	Several          []float32
	IntentTokens     []float32 // tokens × classes
	Tags             []float32 // tokens × classes
}

// Model predicts with the weights of a run in progress, or of one that has ended.
type Model struct{ m *model }

// Predict runs the heads over texts, given as token ids, and returns their logits in the same order.
func (p *Model) Predict(ctx context.Context, texts [][]int64) ([]Output, error) {
	m := p.m
	order := make([]int, len(texts))
	rows := make([]Row, len(texts))
	for i := range order {
		order[i], rows[i].IDs = i, texts[i]
	}
	sort.SliceStable(order, func(a, b int) bool { return len(texts[order[a]]) < len(texts[order[b]]) })
	out := make([]Output, len(texts))
	for at := 0; at < len(order); {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		end := at + 1
		for end < len(order) && end-at < 32 && len(texts[order[end]])*(end-at+1) <= 1024 {
			end++
		}
		b := m.collate(rows, order[at:end], Options{}, 0)
		if err := m.forward(b, out); err != nil {
			return nil, err
		}
		at = end
	}
	return out, nil
}

func (m *model) forward(b *batch, out []Output) error {
	for name, in := range m.inputs(b) {
		var err error
		switch name {
		case m.spec.IDs, m.spec.Mask:
			err = ort.BindInput(m.predict, name, in.ints, in.dims...)
		case inWords:
			err = ort.BindInput(m.predict, name, in.floats, in.dims...)
		}
		if err != nil {
			return err
		}
	}
	results := map[string][]float32{}
	widths := map[string]int{outIntents: m.classes.Intents, outEmotion: m.classes.Emotion, outSeveral: m.classes.Several, outTags: m.classes.Tags}
	for _, name := range m.evalOutputs() {
		results[name] = make([]float32, b.rows*b.cols*widths[name])
		if err := ort.BindOutput(m.predict, name, results[name], int64(b.rows), int64(b.cols), int64(widths[name])); err != nil {
			return err
		}
	}
	if err := m.predict.Run(); err != nil {
		return err
	}
	for r, i := range b.texts {
		n := 0
		for n < b.cols && b.mask[r*b.cols+n] == 1 {
			n++
		}
		part := func(name string) []float32 {
			w := widths[name]
			return results[name][r*b.cols*w : (r*b.cols+n)*w : (r*b.cols+n)*w]
		}
		o := &out[i]
		if m.classes.Intents > 0 {
			o.IntentTokens = part(outIntents)
			o.Intents = mean(o.IntentTokens, m.classes.Intents)
		}
		if m.classes.Emotion > 0 {
			o.Emotion = mean(part(outEmotion), m.classes.Emotion)
		}
		if m.classes.Several > 0 {
			o.Several = mean(part(outSeveral), m.classes.Several)
		}
		if m.classes.Tags > 0 {
			o.Tags = part(outTags)
		}
	}
	return nil
}

// mean averages rows of k columns.
func mean(x []float32, k int) []float32 {
	sum := make([]float64, k)
	for i, v := range x {
		sum[i%k] += float64(v)
	}
	out := make([]float32, k)
	for i, v := range sum {
		out[i] = float32(v * float64(k) / float64(len(x)))
	}
	return out
}
