package profile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"yingda/dialogue"
)

// Sever takes a customer's id out of what is kept of the others that are the same person, earlier versions included. It belongs before the
// erasure of the customer: afterwards nobody knows which others there are. Doing it again changes nothing.
func Sever(ctx context.Context, docs dialogue.Documents, tenant, customer, by string) error {
	d := documents{docs}
	var own Identity
	if err := d.read(ctx, identityName(tenant, customer), &own); err != nil {
		return fmt.Errorf("sever the links of a customer: %w", err)
	}
	others := own.Members
	if own.Main != "" {
		others = append(slices.Clone(others), own.Main)
	}
	for _, other := range others {
		if err := d.sever(ctx, tenant, other, customer, by); err != nil {
			return fmt.Errorf("sever the links of a customer: %w", err)
		}
	}
	return nil
}

// sever removes gone from the identity of one id. The version that is written is the only one that stays.
func (d documents) sever(ctx context.Context, tenant, id, gone, by string) error {
	name := identityName(tenant, id)
	for range attempts {
		doc, err := d.get(ctx, name)
		if errors.Is(err, dialogue.ErrUnknown) {
			return nil
		}
		if err != nil {
			return err
		}
		var i Identity
		if err := json.Unmarshal(doc.Body, &i); err != nil {
			return fmt.Errorf("read identity: %w", err)
		}
		if i.Main == gone {
			i.Main = ""
		}
		i.Members = slices.DeleteFunc(i.Members, func(m string) bool { return m == gone })
		body, err := json.Marshal(i)
		if err != nil {
			return err
		}
		_, err = d.Put(ctx, dialogue.Document{Name: name, Body: body, Revision: doc.Revision, By: by, Customer: id, Brief: true})
		if !errors.Is(err, dialogue.ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("write identity: %w %d times in a row", dialogue.ErrConflict, attempts)
}
