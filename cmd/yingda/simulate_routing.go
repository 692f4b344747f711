package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	servicepack "yingda/dialogue/standard"

	"yingda/dialogue/routing"
	"yingda/dialogue/routing/simulate"
)

// simulateFlags are those of simulate-routing.
type simulateFlags struct {
	configs  multi
	arrivals string
	generate bool
	save     string
	json     bool
	noFIFO   bool
	staff    int
	capacity int
	mismatch float64
	limit    time.Duration
	day      simulate.Day
	start    string
	tiers    string
	queues   string
}

// runSimulateRouting replays a day of arrivals against one or more routing files, and against plain first come, first served.
func runSimulateRouting(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "simulate-routing", "[--config FILE …] --arrivals FILE | --generate",
		"Replays a day of arrivals against routing files with the code that serves customers, and prints the waits by tier and queue.\nSeveral --config are compared with each other, and all with plain first come, first served.")
	var f simulateFlags
	fs.Var(&f.configs, "config", "routing `file`, repeatable (default: the built-in routing.yaml)")
	fs.StringVar(&f.arrivals, "arrivals", "", "`file` of arrivals, one JSON object a line; - = standard input")
	fs.BoolVar(&f.generate, "generate", false, "generate a day of arrivals")
	fs.StringVar(&f.save, "save", "", "write the arrivals to this `file`")
	fs.BoolVar(&f.json, "json", false, "print the reports as JSON")
	fs.BoolVar(&f.noFIFO, "no-fifo", false, "do not compare with first come, first served")
	fs.IntVar(&f.staff, "staff", 6, "agents to make when the routing file has none")
	fs.IntVar(&f.capacity, "capacity", 3, "units of capacity of each of them")
	fs.Float64Var(&f.mismatch, "mismatch", 0.15, "by how much a conversation takes longer for each level that the agent lacks")
	fs.DurationVar(&f.limit, "limit", 24*time.Hour, "end the run so long after the last arrival")
	fs.Uint64Var(&f.day.Seed, "seed", 1, "seed of generated arrivals and agents")
	fs.Float64Var(&f.day.Arrivals, "n", 2000, "expected arrivals of the day")
	fs.BoolVar(&f.day.Flat, "flat", false, "arrivals at the same rate all day")
	fs.DurationVar(&f.day.Patience, "patience", 20*time.Minute, "mean time until a customer gives up; 0 = never")
	fs.StringVar(&f.day.Handling, "handling", "lognormal", "how long conversations last: lognormal, exponential or fixed, around each queue's handle")
	fs.StringVar(&f.start, "start", "2026-11-23", "`date` of the day, in the routing file's zone")
	fs.StringVar(&f.tiers, "tiers", "", "weights of tiers, e.g. standard=8,vip=1")
	fs.StringVar(&f.queues, "queues", "", "weights of queues, e.g. general=6,tech=1")
	if err := parseFlags(fs, args); err != nil {
		return err
	}
	if f.generate == (f.arrivals != "") {
		return errors.New("simulate-routing: give either --arrivals FILE or --generate")
	}
	names, configs, err := f.load()
	if err != nil {
		return err
	}
	arrivals, err := f.read(configs[0], std.in)
	if err != nil {
		return err
	}
	reports, err := f.run(ctx, names, configs, arrivals)
	if err != nil {
		return err
	}
	return f.print(std.out, len(arrivals), reports)
}

// load reads the routing files.
func (f *simulateFlags) load() (names []string, configs []*routing.Config, err error) {
	if len(f.configs) == 0 {
		cfg, err := routing.Load(servicepack.Files())
		return []string{"built-in"}, []*routing.Config{cfg}, err
	}
	var faults []error
	for _, path := range f.configs {
		data, err := os.ReadFile(path)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		cfg, err := routing.Parse(path, data)
		faults = append(faults, err)
		names, configs = append(names, strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))), append(configs, cfg)
	}
	return names, configs, errors.Join(faults...)
}

// read gets the arrivals, from a file or made after the first config.
func (f *simulateFlags) read(cfg *routing.Config, stdin io.Reader) ([]simulate.Arrival, error) {
	arrivals, err := f.given(cfg, stdin)
	if err != nil || f.save == "" {
		return arrivals, err
	}
	out, err := os.Create(f.save)
	if err != nil {
		return nil, err
	}
	w := bufio.NewWriter(out)
	return arrivals, errors.Join(simulate.Write(w, arrivals), w.Flush(), out.Close())
}

func (f *simulateFlags) given(cfg *routing.Config, stdin io.Reader) ([]simulate.Arrival, error) {
	switch {
	case f.arrivals == "-":
		return simulate.Read(stdin)
	case f.arrivals != "":
		in, err := os.Open(f.arrivals)
		if err != nil {
			return nil, err
		}
		defer in.Close()
		return simulate.Read(in)
	}
	var err, also error
	if f.day.Start, err = time.ParseInLocation(time.DateOnly, f.start, cfg.Zone); err != nil {
		return nil, fmt.Errorf("--start %s: write a date such as 2026-11-23", f.start)
	}
	f.day.Tiers, err = weights("tiers", f.tiers)
	f.day.Queues, also = weights("queues", f.queues)
	for name := range f.day.Queues {
		if cfg.Queues[name] == nil {
			also = errors.Join(also, fmt.Errorf("--queues: there is no queue %q; known are %v", name, cfg.Order))
		}
	}
	if f.day.Arrivals <= 0 || f.day.Arrivals > 10e6 {
		also = errors.Join(also, fmt.Errorf("--n %g: want more than 0, at most 10,000,000", f.day.Arrivals))
	}
	if h := f.day.Handling; h != "lognormal" && h != "exponential" && h != "fixed" {
		also = errors.Join(also, fmt.Errorf("--handling %s: want lognormal, exponential or fixed", h))
	}
	if err := errors.Join(err, also); err != nil {
		return nil, err
	}
	return simulate.Generate(cfg, f.day), nil
}

// weights reads "a=1,b=2.5"; the tier "standard" is no tier.
func weights(flag, text string) (map[string]float64, error) {
	if text == "" {
		return nil, nil
	}
	out := map[string]float64{}
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(part, "=")
		w, err := strconv.ParseFloat(value, 64)
		if err != nil || !(w >= 0) || math.IsInf(w, 0) {
			return nil, fmt.Errorf("--%s: %q is no weight: write e.g. vip=2", flag, part)
		}
		if flag == "tiers" && name == "standard" {
			name = ""
		}
		out[name] = w
	}
	return out, nil
}

// run simulates each config; the first is also run as first come, first served.
func (f *simulateFlags) run(ctx context.Context, names []string, configs []*routing.Config, arrivals []simulate.Arrival) ([]simulate.Report, error) {
	if !f.noFIFO {
		names, configs = append(names, "plain FIFO"), append(configs, simulate.PlainFIFO(configs[0]))
	}
	if f.staff < 1 || f.capacity < 1 {
		return nil, fmt.Errorf("--staff %d --capacity %d: want at least 1 each", f.staff, f.capacity)
	}
	o := simulate.Options{Mismatch: f.mismatch, Limit: f.limit}
	if o.Mismatch == 0 {
		o.Mismatch = -1
	}
	var reports []simulate.Report
	for i, cfg := range configs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		staff := cfg.Agents
		if len(staff) == 0 {
			staff = simulate.Staff(configs[0], f.staff, f.capacity, f.day.Seed)
		}
		reports = append(reports, simulate.Summarise(names[i], simulate.Run(cfg, staff, arrivals, o)))
	}
	return reports, nil
}

func (f *simulateFlags) print(w io.Writer, n int, reports []simulate.Report) error {
	if f.json {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(reports)
	}
	if _, err := fmt.Fprintf(w, "%d arrivals\n\n", n); err != nil {
		return err
	}
	for i := range reports {
		if err := reports[i].Print(w); err != nil {
			return err
		}
	}
	if len(reports) == 1 {
		return nil
	}
	return simulate.Compare(w, reports)
}
