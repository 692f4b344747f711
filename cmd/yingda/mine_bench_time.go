package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"time"

	"yingda/analytics/mine"
	"yingda/nlu/standard"
)

// time times a whole run on many different texts, each as if the robot had not understood it: all of them are read and grouped.
func (f *mineBench) time(ctx context.Context, out io.Writer, e *standard.Engine, p *progress) error {
	texts, from, err := f.speedTexts()
	if err != nil {
		return err
	}
	if len(texts) < f.speed {
		fmt.Fprintf(out, "\nThe data sets have %d different texts, not the %d that were asked for.\n", len(texts), f.speed)
	}
	at, used := time.Now(), processorTime()
	xs, err := engineVectors{e, p}.Embed(ctx, texts...)
	if err != nil {
		return err
	}
	embedded, embedding := time.Since(at), processorTime()-used
	o := mine.Options{Tenant: "bench", Engine: e, Sure: 2, Progress: func(stage string, done, total int) { p.report(stage, done, total, "") }} // Sure: nothing counts as understood
	for i, t := range texts {
		o.Candidates = append(o.Candidates, mine.Candidate{ID: fmt.Sprint(i), Conversation: fmt.Sprint(i), Text: t, Reasons: []mine.Reason{mine.ThumbDown}})
	}
	used = processorTime()
	res, err := mine.Run(ctx, o)
	if err != nil {
		return err
	}
	p.end()
	s, processor := res.Seconds, (processorTime() - used).Seconds()
	fmt.Fprintf(out, "\n%d different texts (%s), %d of them not almost the same, %d groups\n", len(texts), from, res.Counts.Texts, len(res.Groups))
	fmt.Fprintf(out, "  a whole run            %6.1f s, %.1f s of processor time, %.0f texts/s\n", s["all"], processor, float64(len(texts))/s["all"])
	for _, part := range [][2]string{{"dedupe", "near duplicates"}, {"read", "analyses and vectors"}, {"neighbours", "neighbours"}, {"communities", "communities"}, {"name", "names and verdicts"}} {
		fmt.Fprintf(out, "    %-20s %6.1f s\n", part[1], s[part[0]])
	}
	fmt.Fprintf(out, "  vectors alone          %6.1f s, %.1f s of processor time, %.0f texts/s (%d numbers each)\n", embedded.Seconds(), embedding.Seconds(),
		float64(len(texts))/embedded.Seconds(), len(xs[0]))
	return nil
}

// speedTexts are different texts, half of them Chinese and half English as far as there are so many.
func (f *mineBench) speedTexts() (texts []string, from string, err error) {
	chinese, err := manyTexts(filepath.Join(f.datasets, "atec_afqmc"), f.speed)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, "", err
	}
	seen := map[string]bool{}
	for _, read := range []func() ([][2]string, error){
		func() ([][2]string, error) {
			return readClinc(filepath.Join(f.datasets, "clinc150", "data_full.json.gz"))
		},
		func() ([][2]string, error) { return readBanking(filepath.Join(f.datasets, "banking77")) },
		func() ([][2]string, error) { return readInduction(f.datasets, "development") },
		func() ([][2]string, error) { return readInduction(f.datasets, "banking") },
	} {
		pairs, err := read()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, "", err
		}
		for _, pair := range pairs {
			if key := mine.Key(pair[0]); !seen[key] && len(texts) < f.speed/2 {
				seen[key] = true
				texts = append(texts, pair[0])
			}
		}
	}
	english := len(texts)
	for _, t := range chinese {
		if len(texts) < f.speed && !seen[mine.Key(t)] {
			texts = append(texts, t)
		}
	}
	if len(texts) == 0 {
		return nil, "", fmt.Errorf("there are no texts in %s to time grouping on: %w", f.datasets, fs.ErrNotExist)
	}
	return texts, fmt.Sprintf("%d English, %d Chinese", english, len(texts)-english), nil
}
