package knowledge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"yingda/dialogue"
)

// prefix begins the names of the documents: knowledge/<tenant>/<id>.
const prefix = "knowledge/"

// ErrReadOnly is returned by changes of a base without documents.
var ErrReadOnly = errors.New("this knowledge base cannot be edited: it was made without a store")

// body is the form of a document.
type body struct {
	Entry  *dialogue.Entry `json:"entry,omitempty"`
	Hidden bool            `json:"hidden,omitempty"` // a default that the tenant deleted
}

func documentName(tenant, id string) string { return prefix + tenant + "/" + id }

// List returns a tenant's entries as searches see them, the defaults first, and with them those that it deleted from the defaults.
func (b *Base) List(tenant string) []Version {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []Version
	for _, r := range b.recordsOf(tenant) {
		out = append(out, r.Version)
	}
	if t := b.tenants[tenant]; t != nil {
		for i := range b.o.Defaults {
			if r := t.records[b.o.Defaults[i].ID]; r != nil && r.Deleted {
				out = append(out, r.Version)
			}
		}
	}
	return out
}

// Get returns an entry. Errors: dialogue.ErrUnknown.
func (b *Base) Get(tenant, id string) (Version, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.record(tenant, id)
	if r == nil || r.Deleted {
		return Version{}, fmt.Errorf("knowledge entry %q: %w", id, dialogue.ErrUnknown)
	}
	return r.Version, nil
}

// record returns what a tenant has under an id, or nil. b.mu is held.
func (b *Base) record(tenant, id string) *record {
	if t := b.tenants[tenant]; t != nil && t.records[id] != nil {
		return t.records[id]
	}
	return b.defaults[id]
}

// Put creates or changes an entry. revision is the one that was read, 0 for what has none. The entry can be found by words within
// [Options].Settle, by meaning once its vectors are computed. Errors: *FieldError for each fault, dialogue.ErrConflict, those of the store.
func (b *Base) Put(ctx context.Context, tenant string, e dialogue.Entry, revision uint64, by string) (Version, error) {
	if err := Validate(&e); err != nil {
		return Version{}, fmt.Errorf("knowledge entry %q: %w", e.ID, err)
	}
	return b.write(ctx, tenant, e.ID, body{Entry: &e}, revision, by)
}

// Delete removes an entry; one of the defaults is hidden from the tenant. Errors as for Put, dialogue.ErrUnknown.
func (b *Base) Delete(ctx context.Context, tenant, id string, revision uint64, by string) error {
	if _, err := b.Get(tenant, id); err != nil {
		return err
	}
	_, err := b.write(ctx, tenant, id, body{Hidden: b.defaults[id] != nil}, revision, by)
	return err
}

// Reset takes a tenant's change of a default back. Errors as for Put, dialogue.ErrUnknown when there is no such default.
func (b *Base) Reset(ctx context.Context, tenant, id string, revision uint64, by string) (Version, error) {
	if b.defaults[id] == nil {
		return Version{}, fmt.Errorf("knowledge entry %q is none of the defaults: %w", id, dialogue.ErrUnknown)
	}
	return b.write(ctx, tenant, id, body{}, revision, by)
}

// write stores a document and uses it at once, without waiting for the watcher.
func (b *Base) write(ctx context.Context, tenant, id string, c body, revision uint64, by string) (Version, error) {
	if b.o.Documents == nil {
		return Version{}, ErrReadOnly
	}
	if err := (dialogue.Key{Tenant: tenant, Conversation: "-"}).Validate(); err != nil {
		return Version{}, err
	}
	d := dialogue.Document{Name: documentName(tenant, id), Revision: revision, By: by}
	if c.Entry != nil || c.Hidden {
		data, err := json.Marshal(c)
		if err != nil {
			return Version{}, fmt.Errorf("knowledge entry %q: %w", id, err)
		}
		d.Body = data
	}
	rev, err := b.o.Documents.Put(ctx, d)
	if err != nil {
		return Version{}, fmt.Errorf("write knowledge entry %q: %w", id, err)
	}
	d.Revision = rev
	b.apply(d)
	b.mu.Lock()
	defer b.mu.Unlock()
	if r := b.record(tenant, id); r != nil {
		return r.Version, nil
	}
	return Version{Entry: dialogue.Entry{ID: id}, Revision: rev, By: by, Deleted: true}, nil
}

// History returns up to limit versions of an entry, newest first. Those before the first change are not among them.
func (b *Base) History(ctx context.Context, tenant, id string, limit int) ([]Version, error) {
	if b.o.Documents == nil {
		return nil, ErrReadOnly
	}
	docs, err := b.o.Documents.History(ctx, documentName(tenant, id), limit)
	if err != nil {
		return nil, fmt.Errorf("history of knowledge entry %q: %w", id, err)
	}
	out := make([]Version, 0, len(docs))
	for _, d := range docs {
		r, err := b.recordOf(d)
		if err != nil {
			return nil, err
		}
		if r == nil {
			r = &record{Version: Version{Entry: dialogue.Entry{ID: id}, Revision: d.Revision, Time: d.Time, By: d.By, Deleted: true}}
		}
		out = append(out, r.Version)
	}
	return out, nil
}

// apply takes over a document, from this process or another. What is older than what is known changes nothing.
func (b *Base) apply(d dialogue.Document) {
	tenantName, id, ok := strings.Cut(strings.TrimPrefix(d.Name, prefix), "/")
	if !ok {
		return
	}
	r, err := b.recordOf(d)
	if err != nil { // written by another version: the entry stays as it was
		b.o.Log.Error("knowledge entry is not used", slog.String("document", d.Name), slog.Any("err", err))
		return
	}
	b.mu.Lock()
	t := b.tenants[tenantName]
	if t == nil {
		t = &tenant{records: map[string]*record{}, revisions: map[string]uint64{}}
		b.tenants[tenantName] = t
	}
	fresh := d.Revision > t.revisions[id]
	if fresh {
		t.revisions[id], t.dirty = d.Revision, true
		if r == nil {
			delete(t.records, id)
		} else {
			t.records[id] = r
		}
	}
	b.mu.Unlock()
	if fresh {
		b.signal()
	}
}

// recordOf reads a document; nil for one that says that there is nothing.
func (b *Base) recordOf(d dialogue.Document) (*record, error) {
	if d.Body == nil {
		return nil, nil
	}
	var c body
	dec := json.NewDecoder(bytes.NewReader(d.Body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return nil, fmt.Errorf("document %s: %w", d.Name, err)
	}
	v := Version{Revision: d.Revision, Time: d.Time, By: d.By}
	if c.Hidden || c.Entry == nil {
		id := d.Name[strings.LastIndexByte(d.Name, '/')+1:]
		if def := b.defaults[id]; def != nil {
			v.Entry = def.Entry
		}
		v.ID, v.Deleted = id, true
		return &record{Version: v}, nil
	}
	if err := Validate(c.Entry); err != nil {
		return nil, fmt.Errorf("document %s: %w", d.Name, err)
	}
	v.Entry = *c.Entry
	return newRecord(v), nil
}
