package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"yingda/nlu"
	"yingda/training/corpus"
)

const dataHelp = `Reads labelled utterances in any known format; docs/data.md shows them all.

  check PATH…          find duplicates, contradictory labels, thin classes, and texts that are also in a held-out set (--against)
  convert IN… OUT      write Rasa NLU YAML (.yml) or JSON Lines (.jsonl)

check fails (exit code 1) when labels contradict each other or a text of PATH is in a held-out set; the rest are warnings.`

// dataFlags are those of "yingda data".
type dataFlags struct {
	format    string
	repair    bool
	partition multi
	against   multi
	near      float64
	least     int
	taxonomy  string
	show      int
	json      bool
	force     bool
}

func (f *dataFlags) register(fs *flag.FlagSet) {
	fs.StringVar(&f.format, "format", "", "read all files as this `format` instead of telling it by name and content: "+formatNames())
	fs.BoolVar(&f.repair, "repair", false, "read tag sequences that are against their scheme as conlleval does, with a note")
	fs.Var(&f.partition, "partition", "read only this `part` of PATH, e.g. train; may be given several times (massive, clinc150, clu)")
	fs.Var(&f.against, "against", "check: a held-out `file` or folder; may be given several times")
	fs.Float64Var(&f.near, "near", corpus.DefaultNear, "check: from this `similarity`, 0 to 1, texts count as nearly the same")
	fs.IntVar(&f.least, "min", 10, "check: warn of labels with fewer than `n` examples in a language")
	fs.StringVar(&f.taxonomy, "taxonomy", "", "check: also compare with this label space, a `file`, or 'default' for the shipped one")
	fs.IntVar(&f.show, "show", maxFaults, "check: print at most `n` findings of each kind, 0 = all")
	fs.BoolVar(&f.json, "json", false, "check: print JSON with all findings")
	fs.BoolVar(&f.force, "force", false, "convert: write over OUT if it is there")
}

func formatNames() string {
	var names []string
	for _, f := range corpus.Formats() {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}

func runData(_ context.Context, args []string, std stdio) error {
	fs := newFlags(std, "data COMMAND", "PATH…", dataHelp)
	var f dataFlags
	f.register(fs)
	var words []string
	for rest := args; len(rest) > 0; { // flags may stand before, between and after the paths
		if err := parseFlags(fs, rest); err != nil {
			return err
		}
		if rest = fs.Args(); len(rest) > 0 {
			words, rest = append(words, rest[0]), rest[1:]
		}
	}
	switch {
	case len(words) >= 2 && words[0] == "check":
		return f.check(words[1:], std)
	case len(words) >= 3 && words[0] == "convert":
		return f.convert(words[1:len(words)-1], words[len(words)-1], std)
	}
	fs.Usage()
	return errUsage
}

// options are those for reading PATH.
func (f *dataFlags) options() corpus.ReadOptions {
	return corpus.ReadOptions{Format: corpus.Format(f.format), Partitions: f.partition, Repair: f.repair}
}

func (f *dataFlags) check(paths []string, std stdio) error {
	if f.near <= 0 || f.near > 1 {
		return fmt.Errorf("data check: --near is %v; it must be above 0 and at most 1", f.near)
	}
	o := corpus.CheckOptions{Near: f.near, MinPerClass: f.least}
	switch f.taxonomy {
	case "":
	case "default":
		o.Taxonomy = corpus.DefaultTaxonomy()
	default:
		data, err := os.ReadFile(f.taxonomy)
		if err != nil {
			return err
		}
		if o.Taxonomy, err = corpus.ParseTaxonomy(f.taxonomy, data); err != nil {
			return err
		}
	}
	c, err := readCorpora(paths, f.options(), std)
	if err != nil {
		return err
	}
	var held []corpus.Split
	for _, path := range f.against {
		h, err := readCorpora([]string{path}, corpus.ReadOptions{Format: corpus.Format(f.format), Repair: true}, std)
		if err != nil {
			return err
		}
		held = append(held, corpus.Split{Name: path, Corpus: h})
	}
	found := corpus.Check(c, o, held...)
	if f.json {
		err = found.JSON(std.out)
	} else {
		err = found.Text(std.out, f.show)
	}
	if n := found.Serious(); err == nil && n > 0 {
		err = fmt.Errorf("data check: %d errors", n)
	}
	return err
}

func (f *dataFlags) convert(in []string, out string, std stdio) error {
	if _, err := os.Stat(out); err == nil && !f.force {
		return fmt.Errorf("data convert: %s is there already; --force writes over it", out)
	}
	var buf bytes.Buffer
	write := func(c *corpus.Corpus) error { return corpus.WriteJSONL(&buf, c) }
	switch ext := strings.ToLower(filepath.Ext(out)); ext {
	case ".jsonl":
	case ".yml", ".yaml":
		write = func(c *corpus.Corpus) error { return corpus.WriteRasa(&buf, out, c) }
	default:
		return fmt.Errorf("data convert: %s: extension %q is not written; known are .yml, .yaml and .jsonl", out, ext)
	}
	c, err := readCorpora(in, f.options(), std)
	if err != nil {
		return err
	}
	if n := len(c.Synonyms) + len(c.Lookups) + len(c.Regexes); n > 0 && filepath.Ext(out) == ".jsonl" {
		fmt.Fprintf(std.err, "note: %d synonyms, lookups and regexes have no place in JSON Lines and are left out\n", n)
	}
	if n := countUnmarked(c); n > 0 && filepath.Ext(out) != ".jsonl" {
		fmt.Fprintf(std.err, "note: %d examples whose entities are not labelled read in Rasa YAML as examples without entities\n", n)
	}
	if err := write(c); err != nil {
		return fewFaults(out, err)
	}
	if err := os.WriteFile(out, buf.Bytes(), 0o644); err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.out, "%s: %d examples\n", out, len(c.Examples))
	return err
}

func countUnmarked(c *corpus.Corpus) (n int) {
	for i := range c.Examples {
		if !c.Examples[i].HasEntities {
			n++
		}
	}
	return n
}

// readCorpora reads files and folders into one corpus. Notes go to standard error; an example whose language nothing tells gets the one
// that its letters tell.
func readCorpora(paths []string, o corpus.ReadOptions, std stdio) (*corpus.Corpus, error) {
	var all corpus.Corpus
	for _, path := range paths {
		files := []string{path}
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			if found, _ := filepath.Glob(filepath.Join(path, "??.jsonl")); len(found) > 0 { // a set with a file a language
				files = found
			}
		}
		for _, file := range files {
			c, err := corpus.ReadWith(file, o)
			if errors.Is(err, fs.ErrNotExist) {
				return nil, fmt.Errorf("there is no %s", file)
			}
			if err != nil {
				return nil, fewFaults(file, err)
			}
			for _, note := range c.Notes {
				fmt.Fprintln(std.err, "note:", note)
			}
			for i := range c.Examples {
				if eg := &c.Examples[i]; eg.Lang == "" {
					eg.Lang = string(nlu.Detect(eg.Text))
				}
			}
			all.Examples = append(all.Examples, c.Examples...)
			all.Synonyms = slices.Concat(all.Synonyms, c.Synonyms)
			all.Lookups = slices.Concat(all.Lookups, c.Lookups)
			all.Regexes = slices.Concat(all.Regexes, c.Regexes)
		}
	}
	return &all, nil
}

// fewFaults keeps an error with many faults readable.
func fewFaults(file string, err error) error {
	faults := corpus.Faults(err)
	if len(faults) <= maxFaults {
		return err
	}
	return fmt.Errorf("%s has %d faults; the first %d are:\n%w", file, len(faults), maxFaults, errors.Join(faultErrors(faults[:maxFaults])...))
}
