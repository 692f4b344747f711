package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
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
	e, err := f.openModel(ctx, std.err)
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
	fmt.Fprintln(t, "SET\tVECTORS\tMETHOD\tTEXTS\tINTENTS\tGROUPS\tNMI\tARI\tACC\tPURITY\tLEFT OUT\tTOP 20 PURE\tTHEIR CORES PURE\tIN CORES\tSECONDS")
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
		return f.time(ctx, std.out, e, p)
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
	for at := 0; at < len(texts); at += 2048 {
		xs, err := e.engine.Embed(ctx, texts[at:min(at+2048, len(texts))]...)
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
		{"finer", cluster.Options{MinSize: 4, MinStrength: 0.2, Resolution: 4}},
		{"as shown", cluster.Options{MinSize: 4, MinStrength: 0.2, Resolution: 4, Split: 0.25}},
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
		whole, core, inCore := topPurity(set.labels, g, 20)
		name := set.name
		if set.chosen {
			name += " *"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d\t%d\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f %%\t%.1f %%\t%.1f %%\t%.1f %%\t%.1f\n", name, emb.Name(), way.name, len(set.texts), count(set.labels), a.Groups,
			100*a.NMI, 100*a.ARI, 100*a.ACC, 100*a.Purity, 100*(1-float64(len(labels))/float64(len(set.texts))), 100*whole, 100*core, 100*inCore, took.Seconds())
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

// topPurity is the mean over the n largest groups of the share that has the group's commonest label, the same of their cores, and the mean share of
// their texts that is in the core.
func topPurity(labels []int, g *cluster.Grouping, n int) (whole, core, inCore float64) {
	n = min(n, g.Count)
	for group := range n {
		var all, dense []int
		for i, c := range g.Groups {
			if c == group {
				all = append(all, labels[i])
				if g.Core[i] {
					dense = append(dense, labels[i])
				}
			}
		}
		whole += purity(all)
		core += purity(dense)
		inCore += float64(len(dense)) / float64(len(all))
	}
	of := float64(max(n, 1))
	return whole / of, core / of, inCore / of
}

// purity is the share of the commonest label, 0 of none.
func purity(labels []int) float64 {
	counts, best := map[int]int{}, 0
	for _, l := range labels {
		counts[l]++
		best = max(best, counts[l])
	}
	return float64(best) / float64(max(len(labels), 1))
}
