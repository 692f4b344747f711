package eventlog

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"yingda/dialogue"
)

// documentHead is the readable part of a document. A document of a customer has its name in the sealed part.
type documentHead struct {
	Name     string    `json:"name,omitempty"`
	By       string    `json:"by,omitempty"`
	Time     time.Time `json:"time"`
	Customer string    `json:"customer,omitempty"` // pseudonym
	Deleted  bool      `json:"deleted,omitempty"`
	Erased   bool      `json:"erased,omitempty"`
}

// Get implements dialogue.Documents.
func (l *Log) Get(ctx context.Context, name string) (dialogue.Document, error) {
	d, err := l.getDocument(ctx, name)
	if err == nil && d.Body == nil {
		err = dialogue.ErrUnknown
	}
	if err != nil {
		return dialogue.Document{}, fmt.Errorf("document %s: %w", shown(name), err)
	}
	return d, nil
}

// getDocument returns the latest version, a deletion too.
func (l *Log) getDocument(ctx context.Context, name string) (dialogue.Document, error) {
	if err := checkName(name); err != nil {
		return dialogue.Document{}, err
	}
	subject := l.keys.names.subject(name)
	m, err := l.last(ctx, streamOf(subject), subject)
	if err != nil {
		return dialogue.Document{}, err
	}
	if m == nil {
		return dialogue.Document{}, dialogue.ErrUnknown
	}
	return l.readDocument(ctx, *m)
}

// Put implements dialogue.Documents. The name is up to 512 bytes of parts separated by slashes, without control characters; that of a
// document with a Customer is kind/tenant/id. Revisions rise with each change of a document. What was learnt and can be learnt again (learntKinds) may
// lose its latest changes in a crash; the others are on the disk when Put returns.
func (l *Log) Put(ctx context.Context, d dialogue.Document) (uint64, error) {
	rev, err := l.putDocument(ctx, d)
	if err != nil {
		return 0, fmt.Errorf("put document %s: %w", shown(d.Name), err)
	}
	return rev, nil
}

func (l *Log) putDocument(ctx context.Context, d dialogue.Document) (uint64, error) {
	raw, err := l.writeDocument(ctx, d)
	if err != nil {
		return 0, err
	}
	if limit := l.nc.MaxPayload(); int64(len(raw)) > limit-1024 {
		return 0, fmt.Errorf("it has %d bytes: at most %d can be written", len(raw), limit-1024)
	}
	subject, more := l.keys.names.subject(d.Name), retention(d)
	rev, err := l.put(ctx, streamOf(subject), subject, raw, d.Revision, more...)
	if d.Revision != 0 || !errors.Is(err, dialogue.ErrConflict) {
		return rev, err
	}
	m, lastErr := l.last(ctx, streamOf(subject), subject) // a deleted document is none
	if lastErr != nil || m == nil || !isDeleted(m.data) {
		return 0, err
	}
	return l.put(ctx, streamOf(subject), subject, raw, m.seq, more...)
}

// forgetAfter is how long the deletion of a brief document stays, so that those who watch and were away for a while learn of it.
const forgetAfter = 7 * 24 * time.Hour

// retention asks the server to drop what a brief document leaves behind.
func retention(d dialogue.Document) []header {
	if !d.Brief {
		return nil
	}
	out := []header{{jetstream.MsgRollup, jetstream.MsgRollupSubject}}
	if d.Body == nil {
		out = append(out, header{jetstream.MsgTTLHeader, forgetAfter.String()})
	}
	return out
}

func (l *Log) writeDocument(ctx context.Context, d dialogue.Document) ([]byte, error) {
	if err := checkName(d.Name); err != nil {
		return nil, err
	}
	head := documentHead{By: d.By, Time: d.Time, Deleted: d.Body == nil}
	if head.Time.IsZero() {
		head.Time = l.opts.Now()
	}
	body := d.Body
	var key *dataKey
	if d.Customer == "" {
		head.Name = d.Name
	} else {
		tenant, err := tenantOfName(d.Name)
		if err != nil {
			return nil, err
		}
		o := owner{tenant, l.keys.pseudonym(tenant, d.Customer)}
		k, err := l.keys.sealing(ctx, o)
		if err != nil {
			return nil, err
		}
		key, head.Customer = &k, o.alias
		body = sealedBody(d)
	}
	readable, err := json.Marshal(head)
	if err != nil {
		return nil, err
	}
	return l.packer.writeFrame(documentFrame, l.keys.names.subject(d.Name), readable, body, key), nil
}

// sealedBody holds the name and the customer beside the body.
func sealedBody(d dialogue.Document) []byte {
	b := binary.AppendUvarint(nil, uint64(len(d.Name)))
	b = append(b, d.Name...)
	b = binary.AppendUvarint(b, uint64(len(d.Customer)))
	b = append(b, d.Customer...)
	return append(b, d.Body...)
}

func parseSealedBody(b []byte, d *dialogue.Document) error {
	for _, p := range []*string{&d.Name, &d.Customer} {
		n, used := binary.Uvarint(b)
		if used <= 0 || n > uint64(len(b)-used) {
			return fmt.Errorf("%w: sealed document is cut off", ErrDamaged)
		}
		*p, b = string(b[used:used+int(n)]), b[used+int(n):]
	}
	d.Body = b
	return nil
}

func isDeleted(raw []byte) bool {
	f, err := readFrame(documentFrame, raw)
	var head documentHead
	return err == nil && json.Unmarshal(f.readable, &head) == nil && (head.Deleted || head.Erased)
}

// readDocument is the inverse of writeDocument. Errors: ErrErased, ErrDamaged (reported), those of the key store.
func (l *Log) readDocument(ctx context.Context, m message) (dialogue.Document, error) {
	d, err := l.parseDocument(ctx, m)
	if errors.Is(err, ErrDamaged) {
		return d, l.damaged(streamOf(m.subject), &m, err)
	}
	return d, err
}

func (l *Log) parseDocument(ctx context.Context, m message) (dialogue.Document, error) {
	f, err := readFrame(documentFrame, m.data)
	if err != nil {
		return dialogue.Document{}, err
	}
	var head documentHead
	if err := json.Unmarshal(f.readable, &head); err != nil {
		return dialogue.Document{}, fmt.Errorf("%w: head of a document: %w", ErrDamaged, err)
	}
	d := dialogue.Document{Name: head.Name, Revision: m.seq, Time: head.Time, By: head.By}
	if head.Erased {
		return d, dialogue.ErrErased
	}
	key, err := l.documentKey(ctx, m.subject, head, f)
	if err != nil {
		return d, err
	}
	if f.hasBody() {
		if d.Body, err = f.open(l.packer, m.subject, key); err != nil {
			return d, err
		}
	}
	if f.sealed() {
		if err := parseSealedBody(d.Body, &d); err != nil {
			return d, err
		}
	}
	if checkName(d.Name) != nil || l.keys.names.subject(d.Name) != m.subject {
		return d, fmt.Errorf("%w: document %q under another's subject", ErrDamaged, shown(d.Name))
	}
	if head.Deleted {
		d.Body = nil
	} else if d.Body == nil {
		d.Body = []byte{}
	}
	return d, nil
}

// documentKey returns the key that a document is sealed with, the zero key for one that is not. Errors: ErrErased, ErrDamaged.
func (l *Log) documentKey(ctx context.Context, subject string, head documentHead, f frame) (dataKey, error) {
	if !f.sealed() {
		return dataKey{}, nil
	}
	parts := strings.Split(subject, ".") // documents.kind.tenant.id…
	if len(parts) < 4 {
		return dataKey{}, fmt.Errorf("%w: a sealed document under %q", ErrDamaged, subject)
	}
	key, ok, err := l.openingOf(ctx, keyRef{owner{parts[2], head.Customer}, f.key()})
	if err == nil && !ok {
		err = dialogue.ErrErased
	}
	return key, err
}

// List implements dialogue.Documents. Damaged documents are reported and left out.
func (l *Log) List(ctx context.Context, prefix string) ([]dialogue.Document, error) {
	latest := map[string]dialogue.Document{} // by subject: one that is written meanwhile comes twice
	filter := l.keys.names.filter(prefix)
	err := l.eachLast(ctx, streamOf(filter), filter, func(m message) error {
		d, err := l.readDocument(ctx, m)
		delete(latest, m.subject)
		switch {
		case err == nil && d.Body != nil && strings.HasPrefix(d.Name, prefix):
			latest[m.subject] = d
		case err != nil && !errors.Is(err, dialogue.ErrErased) && !errors.Is(err, ErrDamaged):
			return err
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list documents %s*: %w", shown(prefix), err)
	}
	return slices.SortedFunc(maps.Values(latest), func(a, b dialogue.Document) int { return strings.Compare(a.Name, b.Name) }), nil
}

// latest delivers the last version of each document that may have the prefix.
func (l *Log) latest(prefix string) jetstream.OrderedConsumerConfig {
	return jetstream.OrderedConsumerConfig{FilterSubjects: []string{l.keys.names.filter(prefix)}, DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy}
}

// History implements dialogue.Documents. Versions that were erased or are damaged are left out.
func (l *Log) History(ctx context.Context, name string, limit int) ([]dialogue.Document, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	subject := l.keys.names.subject(name)
	last, err := l.last(ctx, streamOf(subject), subject)
	if err != nil {
		return nil, fmt.Errorf("history of %s: %w", shown(name), err)
	}
	if last == nil {
		return nil, fmt.Errorf("history of %s: %w", shown(name), dialogue.ErrUnknown)
	}
	var out []dialogue.Document
	err = l.each(ctx, streamOf(subject), subject, 1, last.seq, func(m message) error {
		d, err := l.readDocument(ctx, m)
		if errors.Is(err, dialogue.ErrErased) || errors.Is(err, ErrDamaged) {
			return nil
		}
		out = append(out, d)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("history of %s: %w", shown(name), err)
	}
	slices.Reverse(out)
	if limit > 0 && len(out) > limit {
		out = out[:limit]
	}
	return out, nil
}

// Watch implements dialogue.Documents. Deletions and erasures come as versions with a nil Body. Damaged documents are reported and left
// out.
func (l *Log) Watch(ctx context.Context, prefix string, ready func(), fn func(dialogue.Document)) error {
	w := watch{log: l, prefix: prefix, fn: fn, ready: ready, names: map[string]string{}}
	err := l.follow(ctx, streamOf(l.keys.names.filter(prefix)), l.latest(prefix), w.pending, func(m message, pending uint64) error {
		if err := w.take(ctx, m); err != nil {
			return err
		}
		w.pending(pending)
		return nil
	})
	if err != nil {
		return fmt.Errorf("watch documents %s*: %w", shown(prefix), err)
	}
	return nil
}

// watch is one call of Watch.
type watch struct {
	log     *Log
	prefix  string
	fn      func(dialogue.Document)
	ready   func()
	isReady bool
	names   map[string]string // by subject, of customers' documents: after an erasure nothing else knows them
}

func (w *watch) pending(n uint64) {
	if n == 0 && !w.isReady {
		w.isReady = true
		if w.ready != nil {
			w.ready()
		}
	}
}

func (w *watch) take(ctx context.Context, m message) error {
	d, err := w.log.readDocument(ctx, m)
	switch {
	case errors.Is(err, ErrDamaged):
		return nil
	case errors.Is(err, dialogue.ErrErased):
		name, ok := w.names[m.subject]
		if !ok {
			return nil // never shown
		}
		delete(w.names, m.subject)
		d = dialogue.Document{Name: name, Revision: m.seq, Time: m.time}
	case err != nil:
		return err
	}
	if !strings.HasPrefix(d.Name, w.prefix) || d.Body == nil && !w.isReady {
		return nil
	}
	if d.Customer != "" {
		w.names[m.subject] = d.Name
	}
	d.Body = bytes.Clone(d.Body)
	w.fn(d)
	return nil
}
