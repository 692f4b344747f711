package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"yingda/analytics/mine"
	"yingda/analytics/mine/cluster"
	"yingda/nlu/standard"
)

const mineBenchHelp = `Measures grouping on public data sets whose labels are known, without using a label and without knowing how many there are: normalised mutual
information, adjusted Rand index, accuracy under the best one-to-one assignment, and how pure the 20 largest groups are that a person would see.
Defaults were chosen on BANKING77 and the development set of DSTC11; the other sets are only reported. Then the time for 50,000 texts.`

// mineBench are the flags of the measurement.
type mineBench struct {
	engineFlags
	datasets, encoder, only, cache string
	speed                          int
}

func (f *mineBench) registerAll(fs *flag.FlagSet) {
	f.engineFlags.register(fs)
	fs.StringVar(&f.datasets, "datasets", "", "`folder` with banking77, clinc150, dstc11_intent_induction, atec_afqmc, or some of them")
	fs.StringVar(&f.encoder, "encoder", "", "`folder` of an encoder to measure too, beside the bundle")
	fs.StringVar(&f.only, "only", "", "only the `sets` named so, with commas: banking77, dstc11-development, dstc11-banking, clinc150, speed")
	fs.IntVar(&f.speed, "texts", 50_000, "`texts` whose grouping is timed")
	fs.StringVar(&f.cache, "vectors", "", "`folder` that keeps vectors between runs (default: they are made anew)")
}

// benchSet is texts with labels.
type benchSet struct {
	name   string
	texts  []string
	labels []int
	chosen bool // defaults were chosen on it
}

func runMineBench(ctx context.Context, args []string, std stdio) (err error) {
	fs := newFlags(std, "mine bench", "--datasets DIR", mineBenchHelp)
	var f mineBench
	f.registerAll(fs)
	if err := parseFlags(fs, args); err != nil {
		return err
	}
	if f.datasets == "" || fs.NArg() > 0 {
		fs.Usage()
		return errUsage
	}
	e, err := f.open(ctx, std.err)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	p := newProgress(std.err)
	defer p.end()
	embedders := []mine.Embedder{engineVectors{e, p}}
	if f.encoder != "" {
		enc, err := openEncoderEmbedder(f.encoder)
		if err != nil {
			return err
		}
		enc.progress = func(done, total int) { p.report("encode", done, total, "") }
		embedders = append(embedders, enc)
	}
	sets, err := f.sets()
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(std.out, 2, 4, 2, ' ', 0)
	fmt.Fprintln(t, "SET\tVECTORS\tMETHOD\tTEXTS\tINTENTS\tGROUPS\tNMI\tARI\tACC\tPURITY\tLEFT OUT\tTOP 20 PURE\tSECONDS")
	for _, set := range sets {
		for _, emb := range embedders {
			if err := f.measure(ctx, t, set, emb); err != nil {
				return fmt.Errorf("%s: %w", set.name, err)
			}
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if f.wants("speed") {
		p.end()
		return f.time(ctx, std, e, embedders[0])
	}
	return nil
}

func (f *mineBench) wants(name string) bool {
	return f.only == "" || strings.Contains(","+f.only+",", ","+name+",")
}

// engineVectors makes vectors with the bundle alone.
type engineVectors struct {
	engine   *standard.Engine
	progress *progress
}

// Name implements [mine.Embedder].
func (e engineVectors) Name() string { return string(e.engine.Manifest().ID) }

// Embed implements [mine.Embedder].
func (e engineVectors) Embed(ctx context.Context, texts ...string) ([][]float32, error) {
	var out [][]float32
	for at := 0; at < len(texts); at += 64 {
		xs, err := e.engine.Embed(ctx, texts[at:min(at+64, len(texts))]...)
		if err != nil {
			return nil, err
		}
		out = append(out, xs...)
		e.progress.report("embed", len(out), len(texts), "")
	}
	if len(out) != len(texts) {
		return nil, mine.ErrNoVectors
	}
	return out, nil
}

// measure prints a set's row for each way.
func (f *mineBench) measure(ctx context.Context, t *tabwriter.Writer, set benchSet, emb mine.Embedder) error {
	xs, err := f.vectors(ctx, set, emb)
	if err != nil {
		return err
	}
	for _, way := range []struct {
		name string
		o    cluster.Options
	}{
		{"all in a group", cluster.Options{MinSize: 1}},
		{"as shown", cluster.Options{MinSize: 4, MinStrength: 0.2, Resolution: 4}},
		{"density", cluster.Options{Method: cluster.ByDensity, MinSize: 10}},
	} {
		at := time.Now()
		g, err := cluster.Texts(ctx, xs, way.o)
		if err != nil {
			return err
		}
		took := time.Since(at)
		var labels, groups []int
		for i, c := range g.Groups {
			if c != cluster.None {
				labels, groups = append(labels, set.labels[i]), append(groups, c)
			}
		}
		a, err := cluster.Compare(labels, groups)
		if err != nil {
			return err
		}
		name := set.name
		if set.chosen {
			name += " *"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d\t%d\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f %%\t%.1f %%\t%.1f\n", name, emb.Name(), way.name, len(set.texts), count(set.labels), a.Groups,
			100*a.NMI, 100*a.ARI, 100*a.ACC, 100*a.Purity, 100*(1-float64(len(labels))/float64(len(set.texts))), 100*topPurity(set.labels, g.Groups, 20), took.Seconds())
	}
	return nil
}

func count(labels []int) int {
	seen := map[int]bool{}
	for _, l := range labels {
		seen[l] = true
	}
	return len(seen)
}

// topPurity is the mean over the n largest groups of the share that has the group's commonest label.
func topPurity(labels, groups []int, n int) float64 {
	sum, of := 0.0, 0
	for g := range n {
		counts, size, best := map[int]int{}, 0, 0
		for i, c := range groups {
			if c == g {
				counts[labels[i]]++
				size++
				best = max(best, counts[labels[i]])
			}
		}
		if size > 0 {
			sum += float64(best) / float64(size)
			of++
		}
	}
	return sum / float64(max(of, 1))
}

// time times a whole run on many different texts.
func (f *mineBench) time(ctx context.Context, std stdio, e *standard.Engine, emb mine.Embedder) error {
	texts, err := manyTexts(filepath.Join(f.datasets, "atec_afqmc"), f.speed)
	if err != nil {
		return err
	}
	at := time.Now()
	xs, err := emb.Embed(ctx, texts...)
	if err != nil {
		return err
	}
	embedded := time.Since(at)
	m := cluster.FromRows(xs)
	m.Normalise()
	at = time.Now()
	g, err := cluster.Texts(ctx, m, cluster.Options{MinSize: 4, MinStrength: 0.2, Resolution: 4})
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "\n%d different texts (%s): vectors %.1f s, %d groups in %.1f s, together %.1f s\n", len(texts), "atec_afqmc", embedded.Seconds(), g.Count, time.Since(at).Seconds(), (embedded + time.Since(at)).Seconds())
	return nil
}
