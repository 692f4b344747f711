package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"yingda/analytics/intake"
	"yingda/analytics/warehouse"
	"yingda/dialogue"
	"yingda/dialogue/standard"
	"yingda/nlu"
	nlustandard "yingda/nlu/standard"
)

const importLogsHelp = `Takes logs of other systems into the warehouse: CSV, JSON Lines, Parquet, conversations of Chatwoot, events of Rasa, files of 'yingda demo-data'.
The mapping says which column is what: docs/analytics/import.md, samples in docs/analytics/mappings. Customers become keyed hashes, texts are redacted.

The same file twice changes nothing; an import that was interrupted goes on where it was. Rows that cannot be taken are listed beside each file, in
FILE.refused.jsonl, with line, field and reason.`

type importFlags struct {
	dir, mapping, format, key string
	again, json               bool
}

func (f *importFlags) register(fs *flag.FlagSet) {
	registerAnalyticsDir(fs, &f.dir)
	fs.StringVar(&f.mapping, "mapping", "", "`file` that says which column is what")
	fs.StringVar(&f.format, "format", "", "events, chatwoot or rasa, without a mapping file")
	fs.StringVar(&f.key, "key", "", "`file` with the key of pseudonyms; with the same one the same customer is the same in all imports (default: DIR/import.key, made when missing)")
	fs.BoolVar(&f.again, "again", false, "also files that were taken in before")
	fs.BoolVar(&f.json, "json", false, "print JSON Lines")
}

func runImport(ctx context.Context, args []string, std stdio) (err error) {
	fs := newFlags(std, "import", "FILE…", importLogsHelp)
	var f importFlags
	f.register(fs)
	files, err := parseWords(fs, args)
	if err != nil {
		return err
	}
	if len(files) == 0 || (f.mapping == "") == (f.format == "") {
		fmt.Fprintln(std.err, "yingda: import: name files, and either --mapping or --format")
		fs.Usage()
		return errUsage
	}
	o := intake.Options{State: filepath.Join(f.dir, "imports"), Again: f.again}
	if o.Mapping, err = f.readMapping(); err != nil {
		return err
	}
	if o.Redact, err = newRedactor(); err != nil {
		return err
	}
	if o.Key, err = f.readKey(); err != nil {
		return err
	}
	ingest, done, err := openIngest(ctx, f.dir, std)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done(ctx)) }()
	o.Ingest = ingest
	return f.all(ctx, files, o, std)
}

func (f *importFlags) all(ctx context.Context, files []string, o intake.Options, std stdio) error {
	bar := newProgress(std.err)
	defer bar.end()
	for _, file := range files {
		o.Progress = func(stage string, done, total int64) {
			bar.report(stage+" "+filepath.Base(file), int(done>>10), int(total>>10), "KiB")
		}
		res, err := intake.Run(ctx, file, o)
		if err != nil {
			return err
		}
		if f.json {
			if err := json.NewEncoder(std.out).Encode(res); err != nil {
				return err
			}
			continue
		}
		bar.end()
		fmt.Fprintln(std.out, importLine(res))
	}
	return nil
}

func importLine(res intake.Result) string {
	if res.Already {
		return res.File + ": was taken in before; nothing to do (--again does it all the same)"
	}
	line := fmt.Sprintf("%s: %d records, %d events", res.File, res.Records, res.Events)
	if res.Before > 0 {
		line += fmt.Sprintf(" (%d by an earlier run)", res.Before)
	}
	if res.Refused > 0 {
		line += fmt.Sprintf(", %d refused: %s", res.Refused, res.List)
	}
	return line
}

func (f *importFlags) readMapping() (*intake.Mapping, error) {
	if f.mapping == "" {
		return intake.DefaultMapping(intake.Format(f.format))
	}
	raw, err := os.ReadFile(f.mapping)
	if err != nil {
		return nil, err
	}
	return intake.ParseMapping(f.mapping, raw)
}

// readKey reads the key of pseudonyms, and makes the default one when there is none.
func (f *importFlags) readKey() ([]byte, error) {
	path := f.key
	if path == "" {
		path = filepath.Join(f.dir, "import.key")
	}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && f.key == "" {
		fresh := make([]byte, 32)
		if _, err := rand.Read(fresh); err != nil {
			return nil, err
		}
		raw = []byte(base64.StdEncoding.EncodeToString(fresh) + "\n")
		err = errors.Join(os.MkdirAll(f.dir, 0o750), os.WriteFile(path, raw, 0o600))
	}
	if err != nil {
		return nil, fmt.Errorf("key of pseudonyms: %w", err)
	}
	return []byte(strings.TrimSpace(string(raw))), nil
}

// openIngest opens the warehouse, or reaches the process that has it open. done brings sessions and sums up to date.
func openIngest(ctx context.Context, dir string, std stdio) (func(context.Context, []dialogue.Event) error, func(context.Context) error, error) {
	w, err := warehouse.Open(ctx, warehouse.Options{Dir: dir, Log: newLogger(std.err, slog.LevelWarn)})
	if errors.Is(err, warehouse.ErrInUse) {
		return intake.Remote(socketClient(dir), socketURL), func(context.Context) error { return nil }, nil
	} else if err != nil {
		return nil, nil, err
	}
	return w.Ingest, func(ctx context.Context) error {
		var err error
		if ctx.Err() == nil {
			err = w.Refresh(ctx)
		}
		return errors.Join(err, w.Close())
	}, nil
}

// newRedactor hides what the rules of the language find: telephone numbers, addresses of mail, numbers of orders, cards, papers. It runs no model.
func newRedactor() (func(text string, lang nlu.Lang, ents []nlu.Entity) string, error) {
	rules, err := nlustandard.DefaultRules()
	if err != nil {
		return nil, err
	}
	pack, err := standard.Load(standard.Files())
	if err != nil {
		return nil, err
	}
	pipeline, err := nlu.NewPipeline(append(append([]nlu.Component{nlu.Normaliser{}}, rules.Find...), rules.Finish...)...)
	if err != nil {
		return nil, err
	}
	return func(text string, lang nlu.Lang, marked []nlu.Entity) string {
		if text == "" {
			return ""
		}
		as, err := pipeline.Analyse(context.Background(), nlu.Utterance{Text: text, Lang: lang})
		if err != nil {
			return pack.Redact.Text(text, marked)
		}
		return pack.Redact.Text(text, nlu.Merge(append(as[0].Entities, marked...)))
	}, nil
}
