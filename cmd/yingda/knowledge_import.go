package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/knowledge"
	"yingda/nlu"
)

const importHelp = `Reads entries from Markdown, CSV or JSONL files and puts them into the knowledge base: of a running server (--server), or of a log that no
server has open (--log). All faults of all files are listed, and nothing is written while there is one. Entries keep their ids, so that the same
file imported again changes what it changed before; entries that are in the base only stay.`

// importWriters is how many entries are written at a time.
const importWriters = 8

// knowledgeImport are the flags of the command.
type knowledgeImport struct {
	logFlags
	server, key, tenant, lang string
	columns                   multi
	dry, force                bool
}

func runKnowledgeImport(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "knowledge import", "FILE…", importHelp)
	var f knowledgeImport
	f.logFlags.register(fs)
	fs.StringVar(&f.server, "server", "", "`URL` of a running server, e.g. http://127.0.0.1:8080")
	fs.StringVar(&f.key, "api-key-file", "", "`file` whose first line is an API key with the role manager")
	fs.StringVar(&f.tenant, "tenant", "default", "`name` of the tenant, with --log; a server knows it from the key")
	fs.StringVar(&f.lang, "lang", "", "`language` of entries that do not say, zh or en (default: detect)")
	fs.Var(&f.columns, "column", "what a CSV column is, `HEADER=FIELD`: id, question, aliases, answer, lang, intents, tags, links, image, or - to leave it out; may be given several times")
	fs.BoolVar(&f.dry, "dry-run", false, "write nothing, show what would change")
	fs.BoolVar(&f.force, "force", false, "import although two entries share a question")
	files, err := parseWords(fs, args)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		fs.Usage()
		return errUsage
	}
	return f.run(ctx, files, std)
}

func (f *knowledgeImport) run(ctx context.Context, files []string, std stdio) error {
	o := knowledge.ReadOptions{Lang: nlu.Lang(f.lang), Columns: map[string]string{}}
	for _, c := range f.columns {
		header, field, ok := strings.Cut(c, "=")
		if !ok {
			return fmt.Errorf("knowledge import: --column %q: want HEADER=FIELD", c)
		}
		o.Columns[header] = field
	}
	drafts, err := readEntries(files, o)
	if err != nil {
		return fmt.Errorf("%w\nknowledge import: %d faults; nothing was imported", err, knowledgeFaults(err))
	}
	to, err := f.target(ctx, std)
	if err != nil {
		return err
	}
	err = f.write(ctx, to, drafts, std)
	return errors.Join(err, to.close())
}

// write imports drafts unless they contradict one another or what is there.
func (f *knowledgeImport) write(ctx context.Context, to knowledgeTarget, drafts []knowledge.Draft, std stdio) error {
	existing, err := to.list(ctx)
	if err != nil {
		return err
	}
	plan := knowledge.Plan(existing, drafts)
	after := afterImport(existing, drafts)
	same := knowledge.Repeats(after)
	printRepeats(std, knowledge.NearRepeats(after, knowledge.DefaultParams(), nil, nearRepeat))
	counts := map[knowledge.ChangeKind]int{}
	var todo []knowledge.Change
	for _, c := range plan {
		counts[c.Kind]++
		if c.Kind != knowledge.Unchanged {
			todo = append(todo, c)
		}
		if f.dry && c.Kind != knowledge.Unchanged {
			fmt.Fprintf(std.out, "%s: would be %s: %s\n", at(&c.Draft), c.Kind, c.Questions[0])
		}
	}
	if len(same) > 0 && !f.force {
		return fmt.Errorf("knowledge import: %d questions stand in two entries, see above; join the entries, or import them all the same with --force", len(same))
	}
	verb := "imported"
	if f.dry {
		verb = "nothing was written"
	} else if err := f.putAll(ctx, to, todo, std); err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.out, "%d created, %d replaced, %d unchanged; %s\n", counts[knowledge.Created], counts[knowledge.Replaced], counts[knowledge.Unchanged], verb)
	return err
}

// afterImport is the base as it will be: what exists with the drafts in the place of their namesakes.
func afterImport(existing []knowledge.Version, drafts []knowledge.Draft) []knowledge.Draft {
	new := map[string]bool{}
	for i := range drafts {
		new[drafts[i].ID] = true
	}
	var out []knowledge.Draft
	for _, v := range existing {
		if !new[v.ID] && !v.Deleted {
			out = append(out, knowledge.Draft{Entry: v.Entry})
		}
	}
	return append(out, drafts...)
}

// putAll writes changes, several at a time, and stops at the first that fails.
func (f *knowledgeImport) putAll(ctx context.Context, to knowledgeTarget, todo []knowledge.Change, std stdio) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	p := newProgress(std.err)
	defer p.end()
	work := make(chan knowledge.Change)
	var done sync.WaitGroup
	var mu sync.Mutex
	written := 0
	for range importWriters {
		done.Go(func() {
			for c := range work {
				if ctx.Err() != nil {
					continue
				}
				if err := to.put(ctx, c); err != nil {
					stop(fmt.Errorf("%s: %w", at(&c.Draft), err))
					continue
				}
				mu.Lock()
				written++
				p.report("import", written, len(todo), "")
				mu.Unlock()
			}
		})
	}
	for _, c := range todo {
		work <- c
	}
	close(work)
	done.Wait()
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("knowledge import: %w; %d of %d entries were written: run it again to go on", err, written, len(todo))
	}
	return nil
}

// knowledgeTarget is where entries go.
type knowledgeTarget interface {
	list(ctx context.Context) ([]knowledge.Version, error)
	put(ctx context.Context, c knowledge.Change) error
	close() error
}

func (f *knowledgeImport) target(ctx context.Context, std stdio) (knowledgeTarget, error) {
	if f.server == "" {
		return f.openLogTarget(ctx, std)
	}
	t := &serverTarget{base: strings.TrimRight(f.server, "/"), client: &http.Client{Timeout: time.Minute}}
	if f.key != "" {
		data, err := os.ReadFile(f.key)
		if err != nil {
			return nil, fmt.Errorf("knowledge import: %w", err)
		}
		first, _, _ := strings.Cut(string(data), "\n")
		t.key = strings.TrimSpace(first)
	}
	return t, nil
}

// logTarget writes into a log of this machine or of a cluster.
type logTarget struct {
	base   *knowledge.Base
	tenant string
	stop   func() error
}

func (f *knowledgeImport) openLogTarget(ctx context.Context, std stdio) (knowledgeTarget, error) {
	l, err := f.open(ctx, std)
	if err != nil {
		return nil, err
	}
	drafts, err := readPack()
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	defaults := make([]dialogue.Entry, len(drafts))
	for i := range drafts {
		defaults[i] = drafts[i].Entry
	}
	base, err := knowledge.New(knowledge.Options{Defaults: defaults, Documents: l})
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	running, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- base.Run(running) }()
	t := &logTarget{base, f.tenant, func() error { cancel(); return errors.Join(<-ended, l.Close()) }}
	select {
	case <-base.Ready():
		return t, nil
	case err := <-ended:
		ended <- nil
		return nil, errors.Join(err, t.close())
	}
}

func (t *logTarget) list(context.Context) ([]knowledge.Version, error) {
	return t.base.List(t.tenant), nil
}

func (t *logTarget) put(ctx context.Context, c knowledge.Change) error {
	_, err := t.base.Put(ctx, t.tenant, c.Entry, c.Revision, "yingda knowledge import")
	return err
}

func (t *logTarget) close() error { return t.stop() }

// serverTarget writes through the API of a running server.
type serverTarget struct {
	base, key string
	client    *http.Client
}

func (t *serverTarget) list(ctx context.Context) ([]knowledge.Version, error) {
	var all []knowledge.Version
	for after := ""; ; {
		var page struct {
			Entries []knowledge.Version `json:"entries"`
			Next    string              `json:"next"`
		}
		q := url.Values{}
		if after != "" {
			q.Set("after", after)
		}
		if err := t.call(ctx, http.MethodGet, "/v1/knowledge?"+q.Encode(), nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Entries...)
		if after = page.Next; after == "" {
			return all, nil
		}
	}
}

func (t *serverTarget) put(ctx context.Context, c knowledge.Change) error {
	body := map[string]any{"revision": c.Revision, "lang": c.Lang, "questions": c.Questions, "answer": c.Answer,
		"links": c.Links, "image": c.Image, "intents": c.Intents, "tags": c.Tags, "next": c.Next}
	for k, v := range body {
		if list, ok := v.([]string); ok && list == nil {
			delete(body, k)
		}
	}
	return t.call(ctx, http.MethodPut, "/v1/knowledge/"+url.PathEscape(c.ID), body, nil)
}

func (t *serverTarget) close() error { t.client.CloseIdleConnections(); return nil }

// maxAnswer bounds what is read of a server's answer.
const maxAnswer = 64 << 20

func (t *serverTarget) call(ctx context.Context, method, path string, body, to any) error {
	var in io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return err
		}
		in = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, t.base+path, in)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if t.key != "" {
		req.Header.Set("Authorization", "Bearer "+t.key)
	}
	res, err := t.client.Do(req)
	if err != nil {
		return fmt.Errorf("ask the server: %w", err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the server's answer: %w", err)
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, path, res.Status, clip(strings.TrimSpace(string(data)), 500))
	}
	if to == nil {
		return nil
	}
	return json.Unmarshal(data, to)
}
