package script

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"yingda/dialogue"
)

// Edit names a script and says who changes it. Revision is that of the [Entry] the change is based on: if someone else wrote in between
// the change is refused with dialogue.ErrConflict.
type Edit struct {
	Tenant   string
	Key      string
	Revision uint64 // 0 = nothing was ever edited
	By       string // required
	Note     string // why; optional
}

// Entry is a script as those who edit see it.
type Entry struct {
	Tenant    string    `json:"tenant"`
	Key       string    `json:"key"`
	Default   string    `json:"default,omitempty"`   // YAML of the book; empty = the book has no such key
	Published string    `json:"published,omitempty"` // YAML that is said; empty = Default is
	Version   int       `json:"version"`             // of Published
	Draft     string    `json:"draft,omitempty"`
	Offered   []string  `json:"offered"`  // slots that texts may use
	Revision  uint64    `json:"revision"` // for the next Edit
	Time      time.Time `json:"time,omitzero"`
	By        string    `json:"by,omitempty"` // who did the latest act
	Act       Act       `json:"act,omitempty"`
	Note      string    `json:"note,omitempty"`

	Versions []int `json:"versions,omitempty"` // that can be rolled back to, newest first

	last int
	kept []kept
}

// Live returns the YAML that is said.
func (e *Entry) Live() string {
	if e.Published != "" {
		return e.Published
	}
	return e.Default
}

// List returns all scripts of a tenant, those of the book included, by key. With prefix only keys that begin with it.
func (l *Library) List(ctx context.Context, tenant, prefix string) ([]Entry, error) {
	if err := place(tenant, General); err != nil {
		return nil, fmt.Errorf("list scripts: %w", err)
	}
	docs, err := l.docs.List(ctx, docName(tenant, prefix))
	if err != nil {
		return nil, fmt.Errorf("list scripts: %w", err)
	}
	byKey := map[string]Entry{}
	for key := range l.book.scripts {
		if strings.HasPrefix(key, prefix) {
			byKey[key] = l.entry(tenant, key, dialogue.Document{}, record{})
		}
	}
	for _, d := range docs {
		_, key, ok := splitName(d.Name)
		if r, err := readRecord(d.Body); ok && err == nil && (r.Draft != "" || r.Published != "" || byKey[key].Key != "") {
			byKey[key] = l.entry(tenant, key, d, r)
		}
	}
	out := make([]Entry, 0, len(byKey))
	for _, e := range byKey {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b Entry) int { return strings.Compare(a.Key, b.Key) })
	return out, nil
}

// Get returns one script. Errors: dialogue.ErrUnknown where neither the book nor the tenant has it.
func (l *Library) Get(ctx context.Context, tenant, key string) (Entry, error) {
	if err := place(tenant, key); err != nil {
		return Entry{}, fmt.Errorf("get script: %w", err)
	}
	e, err := l.get(ctx, tenant, key)
	if err == nil && e.Default == "" && e.Revision == 0 {
		err = fmt.Errorf("get script %s: %w", key, dialogue.ErrUnknown)
	}
	return e, err
}

// get is Get where a script that nobody wrote yet is an empty entry.
func (l *Library) get(ctx context.Context, tenant, key string) (Entry, error) {
	d, err := l.docs.Get(ctx, docName(tenant, key))
	if err != nil && !errors.Is(err, dialogue.ErrUnknown) {
		return Entry{}, fmt.Errorf("get script %s: %w", key, err)
	}
	var r record
	if len(d.Body) > 0 {
		if r, err = readRecord(d.Body); err != nil {
			return Entry{}, fmt.Errorf("get script %s: %w", key, err)
		}
	}
	return l.entry(tenant, key, d, r), nil
}

func (l *Library) entry(tenant, key string, d dialogue.Document, r record) Entry {
	e := Entry{Tenant: tenant, Key: key, Published: r.Published, Version: r.Version, Draft: r.Draft, Revision: d.Revision,
		Time: d.Time, By: d.By, Act: r.Act, Note: r.Note, Offered: l.offered(key), last: r.Last, kept: r.Kept}
	for _, k := range r.Kept {
		e.Versions = append(e.Versions, k.Version)
	}
	if s := l.book.scripts[key]; s != nil {
		e.Default = s.Source
	}
	return e
}

// offered lists the slots that texts of a key may use.
func (l *Library) offered(key string) []string {
	if l.o.Offered != nil {
		if vars, known := l.o.Offered(key); known {
			return vars
		}
	}
	return append([]string{}, l.book.offered(key)...)
}

// Save writes a draft, YAML as in a file without the key. A draft may have faults, which come back with the entry: it is only published
// without.
func (l *Library) Save(ctx context.Context, e Edit, source string) (Entry, []*Fault, error) {
	if strings.TrimSpace(source) == "" || len(source) > maxSource {
		return Entry{}, nil, fmt.Errorf("save script %s: %w", e.Key,
			&Fault{Key: e.Key, Reason: fmt.Sprintf("the draft has %d bytes; want 1 to %d", len(source), maxSource)})
	}
	_, err := l.checkDraft(e.Key, source)
	found := FaultsOf(err)
	out, err := l.change(ctx, e, "save", func(r *record) error {
		r.Act, r.Draft = Saved, source
		return nil
	})
	return out, found, err
}

// Publish checks the draft and says it from now on, on all replicas. Errors: ErrNoDraft, dialogue.ErrConflict, or a *[Fault] for each
// thing that is wrong, joined.
func (l *Library) Publish(ctx context.Context, e Edit) (Entry, error) {
	return l.change(ctx, e, "publish", func(r *record) error {
		if r.Draft == "" {
			return ErrNoDraft
		}
		if _, err := l.checkDraft(e.Key, r.Draft); err != nil {
			return err
		}
		r.publish(r.Draft)
		r.Act, r.Draft = Published, ""
		return nil
	})
}

// Discard throws the draft away.
func (l *Library) Discard(ctx context.Context, e Edit) (Entry, error) {
	return l.change(ctx, e, "discard draft of", func(r *record) error {
		if r.Draft == "" {
			return ErrNoDraft
		}
		r.Act, r.Draft = Discarded, ""
		return nil
	})
}

// RollBack says an earlier version again, under a new number. Version 0 is the book's own script. A draft is kept. Errors: ErrNoVersion,
// dialogue.ErrConflict, faults where the old version no longer passes the checks.
func (l *Library) RollBack(ctx context.Context, e Edit, version int) (Entry, error) {
	return l.change(ctx, e, "roll back", func(r *record) error {
		if version == 0 {
			if r.Published == "" {
				return fmt.Errorf("%w: the book's own script is said already", ErrNoVersion)
			}
			r.Act, r.Published, r.Version, r.From = Restored, "", 0, 0
			return nil
		}
		old, err := r.version(version)
		if err != nil {
			return err
		}
		if _, err := l.checkDraft(e.Key, old); err != nil {
			return err
		}
		r.publish(old)
		r.Act, r.From = RolledBack, version
		return nil
	})
}

// change reads a script's document, lets do change it and writes it if nobody else did.
func (l *Library) change(ctx context.Context, e Edit, verb string, do func(*record) error) (Entry, error) {
	fail := func(err error) (Entry, error) { return Entry{}, fmt.Errorf("%s script %s: %w", verb, e.Key, err) }
	if err := place(e.Tenant, e.Key); err != nil {
		return fail(err)
	}
	if strings.TrimSpace(e.By) == "" {
		return fail(&Fault{Key: e.Key, Reason: "who changes it must be named"})
	}
	now, err := l.get(ctx, e.Tenant, e.Key)
	if err != nil {
		return fail(err)
	}
	if now.Revision != e.Revision {
		return fail(fmt.Errorf("%w: it is at revision %d, the change is based on %d; load it again", dialogue.ErrConflict, now.Revision, e.Revision))
	}
	r := record{Draft: now.Draft, Published: now.Published, Version: now.Version, Last: now.last, Kept: now.kept, Note: e.Note}
	if err := do(&r); err != nil {
		return fail(err)
	}
	body, err := json.Marshal(r)
	if err != nil {
		return fail(err)
	}
	d := dialogue.Document{Name: docName(e.Tenant, e.Key), Body: body, Revision: now.Revision, By: e.By}
	if d.Revision, err = l.docs.Put(ctx, d); err != nil {
		return fail(err)
	}
	l.apply(d) // this replica need not wait for the watch
	return l.entry(e.Tenant, e.Key, d, r), nil
}
