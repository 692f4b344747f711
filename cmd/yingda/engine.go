package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"yingda/models"
	"yingda/models/batch"
	builtin "yingda/models/default"
	"yingda/models/ort"
	"yingda/nlu/standard"
)

// engineFlags say which bundle runs and where bundles are kept. Commands that analyse text share them.
type engineFlags struct {
	ortFlags
	store  string
	bundle string
	rules  string
}

func (f *engineFlags) register(fs *flag.FlagSet) {
	f.ortFlags.register(fs)
	f.registerStore(fs)
	f.registerRules(fs)
	fs.StringVar(&f.bundle, "bundle", "", "`id` of a bundle in the store, or path of a bundle's folder or archive (default: the champion)")
}

func (f *engineFlags) registerStore(fs *flag.FlagSet) {
	fs.StringVar(&f.store, "bundles", storeDir(), "`folder` of bundles (YINGDA_BUNDLES)")
}

func (f *engineFlags) registerRules(fs *flag.FlagSet) {
	fs.StringVar(&f.rules, "rules", os.Getenv("YINGDA_RULES"), "`folder` with your own lists, synonyms, rules and roles, added to the built-in ones (YINGDA_RULES)")
}

// loadRules returns the recognisers the flags ask for.
func (f *engineFlags) loadRules() (*standard.Rules, error) {
	if f.rules == "" {
		return standard.DefaultRules()
	}
	return standard.LoadRules(f.rules)
}

// storeDir is where bundles are kept: data of the user, not a cache.
func storeDir() string {
	if dir := os.Getenv("YINGDA_BUNDLES"); dir != "" {
		return dir
	}
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "yingda", "bundles")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return filepath.Join(os.TempDir(), "yingda", "bundles")
	}
	return filepath.Join(home, ".local", "share", "yingda", "bundles")
}

func openStore(dir string) (*models.Store, error) {
	id, err := builtin.ID()
	if err != nil {
		return nil, err
	}
	return models.OpenStore(dir, builtin.Open, id)
}

// initORT makes ONNX Runtime available to the process.
func (f *ortFlags) initORT(ctx context.Context, log io.Writer) error {
	path, _, err := f.ensure(ctx, log)
	if err != nil {
		return err
	}
	return ort.Init(path)
}

// buildEngine runs a bundle on all cores.
func buildEngine(b *models.Bundle, o standard.Options) (*standard.Engine, error) {
	return buildEngineOn(b, o, runtime.GOMAXPROCS(0))
}

// buildEngineOn runs a bundle on so many cores.
func buildEngineOn(b *models.Bundle, o standard.Options, cores int) (*standard.Engine, error) {
	backend, err := ort.Open(b, ort.Options{Slots: cores})
	if err != nil {
		return nil, err
	}
	o.Queue.Workers = cores
	return standard.New(context.Background(), b, backend, o)
}

// open loads the one bundle that a command line asks for.
func (f *engineFlags) open(ctx context.Context, log io.Writer) (*standard.Engine, error) {
	rules, err := f.loadRules()
	if err != nil {
		return nil, err
	}
	return f.openWith(ctx, patient(rules), log)
}

// openModel loads it without recognisers and with one reading a text, for commands that look at the rankings and vectors of many texts only.
func (f *engineFlags) openModel(ctx context.Context, log io.Writer) (*standard.Engine, error) {
	o := patient(standard.NoRules())
	o.Once = true
	return f.openWith(ctx, o, log)
}

func (f *engineFlags) openWith(ctx context.Context, o standard.Options, log io.Writer) (*standard.Engine, error) {
	if err := f.initORT(ctx, log); err != nil {
		return nil, err
	}
	b, err := f.openBundle()
	if err != nil {
		return nil, err
	}
	return buildEngine(b, o)
}

// patient are the options of commands in which nobody waits for a single answer: on a busy machine they take longer rather than give up.
func patient(rules *standard.Rules) standard.Options {
	return standard.Options{Rules: rules, Queue: batch.Options{MaxWait: time.Hour}}
}

// openOther loads a second bundle, to be compared with the first; 'champion' is the champion of the store.
func (f *engineFlags) openOther(ctx context.Context, ref string, log io.Writer) (*standard.Engine, error) {
	o := *f
	if o.bundle = ref; ref == string(models.Champion) {
		o.bundle = ""
	}
	return o.open(ctx, log)
}

func (f *engineFlags) openBundle() (*models.Bundle, error) {
	if _, err := os.Stat(f.bundle); f.bundle != "" && err == nil {
		return models.OpenPath(f.bundle)
	}
	store, err := openStore(f.store)
	if err != nil {
		return nil, err
	}
	id := models.BundleID(f.bundle)
	if id == "" {
		state, err := store.State()
		if err != nil {
			return nil, err
		}
		if id = state.Current(models.Champion); id == "" {
			id = store.Builtin()
		}
	}
	b, err := store.Open(id)
	if err != nil {
		return nil, fmt.Errorf("%w (bundles are in %s; 'yingda bundle list' shows them)", err, f.store)
	}
	return b, nil
}

func newLogger(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}
