package profile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"yingda/dialogue"
)

// documents adds to the store of documents what all kinds need.
type documents struct{ dialogue.Documents }

// errUnchanged is returned by a change that has nothing to write.
var errUnchanged = errors.New("unchanged")

// attempts bounds how often a change is redone after conflicts.
const attempts = 20

// segment writes an id as one part of a document's name.
func segment(id string) string { return strings.ReplaceAll(url.PathEscape(id), ".", "%2E") }

func memoryName(tenant, customer string) string { return "memory/" + tenant + "/" + segment(customer) }
func identityName(tenant, customer string) string {
	return "identity/" + tenant + "/" + segment(customer)
}
func consentName(tenant, customer string) string {
	return "consent/" + tenant + "/" + segment(customer)
}
func knownName(tenant, customer string) string { return "known/" + tenant + "/" + segment(customer) }

// get returns a document. One that does not exist, was deleted or erased is dialogue.ErrUnknown, with the revision to write the next over.
func (d documents) get(ctx context.Context, name string) (dialogue.Document, error) {
	doc, err := d.Get(ctx, name)
	switch {
	case errors.Is(err, dialogue.ErrErased), errors.Is(err, dialogue.ErrUnknown):
		doc.Body = nil
		return doc, dialogue.ErrUnknown
	case err != nil:
		return doc, fmt.Errorf("read %s: %w", kind(name), err)
	case doc.Body == nil:
		return doc, dialogue.ErrUnknown
	}
	return doc, nil
}

// read decodes a document into v and leaves v alone when there is none.
func (d documents) read(ctx context.Context, name string, v any) error {
	doc, err := d.get(ctx, name)
	if errors.Is(err, dialogue.ErrUnknown) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(doc.Body, v); err != nil {
		return fmt.Errorf("read %s: %w", kind(name), err)
	}
	return nil
}

// update writes what change makes of the body, nil when there is none, and does both again after a conflict. An errUnchanged of change
// means that all is well as it is.
func (d documents) update(ctx context.Context, customer, name, by string, change func(old []byte) ([]byte, error)) error {
	for range attempts {
		doc, err := d.get(ctx, name)
		if err != nil && !errors.Is(err, dialogue.ErrUnknown) {
			return err
		}
		body, err := change(doc.Body)
		if errors.Is(err, errUnchanged) {
			return nil
		}
		if err != nil {
			return err
		}
		_, err = d.Put(ctx, dialogue.Document{Name: name, Body: body, Revision: doc.Revision, By: by, Customer: customer, Brief: brief(name)})
		if err == nil {
			return nil
		}
		if !errors.Is(err, dialogue.ErrConflict) {
			return fmt.Errorf("write %s: %w", kind(name), err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return fmt.Errorf("write %s: %w %d times in a row", kind(name), dialogue.ErrConflict, attempts)
}

// brief tells whether only the latest version of a document counts: links and consents keep their history, for disputes.
func brief(name string) bool { return kind(name) == "memory" || kind(name) == "known" }

// kind returns the part of a name that says nothing about who it is of.
func kind(name string) string {
	k, _, _ := strings.Cut(name, "/")
	return k
}
