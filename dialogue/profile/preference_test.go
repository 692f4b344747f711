package profile_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/profile"
)

// mention is a message that names a value.
type mention struct {
	days   int // before now
	text   string
	typ    string
	value  string
	intent string
}

func TestPreferencesMined(t *testing.T) {
	for _, tt := range []struct {
		name     string
		mentions []mention
		pref     string
		want     string // value in the profile; empty = none
	}{
		{"once is nothing", []mention{{1, "发顺丰可以吗", "carrier", "顺丰", "order.place"}}, "carrier", ""},
		{"twice", []mention{{9, "发顺丰可以吗", "carrier", "顺丰", "order.place"}, {1, "顺丰快递", "carrier", "顺丰快递", "order.place"}}, "carrier", "顺丰"},
		{"stated once", []mention{{1, "以后都发顺丰", "carrier", "SF Express", "order.place"}}, "carrier", "顺丰"},
		{"stated in English", []mention{{1, "I always use Alipay", "payment_method", "Alipay", "order.place"}}, "payment_method", "支付宝"},
		{"long ago", []mention{{400, "发顺丰", "carrier", "顺丰", "order.place"}, {390, "发顺丰", "carrier", "顺丰", "order.place"}}, "carrier", ""},
		{"contradiction", []mention{{9, "", "carrier", "顺丰", "order.place"}, {8, "", "carrier", "中通", "order.place"}, {7, "", "carrier", "顺丰", "order.place"}, {6, "", "carrier", "中通", "order.place"}}, "carrier", ""},
		{"changed their mind", []mention{{300, "", "carrier", "顺丰", "order.place"}, {290, "", "carrier", "顺丰", "order.place"}, {3, "以后发京东", "carrier", "京东", "order.place"}}, "carrier", "京东"},
		{"complaint counts against", []mention{{9, "", "carrier", "中通", "order.place"}, {8, "", "carrier", "中通", "order.place"}, {1, "", "carrier", "中通", "complaint.delivery"}}, "carrier", ""},
		{"colour of an attribute", []mention{{5, "", "attribute", "藏青色", "order.place"}, {4, "", "attribute", "蓝色", "order.place"}}, "colour", "蓝色"},
		{"size of an attribute", []mention{{5, "", "attribute", "l码", "order.place"}, {4, "", "attribute", "Ｌ码", "order.place"}}, "size", "L"},
		{"no colour", []mention{{5, "", "attribute", "512G", "order.place"}, {4, "", "attribute", "512G", "order.place"}}, "colour", ""},
		{"contact time", []mention{{5, "", "product", "x", "order.place"}, {4, "", "product", "x", "order.place"}, {3, "", "product", "x", "order.place"}, {2, "", "product", "x", "order.place"}}, "contact_time", "afternoon"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := mustRig(t, nil)
			for _, m := range tt.mentions {
				r.learn(r.turn("c1", "ann", m.text, map[string]string{m.typ: m.value}, func(ev *dialogue.Event) {
					ev.Time, ev.Turn.Decision.Intents = noon.AddDate(0, 0, -m.days), []string{m.intent}
				}))
			}
			if got := r.profile("ann").Preferences[tt.pref]; got != tt.want {
				ps, err := r.Preferences(t.Context(), "default", "ann")
				t.Errorf("%s is %q, want %q: %+v, %v", tt.pref, got, tt.want, ps, err)
			}
		})
	}
}

func TestChosenInACall(t *testing.T) {
	r := mustRig(t, nil)
	r.learn(r.turn("c1", "ann", "", nil, func(ev *dialogue.Event) {
		ev.Private.Calls = []dialogue.CallRecord{{Call: dialogue.Call{Name: "order.place", Args: map[string]string{"payment_method": "微信支付"}}, Result: dialogue.Result{Status: dialogue.CallOK}}}
	}))
	if got := r.profile("ann").Preferences["payment_method"]; got != "微信" {
		t.Errorf("payment method %q", got)
	}
}

func TestOperatorWins(t *testing.T) {
	r := mustRig(t, func(o *profile.Options) {
		o.Provider = &crm{p: map[string]dialogue.Profile{"ann": {Preferences: map[string]string{"carrier": "京东"}}}}
	})
	r.learn(r.turn("c1", "ann", "以后都发顺丰", map[string]string{"carrier": "顺丰"}, nil))
	if got := r.profile("ann").Preferences["carrier"]; got != "京东" {
		t.Errorf("carrier %q, want what the operator's system says", got)
	}
}

func TestSeenAndDeleted(t *testing.T) {
	r := mustRig(t, nil)
	old := r.turn("c1", "ann", "以后都发顺丰", map[string]string{"carrier": "顺丰"}, nil)
	r.learn(old)
	if err := r.Link(t.Context(), "default", "ann-app", "ann", "x"); err != nil {
		t.Fatal(err)
	}
	ps, err := r.Preferences(t.Context(), "default", "ann-app")
	if err != nil || len(ps) == 0 || ps[0].Name != "carrier" || !ps[0].Used || len(ps[0].Evidence) != 1 || ps[0].Evidence[0].Event != old.ID {
		t.Fatalf("%+v, %v", ps, err)
	}
	if err := r.Forget(t.Context(), "default", "ann-app", "carrier", "", "ann"); err != nil {
		t.Fatal(err)
	}
	if err := r.Forget(t.Context(), "default", "ann", "carrier", "", "ann"); !errors.Is(err, dialogue.ErrUnknown) {
		t.Errorf("deleted twice: %v", err)
	}
	r.clock.add(time.Second)
	late := old // the log gives what is before the deletion once more, to a service that has forgotten that it knows it
	late.Seq, late.ID = 999, "again"
	r.learn(late)
	if got := r.profile("ann").Preferences["carrier"]; got != "" {
		t.Errorf("carrier %q came back", got)
	}
	r.learn(r.turn("c1", "ann", "以后都发中通", map[string]string{"carrier": "中通"}, nil))
	if got := r.profile("ann").Preferences["carrier"]; got != "中通" {
		t.Errorf("carrier %q: what is said after the deletion counts", got)
	}
	if err := r.ForgetAll(t.Context(), "default", "ann", "ann"); err != nil {
		t.Fatal(err)
	}
	if p := r.profile("ann"); len(p.Preferences) != 0 || len(p.History) == 0 {
		t.Errorf("%+v: want no preferences and the conversations as they are", p)
	}
}

func TestNotMinedAgainstTheirWill(t *testing.T) {
	r := mustRig(t, nil)
	r.learn(r.turn("c1", "ann", "以后都发顺丰", map[string]string{"carrier": "顺丰"}, nil))
	if err := r.SetConsent(t.Context(), "default", "ann", profile.MiningConsent, false, "form"); err != nil {
		t.Fatal(err)
	}
	r.learn(r.turn("c1", "ann", "我一直用支付宝", map[string]string{"payment_method": "支付宝"}, nil))
	if p := r.profile("ann"); len(p.Preferences) != 0 {
		t.Errorf("%+v", p.Preferences)
	}
	ps, err := r.Preferences(t.Context(), "default", "ann")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range ps {
		if p.Name == "payment_method" {
			t.Error("learnt after the customer had said no")
		}
	}
}

// However evidence arrives, in whatever order, the weights are the same.
func TestOrderOfEvidence(t *testing.T) {
	r := mustRig(t, nil)
	rng := rand.New(rand.NewPCG(1, 2))
	days := []int{0, 3, 3, 40, 89, 500}
	weigh := func(customer string, days []int) float64 {
		for _, d := range days {
			r.learn(r.turn(customer, customer, "", map[string]string{"carrier": "顺丰"}, func(ev *dialogue.Event) { ev.Time = noon.AddDate(0, 0, -d) }))
		}
		ps, err := r.Preferences(t.Context(), "default", customer)
		if err != nil || len(ps) == 0 || ps[0].Name != "carrier" {
			t.Fatalf("%+v, %v", ps, err)
		}
		return ps[0].Weight
	}
	want := weigh("rising", days)
	for i := range 5 {
		rng.Shuffle(len(days), func(a, b int) { days[a], days[b] = days[b], days[a] })
		if got := weigh(fmt.Sprint("customer-", i), days); math.Abs(got-want) > 1e-9 {
			t.Errorf("%v weighs %g, want %g", days, got, want)
		}
	}
}

func TestConsentAndLinkFaults(t *testing.T) {
	r := mustRig(t, nil)
	ctx := t.Context()
	var in *dialogue.InputError
	if err := r.SetConsent(ctx, "default", "ann", "Bad Name", true, ""); !errors.As(err, &in) {
		t.Error(err)
	}
	for _, pair := range [][2]string{{"a", "a"}, {"", "b"}, {"a", ""}, {"a", "anonymous:x"}} {
		if err := r.Link(ctx, "default", pair[0], pair[1], "x"); !errors.As(err, &in) {
			t.Errorf("%v: %v", pair, err)
		}
	}
	for _, pair := range [][2]string{{"b", "a"}, {"b", "a"}, {"c", "b"}, {"a", "c"}} { // twice, by a linked id, the other way round
		if err := r.Link(ctx, "default", pair[0], pair[1], "x"); err != nil {
			t.Fatalf("%v: %v", pair, err)
		}
	}
	if ids, err := r.Identities(ctx, "default", "c"); err != nil || len(ids) != 3 {
		t.Errorf("%v, %v", ids, err)
	}
	if err := r.Link(ctx, "default", "b", "other", "x"); !errors.Is(err, profile.ErrLinked) {
		t.Errorf("linked to two people: %v", err)
	}
	if err := r.Link(ctx, "default", "a", "other", "x"); err != nil { // the whole person moves
		t.Fatal(err)
	}
	if ids, err := r.Identities(ctx, "default", "other"); err != nil || len(ids) != 4 {
		t.Errorf("%v, %v", ids, err)
	}
	if err := r.Unlink(ctx, "default", "nobody", "x"); !errors.Is(err, dialogue.ErrUnknown) {
		t.Error(err)
	}
}

// The latest word counts, under whatever id it was said.
func TestConsentOfAPerson(t *testing.T) {
	r := mustRig(t, nil)
	ctx := t.Context()
	if err := r.Link(ctx, "default", "b", "a", "x"); err != nil {
		t.Fatal(err)
	}
	for i, allowed := range []bool{true, false, true} {
		id := []string{"a", "b", "b"}[i]
		r.clock.add(time.Minute)
		if err := r.SetConsent(ctx, "default", id, "marketing", allowed, "chat"); err != nil {
			t.Fatal(err)
		}
		if got := r.profile("a").Consent["marketing"]; got != allowed {
			t.Errorf("after %s said %v it is %v", id, allowed, got)
		}
	}
}
