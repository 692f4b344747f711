package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"yingda/dialogue/knowledge"
	pack "yingda/dialogue/standard"
	"yingda/models"
	"yingda/nlu/standard"
)

// knowledgeCommands are the subcommands of 'yingda knowledge' in the order the help shows them.
var knowledgeCommands = []command{
	{"import", "FILE…", "bring entries from CSV, JSONL or Markdown files into the knowledge base of a server or a log", runKnowledgeImport},
	{"check", "FILE|DIR…", "list what is wrong with files of entries, and questions that two entries share", runKnowledgeCheck},
	{"search", "TEXT…", "show what the entries of a service pack or of files answer, and why", runKnowledgeSearch},
	{"eval", "--datasets DIR", "measure how well entries are found, on public question pairs", runKnowledgeEval},
	{"fit", "--datasets DIR", "fit the weights of the evidence on the development parts of public question pairs", runKnowledgeFit},
}

func runKnowledge(ctx context.Context, args []string, std stdio) error {
	if len(args) > 0 {
		for _, c := range knowledgeCommands {
			if c.name == args[0] {
				return c.run(ctx, args[1:], std)
			}
		}
	}
	fmt.Fprint(std.err, "Usage: yingda knowledge COMMAND [flags]\n\nLooks after the entries that answer questions.\n\n")
	for _, c := range knowledgeCommands {
		fmt.Fprintf(std.err, "  %-7s %-14s  %s\n", c.name, c.args, c.help)
	}
	return errUsage
}

// engineEmbedder makes vectors with one bundle's engine.
type engineEmbedder struct{ engine *standard.Engine }

var _ knowledge.Embedder = engineEmbedder{}

// Bundle implements [knowledge.Embedder].
func (e engineEmbedder) Bundle() models.BundleID { return e.engine.Manifest().ID }

// Embed implements [knowledge.Embedder].
func (e engineEmbedder) Embed(ctx context.Context, texts ...string) ([][]float32, error) {
	return e.engine.Embed(ctx, texts...)
}

// meaningFlags say whether and how questions are compared by meaning.
type meaningFlags struct {
	engineFlags
	words bool
}

func (f *meaningFlags) registerMeaning(fs *flag.FlagSet) {
	f.register(fs)
	fs.BoolVar(&f.words, "words", false, "compare by words alone; needs no model")
}

// openMeaning returns the bundle's engine and the vectors it knows already, both nil with --words.
func (f *meaningFlags) openMeaning(ctx context.Context, std stdio) (*standard.Engine, *knowledge.Meaning, error) {
	if f.words {
		return nil, nil, nil
	}
	e, err := f.open(ctx, std.err)
	if err != nil {
		return nil, nil, err
	}
	m, err := knowledge.NewMeaning(ctx, engineEmbedder{e})
	if err == nil {
		err = m.Open(filepath.Join(f.cache, "vectors"))
	}
	if err != nil {
		return nil, nil, errors.Join(err, e.Close())
	}
	return e, m, nil
}

// readEntries reads files and, of folders, all files of entries; without any, the built-in service pack's. The drafts that are sound are
// returned with the error, which joins all that is wrong.
func readEntries(paths []string, o knowledge.ReadOptions) ([]knowledge.Draft, error) {
	if len(paths) == 0 {
		return readPack()
	}
	var drafts []knowledge.Draft
	var errs []error
	read := func(path string) {
		data, err := os.ReadFile(path)
		if err != nil {
			errs = append(errs, err)
			return
		}
		ds, err := knowledge.Read(path, data, o)
		drafts, errs = append(drafts, ds...), append(errs, err)
	}
	for _, p := range paths {
		info, err := os.Stat(p)
		switch {
		case err != nil:
			errs = append(errs, err)
		case info.IsDir():
			found, err := knowledge.Files(os.DirFS(p))
			errs = append(errs, err)
			for _, name := range found {
				read(filepath.Join(p, filepath.FromSlash(name)))
			}
		default:
			read(p)
		}
	}
	return drafts, errors.Join(errs...)
}

// readPack reads the entries of the built-in service pack.
func readPack() ([]knowledge.Draft, error) {
	dir, err := fs.Sub(pack.Files(), "knowledge")
	if err != nil {
		return nil, err
	}
	entries, err := knowledge.Load(dir)
	drafts := make([]knowledge.Draft, len(entries))
	for i := range entries {
		drafts[i].Entry = entries[i]
	}
	return drafts, err
}
