package profile_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/profile"
)

// TestErasedAtOnce tells that after an erasure nothing of the customer is served from memory, and that what was read before it and learnt
// after it does not bring them back.
func TestErasedAtOnce(t *testing.T) {
	r := mustRig(t, func(o *profile.Options) {
		o.Provider = profile.ProviderFunc(func(context.Context, string, string) (dialogue.Profile, error) {
			return dialogue.Profile{Name: "Ann"}, nil
		})
	})
	t.Cleanup(r.log.OnErase(r.Erased))
	before := r.turn("c1", "ann", "以后都发顺丰", map[string]string{"carrier": "顺丰"}, nil)
	before.Customer = r.log.Alias("default", "ann")
	r.learn(before)
	if p := r.profile("ann"); p.Preferences["carrier"] != "顺丰" {
		t.Fatalf("%+v", p)
	}
	if _, err := r.log.Erase(t.Context(), "default", "ann"); err != nil {
		t.Fatal(err)
	}
	late := before
	late.ID, late.Seq = "m-late", before.Seq+1
	r.learn(late)
	if p := r.profile("ann"); len(p.Preferences)+len(p.History) != 0 {
		t.Errorf("still served: %+v", p)
	}
	r.clock.add(time.Second)
	back := r.turn("c2", "ann", "", nil, nil)
	back.Customer = before.Customer
	r.learn(back)
	if p := r.profile("ann"); len(p.History) != 1 {
		t.Errorf("one who comes back begins anew: %+v", p)
	}
}

// TestMemoryKeepsOneVersion tells that what is rewritten with every message does not grow with them.
func TestMemoryKeepsOneVersion(t *testing.T) {
	r := mustRig(t, nil)
	for range 5 {
		r.learn(r.turn("c1", "ann", "", nil, nil))
	}
	if h, err := r.log.History(t.Context(), "memory/default/ann", 0); err != nil || len(h) != 1 {
		t.Errorf("%d versions, %v", len(h), err)
	}
}

// TestSever tells that no trace of an erased id stays with the others of the same person, in no version.
func TestSever(t *testing.T) {
	for _, gone := range []string{"ann", "ann-app", "ann-web"} { // ann is the main id
		r := mustRig(t, nil)
		for _, id := range []string{"ann-app", "ann-web"} {
			if err := r.Link(t.Context(), "default", id, "ann", "test"); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if err := profile.Sever(t.Context(), r.log, "default", gone, "test"); err != nil {
				t.Fatal(err)
			}
		}
		for _, id := range []string{"ann", "ann-app", "ann-web"} {
			if id == gone {
				continue
			}
			h, err := r.log.History(t.Context(), "identity/default/"+id, 0)
			if err != nil && !errors.Is(err, dialogue.ErrUnknown) {
				t.Fatal(err)
			}
			for _, d := range h {
				if strings.Contains(string(d.Body), `"`+gone+`"`) {
					t.Errorf("%s erased: %s still has %s", gone, id, d.Body)
				}
			}
		}
		if ids, err := r.Identities(t.Context(), "default", "ann-app"); gone == "ann-web" && (err != nil || len(ids) != 2) {
			t.Errorf("the others are not the same person any more: %v %v", ids, err)
		}
	}
}
