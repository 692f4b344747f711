package proactive_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/action"
	"yingda/dialogue/proactive"
)

func TestAccept(t *testing.T) {
	r := mustRig(t)
	r.say("c1", "ann", nil)
	delayed := proactive.Incoming{Key: dialogue.Key{Tenant: "default"}, Customer: "ann", ID: "evt-1", Type: "order.delayed", Data: map[string]any{"order_id": "8832", "days": 2.0, "paid": true}}
	got, err := r.Accept(t.Context(), delayed)
	if err != nil || len(got.FollowUps) != 1 || got.Duplicate {
		t.Fatalf("%+v, %v", got, err)
	}
	again, err := r.Accept(t.Context(), delayed)
	if err != nil || !again.Duplicate || len(again.FollowUps) != 1 || again.FollowUps[0] != got.FollowUps[0] {
		t.Fatalf("again: %+v, %v", again, err)
	}
	r.due()
	f := r.one()
	if f.Conversation != "c1" || f.Status != proactive.Sent || f.Vars["days"] != "2" || f.Vars["paid"] != "true" || f.Script != "follow.order_exception.delayed" {
		t.Errorf("follow-up %+v", f)
	}
	tr, err := r.log.Load(t.Context(), key("c1"))
	if err != nil {
		t.Fatal(err)
	}
	st := tr.State
	if st.Slots["order_id"].Value != "8832" || st.Focus["order_id"] != "8832" || len(st.Topic) != 1 || st.Topic[0] != "order.status" || st.Asked == nil || st.Asked.Kind != dialogue.AskChoice {
		t.Errorf("state after the message %+v: want the order known and the choice asked", st)
	}
	r.clock.add(8 * 24 * time.Hour)
	r.due()
	if _, err := r.Accept(t.Context(), delayed); err != nil {
		t.Fatal(err)
	}
	r.due()
	if fs := r.list(); len(fs) != 0 || r.sent("c1") != 1 {
		t.Errorf("the event made something again after its follow-up was forgotten: %+v", fs)
	}
}

func TestAcceptIgnored(t *testing.T) {
	r := mustRig(t)
	got, err := r.Accept(t.Context(), proactive.Incoming{Key: dialogue.Key{Tenant: "default"}, Customer: "ann", ID: "1", Type: "warehouse.cleaned"})
	if err != nil || !got.Ignored {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAcceptNewCustomer(t *testing.T) {
	r := mustRig(t)
	in := proactive.Incoming{Key: dialogue.Key{Tenant: "default"}, Customer: "new", ID: "1", Type: "refund.paid", Lang: "en", Zone: "America/New_York"}
	if _, err := r.Accept(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	r.clock.set(time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC)) // ten in the morning there
	r.due()
	f := r.one()
	if f.Status != proactive.Sent || !strings.HasPrefix(f.Conversation, "follow-") {
		t.Errorf("follow-up %+v", f)
	}
	tr, err := r.log.Load(t.Context(), f.Key)
	if err != nil || tr.Customer != "new" {
		t.Errorf("conversation of %q, %v", tr.Customer, err)
	}
}

func TestLifted(t *testing.T) {
	r := mustRig(t)
	r.say("c1", "ann", nil)
	r.clock.set(time.Date(2026, 11, 23, 23, 0, 0, 0, beijing)) // nothing goes out at night
	for i, order := range []string{"1", "2"} {
		in := proactive.Incoming{Key: key("c1"), ID: fmt.Sprint("d", i), Type: "parcel.stuck", Data: map[string]any{"order_id": order}}
		if _, err := r.Accept(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	r.due()
	got, err := r.Accept(t.Context(), proactive.Incoming{Key: key("c1"), ID: "ok", Type: "parcel.delivered", Data: map[string]any{"order_id": "2"}})
	if err != nil || len(got.Cancelled) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	r.clock.set(time.Date(2026, 11, 24, 9, 0, 0, 0, beijing))
	r.due()
	for _, f := range r.list() {
		want := map[string]proactive.Status{"1": proactive.Sent, "2": proactive.Cancelled}[f.Vars["order_id"]]
		if f.Status != want {
			t.Errorf("order %s: %s, want %s", f.Vars["order_id"], f.Status, want)
		}
	}
}

func TestAcceptFaults(t *testing.T) {
	r := mustRig(t)
	base := proactive.Incoming{Key: dialogue.Key{Tenant: "default"}, Customer: "ann", ID: "1", Type: "order.delayed"}
	for field, change := range map[string]func(*proactive.Incoming){
		"id":        func(in *proactive.Incoming) { in.ID = "" },
		"type":      func(in *proactive.Incoming) { in.Type = "Order Delayed" },
		"time":      func(in *proactive.Incoming) { in.Time = noon.AddDate(0, 1, 0) },
		"zone":      func(in *proactive.Incoming) { in.Zone = "Nowhere" },
		"data.list": func(in *proactive.Incoming) { in.Data = map[string]any{"list": []any{1.0}} },
		"vars":      func(in *proactive.Incoming) { in.Data = map[string]any{"long": strings.Repeat("x", 3000)} },
		"customer":  func(in *proactive.Incoming) { in.Customer = "" },
	} {
		in := base
		change(&in)
		_, err := r.Accept(t.Context(), in)
		if ie := (*dialogue.InputError)(nil); !errors.As(err, &ie) || ie.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestChannelsAndReceipts(t *testing.T) {
	ask := func(r *rig) proactive.FollowUp {
		r.say("c1", "ann", nil)
		f, err := r.Create(r.tb.Context(), proactive.Request{Key: key("c1"), Kind: "reminder", Channels: []string{"same", "voice"}, At: noon})
		if err != nil {
			r.tb.Fatal(err)
		}
		return f
	}
	receipt := func(r *rig, id string, st proactive.Status) proactive.FollowUp {
		f, err := r.Receipt(r.tb.Context(), proactive.ReceiptFor{Tenant: "default", FollowUp: id, Status: st})
		if err != nil {
			r.tb.Fatal(err)
		}
		return f
	}
	t.Run("read", func(t *testing.T) {
		r := mustRig(t)
		id := ask(r).ID
		r.due()
		receipt(r, id, proactive.Read)
		receipt(r, id, proactive.Read)
		if f := receipt(r, id, proactive.Delivered); f.Status != proactive.Read {
			t.Errorf("a late receipt made it %s", f.Status)
		}
		evs, err := r.log.Events(t.Context(), key("c1"), 0, 100)
		if err != nil || len(evs) != 4 { // turn, message, two receipts
			t.Errorf("%d events, %v; want 4", len(evs), err)
		}
	})
	t.Run("failed", func(t *testing.T) {
		r := mustRig(t)
		id := ask(r).ID
		r.due()
		receipt(r, id, proactive.Failed)
		receipt(r, id, proactive.Failed)
		r.due()
		if f := r.one(); f.Status != proactive.Sent || len(r.voice.all()) != 1 || r.sent("c1") != 1 {
			t.Errorf("follow-up %+v, by voice %d, in the conversation %d; want 1 each", f, len(r.voice.all()), r.sent("c1"))
		}
		receipt(r, id, proactive.Failed)
		r.due()
		if f := r.one(); f.Status != proactive.Failed {
			t.Errorf("after both channels failed: %s", f.Status)
		}
	})
	t.Run("unreachable", func(t *testing.T) {
		r := mustRig(t)
		r.box.fail = func(proactive.Delivery) error { return proactive.ErrUnreachable }
		ask(r)
		r.due()
		if len(r.voice.all()) != 1 {
			t.Errorf("by voice %d, want 1", len(r.voice.all()))
		}
	})
	t.Run("nobody there", func(t *testing.T) {
		r := mustRig(t)
		r.box.fail = func(proactive.Delivery) error { return proactive.ErrUnreachable }
		r.voice.fail = r.box.fail
		ask(r)
		r.due()
		if f := r.one(); f.Status != proactive.Sent || r.sent("c1") != 1 {
			t.Errorf("follow-up %+v: want it to wait in the conversation", f)
		}
	})
	t.Run("retried", func(t *testing.T) {
		r := mustRig(t)
		var mu sync.Mutex
		left := 2
		r.box.fail = func(proactive.Delivery) error {
			mu.Lock()
			defer mu.Unlock()
			if left--; left >= 0 {
				return errors.New("connection refused")
			}
			return nil
		}
		ask(r)
		for range 3 {
			r.due()
			r.clock.add(5 * time.Minute)
		}
		if f := r.one(); f.Status != proactive.Sent || len(f.Tries) != 3 || r.sent("c1") != 1 {
			t.Errorf("follow-up %+v, in the conversation %d", f, r.sent("c1"))
		}
	})
	t.Run("not sent yet", func(t *testing.T) {
		r := mustRig(t)
		r.say("c1", "ann", interrupted)
		_, err := r.Receipt(t.Context(), proactive.ReceiptFor{Tenant: "default", FollowUp: r.one().ID, Status: proactive.Read})
		if ie := (*dialogue.InputError)(nil); !errors.As(err, &ie) {
			t.Error(err)
		}
	})
}

func TestWebhook(t *testing.T) {
	secret := action.Secret("0123456789abcdef0123")
	verifier := action.Verifier{Secrets: []action.Secret{secret}}
	status := http.StatusOK
	var ids []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		id, err := verifier.Request(r.Header, body)
		if err != nil {
			t.Error(err)
		}
		ids = append(ids, id)
		w.WriteHeader(status)
	}))
	defer srv.Close()
	guard, err := action.NewGuard([]string{"127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	w, err := proactive.NewWebhook(srv.URL+"/follow", []action.Secret{secret}, guard, nil)
	if err != nil {
		t.Fatal(err)
	}
	for code, want := range map[int]error{200: nil, 204: nil, 404: proactive.ErrUnreachable, 400: proactive.ErrRefused} {
		status = code
		if _, err := w.Deliver(t.Context(), proactive.Delivery{ID: "20261123T040000Z-abc"}); !errors.Is(err, want) {
			t.Errorf("status %d: %v, want %v", code, err, want)
		}
	}
	status = 503
	if _, err := w.Deliver(t.Context(), proactive.Delivery{ID: "x"}); err == nil || errors.Is(err, proactive.ErrRefused) || errors.Is(err, proactive.ErrUnreachable) {
		t.Errorf("status 503: %v, want an error that is tried again", err)
	}
	if len(ids) != 5 || ids[0] != "20261123T040000Z-abc" {
		t.Errorf("ids %v", ids)
	}
	if _, err := proactive.NewWebhook(srv.URL, []action.Secret{secret}, nil, nil); err == nil {
		t.Error("a loopback address was let through without a guard that allows it")
	}
	if _, err := proactive.NewWebhook(srv.URL, nil, guard, nil); err == nil {
		t.Error("a webhook without a secret was taken")
	}
}

func TestErased(t *testing.T) {
	r := mustRig(t)
	r.say("c1", "ann", interrupted)
	r.say("c2", "bob", interrupted)
	if _, err := r.log.Erase(t.Context(), "default", "ann"); err != nil {
		t.Fatal(err)
	}
	r.clock.add(time.Hour)
	r.due()
	for _, f := range r.list() {
		if f.Customer != "bob" {
			t.Errorf("%+v is left of a customer who was erased", f)
		}
	}
	if r.sent("c1") != 0 || r.sent("c2") != 1 {
		t.Errorf("sent %d to the erased and %d to the other customer, want 0 and 1", r.sent("c1"), r.sent("c2"))
	}
}

// TestConsumed lets the service read the log itself, goes down and comes up again.
func TestConsumed(t *testing.T) {
	r := mustRig(t)
	r.stop()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	s, err := proactive.New(proactive.Options{
		Documents: r.log, Conversations: r.convs, Scripts: words{}, Kinds: r.kinds, Now: r.clock.now, Logger: quietly,
		Channels: map[string]proactive.Channel{"*": r.box}, MaxSleep: 20 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	go func() { done <- s.Run(ctx, r.log) }()
	ev := &dialogue.Event{ID: "m1", Kind: dialogue.TurnTaken, Channel: "web", Time: r.clock.now(), Turn: &dialogue.TurnBody{}, Private: &dialogue.Private{Customer: "ann"}}
	interrupted(ev)
	if _, _, err := r.convs.Update(ctx, key("c1"), func(*dialogue.Tracker) (*dialogue.Event, error) { return ev, nil }); err != nil {
		t.Fatal(err)
	}
	wait := func(what string, ok func() bool) {
		t.Helper()
		for range 500 {
			if ok() {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Fatal("never: " + what)
	}
	wait("made", func() bool { return s.Stats().Pending == 1 })
	r.clock.add(31 * time.Minute)
	wait("sent", func() bool { return len(r.box.all()) == 1 && s.Stats().Pending == 0 })
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A press on a button of the satisfaction question is a rating, once.
func TestRatePressed(t *testing.T) {
	r := mustRig(t)
	ev := r.say("c1", "ann", func(ev *dialogue.Event) { ev.Private.Payload = "/rate 4" })
	r.see(*ev)
	r.say("c1", "ann", func(ev *dialogue.Event) { ev.Private.Payload = "/rate 9" })
	evs, err := r.log.Events(t.Context(), key("c1"), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	ratings := 0
	for _, ev := range evs {
		if ev.Kind == dialogue.Rated && ev.Rating.Score == 4 {
			ratings++
		}
	}
	if ratings != 1 || len(evs) != 3 {
		t.Errorf("%d ratings in %d events, want 1 in 3", ratings, len(evs))
	}
}
