package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"yingda/models"
	"yingda/training/corpus"
	"yingda/training/gate"
	"yingda/training/retrain"
)

const retrainHelp = `Goes from labels that people accepted in the review queue to a new bundle, step by step: labels, train, evaluate, replay, gate, challenger, canary,
promote. Every step is recorded in a run's folder with the hashes of what it read and wrote; a run that was interrupted goes on where it was.

  (no word)            begin a run: labels from --labels or from the reviews in --dir
  resume [RUN]         go on with a run, the newest one by default; also to look at a canary again
  status [RUN|BUNDLE]  where a run stands and what it found
  list                 all runs
  verify [RUN|BUNDLE]  check the chain from the bundle back to the rows that people accepted
  trace RUN|BUNDLE WORD…  the rows trained on, or held out, that hold these words, and who accepted them

A refusal by the gate or by the canary leaves the champion as it is and exits with 1. See docs/analytics/retrain.md.`

// retrainFlags are those of "yingda retrain".
type retrainFlags struct {
	engineFlags
	runs     string
	labels   multi
	frozen   multi
	data     string
	taxonomy string
	recipe   string
	encoder  string
	full     bool
	policy   string
	features string
	notes    string
	service  string
	dir      string
	tenant   string
	traffic  string
	since    time.Duration
	server   string
	key      string
	rules    retrain.Rules
	canary   retrain.CanaryPlan
	guards   string
}

func (f *retrainFlags) register(fs *flag.FlagSet) {
	f.ortFlags.register(fs)
	f.registerStore(fs)
	f.registerRules(fs)
	fs.StringVar(&f.runs, "runs", "", "`folder` of the runs (default: retrain beside the store)")
	fs.Var(&f.labels, "labels", "accepted labels, an export of the review queue; `file` of JSON Lines, may be given several times (default: the reviews in --dir)")
	fs.Var(&f.frozen, "frozen", "labelled `file` or folder that nothing is trained on; may be given several times (default: ../shared/service-dev, where there is one)")
	fs.StringVar(&f.data, "data", "training/corpus/data", "corpus of the champion: a `folder` of Rasa NLU YAML, or a file")
	fs.StringVar(&f.taxonomy, "taxonomy", "", "label space `file` to extend (default: the shipped one)")
	fs.StringVar(&f.recipe, "recipe", "training/recipes/default.yaml", "recipe `file`")
	fs.BoolVar(&f.full, "full", false, "train the whole recipe on --encoder, about an hour, instead of extending the champion in seconds")
	fs.StringVar(&f.encoder, "encoder", os.Getenv("YINGDA_ENCODER"), "`folder` of the pretrained encoder, for --full (YINGDA_ENCODER)")
	fs.StringVar(&f.policy, "policy", "", "policy `file` of the gate, read over the defaults (training/gate/policy.yaml)")
	fs.StringVar(&f.features, "features", featuresDir(), "`folder` where the encoder's states of texts are kept; empty = not kept")
	fs.StringVar(&f.notes, "notes", "training/recipes/default.notes.md", "Markdown `file` on origin, licences and limits, for the card")
	fs.StringVar(&f.service, "service", os.Getenv("YINGDA_SERVICE"), "`folder` of the service pack, to tell which new intents have an answer (YINGDA_SERVICE; default: the built-in one)")
	registerAnalyticsDir(fs, &f.dir)
	fs.StringVar(&f.tenant, "tenant", "default", "whose reviews and messages")
	fs.StringVar(&f.traffic, "traffic", "", "recent messages to replay, JSON Lines of {text, lang, n}; `file` (default: those in --dir)")
	fs.DurationVar(&f.since, "since", 28*24*time.Hour, "how far back messages are replayed, from the newest one on")
	fs.StringVar(&f.server, "server", os.Getenv("YINGDA_SERVER"), "`URL` of the running server for the canary (YINGDA_SERVER)")
	fs.StringVar(&f.key, "key", os.Getenv("YINGDA_API_KEY"), "API `key` with the role manager (YINGDA_API_KEY)")
	fs.IntVar(&f.rules.MinExamples, "min-examples", 0, "wordings a new intent must have to be trained (default 8)")
	fs.IntVar(&f.rules.HoldOut, "hold-out", 0, "one in `n` accepted wordings is never trained on (default 5)")
	fs.Float64Var(&f.canary.Share, "share", 0, "`share` of the customers that the challenger serves in the canary, over 0 to 0.5 (default 0.05)")
	fs.IntVar(&f.canary.Days, "days", 0, "`days` that the canary runs at least (default 3; -1: it ends as soon as the numbers suffice)")
	fs.StringVar(&f.canary.Metric, "canary-metric", "", "`metric` that decides in the canary; 'yingda experiment results -h' lists them (default containment)")
	fs.StringVar(&f.guards, "canary-guardrails", "", "`metrics` that must not get worse in the canary, with commas; none = none (default resolved,csat)")
	fs.Float64Var(&f.canary.Effect, "canary-effect", 0, "relative `difference` of the metric that is worth finding (default 0.05)")
	fs.Float64Var(&f.canary.Margin, "canary-margin", 0, "relative `loss` of a guardrail that is accepted (default 0.05)")
	fs.BoolVar(&f.canary.Skip, "no-canary", false, "end with a challenger; 'yingda promote' goes on")
}

func runRetrain(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "retrain", "[WORD]", retrainHelp)
	var f retrainFlags
	f.register(fs)
	words, err := parseWords(fs, args)
	if err != nil {
		return err
	}
	if f.runs == "" {
		f.runs = filepath.Join(filepath.Dir(filepath.Clean(f.store)), "retrain")
	}
	verb := ""
	if len(words) > 0 {
		verb, words = words[0], words[1:]
	}
	c := retrainCommand{retrainFlags: f, std: std}
	switch {
	case verb == "" && len(words) == 0:
		return c.begin(ctx)
	case verb == "resume" && len(words) < 2:
		return c.resume(ctx, strings.Join(words, ""))
	case verb == "status" && len(words) < 2:
		return c.status(strings.Join(words, ""))
	case verb == "list" && len(words) == 0:
		return c.list()
	case verb == "verify" && len(words) < 2:
		return c.verify(strings.Join(words, ""))
	case verb == "trace" && len(words) > 1:
		return c.trace(words[0], strings.Join(words[1:], " "))
	}
	fs.Usage()
	return errUsage
}

// retrainCommand is one call of "yingda retrain".
type retrainCommand struct {
	retrainFlags
	std      stdio
	progress *progress
}

// begin makes a run and carries it out.
func (c *retrainCommand) begin(ctx context.Context) error {
	plan, err := c.plan(ctx)
	if err != nil {
		return err
	}
	o, err := c.options(ctx, plan.Store)
	if err != nil {
		return err
	}
	defer c.progress.end()
	run, err := retrain.Begin(o, plan)
	if err != nil {
		return err
	}
	return c.carryOut(ctx, run)
}

func (c *retrainCommand) resume(ctx context.Context, ref string) error {
	id, err := c.find(ref)
	if err != nil {
		return err
	}
	run, err := retrain.Open(retrain.Options{Dir: c.runs}, id)
	if err != nil {
		return err
	}
	plan := run.State().Plan
	if c.server == "" {
		c.server = plan.Server
	}
	o, err := c.options(ctx, plan.Store)
	if err != nil {
		return err
	}
	defer c.progress.end()
	if run, err = retrain.Open(o, run.State().ID); err != nil {
		return err
	}
	return c.carryOut(ctx, run)
}

// carryOut does what is left of a run and prints what came of it.
func (c *retrainCommand) carryOut(ctx context.Context, run *retrain.Run) error {
	fmt.Fprintf(c.std.err, "run %s in %s\n", run.State().ID, run.Dir())
	failed := run.Resume(ctx)
	c.progress.end()
	s, err := run.Summary()
	if err != nil {
		return errors.Join(failed, err)
	}
	if err := s.Text(c.std.out); err != nil {
		return errors.Join(failed, err)
	}
	fmt.Fprintf(c.std.out, "\nrun: %s\n", run.Dir())
	return failed
}

// find turns an id of a run or a bundle into that of a run; "" is the newest.
func (c *retrainCommand) find(ref string) (string, error) {
	ids, err := retrain.List(c.runs)
	if err != nil || ref == "" || slices.Contains(ids, ref) {
		return ref, err
	}
	id, err := retrain.FindBundle(c.runs, models.BundleID(ref))
	if err != nil {
		return "", fmt.Errorf("%q is neither a run nor a bundle of one: 'yingda retrain list' shows them: %w", ref, err)
	}
	return id, nil
}

func (c *retrainCommand) status(ref string) error {
	id, err := c.find(ref)
	if err != nil {
		return err
	}
	run, err := retrain.Open(retrain.Options{Dir: c.runs}, id)
	if err != nil {
		return err
	}
	s, err := run.Summary()
	if err != nil {
		return err
	}
	return s.Text(c.std.out)
}

func (c *retrainCommand) list() error {
	ids, err := retrain.List(c.runs)
	if err != nil {
		return err
	}
	for _, id := range ids {
		run, err := retrain.Open(retrain.Options{Dir: c.runs}, id)
		if err != nil {
			return err
		}
		s := run.State()
		last := "–"
		if n := len(s.Steps); n > 0 {
			last = s.Steps[n-1].Step + ": " + s.Steps[n-1].Note
		}
		fmt.Fprintf(c.std.out, "%s  %-8s %s\n", s.ID, s.Status, last)
	}
	return nil
}

func (c *retrainCommand) verify(ref string) error {
	id, err := c.find(ref)
	if err != nil {
		return err
	}
	run, err := retrain.Open(retrain.Options{Dir: c.runs}, id)
	if err != nil {
		return err
	}
	chain, err := retrain.Verify(run.Dir())
	if err != nil {
		return fmt.Errorf("retrain verify: %w", err)
	}
	_, err = fmt.Fprintf(c.std.out, "run %s: %d files are as they were written\nbundle %s was made from corpus %.12s: %d rows, %d of them accepted by people; %d more accepted rows were never trained on\n",
		chain.Run, chain.Files, chain.Bundle, chain.Corpus, chain.Rows, chain.Accepted, chain.Held)
	return err
}

// maxTraced is how many rows a trace shows.
const maxTraced = 100

func (c *retrainCommand) trace(ref, text string) error {
	id, err := c.find(ref)
	if err != nil {
		return err
	}
	rows, err := retrain.Trace(filepath.Join(c.runs, id), text, maxTraced)
	if err != nil {
		return err
	}
	for _, row := range rows {
		who := "of the corpus"
		if row.By != "" {
			who = fmt.Sprintf("accepted by %s %s, group %s, turns %s", row.By, row.At, row.Group, strings.Join(row.Turns, " "))
		}
		fmt.Fprintf(c.std.out, "%s:%d  %s  %s\n", row.File, row.Line, row.Origin, who)
	}
	return nil
}

// plan turns flags into a plan. Paths become absolute, so that the run can be taken up from anywhere.
func (c *retrainCommand) plan(ctx context.Context) (retrain.Plan, error) {
	c.canary.Guardrails = guardrailsOf(c.guards)
	p := retrain.Plan{Server: c.server, Rules: c.rules, Canary: c.canary, Since: c.since}
	if len(c.frozen) == 0 {
		if _, err := os.Stat(defaultFrozen); err == nil {
			c.frozen = multi{defaultFrozen}
		}
	}
	labels := []string(c.labels)
	if len(labels) == 0 {
		path, err := c.exportLabels(ctx)
		if err != nil {
			return p, err
		}
		labels = []string{path}
	}
	if c.full && c.encoder == "" {
		return p, errors.New("retrain: --full needs --encoder FOLDER or YINGDA_ENCODER")
	}
	if !c.full {
		c.encoder = ""
	}
	var errs []error
	abs := func(path string) string {
		if path == "" {
			return ""
		}
		full, err := filepath.Abs(path)
		errs = append(errs, err)
		return full
	}
	for _, path := range labels {
		p.Labels = append(p.Labels, abs(path))
	}
	p.Frozen = []string{}
	for _, path := range c.frozen {
		p.Frozen = append(p.Frozen, abs(path))
	}
	p.Corpus, p.Taxonomy, p.Recipe, p.Encoder, p.Policy, p.Store = abs(c.data), abs(c.taxonomy), abs(c.recipe), abs(c.encoder), abs(c.policy), abs(c.engineFlags.store)
	return p, errors.Join(errs...)
}

// defaultFrozen is the set that nothing is trained on, for those who have it.
const defaultFrozen = "../shared/service-dev"

// options put together what a run needs of the system.
func (c *retrainCommand) options(ctx context.Context, store string) (retrain.Options, error) {
	c.progress = newProgress(c.std.err)
	o := retrain.Options{Dir: c.runs, Cache: c.features, Progress: c.progress.report, Found: foundTypes, Answers: c.answers}
	if err := c.initORT(ctx, c.std.err); err != nil {
		return o, err
	}
	rules, err := c.loadRules()
	if err != nil {
		return o, err
	}
	if o.Store, err = openStore(store); err != nil {
		return o, err
	}
	if notes, err := os.ReadFile(c.notes); err == nil {
		o.Notes = string(notes)
	}
	o.Open = func(b *models.Bundle) (retrain.Engine, error) { return buildEngine(b, patient(rules)) }
	o.Read = func(path string) (*corpus.Corpus, error) { return readLabelled(path, c.std) }
	o.Latency = func(ctx context.Context, bundles []*models.Bundle, texts []string) ([]gate.Latency, error) {
		return measureLatency(ctx, bundles, patient(rules), texts, c.progress)
	}
	o.Traffic = c.messages()
	if c.server != "" {
		o.Canary = newCanaryClient(c.server, c.key)
	}
	return o, nil
}

// readLabelled reads labelled data: a folder of Rasa NLU YAML, a set with a file a language, or a file.
func readLabelled(path string, std stdio) (*corpus.Corpus, error) { return readData(multi{path}, std) }
