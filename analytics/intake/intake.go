package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/redact"
	"yingda/nlu"
)

// Options say how files are taken in. Mapping, Key and Ingest must be set.
type Options struct {
	Mapping *Mapping
	// Key makes pseudonyms: 16 bytes or more. With the same key the same customer is the same one in all imports.
	Key []byte
	// Ingest takes events into the warehouse. It must not mind events that it has: warehouse.Warehouse's Ingest.
	Ingest func(ctx context.Context, evs []dialogue.Event) error
	// State is a folder in which it is remembered how far files came. Empty = nowhere: an import that was interrupted begins again, which only takes time.
	State string
	// Again takes a file in that was taken in before.
	Again bool
	// Redact hides what says who a customer is. Default: long numbers, mail addresses, links, and the entities that the file marks.
	Redact func(text string, lang nlu.Lang, ents []nlu.Entity) string
	// Refused is the path of the list of refused rows of a file. Default: the file's, with .refused.jsonl.
	Refused func(file string) string
	// Progress is called now and then with the bytes of the file that were read. Default: nothing.
	Progress func(stage string, done, total int64)
	Now      func() time.Time // default time.Now
}

// Result is what became of a file.
type Result struct {
	File    string `json:"file"`
	Records int    `json:"records"`           // lines, rows or elements
	Events  int    `json:"events"`            // that were made
	Before  int    `json:"before,omitempty"`  // of them, taken in by a run that was interrupted
	Refused int    `json:"refused"`           // rows, or parts of them
	List    string `json:"list,omitempty"`    // where the refused ones are listed
	Already bool   `json:"already,omitempty"` // the file was taken in before: nothing was done
}

// batchSize is how many events are taken in at once.
const batchSize = 10_000

func (o *Options) defaults() error {
	if o.Mapping == nil || o.Ingest == nil {
		return errors.New("import: no mapping or no place to take events in")
	}
	if len(o.Key) < 16 {
		return fmt.Errorf("import: the key of pseudonyms has %d bytes, want 16 or more", len(o.Key))
	}
	if o.Redact == nil {
		o.Redact = func(text string, _ nlu.Lang, ents []nlu.Entity) string { return redact.Rules{}.Text(text, ents) }
	}
	if o.Refused == nil {
		o.Refused = func(file string) string { return file + ".refused.jsonl" }
	}
	if o.Progress == nil {
		o.Progress = func(string, int64, int64) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return nil
}

// adapter makes events of rows.
type adapter interface {
	take(r *row) ([]dialogue.Event, []Refusal)
	flush() ([]dialogue.Event, []Refusal)
}

// run is one file on its way.
type run struct {
	o       *Options
	file    string
	res     Result
	state   *state
	adapter adapter
	pending []dialogue.Event
	list    *os.File
	enc     *json.Encoder
}

// Run takes one file in. Refused rows are listed and counted, and are no error. After an interruption it goes on where it was when called again.
//
// Errors: the file cannot be read (on); those of Ingest; ctx's.
func Run(ctx context.Context, file string, o Options) (Result, error) {
	if err := o.defaults(); err != nil {
		return Result{File: file}, err
	}
	r := &run{o: &o, file: file, res: Result{File: file}}
	err := r.all(ctx)
	if r.list != nil {
		err = errors.Join(err, r.list.Close())
	}
	if err != nil {
		err = fmt.Errorf("import %s: %w", file, err)
	}
	return r.res, err
}

func (r *run) all(ctx context.Context) (err error) {
	size, print, err := r.print(ctx)
	if err != nil {
		return err
	}
	if r.state, err = r.o.state(print); err != nil {
		return err
	}
	if r.state.Done && !r.o.Again {
		r.res.Already = true
		return nil
	}
	var read atomic.Int64
	src, err := open(r.file, r.o.Mapping, &read)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.close()) }()
	r.adapter = newAdapter(r.o)
	return r.read(ctx, src, func() { r.o.Progress("import", min(read.Load(), size), size) })
}

// read goes through the records.
func (r *run) read(ctx context.Context, src source, tell func()) error {
	for {
		row, err := src.next()
		var bad *Refusal
		switch {
		case errors.Is(err, io.EOF):
			evs, refused := r.adapter.flush()
			if err := r.add(ctx, evs, refused); err != nil {
				return err
			}
			return r.finish(ctx)
		case errors.As(err, &bad):
			err = r.add(ctx, nil, []Refusal{*bad})
		case err != nil:
			return errors.Join(fmt.Errorf("after %d records: %w", r.res.Records, err), r.flush(ctx))
		default:
			evs, refused := r.adapter.take(row)
			err = r.add(ctx, evs, refused)
		}
		if err != nil {
			return err
		}
		if r.res.Records++; r.res.Records%1000 == 0 {
			tell()
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
}

// print is what tells files apart that are taken in the same way: their content, the mapping and the tenant.
func (r *run) print(ctx context.Context) (size int64, print string, err error) {
	f, err := os.Open(r.file)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, "", err
	}
	if !info.Mode().IsRegular() {
		return 0, "", errors.New("it is no ordinary file")
	}
	h := sha256.New()
	mapping, err := json.Marshal(r.o.Mapping)
	if err != nil {
		return 0, "", err
	}
	h.Write(mapping)
	h.Write(r.o.Key)
	for done := int64(0); ; {
		n, err := io.CopyN(h, f, 64<<20)
		if done += n; errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return 0, "", err
		}
		r.o.Progress("read", done, info.Size())
		if err := ctx.Err(); err != nil {
			return 0, "", err
		}
	}
	return info.Size(), hex.EncodeToString(h.Sum(nil)[:16]), nil
}

func newAdapter(o *Options) adapter {
	m := &maker{key: o.Key, tenant: o.Mapping.Tenant, redact: o.Redact, now: o.Now, last: map[string]place{}}
	switch o.Mapping.Format {
	case Chatwoot:
		return &chatwoot{m, o.Mapping}
	case Rasa:
		return &rasa{m, o.Mapping, map[string]*dialogue.Event{}, map[string]int{}}
	}
	return &rules{m, o.Mapping}
}

// rules makes events by the rules of a mapping, and takes this project's own as they are.
type rules struct {
	*maker
	m *Mapping
}

func (a *rules) take(r *row) (out []dialogue.Event, refused []Refusal) {
	if a.m.Format == Events {
		evs, bad := a.native(r)
		if bad != nil {
			refused = append(refused, *bad)
		}
		return evs, refused
	}
	for i := range a.m.Rows {
		rule := &a.m.Rows[i]
		if !rule.When.fits(r) {
			continue
		}
		ev, bad := a.event(r, rule)
		if bad != nil {
			if len(refused) == 0 || refused[len(refused)-1] != *bad { // two rules may stumble over the same column
				refused = append(refused, *bad)
			}
			continue
		}
		out = append(out, *ev)
	}
	return out, refused
}

// flush has nothing that waits: rows stand alone. Chatwoot's do too.
func (*maker) flush() ([]dialogue.Event, []Refusal) { return nil, nil }

// fits tells whether a row is one that the rule is for.
func (c *Condition) fits(r *row) bool {
	if c == nil {
		return true
	}
	v, _ := r.get(c.Column)
	s, _ := text(v)
	if c.Set != nil && *c.Set != (s != "") {
		return false
	}
	for _, x := range c.Not {
		if s == x {
			return false
		}
	}
	if len(c.In) == 0 {
		return true
	}
	for _, x := range c.In {
		if s == x {
			return true
		}
	}
	return false
}

// add takes what came of a row, and hands a full batch on.
func (r *run) add(ctx context.Context, evs []dialogue.Event, refused []Refusal) error {
	for i := range refused {
		if err := r.refuse(refused[i]); err != nil {
			return err
		}
	}
	for i := range evs {
		r.res.Events++
		if r.res.Events <= r.state.Events && !r.o.Again { // in already: the same file gives the same events in the same order
			r.res.Before++
			continue
		}
		if r.pending = append(r.pending, evs[i]); len(r.pending) >= batchSize {
			if err := r.flush(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush takes the pending events in and then remembers it: between the two, events may be offered twice, which changes nothing.
func (r *run) flush(ctx context.Context) error {
	if len(r.pending) == 0 {
		return nil
	}
	if err := r.o.Ingest(ctx, r.pending); err != nil {
		return err
	}
	r.pending = r.pending[:0]
	r.state.Events = max(r.state.Events, r.res.Events)
	return r.state.save()
}

// refuse lists a refusal.
func (r *run) refuse(bad Refusal) error {
	if r.list == nil {
		var err error
		r.res.List = r.o.Refused(r.file)
		if r.list, err = os.OpenFile(r.res.List, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640); err != nil {
			return fmt.Errorf("list of refused rows: %w", err)
		}
		r.enc = json.NewEncoder(r.list)
		r.enc.SetEscapeHTML(false)
	}
	r.res.Refused++
	bad.File = filepath.Base(r.file)
	return r.enc.Encode(bad)
}

func (r *run) finish(ctx context.Context) error {
	if err := r.flush(ctx); err != nil {
		return err
	}
	if r.list == nil { // of an earlier run, with another mapping
		if err := os.Remove(r.o.Refused(r.file)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	r.state.Done, r.state.Finished = true, r.o.Now().UTC()
	return r.state.save()
}

// state is what is remembered of a file.
type state struct {
	Events   int       `json:"events"` // of the file, from its beginning on, are in
	Done     bool      `json:"done"`
	Finished time.Time `json:"finished,omitzero"`
	path     string    // "" = nowhere
}

func (o *Options) state(print string) (*state, error) {
	s := &state{}
	if o.State == "" {
		return s, nil
	}
	if err := os.MkdirAll(o.State, 0o750); err != nil {
		return nil, err
	}
	s.path = filepath.Join(o.State, print+".json")
	raw, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	} else if err != nil {
		return nil, err
	}
	if json.Unmarshal(raw, s) != nil || s.Events < 0 {
		*s = state{path: s.path} // half-written: begin again
	}
	return s, nil
}

// save writes the state so that it is whole after a crash: the old one or the new one.
func (s *state) save() error {
	if s.path == "" {
		return nil
	}
	raw, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.path+".tmp", append(raw, '\n'), 0o640); err != nil {
		return err
	}
	return os.Rename(s.path+".tmp", s.path)
}
