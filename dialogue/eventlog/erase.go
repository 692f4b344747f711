package eventlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"yingda/dialogue"
)

// Erasure tells of a customer who was made unreadable.
type Erasure struct {
	Tenant    string    `json:"tenant"`
	Alias     string    `json:"customer"` // pseudonym
	Time      time.Time `json:"time"`
	Done      bool      `json:"done"`                // false: begun; Open finishes it
	Keys      int       `json:"keys,omitempty"`      // that were destroyed
	Documents int       `json:"documents,omitempty"` // that were emptied
	Linked    []string  `json:"linked,omitempty"`    // pseudonyms of anonymous beginnings of conversations that went with it
}

// Erase destroys the customer's keys, in the store and in the memory of all replicas. What they wrote, what they were told and who they
// are can then be read by no one, in no copy of the log that is made from now on; documents with that Customer become deletions. The
// anonymous beginnings of their conversations go too. Pseudonym, redacted text and figures stay. A customer who is not known is not an
// error: the erasure counts for what other replicas are just writing. One who comes back later begins anew.
func (l *Log) Erase(ctx context.Context, tenant, customer string) (Erasure, error) {
	return l.EraseAlias(ctx, tenant, l.Alias(tenant, customer))
}

// EraseAlias is Erase by pseudonym: for lists of erasures.
func (l *Log) EraseAlias(ctx context.Context, tenant, alias string) (Erasure, error) {
	if err := (dialogue.Key{Tenant: tenant, Conversation: "-"}).Validate(); err != nil {
		return Erasure{}, fmt.Errorf("erase: %w", err)
	}
	if !validAlias(alias) {
		return Erasure{}, fmt.Errorf("erase: %q is not a pseudonym", alias)
	}
	e, err := l.erase(ctx, owner{tenant, alias})
	if err != nil {
		return e, fmt.Errorf("erase %s/%s: %w; do it again", tenant, alias, err)
	}
	return e, nil
}

func (l *Log) erase(ctx context.Context, o owner) (Erasure, error) {
	e := Erasure{Tenant: o.tenant, Alias: o.alias, Time: l.opts.Now().UTC()}
	if err := l.recordErasure(ctx, e); err != nil { // first: what is begun will be finished
		return e, err
	}
	owners := []owner{o}
	err := l.eachKey(ctx, linksPrefix+o.tenant+"."+o.alias+".*", func(m *message) error {
		alias := m.subject[strings.LastIndexByte(m.subject, '.')+1:]
		owners, e.Linked = append(owners, owner{o.tenant, alias}), append(e.Linked, alias)
		return nil
	})
	if err != nil {
		return e, err
	}
	for _, each := range owners {
		n, err := l.destroy(ctx, each)
		if err != nil {
			return e, err
		}
		e.Keys += n
	}
	if e.Documents, err = l.eraseDocuments(ctx, owners); err != nil {
		return e, err
	}
	e.Done = true
	if err := l.recordErasure(ctx, e); err != nil {
		return e, err
	}
	l.tellErased(e) // before Erase returns; replicas hear of it from the record
	return e, nil
}

func (l *Log) recordErasure(ctx context.Context, e Erasure) error {
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	subject := erasuresPrefix + e.Tenant + "." + e.Alias
	for {
		var seq uint64
		m, err := l.last(ctx, keysStream, subject)
		if err != nil {
			return err
		}
		if m != nil {
			seq = m.seq
		}
		if _, err = l.put(ctx, keysStream, subject, data, seq); !errors.Is(err, dialogue.ErrConflict) {
			return err
		}
	}
}

// destroy overwrites all wrapped keys of one owner; there is more than one after a rotation that was cut off.
func (l *Log) destroy(ctx context.Context, o owner) (n int, err error) {
	err = l.eachKey(ctx, o.subject(), func(m *message) error {
		n++
		return l.overwrite(ctx, m.seq)
	})
	l.dropErased(o)
	return n, err
}

// dropErased forgets what memory holds of a customer, in this replica.
func (l *Log) dropErased(o owner) {
	l.keys.forget(o)
	l.trackers.clear() // trackers do not know whose they were; they are loaded again
	l.recent.clear()
}

// overwrite replaces a message of the key store by random bytes on disk.
func (l *Log) overwrite(ctx context.Context, seq uint64) error {
	ctx, cancel := context.WithTimeout(ctx, l.opts.Timeout)
	defer cancel()
	s, err := l.js.Stream(ctx, keysStream)
	if err == nil {
		err = s.SecureDeleteMsg(ctx, seq)
	}
	if err != nil {
		return l.failed("overwrite a key", err)
	}
	return nil
}

// eachKey calls fn for each message of the key store with the subject, which may have wildcards.
func (l *Log) eachKey(ctx context.Context, subject string, fn func(*message) error) error {
	for from := uint64(1); ; {
		m, err := l.next(ctx, keysStream, subject, from)
		if err != nil || m == nil {
			return err
		}
		if err := fn(m); err != nil {
			return err
		}
		from = m.seq + 1
	}
}

// eraseDocuments replaces the latest version of each document of the owners by one that says so. Older versions are unreadable already.
func (l *Log) eraseDocuments(ctx context.Context, owners []owner) (n int, err error) {
	of := map[string]bool{}
	for _, o := range owners {
		of[o.alias] = true
	}
	raw, err := json.Marshal(documentHead{Time: l.opts.Now().UTC(), Customer: owners[0].alias, Erased: true})
	if err != nil {
		return 0, err
	}
	for _, stream := range documentStreams {
		more, err := l.eraseDocumentsIn(ctx, stream+".*."+owners[0].tenant+".>", of, raw)
		if n += more; err != nil {
			return n, err
		}
	}
	return n, nil
}

// eraseDocumentsIn puts head in place of all documents of those pseudonyms that match a filter.
func (l *Log) eraseDocumentsIn(ctx context.Context, filter string, of map[string]bool, erased []byte) (n int, err error) {
	err = l.eachLast(ctx, streamOf(filter), filter, func(m message) error {
		f, err := readFrame(documentFrame, m.data)
		var head documentHead
		if err != nil || json.Unmarshal(f.readable, &head) != nil || head.Erased || !of[head.Customer] {
			return nil // damaged ones are reported where they are read
		}
		_, err = l.put(ctx, streamOf(m.subject), m.subject, l.packer.writeFrame(documentFrame, m.subject, erased, nil, nil), m.seq)
		if errors.Is(err, dialogue.ErrConflict) { // written just now, under a new key
			return nil
		}
		n++
		return err
	})
	return n, err
}

// eachLast calls fn for the last message of each subject that matches the filter.
func (l *Log) eachLast(ctx context.Context, stream, filter string, fn func(message) error) error {
	ctx, cancel := context.WithTimeout(ctx, listTimeout*l.opts.Timeout)
	defer cancel()
	var cons jetstream.Consumer
	err := l.again(ctx, "read "+stream, func(ctx context.Context) (err error) {
		cons, err = l.js.OrderedConsumer(ctx, stream, jetstream.OrderedConsumerConfig{FilterSubjects: []string{filter}, DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy})
		return err
	})
	if err != nil {
		return err
	}
	pending := cons.CachedInfo().NumPending
	if pending == 0 {
		return nil
	}
	it, err := cons.Messages()
	if err != nil {
		return l.failed("read "+stream, err)
	}
	defer it.Stop()
	for pending > 0 {
		switch msg, err := it.Next(jetstream.NextMaxWait(quiet)); {
		case ctx.Err() != nil || l.ctx.Err() != nil:
			return l.failed("read "+stream, errors.Join(ctx.Err(), l.ctx.Err()))
		case errors.Is(err, nats.ErrTimeout):
			// What was counted and has been rewritten since is not delivered, so there may be no last message to wait for.
			if info, err := cons.Info(ctx); err == nil {
				pending = info.NumPending
			}
		case err != nil:
			l.opts.Logger.Warn("reading the event log was interrupted", "stream", stream, "error", err)
			sleep(ctx, 10*retryWait)
		default:
			if pending, err = takeLast(msg, fn); err != nil {
				return err
			}
		}
	}
	return nil
}

// quiet is how long no message comes before the server is asked whether there are any.
const quiet = 200 * time.Millisecond

// takeLast hands a message over and tells how many are to come.
func takeLast(msg jetstream.Msg, fn func(message) error) (pending uint64, err error) {
	meta, err := msg.Metadata()
	if err != nil {
		return 0, err
	}
	return meta.NumPending, fn(message{msg.Subject(), meta.Sequence.Stream, meta.Timestamp, msg.Data()})
}

// listTimeout is how many times as long as other calls a list may take.
const listTimeout = 12

// link notes, before the event is written, that the anonymous customer of the conversation turns out to be a known one.
func (l *Log) link(ctx context.Context, t *dialogue.Tracker, w written) error {
	if t.Alias == "" || t.Alias == w.event.Customer || t.Alias != l.keys.pseudonym(t.Tenant, anonymous(t.Key)) {
		return nil
	}
	_, err := l.put(ctx, keysStream, linksPrefix+t.Tenant+"."+w.event.Customer+"."+t.Alias, []byte("{}"), 0)
	if errors.Is(err, dialogue.ErrConflict) { // it is there
		return nil
	}
	return err
}

// Erasures lists all erasures, the latest of each customer: for the record, and for restoring a backup that was made before them.
func (l *Log) Erasures(ctx context.Context) ([]Erasure, error) {
	var out []Erasure
	err := l.eachLast(ctx, keysStream, erasuresPrefix+">", func(m message) error {
		var e Erasure
		if err := json.Unmarshal(m.data, &e); err != nil {
			return l.damaged(keysStream, &m, fmt.Errorf("%w: erasure: %w", ErrDamaged, err))
		}
		out = append(out, e)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list erasures: %w", err)
	}
	return out, nil
}

// finishErasures completes what a crash cut off.
func (l *Log) finishErasures(ctx context.Context) error {
	all, err := l.Erasures(ctx)
	if err != nil {
		return err
	}
	for _, e := range all {
		if e.Done {
			continue
		}
		if _, err := l.erase(ctx, owner{e.Tenant, e.Alias}); err != nil {
			return err
		}
	}
	return nil
}

// watchErasures returns what runs in the background to drop from memory what any replica erases.
func (l *Log) watchErasures(ctx context.Context) (func(), error) {
	from, err := l.lastSeq(ctx, keysStream)
	if err != nil {
		return nil, err
	}
	return func() {
		for l.ctx.Err() == nil {
			c := jetstream.OrderedConsumerConfig{FilterSubjects: []string{erasuresPrefix + ">"},
				DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: from + 1}
			err := l.follow(l.ctx, keysStream, c, nil, func(m message, _ uint64) error {
				from = m.seq
				l.erased(m)
				return nil
			})
			if err != nil && l.ctx.Err() == nil {
				l.opts.Logger.Warn("listening for erasures was interrupted", "error", err)
				sleep(l.ctx, time.Second)
			}
		}
	}, nil
}

func (l *Log) erased(m message) {
	var e Erasure
	if json.Unmarshal(m.data, &e) != nil {
		return // reported by Erasures
	}
	l.dropErased(owner{e.Tenant, e.Alias})
	for _, alias := range e.Linked {
		l.dropErased(owner{e.Tenant, alias})
	}
	l.tellErased(e)
}

// tellErased calls those who want to know.
func (l *Log) tellErased(e Erasure) {
	l.eraseMu.Lock()
	defer l.eraseMu.Unlock()
	for _, fn := range l.onErase {
		for _, alias := range append([]string{e.Alias}, e.Linked...) {
			fn(e.Tenant, alias)
		}
	}
}

// OnErase has fn called, at least once, when a customer is erased by any replica, so that others drop what they keep in memory of them: in
// this replica before Erase returns. fn must be quick and must not call the log. stop ends it.
func (l *Log) OnErase(fn func(tenant, alias string)) (stop func()) {
	l.eraseMu.Lock()
	defer l.eraseMu.Unlock()
	n := l.nextFn
	l.nextFn++
	l.onErase[n] = fn
	return func() {
		l.eraseMu.Lock()
		defer l.eraseMu.Unlock()
		delete(l.onErase, n)
	}
}
