// Package bench measures how fast texts are understood, by whichever program does it, so that figures can be compared.
//
// A [Subject] is one way of understanding texts: a loop around ONNX Runtime, a pipeline, a server. [Measure] runs all subjects on the
// same texts in alternating rounds (A B C, B C A, …), whole passes over the texts only, so that the subjects share whatever the
// machine does meanwhile and a ratio of two subjects holds better than either figure. [Report] carries the outcome, the targets and
// what the machine was; [Report.Text] and [Report.Markdown] render it.
//
// The package knows nothing of flags, bundles or ONNX Runtime sessions: cmd/yingda makes the subjects. CPU time and memory of other
// processes come from /proc, so they are measured on Linux only.
package bench

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"
)

// Subject is something that understands texts.
type Subject struct {
	// Name is unique, e.g. "yingda serve, 32 clients".
	Name string
	// Clients is how many texts are under way at a time: each client waits for its answer before it goes on.
	Clients int
	// Do understands text number i for a client. It returns how long the model itself ran, 0 when it does not know.
	// It is called concurrently, but with one client number by one goroutine at a time.
	Do func(ctx context.Context, client, i int) (model time.Duration, err error)
	// CPU is the processor time spent so far by what is measured; nil = this process.
	CPU func() (time.Duration, error)
	// Runs returns the texts and the model runs so far, for the mean batch size; nil = not known.
	Runs func() (texts, runs int64)
	// Limit makes a turn the first so many texts instead of whole passes, for subjects that are slow; 0 = no limit.
	Limit int
	// Skip says why the subject cannot be measured; "" = it can, and only then Do is needed.
	Skip string
	// Warm is called once after the warm-up pass; nil = nothing.
	Warm func()
}

// Plan says how to measure.
type Plan struct {
	Texts   int           // texts in a pass
	Rounds  int           // rounds of all subjects
	Seconds time.Duration // how long a subject's turn takes, about: at least one pass
	// Progress is called before each turn; nil = no progress.
	Progress func(subject string, done, total int)
}

// Result is what was measured of a subject. Summaries are over rounds; one with N 0 was not measured.
type Result struct {
	Name    string `json:"name"`
	Clients int    `json:"clients"`
	Failed  string `json:"failed,omitempty"` // why there are no figures
	Samples int    `json:"samples"`          // texts, over all rounds
	Errors  int    `json:"errors"`           // of these without an answer

	PerSecond Summary `json:"texts_per_second"`
	P50       Summary `json:"p50_ms"`
	P99       Summary `json:"p99_ms"`
	Tail      Summary `json:"p99_to_p50"`
	CPU       Summary `json:"cpu_ms_per_text"`        // of the process that is measured
	ClientCPU Summary `json:"client_cpu_ms_per_text"` // of this process while it measures another one
	Outside   Summary `json:"outside_model_us"`       // median time of a text that is not the model's
	Rows      Summary `json:"rows_per_run"`
	// Steady is p99 over p50 after each latency is divided by the median of its own text: what is left is not due to long and short texts.
	Steady float64 `json:"p99_to_p50_same_text"`

	rounds []round
}

// round is one turn of a subject.
type round struct {
	perSecond, p50, p99, cpu, clientCPU, outside, rows float64
}

// Measure runs the plan. It fails only when ctx ends; a subject that fails is dropped and says why.
func Measure(ctx context.Context, p Plan, subjects []*Subject) ([]*Result, error) {
	states := make([]*state, len(subjects))
	for i, sub := range subjects {
		states[i] = &state{subject: sub, result: &Result{Name: sub.Name, Clients: sub.Clients, Failed: sub.Skip}, byText: make([][]float64, p.Texts)}
	}
	done, total := 0, len(subjects)*(p.Rounds+1)
	for r := range p.Rounds + 1 {
		for i := range states {
			s := states[(i+r)%len(states)]
			if p.Progress != nil {
				p.Progress(s.subject.Name, done, total)
			}
			done++
			if err := s.turn(ctx, p, r); err != nil {
				return nil, err
			}
		}
	}
	results := make([]*Result, len(states))
	for i, s := range states {
		results[i] = s.finish()
	}
	return results, nil
}

// turn warms a subject up in round 0 and measures it in the others.
func (s *state) turn(ctx context.Context, p Plan, round int) error {
	if s.result.Failed != "" {
		return nil
	}
	work := s.round
	if round == 0 {
		work = s.warm
	}
	err := work(ctx, p)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		s.result.Failed = err.Error()
	}
	return nil
}

// state is a subject while it is measured.
type state struct {
	subject *Subject
	result  *Result
	count   int         // texts in a turn
	byText  [][]float64 // latencies of each text, all rounds
}

// warm runs one pass that does not count, and another to see how many fit into a turn.
func (s *state) warm(ctx context.Context, p Plan) error {
	s.count = p.Texts
	if s.subject.Limit > 0 {
		s.count = min(p.Texts, s.subject.Limit)
	}
	if _, err := load(ctx, s.subject, p.Texts, s.count); err != nil {
		return err
	}
	if s.subject.Limit == 0 {
		l, err := load(ctx, s.subject, p.Texts, s.count)
		if err != nil {
			return err
		}
		s.count *= max(1, int(math.Round(float64(p.Seconds)/float64(l.wall))))
	}
	if s.subject.Warm != nil {
		s.subject.Warm()
	}
	return nil
}

func (s *state) round(ctx context.Context, p Plan) error {
	runtime.GC() // the garbage of the subject before is not this one's
	before, err := s.read()
	if err != nil {
		return err
	}
	l, err := load(ctx, s.subject, p.Texts, s.count)
	if err != nil {
		return err
	}
	after, err := s.read()
	if err != nil {
		return err
	}
	s.result.rounds = append(s.result.rounds, s.evaluate(l, before, after))
	s.result.Samples += len(l.samples)
	s.result.Errors += l.failed
	return nil
}

// evaluate turns what a turn gave into figures, and keeps the latencies by text.
func (s *state) evaluate(l loaded, before, after counters) round {
	n := float64(len(l.samples))
	latencies, outside := make([]float64, len(l.samples)), make([]float64, 0, len(l.samples))
	for i, m := range l.samples {
		latencies[i] = ms(m.latency)
		text := i % len(s.byText)
		s.byText[text] = append(s.byText[text], latencies[i])
		if m.model > 0 {
			outside = append(outside, 1000*ms(m.latency-m.model))
		}
	}
	slices.Sort(latencies)
	slices.Sort(outside)
	r := round{perSecond: (n - float64(l.failed)) / l.wall.Seconds(), p50: Quantile(latencies, 0.5), p99: Quantile(latencies, 0.99),
		cpu: ms(after.cpu-before.cpu) / n, clientCPU: math.NaN(), outside: Quantile(outside, 0.5), rows: math.NaN()}
	if !before.cpuKnown || !after.cpuKnown {
		r.cpu = math.NaN()
	}
	if s.subject.CPU != nil {
		r.clientCPU = ms(after.self-before.self) / n
	}
	if runs := after.runs - before.runs; runs > 0 {
		r.rows = float64(after.texts-before.texts) / float64(runs)
	}
	return r
}

// counters are read before and after a turn.
type counters struct {
	cpu, self   time.Duration
	cpuKnown    bool
	texts, runs int64
}

func (s *state) read() (c counters, err error) {
	if c.self, err = SelfCPU(); err != nil {
		return c, fmt.Errorf("read own CPU time: %w", err)
	}
	c.cpu, c.cpuKnown = c.self, true
	if s.subject.CPU != nil {
		if c.cpu, err = s.subject.CPU(); err != nil {
			c.cpuKnown = false // not on this system
		}
	}
	if s.subject.Runs != nil {
		c.texts, c.runs = s.subject.Runs()
	}
	return c, nil
}

func (s *state) finish() *Result {
	r := s.result
	over := func(get func(round) float64) Summary {
		values := make([]float64, len(r.rounds))
		for i := range r.rounds {
			values[i] = get(r.rounds[i])
		}
		return Summarise(values)
	}
	r.PerSecond = over(func(x round) float64 { return x.perSecond })
	r.P50 = over(func(x round) float64 { return x.p50 })
	r.P99 = over(func(x round) float64 { return x.p99 })
	r.Tail = over(func(x round) float64 { return x.p99 / x.p50 })
	r.CPU = over(func(x round) float64 { return x.cpu })
	r.ClientCPU = over(func(x round) float64 { return x.clientCPU })
	r.Outside = over(func(x round) float64 { return x.outside })
	r.Rows = over(func(x round) float64 { return x.rows })
	r.Steady = steady(s.byText)
	return r
}

// Ratio compares two subjects round by round. A subject without figures gives a Summary with N 0.
func Ratio(a, b *Result, of func(Figures) float64) Summary {
	if a == nil || b == nil || a.Failed != "" || b.Failed != "" {
		return Summary{}
	}
	var values []float64
	for i := range min(len(a.rounds), len(b.rounds)) {
		values = append(values, of(a.rounds[i].figures())/of(b.rounds[i].figures()))
	}
	return Summarise(values)
}

// Difference subtracts b from a round by round, like [Ratio].
func Difference(a, b *Result, of func(Figures) float64) Summary {
	if a == nil || b == nil || a.Failed != "" || b.Failed != "" {
		return Summary{}
	}
	var values []float64
	for i := range min(len(a.rounds), len(b.rounds)) {
		values = append(values, of(a.rounds[i].figures())-of(b.rounds[i].figures()))
	}
	return Summarise(values)
}

// Figures are those of one round that can be compared.
type Figures struct{ PerSecond, CPU float64 }

func (r round) figures() Figures { return Figures{r.perSecond, r.cpu} }

// Speed and CPU choose what Ratio compares: texts a second, processor time a text.
func Speed(f Figures) float64 { return f.PerSecond }

// CPU is the processor time a text; see [Speed].
func CPU(f Figures) float64 { return f.CPU }

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
