package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/dialog"
	"yingda/dialogue/knowledge"
	pack "yingda/dialogue/standard"
	"yingda/nlu"
	"yingda/nlu/standard"
)

const testHelp = `Plays conversations that are written as tests (files *.dialog, or folders of them; default: those of the service pack) and says step by step
what came out otherwise than expected. The demo shop answers the robot's calls, unless a dialog says what a system answers. Nothing is kept.

With --import it plays labelled conversations in JSON Lines instead and prints how many steps are right; --write also writes them as dialogs.
The exit code is 1 when a dialog fails, or with --import when fewer steps than --least are right.`

// testFlags are those of 'yingda test'.
type testFlags struct {
	engineFlags
	service string
	only    string
	labels  string
	write   string
	junit   string
	least   float64
	workers int
	verbose bool
	rates   bool
	json    bool
}

func (f *testFlags) register(fs *flag.FlagSet) {
	f.engineFlags.register(fs)
	fs.StringVar(&f.service, "service", os.Getenv("YINGDA_SERVICE"), "`folder` of the service pack (YINGDA_SERVICE; default: the built-in one)")
	fs.StringVar(&f.only, "only", "", "play only dialogs whose file or title holds this `text`")
	fs.StringVar(&f.labels, "import", "", "JSON Lines `file` of labelled conversations to play instead")
	fs.StringVar(&f.write, "write", "", "with --import: `folder` for a .dialog file each")
	fs.StringVar(&f.junit, "junit", "", "also write the results to this `file` as JUnit XML")
	fs.Float64Var(&f.least, "least", 0.8, "with --import: `share` of steps that must be right in action, queue and slots")
	fs.IntVar(&f.workers, "workers", 0, "how many dialogs are played at a time (default: as many as there are processors)")
	fs.BoolVar(&f.verbose, "v", false, "show every step and what it was understood as")
	fs.BoolVar(&f.rates, "rates", false, "also print how many steps are right in what")
	fs.BoolVar(&f.json, "json", false, "print JSON")
}

func runTest(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "test", "[FILE|DIR…]", testHelp)
	var f testFlags
	f.register(fs)
	paths, err := parseWords(fs, args)
	if err != nil {
		return err
	}
	if f.labels != "" && len(paths) > 0 || f.labels == "" && f.write != "" {
		fs.Usage()
		return errUsage
	}
	dialogs, err := f.dialogs(paths)
	if err != nil {
		return err
	}
	if f.write != "" {
		if err := writeDialogs(f.write, dialogs); err != nil {
			return err
		}
	}
	results, err := f.play(ctx, dialogs, std)
	if err != nil {
		return err
	}
	return errors.Join(f.report(results, std), f.verdict(results))
}

// dialogs reads what is to be played.
func (f *testFlags) dialogs(paths []string) (all []*dialog.Dialog, err error) {
	switch {
	case f.labels != "":
		all, err = importDialogs(f.labels)
	case len(paths) > 0:
		all, err = readDialogs(paths)
	default:
		all, err = packDialogs(f.service)
	}
	if err != nil {
		return nil, err
	}
	var chosen []*dialog.Dialog
	for _, d := range all {
		if strings.Contains(d.File, f.only) || strings.Contains(d.Title, f.only) {
			chosen = append(chosen, d)
		}
	}
	if len(chosen) == 0 {
		return nil, errors.New("there is no dialog to play: name files or folders that have some")
	}
	return chosen, nil
}

func importDialogs(path string) ([]*dialog.Dialog, error) {
	r, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return dialog.Convert(path, r)
}

// packDialogs reads the dialogs of a service pack.
func packDialogs(dir string) ([]*dialog.Dialog, error) {
	files := pack.Files()
	if dir != "" {
		files = os.DirFS(dir)
	}
	below, err := fs.Sub(files, "dialogs")
	if err != nil {
		return nil, err
	}
	return dialog.Load(below)
}

// readDialogs reads files and folders.
func readDialogs(paths []string) (all []*dialog.Dialog, err error) {
	var faults []error
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		var ds []*dialog.Dialog
		if info.IsDir() {
			ds, err = dialog.Load(os.DirFS(path))
			for _, d := range ds {
				d.File = filepath.Join(path, d.File)
			}
		} else {
			var data []byte
			if data, err = os.ReadFile(path); err == nil {
				ds, err = dialog.Parse(path, data)
			}
		}
		if err != nil {
			faults = append(faults, err)
		}
		all = append(all, ds...)
	}
	return all, errors.Join(faults...)
}

// writeDialogs writes a file a dialog. Files that are there are left alone.
func writeDialogs(dir string, dialogs []*dialog.Dialog) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for i, d := range dialogs {
		name, _, _ := strings.Cut(d.Title, " ")
		name = strings.Map(func(r rune) rune {
			if strings.ContainsRune(`/\:*?"<>|.`, r) || r < ' ' {
				return '-'
			}
			return r
		}, name)
		path := filepath.Join(dir, fmt.Sprintf("%03d-%s%s", i+1, name, dialog.Extension))
		w, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if err != nil {
			return fmt.Errorf("--write: %w", err)
		}
		_, err = io.WriteString(w, dialog.Format(nlu.Chinese, d))
		if err = errors.Join(err, w.Close()); err != nil {
			return fmt.Errorf("--write: %w", err)
		}
	}
	return nil
}

// parseWith is one bundle as the engine of conversations wants it.
type parseWith struct{ *standard.Engine }

// Parse implements engine.Parser. The bundle is the one there is.
func (p parseWith) Parse(ctx context.Context, _ string, us []nlu.Utterance) ([]*nlu.Analysis, error) {
	return p.Analyse(ctx, us...)
}

// openKnowledge indexes a pack's entries, and those of edited if there are any, by words and by meaning. close ends what it runs.
func openKnowledge(ctx context.Context, p *pack.Pack, e *standard.Engine, cache string, edited dialogue.Documents) (k *knowledge.Base, close func(), err error) {
	if k, err = knowledge.New(knowledge.Options{Defaults: p.Knowledge, Embedder: engineEmbedder{e}, CacheDir: cache, Documents: edited}); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- k.Run(ctx) }()
	close = func() {
		cancel()
		<-done
	}
	for k.Status("").Bundle == "" || k.Status("").Pending > 0 {
		select {
		case <-ctx.Done():
			close()
			return nil, nil, ctx.Err()
		case err := <-done:
			cancel()
			return nil, nil, fmt.Errorf("knowledge: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
	return k, close, nil
}

func (f *testFlags) play(ctx context.Context, dialogs []*dialog.Dialog, std stdio) ([]dialog.Result, error) {
	p, err := loadPack(f.service)
	if err != nil {
		return nil, err
	}
	e, err := f.open(ctx, std.err)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	known, closeKnowledge, err := openKnowledge(ctx, p, e, filepath.Join(f.cache, "vectors"), nil)
	if err != nil {
		return nil, err
	}
	defer closeKnowledge()
	dir, err := os.MkdirTemp("", "yingda-dialogs-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	bar := newProgress(std.err)
	defer bar.end()
	return dialog.Run(ctx, dialog.Options{
		Parser: parseWith{e}, Pack: p, Knowledge: known, Dir: dir, Workers: f.workers,
		Progress: func(done, total int) { bar.report("dialogs", done, total, "") },
	}, dialogs)
}

// report prints what came of it.
func (f *testFlags) report(results []dialog.Result, std stdio) error {
	if f.junit != "" {
		if err := writeFile(f.junit, func(w io.Writer) error { return dialog.WriteJUnit(w, results) }); err != nil {
			return err
		}
	}
	if f.json {
		return dialog.WriteJSON(std.out, results)
	}
	if f.labels == "" || f.verbose {
		if err := dialog.Write(std.out, results, f.verbose); err != nil {
			return err
		}
	}
	if f.labels != "" || f.rates {
		return dialog.WriteRates(std.out, dialog.Rates(results))
	}
	return nil
}

// verdict is nil when everything is as it should be.
func (f *testFlags) verdict(results []dialog.Result) error {
	if f.labels != "" {
		if all := dialog.Rates(results).All; all.Share < f.least {
			return fmt.Errorf("%.1f %% of the steps are right in action, queue and slots, fewer than %.1f %%", 100*all.Share, 100*f.least)
		}
		return nil
	}
	failed := 0
	for i := range results {
		if !results[i].OK() {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d dialogs failed", failed, len(results))
	}
	return nil
}
