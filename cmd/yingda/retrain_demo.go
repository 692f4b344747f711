package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"yingda/analytics/demodata"
	"yingda/analytics/mine"
	"yingda/analytics/mine/review"
	"yingda/analytics/warehouse"
	"yingda/models"
	"yingda/nlu"
	"yingda/nlu/standard"
	"yingda/training/corpus"
	"yingda/training/retrain"
)

const retrainDemoHelp = `Shows that the loop closes, on demo data whose truth is known: writes a shop's traffic into a folder, looks whether the planted drift is alarmed, the planted
experiments come out and the planted fault is flagged, groups what was not understood, has a SIMULATED reviewer name the groups by the truth, trains a new
bundle from that by 'yingda retrain', and measures it on wordings that nobody has seen. Nothing outside --dir is changed but --out.`

// retrainDemoFlags are those of "yingda retrain-demo".
type retrainDemoFlags struct {
	retrainFlags
	seed        uint64
	days, turns int
	out         string
}

func runRetrainDemo(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "retrain-demo", "", retrainDemoHelp)
	f := retrainDemoFlags{}
	f.ortFlags.register(fs)
	f.registerRules(fs)
	fs.StringVar(&f.dir, "dir", "", "`folder` to work in, which must be empty or not there (default: a temporary one)")
	fs.Var(&f.frozen, "frozen", "labelled `file` or folder that nothing is trained on (default: ../shared/service-dev, where there is one)")
	fs.StringVar(&f.data, "data", "training/corpus/data", "corpus of the champion")
	fs.StringVar(&f.recipe, "recipe", "training/recipes/default.yaml", "recipe `file`")
	fs.StringVar(&f.encoder, "encoder", os.Getenv("YINGDA_ENCODER"), "`folder` of a pretrained encoder to group by (YINGDA_ENCODER; default: the champion's vectors)")
	fs.StringVar(&f.features, "features", featuresDir(), "`folder` where the encoder's states of texts are kept; empty = not kept")
	fs.StringVar(&f.notes, "notes", "training/recipes/default.notes.md", "Markdown `file` for the card")
	fs.Uint64Var(&f.seed, "seed", 1, "another seed is another year")
	fs.IntVar(&f.days, "days", 90, "days of traffic")
	fs.IntVar(&f.turns, "turns-per-day", 600, "messages of customers on an average day, roughly")
	fs.StringVar(&f.out, "out", "", "Markdown `file` to write the tables into, between its marks")
	words, err := parseWords(fs, args)
	if err != nil {
		return err
	}
	if len(words) > 0 {
		fs.Usage()
		return errUsage
	}
	d := &retrainDemo{retrainDemoFlags: f, std: std, progress: newProgress(std.err)}
	if err := d.run(ctx); err != nil {
		return fmt.Errorf("retrain-demo: %w", err)
	}
	return nil
}

// demoTenant is whose traffic it is.
const demoTenant = "default"

// retrainDemo is one call of "yingda retrain-demo".
type retrainDemo struct {
	retrainDemoFlags
	std      stdio
	progress *progress

	warehouse *warehouse.Warehouse
	truth     demodata.Truth
	page      demoPage
}

func (d *retrainDemo) run(ctx context.Context) (err error) {
	if d.dir == "" {
		if d.dir, err = os.MkdirTemp("", "yingda-retrain-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(d.dir)) }()
	} else if entries, err := os.ReadDir(d.dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty", d.dir)
	}
	if err := d.initORT(ctx, d.std.err); err != nil {
		return err
	}
	d.page.Started, d.page.Command = time.Now(), fmt.Sprintf("yingda retrain-demo --seed %d --days %d --turns-per-day %d", d.seed, d.days, d.turns)
	if err := d.traffic(ctx); err != nil {
		return err
	}
	if err := d.look(ctx); err != nil {
		return err
	}
	s, err := d.loop(ctx)
	if err != nil {
		return err
	}
	if err := d.measure(ctx, s); err != nil {
		return err
	}
	d.progress.end()
	d.page.Took = time.Since(d.page.Started)
	return d.page.write(d.std.out, d.out)
}

// analytics is the folder of the warehouse and the reviews.
func (d *retrainDemo) analytics() string { return filepath.Join(d.dir, "analytics") }

// traffic writes the demo data.
func (d *retrainDemo) traffic(ctx context.Context) error {
	err := runDemoData(ctx, []string{"--dir", d.analytics(), "--seed", strconv.FormatUint(d.seed, 10), "--days", strconv.Itoa(d.days), "--turns-per-day", strconv.Itoa(d.turns), "--tenant", demoTenant},
		stdio{d.std.in, d.std.err, d.std.err})
	if err != nil {
		return err
	}
	data, err := os.ReadFile(d.beside("truth.json"))
	if err != nil {
		return err
	}
	return json.Unmarshal(data, &d.truth)
}

// beside is a file of the truth.
func (d *retrainDemo) beside(name string) string { return filepath.Join(d.analytics(), "demo", name) }

// look asks the warehouse: what drifts, what the experiments say, what is not understood; and has the groups reviewed.
func (d *retrainDemo) look(ctx context.Context) (err error) {
	d.warehouse, err = warehouse.Open(ctx, warehouse.Options{Dir: d.analytics(), Log: newLogger(d.std.err, slog.LevelWarn)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.warehouse.Close()) }()
	if d.page.Drift, err = readDrift(ctx, d.warehouse, &d.truth); err != nil {
		return err
	}
	if d.page.Trials, err = readTrials(ctx, d.warehouse, &d.truth); err != nil {
		return err
	}
	if err := d.mine(ctx); err != nil {
		return err
	}
	d.page.After, err = recentMessages(ctx, d.warehouse, demoTenant, d.truth.MeasureFrom, d.truth.MeasureFrom.Add(demoReplayed))
	return err
}

// mine groups what was not understood before the measuring time, and has the groups reviewed.
func (d *retrainDemo) mine(ctx context.Context) error {
	e, err := d.champion()
	if err != nil {
		return err
	}
	defer e.Close()
	from := d.truth.Drift.From
	candidates, err := mine.Collect(ctx, d.warehouse, demoTenant, from, d.truth.MeasureFrom, mine.CollectOptions{})
	if err != nil {
		return err
	}
	known, err := mine.CollectKnown(ctx, d.warehouse, demoTenant, from, d.truth.MeasureFrom, knownEach)
	if err != nil {
		return err
	}
	o := mine.Options{Tenant: demoTenant, From: from, To: d.truth.MeasureFrom, Candidates: candidates, Known: known, Engine: asLogged{e}, Seed: d.seed,
		Progress: func(stage string, done, total int) { d.progress.report("mine: "+stage, done, total, "") }}
	if d.encoder != "" {
		if o.Embedder, err = openEncoderEmbedder(d.encoder); err != nil {
			return err
		}
	}
	res, err := mine.Run(ctx, o)
	d.progress.end()
	if err != nil {
		return err
	}
	store, err := review.Open(review.Options{Dir: d.analytics()})
	if err != nil {
		return err
	}
	if err := store.SaveRun(res); err != nil {
		return err
	}
	person, err := newSimulatedReviewer(d.beside("labels.jsonl"))
	if err != nil {
		return err
	}
	d.page.Mined, d.page.Embedder = res.Counts, res.Embedder
	d.page.Reviews, err = person.review(store, demoTenant, func(intent string) bool { return corpus.DefaultTaxonomy().Intent(intent) != nil })
	if err != nil {
		return err
	}
	d.page.Labelled, err = person.label(store, demoTenant)
	return err
}

// champion is the bundle that the binary carries.
func (d *retrainDemo) champion() (*standard.Engine, error) {
	rules, err := d.loadRules()
	if err != nil {
		return nil, err
	}
	e := engineFlags{ortFlags: d.ortFlags, store: d.bundles()}
	b, err := e.openBundle()
	if err != nil {
		return nil, err
	}
	return buildEngine(b, patient(rules))
}

func (d *retrainDemo) bundles() string { return filepath.Join(d.dir, "bundles") }

// asLogged reads texts with the champion's vectors and rankings, and leaves it to the log what was understood: the robot of the demo data is made up, and what the
// real one makes of a text does not say whether that robot understood it.
type asLogged struct{ *standard.Engine }

// Analyse implements [mine.Engine].
func (e asLogged) Analyse(ctx context.Context, us ...nlu.Utterance) ([]*nlu.Analysis, error) {
	as, err := e.Engine.Analyse(ctx, us...)
	for _, a := range as {
		a.Intents = nil
	}
	return as, err
}

// demoReplayed is how much traffic both bundles parse, from the newest message back and from the beginning of the measuring time on.
const demoReplayed = 5 * 24 * time.Hour

// loop runs "yingda retrain" on the reviews, up to the challenger: there is no server with customers here.
func (d *retrainDemo) loop(ctx context.Context) (*retrain.Summary, error) {
	f := d.retrainFlags
	f.engineFlags.store, f.dir, f.tenant, f.runs = d.bundles(), d.analytics(), demoTenant, filepath.Join(d.dir, "retrain")
	f.canary.Skip, f.since = true, demoReplayed
	c := retrainCommand{retrainFlags: f, std: stdio{d.std.in, d.std.err, d.std.err}}
	failed := c.begin(ctx)
	if failed != nil && !errors.Is(failed, retrain.ErrRefused) {
		return nil, failed
	}
	run, err := retrain.Open(retrain.Options{Dir: f.runs}, "")
	if err != nil {
		return nil, errors.Join(failed, err)
	}
	d.page.Chain, err = retrain.Verify(run.Dir())
	if err != nil {
		return nil, err
	}
	s, err := run.Summary()
	d.page.Run = s
	return s, err
}

// measure lets both bundles read wordings that nobody has seen, and the traffic of the measuring time.
func (d *retrainDemo) measure(ctx context.Context, s *retrain.Summary) error {
	c, err := corpus.Read(d.beside("wordings-measure.jsonl"))
	if err != nil {
		return err
	}
	before, err := d.champion()
	if err != nil {
		return err
	}
	defer before.Close()
	b, err := models.OpenPath(filepath.Join(d.dir, "retrain", s.State.ID, "bundle", string(s.Trained.Bundle)))
	if err != nil {
		return err
	}
	rules, err := d.loadRules()
	if err != nil {
		return err
	}
	after, err := buildEngine(b, patient(rules))
	if err != nil {
		return err
	}
	defer after.Close()
	for i, e := range []*standard.Engine{before, after} {
		cases, err := answers(ctx, e, c, "measure", d.progress)
		if err != nil {
			return err
		}
		d.page.count(i, cases)
		if err := d.page.replay(ctx, i, e); err != nil {
			return err
		}
	}
	return nil
}
