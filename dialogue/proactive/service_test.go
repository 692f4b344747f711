package proactive_test

import (
	"errors"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/proactive"
)

func TestInterruptedTask(t *testing.T) {
	r := mustRig(t)
	r.say("c1", "ann", interrupted)
	r.due()
	if n := r.sent("c1"); n != 0 {
		t.Fatalf("%d sent at once, want none before 30 minutes", n)
	}
	r.clock.add(31 * time.Minute)
	r.due()
	f := r.one()
	if f.Status != proactive.Sent || f.Event == 0 || len(r.box.all()) != 1 {
		t.Fatalf("follow-up %+v, delivered %d", f, len(r.box.all()))
	}
	d := r.box.all()[0]
	if d.Replies[0].Text != "follow.interrupted_task 8832" || len(d.Replies[0].Buttons) != 2 || d.Replies[0].Buttons[0].Title != "继续办理" {
		t.Errorf("message %+v: want the words with the task's order and two Chinese buttons", d.Replies)
	}
	tr, err := r.log.Load(t.Context(), key("c1"))
	if err != nil {
		t.Fatal(err)
	}
	if q := tr.State.Asked; q == nil || q.Kind != dialogue.AskResume || q.Task != "order.cancel" || len(tr.State.Tasks) != 1 {
		t.Errorf("state after the message %+v: want the question whether to go on", tr.State)
	}
	r.due()
	r.clock.add(time.Hour)
	r.due()
	if n := r.sent("c1"); n != 1 || len(r.box.all()) != 1 {
		t.Errorf("%d in the conversation, %d delivered; want 1 each", n, len(r.box.all()))
	}
}

func TestReplyStops(t *testing.T) {
	for _, tt := range []struct {
		name  string
		reply func(r *rig)
		want  proactive.Status
	}{
		{"same conversation", func(r *rig) { r.say("c1", "ann", nil) }, proactive.Stopped},
		{"linked conversation", func(r *rig) { r.say("app-1", "ann-app", nil) }, proactive.Stopped},
		{"another customer", func(r *rig) { r.say("c2", "bob", nil) }, proactive.Sent},
		{"handed over", func(r *rig) {
			r.append("c1", &dialogue.Event{ID: "q", Kind: dialogue.Queued, Hand: &dialogue.HandBody{Queue: "general"}, Time: r.clock.now(), Private: &dialogue.Private{Customer: "ann"}})
		}, proactive.Stopped},
		{"closed", func(r *rig) {
			r.append("c1", &dialogue.Event{ID: "x", Kind: dialogue.Closed, Time: r.clock.now(), Private: &dialogue.Private{Customer: "ann"}})
		}, proactive.Stopped},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := mustRig(t)
			if err := r.people.Link(t.Context(), "default", "ann-app", "ann", "test"); err != nil {
				t.Fatal(err)
			}
			r.say("c1", "ann", interrupted)
			r.clock.add(5 * time.Minute)
			tt.reply(r)
			r.clock.add(time.Hour)
			r.due()
			if f := r.one(); f.Status != tt.want {
				t.Errorf("follow-up is %s (%s), want %s", f.Status, f.Reason, tt.want)
			}
		})
	}
}

// A reply that no consumer has seen yet is seen by the log itself.
func TestUnseenReplyStops(t *testing.T) {
	r := mustRig(t)
	r.say("c1", "ann", interrupted)
	r.clock.add(29 * time.Minute)
	ev := &dialogue.Event{ID: "late", Kind: dialogue.TurnTaken, Channel: "web", Time: r.clock.now(), Turn: &dialogue.TurnBody{}, Private: &dialogue.Private{Customer: "ann"}}
	if _, _, err := r.convs.Update(t.Context(), key("c1"), func(*dialogue.Tracker) (*dialogue.Event, error) { return ev, nil }); err != nil {
		t.Fatal(err)
	}
	r.clock.add(2 * time.Minute)
	r.due()
	if f := r.one(); f.Status != proactive.Stopped || r.sent("c1") != 0 {
		t.Errorf("follow-up is %s, %d in the conversation", f.Status, r.sent("c1"))
	}
}

func TestRearm(t *testing.T) {
	r := mustRig(t)
	r.say("c1", "ann", interrupted)
	r.clock.add(20 * time.Minute)
	second := r.say("c1", "ann", interrupted)
	r.clock.add(20 * time.Minute)
	r.due()
	if f := r.one(); f.Status != proactive.Pending || f.Cause != second.ID {
		t.Fatalf("follow-up %+v: want one that waits for the second turn's time", f)
	}
	r.clock.add(11 * time.Minute)
	r.due()
	if f := r.one(); f.Status != proactive.Sent {
		t.Fatalf("follow-up is %s", f.Status)
	}
	r.see(*second) // the log's consumer may give an event again
	r.clock.add(2 * time.Hour)
	r.due()
	if n := r.sent("c1"); n != 1 {
		t.Errorf("%d in the conversation after the turn came again, want 1", n)
	}
}

func TestReminderSurvivesReply(t *testing.T) {
	r := mustRig(t)
	r.say("c1", "ann", nil)
	at := noon.Add(14 * time.Hour) // in the middle of the night, as asked for
	if _, err := r.Create(t.Context(), proactive.Request{Key: key("c1"), Kind: "reminder", At: at, Vars: map[string]string{"order_id": "7"}}); err != nil {
		t.Fatal(err)
	}
	r.clock.add(time.Hour)
	r.say("c1", "ann", nil)
	r.clock.set(at.Add(-time.Second))
	r.due()
	if n := r.sent("c1"); n != 0 {
		t.Fatal("sent before its time")
	}
	r.clock.set(at)
	r.due()
	if f := r.one(); f.Status != proactive.Sent || f.Customer != "ann" {
		t.Errorf("reminder %+v", f)
	}
}

func TestSatisfaction(t *testing.T) {
	done := func(ev *dialogue.Event) {
		ev.Turn.Decision = dialogue.Decision{Action: dialogue.Answer, Task: "order.cancel", Intents: []string{"order.cancel"}}
	}
	t.Run("asked", func(t *testing.T) {
		r := mustRig(t)
		r.say("c1", "ann", done)
		r.clock.add(11 * time.Minute)
		r.due()
		if f := r.one(); f.Kind != "satisfaction" || f.Status != proactive.Sent {
			t.Errorf("follow-up %+v", f)
		}
	})
	t.Run("rated before", func(t *testing.T) {
		r := mustRig(t)
		r.say("c1", "ann", done)
		r.append("c1", &dialogue.Event{ID: "r", Kind: dialogue.Rated, Time: r.clock.now(), Rating: &dialogue.RatingBody{Score: 5}, Private: &dialogue.Private{Customer: "ann"}})
		r.clock.add(11 * time.Minute)
		r.due()
		if f := r.one(); f.Status != proactive.Stopped {
			t.Errorf("follow-up is %s, want stopped", f.Status)
		}
	})
	t.Run("unfinished", func(t *testing.T) {
		r := mustRig(t)
		r.say("c1", "ann", func(ev *dialogue.Event) {
			done(ev)
			ev.Private.State.Tasks = []dialogue.TaskState{{Task: "order.cancel"}}
		})
		if fs := r.list(); len(fs) != 0 {
			t.Errorf("%+v, want none", fs)
		}
	})
}

func TestConsent(t *testing.T) {
	for _, tt := range []struct {
		name     string
		category string
		allowed  bool
		kind     string
		want     proactive.Status
	}{
		{"service by default", "", false, "interrupted_task", proactive.Sent},
		{"service refused", "service", false, "interrupted_task", proactive.Suppressed},
		{"all refused", "proactive", false, "interrupted_task", proactive.Suppressed},
		{"marketing by default", "", false, "back_in_stock", proactive.Suppressed},
		{"marketing allowed", "marketing", true, "back_in_stock", proactive.Sent},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := mustRig(t)
			r.say("c1", "ann", func(ev *dialogue.Event) { ev.Private.State.Tasks = []dialogue.TaskState{{Task: "x"}} })
			if tt.category != "" {
				if err := r.people.SetConsent(t.Context(), "default", "ann", tt.category, tt.allowed, "test"); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := r.Create(t.Context(), proactive.Request{Key: key("c1"), Kind: tt.kind, At: noon.Add(time.Minute)}); err != nil {
				t.Fatal(err)
			}
			r.clock.add(time.Minute)
			r.due()
			if f := r.one(); f.Status != tt.want {
				t.Errorf("follow-up is %s (%s), want %s", f.Status, f.Reason, tt.want)
			}
		})
	}
}

func TestQuietHoursAndExpiry(t *testing.T) {
	r := mustRig(t)
	r.say("c1", "ann", func(ev *dialogue.Event) { ev.Private.State.Tasks = []dialogue.TaskState{{Task: "x"}} })
	late := time.Date(2026, 11, 23, 22, 0, 0, 0, beijing)
	if _, err := r.Create(t.Context(), proactive.Request{Key: key("c1"), Kind: "interrupted_task", At: late}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Create(t.Context(), proactive.Request{Key: key("c1"), Kind: "satisfaction", At: late}); err != nil {
		t.Fatal(err)
	}
	r.clock.set(late)
	r.due()
	for _, f := range r.list() {
		want, status := time.Date(2026, 11, 24, 8, 30, 0, 0, beijing), proactive.Pending
		if f.Kind == "satisfaction" { // six hours are over before the night is
			status = proactive.Expired
		} else if !f.Due.Equal(want) {
			t.Errorf("%s is due at %s, want %s", f.Kind, f.Due.In(beijing), want)
		}
		if f.Status != status {
			t.Errorf("%s is %s (%s), want %s", f.Kind, f.Status, f.Reason, status)
		}
	}
	r.clock.set(time.Date(2026, 11, 24, 8, 30, 0, 0, beijing))
	r.due()
	if n := r.sent("c1"); n != 1 {
		t.Errorf("%d sent in the morning, want 1", n)
	}
}

func TestCaps(t *testing.T) {
	r := mustRig(t)
	r.say("c1", "ann", nil)
	for i := range 5 {
		in := proactive.Incoming{Key: key("c1"), ID: "e" + string(rune('0'+i)), Type: "order.delayed", Data: map[string]any{"order_id": float64(i)}}
		if _, err := r.Accept(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	r.due()
	if n := r.sent("c1"); n != 3 {
		t.Fatalf("%d sent on the first day, want 3 of 5", n)
	}
	r.clock.add(24 * time.Hour)
	r.due()
	if n := r.sent("c1"); n != 5 {
		t.Errorf("%d sent after a day, want all 5: %+v", n, r.list())
	}
}

func TestPersonSpeaks(t *testing.T) {
	r := mustRig(t)
	r.say("c1", "ann", nil)
	if _, err := r.Accept(t.Context(), proactive.Incoming{Key: key("c1"), ID: "e", Type: "order.delayed"}); err != nil {
		t.Fatal(err)
	}
	hand := func(id string, kind dialogue.EventKind) {
		r.append("c1", &dialogue.Event{ID: id, Kind: kind, Hand: &dialogue.HandBody{Agent: "li"}, Time: r.clock.now(), Private: &dialogue.Private{Customer: "ann"}})
	}
	hand("claim", dialogue.Claimed)
	r.due()
	if f := r.one(); f.Status != proactive.Pending || r.sent("c1") != 0 {
		t.Fatalf("follow-up %+v, want it to wait while a person speaks", f)
	}
	hand("return", dialogue.Returned)
	r.clock.add(16 * time.Minute)
	r.due()
	if f := r.one(); f.Status != proactive.Sent {
		t.Errorf("follow-up is %s (%s)", f.Status, f.Reason)
	}
}

func TestRequestFaults(t *testing.T) {
	r := mustRig(t)
	r.say("c1", "ann", nil)
	for name, req := range map[string]proactive.Request{
		"kind":         {Key: key("c1"), Kind: "nonsense"},
		"at":           {Key: key("c1"), Kind: "reminder", At: noon.Add(-24 * time.Hour)},
		"id":           {Key: key("c1"), Kind: "reminder", ID: "a/b"},
		"zone":         {Key: key("c1"), Kind: "reminder", Zone: "Mars/Base"},
		"customer":     {Key: dialogue.Key{Tenant: "default"}, Kind: "reminder"},
		"conversation": {Key: key("c1"), Customer: "bob", Kind: "reminder"},
	} {
		_, err := r.Create(t.Context(), req)
		if in := (*dialogue.InputError)(nil); !errors.As(err, &in) || in.Field != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	a, err := r.Create(t.Context(), proactive.Request{Key: key("c1"), Kind: "reminder", ID: "once", At: noon.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.Create(t.Context(), proactive.Request{Key: key("c1"), Kind: "reminder", ID: "once", At: noon.Add(time.Hour)})
	if err != nil || a.ID != b.ID || len(r.list()) != 1 {
		t.Errorf("%s and %s, %v: want one follow-up", a.ID, b.ID, err)
	}
	if f, err := r.Cancel(t.Context(), "default", a.ID, "ann", "not needed"); err != nil || f.Status != proactive.Cancelled {
		t.Errorf("cancel: %+v, %v", f, err)
	}
	r.clock.add(2 * time.Hour)
	r.due()
	if r.sent("c1") != 0 {
		t.Error("a cancelled reminder was sent")
	}
}

func TestSweep(t *testing.T) {
	r := mustRig(t)
	r.say("c1", "ann", interrupted)
	r.clock.add(time.Hour)
	r.due()
	r.clock.add(7*24*time.Hour + time.Minute)
	r.due()
	if fs := r.list(); len(fs) != 0 || r.Stats().All != 0 {
		t.Errorf("%+v is kept after its time", fs)
	}
}

// TestSomebodyElseSpeaks keeps what is meant for one customer out of a conversation that another has taken over, until they are back.
func TestSomebodyElseSpeaks(t *testing.T) {
	r := mustRig(t)
	r.say("c1", "ann", nil)
	if _, err := r.Create(t.Context(), proactive.Request{Key: key("c1"), Kind: "reminder", Customer: "ann", At: r.clock.now().Add(time.Hour), Script: "follow.reminder"}); err != nil {
		t.Fatal(err)
	}
	r.say("c1", "bob", nil)
	r.clock.add(61 * time.Minute)
	r.due()
	if f := r.one(); f.Status != proactive.Pending || len(r.box.all()) != 0 || r.sent("c1") != 0 {
		t.Fatalf("%s, %d delivered: it is ann's, and bob speaks", f.Status, len(r.box.all()))
	}
	r.say("c1", "ann", nil)
	r.clock.add(16 * time.Minute)
	r.due()
	if f := r.one(); f.Status != proactive.Sent || len(r.box.all()) != 1 {
		t.Errorf("%s, %d delivered, once ann is back", f.Status, len(r.box.all()))
	}
}
