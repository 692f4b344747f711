package dialogue

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Errors of the conversation. Callers test with errors.Is; the text says what to do.
var (
	// ErrConflict is returned by Append and Put when someone else wrote first: load again and redo.
	ErrConflict = errors.New("someone else wrote first")
	// ErrUnknown is returned for a conversation, document or follow-up that does not exist.
	ErrUnknown = errors.New("unknown")
	// ErrLogFull is returned when the log has no room: nothing was written, and nothing will be until there is room.
	ErrLogFull = errors.New("the event log is full")
	// ErrUnavailable is returned when the log does not answer in time. The write may have happened: send the same message id again.
	ErrUnavailable = errors.New("the event log does not answer")
	// ErrStaleOwner is returned to one who speaks without being the one to speak (any more).
	ErrStaleOwner = errors.New("another one speaks in this conversation now")
	// ErrErased is returned when what was asked for was made unreadable at the customer's wish.
	ErrErased = errors.New("erased")
)

// Validate tells what is wrong with a key: tenants are 1–64 of [a-z0-9_-], conversations 1–128 bytes of printable UTF-8 without spaces.
func (k Key) Validate() error {
	if k.Tenant == "" || len(k.Tenant) > 64 {
		return fmt.Errorf("tenant %q: want 1 to 64 of a–z, 0–9, _ and -", k.Tenant)
	}
	for _, r := range k.Tenant {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' && r != '-' {
			return fmt.Errorf("tenant %q: %q is not one of a–z, 0–9, _ and -", k.Tenant, r)
		}
	}
	if k.Conversation == "" || len(k.Conversation) > 128 {
		return fmt.Errorf("conversation id has %d bytes: want 1 to 128", len(k.Conversation))
	}
	for _, r := range k.Conversation {
		if r <= ' ' || r == 0x7f || r == '�' || r >= 0x80 && r < 0xa0 || r == 0x3000 {
			return fmt.Errorf("conversation id %q: %q is not allowed; use printable characters without spaces", k.Conversation, r)
		}
	}
	return nil
}

// Store keeps events. It is safe for concurrent use, also by several processes that share one log.
type Store interface {
	// Load folds the conversation's events. A conversation without events is a tracker with Seq 0, not an error.
	Load(ctx context.Context, k Key) (*Tracker, error)
	// Append writes ev durably if t is still the conversation's latest state, and returns the state after it. It fills ev.Seq, ev.Customer
	// and ev.Prev. All or nothing. Errors: ErrConflict, ErrLogFull, ErrUnavailable.
	Append(ctx context.Context, t *Tracker, ev *Event) (*Tracker, error)
	// Events returns up to limit events of the conversation with sequence > after, in order.
	Events(ctx context.Context, k Key, after uint64, limit int) ([]Event, error)
}

// Log is a store that can be listened to.
type Log interface {
	Store
	// Follow calls fn for every event written from now on, in the log's order, until ctx is done. Each replica sees all of them. fn must
	// be quick.
	Follow(ctx context.Context, fn func(*Event)) error
	// Consume calls fn with batches of events, each at least once, going on where the consumer of that name was when it ended, also after
	// a crash. Replicas that use the same name share the work; events of one conversation may then be seen out of order. A batch whose fn
	// fails comes again. What events point to is shared with other consumers: fn must not change it. It returns when ctx is done.
	Consume(ctx context.Context, name string, fn func(context.Context, []Event) error) error
}

// Document is a small thing that changes: a script, a queue, a ticket, a follow-up, a customer's preferences.
type Document struct {
	Name     string    `json:"name"` // e.g. "script/default/confirm.order.cancel": kind, tenant, id
	Body     []byte    `json:"body"` // nil = deleted
	Revision uint64    `json:"revision"`
	Time     time.Time `json:"time"`
	By       string    `json:"by,omitempty"` // who wrote it, for the audit
	// Customer, when set, seals the body with that customer's key, so that erasing them makes it unreadable too.
	Customer string `json:"-"`
	// Brief, on Put, says that only the latest version counts, as for what is rewritten all the time: the ones before it go, and a deletion
	// is itself forgotten after some days.
	Brief bool `json:"-"`
}

// Documents keeps documents with their history, durably and for all replicas. It is safe for concurrent use.
type Documents interface {
	// Get returns the latest version. Errors: ErrUnknown, ErrErased.
	Get(ctx context.Context, name string) (Document, error)
	// Put writes a version if the latest has revision d.Revision (0 = there is none), and returns the new revision. A nil Body deletes.
	// Errors: ErrConflict, ErrLogFull, ErrUnavailable.
	Put(ctx context.Context, d Document) (uint64, error)
	// List returns the latest versions of all documents whose name begins with prefix, by name. Erased ones are left out.
	List(ctx context.Context, prefix string) ([]Document, error)
	// History returns up to limit versions of a document, newest first; deletions are versions with a nil Body.
	History(ctx context.Context, name string, limit int) ([]Document, error)
	// Watch calls fn for each latest version with the prefix, then for each change by any replica, until ctx is done. ready is called
	// once between the two.
	Watch(ctx context.Context, prefix string, ready func(), fn func(Document)) error
}

// Conversations changes conversations: what all parts other than the engine's own turn go through.
type Conversations interface {
	// Load is Store.Load, from memory when it is fresh enough; Update finds out if it was not.
	Load(ctx context.Context, k Key) (*Tracker, error)
	// Update asks change for the next event, appends it, and does both again after a conflict. change must have no side effects. A nil
	// event means that nothing is to be done. Errors: those of change and of Store.Append except ErrConflict.
	Update(ctx context.Context, k Key, change func(*Tracker) (*Event, error)) (*Tracker, *Event, error)
	// Events is Store.Events.
	Events(ctx context.Context, k Key, after uint64, limit int) ([]Event, error)
}
