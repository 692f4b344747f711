package main

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"

	"yingda/bench"
	"yingda/models"
	"yingda/nlu"
	"yingda/nlu/standard"
	"yingda/training/gate"
)

// How many texts are timed, and how often each with each loading of the bundles. Of the runs of a text the fastest counts.
const (
	latencyTexts  = 150
	latencyRounds = 3
)

// pickTexts takes at most n texts, evenly over the list, so that the same data always gives the same ones.
func pickTexts(texts []string, n int) []string {
	if len(texts) <= n {
		return texts
	}
	out := make([]string, n)
	for i := range out {
		out[i] = texts[i*len(texts)/n]
	}
	return out
}

// latency measures what single texts cost with each bundle: one text at a time on one thread, the bundles in turn. Counted is the processor time of the
// process, which on a core of its own is the time that passes: on a busy machine the clock told of a bundle compared with itself that it was
// 1.14 times slower. Who is loaded first matters too, by about 4 %, so the bundles are loaded twice, in both orders.
type latency struct {
	bundles []*models.Bundle
	options standard.Options
	texts   []string
	best    [][]float64 // [bundle][text], milliseconds; not a number = too long for one of the bundles
}

func measureLatency(ctx context.Context, bundles []*models.Bundle, o standard.Options, texts []string, p *progress) ([]gate.Latency, error) {
	defer p.end()
	l := &latency{bundles: bundles, options: o, texts: texts}
	order := make([]int, len(bundles))
	for i := range bundles {
		order[i] = i
		l.best = append(l.best, slices.Repeat([]float64{math.Inf(1)}, len(texts)))
	}
	for pass := range 2 {
		if err := l.pass(ctx, order, func(done int) { p.report("time", pass*len(texts)+done, 2*len(texts), "") }); err != nil {
			return nil, err
		}
		slices.Reverse(order)
	}
	out := make([]gate.Latency, len(bundles))
	for i, list := range l.best {
		list = slices.DeleteFunc(list, math.IsNaN)
		slices.Sort(list)
		if len(list) > 0 {
			out[i] = gate.Latency{MedianMS: bench.Quantile(list, 0.5), P95MS: bench.Quantile(list, 0.95), Texts: len(list), Rounds: 2 * latencyRounds}
		}
	}
	return out, nil
}

// pass loads the bundles in the given order and times every text.
func (l *latency) pass(ctx context.Context, order []int, progress func(done int)) (err error) {
	engines := make([]*standard.Engine, len(l.bundles))
	for _, i := range order {
		e, err := buildEngineOn(l.bundles[i], l.options, 1)
		if err != nil {
			return err
		}
		defer e.Close()
		engines[i] = e
	}
	runtime.GC()
	for t, text := range l.texts {
		progress(t)
		if err := l.time(ctx, engines, t, text); err != nil {
			return err
		}
	}
	return nil
}

// time runs one text on the engines in turn; who comes first changes from run to run. The first run does not count, because a backend prepares
// itself for each length.
func (l *latency) time(ctx context.Context, engines []*standard.Engine, t int, text string) error {
	for round := range 1 + latencyRounds {
		for k := range engines {
			i := (k + t + round) % len(engines)
			ms, err := timeOne(ctx, engines[i], text)
			var long *nlu.TooLongError
			switch {
			case errors.As(err, &long):
				for i := range l.best {
					l.best[i][t] = math.NaN()
				}
				return nil
			case err != nil:
				return err
			case round > 0:
				l.best[i][t] = min(l.best[i][t], ms) // stays not a number
			}
		}
	}
	return nil
}

// timeOne returns the processor time of one analysis in milliseconds.
func timeOne(ctx context.Context, e *standard.Engine, text string) (float64, error) {
	before, err := bench.SelfCPU()
	if err != nil {
		return 0, err
	}
	if _, err := e.Analyse(ctx, nlu.Utterance{Text: text}); err != nil {
		return 0, err
	}
	after, err := bench.SelfCPU()
	return (after - before).Seconds() * 1000, err
}
