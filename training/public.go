package training

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"yingda/models/ort"
	"yingda/nlu/decode"
	"yingda/training/encoder"
	"yingda/training/eval"
	"yingda/training/heads"
)

// PublicSet is a public benchmark: labelled texts to fit on and others to be judged by. Label "" is out of scope and only in Test.
type PublicSet struct {
	Name        string
	Train, Test []LabelledText
}

// LabelledText is a text with one label.
type LabelledText struct{ Text, Label string }

// PublicSets reads CLINC150 and BANKING77 from a folder laid out as in their repositories (clinc150/data_full.json,
// banking77/{train,test}.csv), gzipped or not. Sets that are absent are left out.
func PublicSets(dir string) ([]PublicSet, error) {
	var sets []PublicSet
	for _, read := range []func(string) (PublicSet, error){readCLINC, readBanking} {
		s, err := read(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		sets = append(sets, s)
	}
	if len(sets) == 0 {
		return nil, fmt.Errorf("no public set in %s: want clinc150/data_full.json or banking77/train.csv and test.csv, gzipped or not", dir)
	}
	return sets, nil
}

func readMaybeGzip(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return data, err
	}
	f, err := os.Open(path + ".gz")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return io.ReadAll(z)
}

func readCLINC(dir string) (PublicSet, error) {
	s := PublicSet{Name: "CLINC150"}
	data, err := readMaybeGzip(filepath.Join(dir, "clinc150", "data_full.json"))
	if err != nil {
		return s, err
	}
	var splits map[string][][2]string
	if err := json.Unmarshal(data, &splits); err != nil {
		return s, fmt.Errorf("read CLINC150: %w", err)
	}
	for _, e := range splits["train"] {
		s.Train = append(s.Train, LabelledText{e[0], e[1]})
	}
	for _, e := range splits["test"] {
		s.Test = append(s.Test, LabelledText{e[0], e[1]})
	}
	for _, e := range splits["oos_test"] {
		s.Test = append(s.Test, LabelledText{Text: e[0]})
	}
	return s, nil
}

func readBanking(dir string) (PublicSet, error) {
	s := PublicSet{Name: "BANKING77"}
	for name, dst := range map[string]*[]LabelledText{"train": &s.Train, "test": &s.Test} {
		data, err := readMaybeGzip(filepath.Join(dir, "banking77", name+".csv"))
		if err != nil {
			return s, err
		}
		records, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
		if err != nil {
			return s, fmt.Errorf("read BANKING77: %w", err)
		}
		for _, r := range records[1:] {
			*dst = append(*dst, LabelledText{r[0], r[1]})
		}
	}
	return s, nil
}

// PublicResult is how the frozen-encoder recipe did on a public set.
type PublicResult struct {
	Set      string  `json:"set"`
	Train    int     `json:"train"`
	Test     int     `json:"test"` // in scope
	Accuracy float64 `json:"accuracy"`
	Low      float64 `json:"low"` // 95 % Wilson interval
	High     float64 `json:"high"`
	OOS      int     `json:"oos"`             // out-of-scope texts in the test
	AUROC    float64 `json:"auroc,omitempty"` // of the energy score, no out-of-scope text seen in training
}

// RunPublic fits logistic regression on the frozen encoder's states, as [Train] does, and judges it once by the test part. Nothing is
// chosen by looking at the test: the penalty is the recipe's.
func RunPublic(ctx context.Context, e *encoder.Encoder, s PublicSet, r Recipe, log Progress) (PublicResult, error) {
	res := PublicResult{Set: s.Name, Train: len(s.Train)}
	if len(r.Layers) == 0 {
		r.Layers = []int{e.Layers()}
	}
	model, dim, err := tap(e, r, &Result{})
	if err != nil {
		return res, err
	}
	b := e.Bundle(model, dim)
	b.Manifest.Tokenizer.Prefix, b.Manifest.Tokenizer.Fold = r.Prefix, r.Fold
	var texts, labels []string
	for _, t := range append(slices.Clone(s.Train), s.Test...) {
		texts = append(texts, t.Text)
	}
	for _, t := range s.Train {
		labels = append(labels, t.Label)
	}
	slices.Sort(labels)
	labels = slices.Compact(labels)
	f, err := Extract(ctx, b, texts, false, func(done, total int) { log.call(s.Name+" encode", done, total, "") })
	if err != nil {
		return res, err
	}
	y := make([]int, len(s.Train))
	for i, t := range s.Train {
		y[i] = slices.Index(labels, t.Label)
	}
	gemm, err := ort.NewGemm()
	if err != nil {
		return res, err
	}
	defer gemm.Close()
	l, err := heads.Softmax(ctx, f.Pooled[:len(y)*dim], dim, y, len(labels), heads.SoftmaxOptions{
		L2: r.Intents.L2, MaxIter: r.Intents.MaxIter, Mul: gemm.Mul, Progress: log.iteration(s.Name+" fit", r.Intents.MaxIter)})
	if err != nil {
		return res, err
	}
	res.judge(s, f, l, labels)
	return res, nil
}

func (res *PublicResult) judge(s PublicSet, f *Features, l *heads.Linear, labels []string) {
	var energy []float64
	var oos []bool
	right := 0
	logits := make([]float32, l.Classes)
	for i, t := range s.Test {
		l.Logits(f.Row(len(s.Train)+i), logits)
		energy, oos = append(energy, -decode.LogSumExp(logits, -1)), append(oos, t.Label == "")
		switch {
		case t.Label == "":
			res.OOS++
		case labels[slices.Index(logits, slices.Max(logits))] == t.Label:
			right++
			res.Test++
		default:
			res.Test++
		}
	}
	res.Accuracy = float64(right) / float64(max(res.Test, 1))
	res.Low, res.High = eval.Wilson(right, res.Test)
	if res.OOS > 0 {
		res.AUROC = eval.AUROC(energy, oos)
	}
}
