package script_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"yingda/dialogue"
	"yingda/dialogue/script"
)

func TestEditRefused(t *testing.T) {
	l := mustOne(t, script.Options{Offered: func(key string) ([]string, bool) { return []string{"order_id", "product"}, key == "ask.order_id" }})
	key := "ask.order_id"
	e, _, err := l.Save(t.Context(), edit(key, 0), "zh: 一\nen: one\n")
	if err != nil {
		t.Fatal(err)
	}
	isFault := func(err error) bool { return len(script.FaultsOf(err)) > 0 }
	is := func(target error) func(error) bool { return func(err error) bool { return errors.Is(err, target) } }
	tests := []struct {
		name string
		do   func() error
		want func(error) bool
	}{
		{"based on an older revision", func() error { _, _, err := l.Save(t.Context(), edit(key, 0), "zh: 二\nen: two\n"); return err }, is(dialogue.ErrConflict)},
		{"published by one who has not seen the draft", func() error { _, err := l.Publish(t.Context(), edit(key, 0)); return err }, is(dialogue.ErrConflict)},
		{"nothing to publish", func() error { _, err := l.Publish(t.Context(), edit("ask", 0)); return err }, is(script.ErrNoDraft)},
		{"nothing to discard", func() error { _, err := l.Discard(t.Context(), edit("ask", 0)); return err }, is(script.ErrNoDraft)},
		{"nobody", func() error {
			_, _, err := l.Save(t.Context(), script.Edit{Tenant: "default", Key: key}, "x")
			return err
		}, isFault},
		{"empty", func() error { _, _, err := l.Save(t.Context(), edit(key, e.Revision), " \n"); return err }, isFault},
		{"too long", func() error {
			_, _, err := l.Save(t.Context(), edit(key, e.Revision), strings.Repeat("x", 70_000))
			return err
		}, isFault},
		{"no key", func() error { _, _, err := l.Save(t.Context(), edit("Ask..x", 0), "x"); return err }, isFault},
		{"no tenant", func() error { _, err := l.Get(t.Context(), "A/B", key); return err }, func(err error) bool { return err != nil }},
		{"unknown", func() error { _, err := l.Get(t.Context(), "default", "foo.bar"); return err }, is(dialogue.ErrUnknown)},
		{"no history", func() error { _, err := l.History(t.Context(), "default", "ask", 0); return err }, is(dialogue.ErrUnknown)},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			if err := tc.do(); !tc.want(err) {
				t.Errorf("error %v", err)
			}
		})
	}
	if now, err := l.Get(t.Context(), "default", key); err != nil || now.Revision != e.Revision {
		t.Errorf("something was written: %+v %v", now, err)
	}
}

func TestDraftsWithFaults(t *testing.T) {
	l := mustOne(t, script.Options{Offered: func(key string) ([]string, bool) { return []string{"order_id"}, key == "ask.order_id" }})
	tests := []struct{ name, key, source, want string }{
		{"unknown slot", "ask.order_id", "zh: '{prodct}'\nen: x", "slot {prodct} is not offered here; offered are: order_id"},
		{"missing language", "ask.order_id", "zh: 一", "has no words in en"},
		{"brace", "ask.order_id", "zh: '订单{order_id'\nen: x", "character 3: { is not closed"},
		{"empty variant", "ask.order_id", "zh: [一, '']\nen: x", "is empty"},
		{"too long", "ask.order_id", "zh: " + strings.Repeat("长", 400) + "\nen: x", "is 800 wide, at most 200 for voice"},
		{"link", "ask.order_id", "zh: 看 https://evil.example/x\nen: x", `links to "evil.example"`},
		{"no kind", "sing.song", "zh: 一\nen: x", "no key of this kind is ever said"},
		{"not YAML", "ask.order_id", "zh: [", "is not YAML"},
		{"general with slots", "general", "zh: '{name}'\nen: x", "must not need slots"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			now, err := l.Get(t.Context(), "default", tc.key)
			if err != nil && !errors.Is(err, dialogue.ErrUnknown) {
				t.Fatal(err)
			}
			e, faults, err := l.Save(t.Context(), edit(tc.key, now.Revision), tc.source)
			if err != nil {
				t.Fatal(err)
			}
			if len(faults) == 0 || !strings.Contains(faults[0].Error(), tc.want) {
				t.Errorf("faults %v, want %q", faults, tc.want)
			}
			if _, err := l.Publish(t.Context(), edit(tc.key, e.Revision)); len(script.FaultsOf(err)) == 0 {
				t.Errorf("published in spite of it: %v", err)
			}
		})
	}
	if got := l.Render(say("ask.order_id")).Text; got != "哪一笔订单？" {
		t.Errorf("says %q", got)
	}
}

func TestListAndDiscard(t *testing.T) {
	l := mustOne(t, script.Options{})
	e := mustPublish(t, l, "ask.refund.request.reason", 0, "zh: 为什么？\nen: Why?\n")
	if got := l.Render(say("ask.refund.request.reason")).Text; got != "为什么？" {
		t.Errorf("a new key says %q", got)
	}
	d, _, err := l.Save(t.Context(), edit("ask", 0), "zh: 什么？\nen: x\n")
	if err != nil {
		t.Fatal(err)
	}
	list, err := l.List(t.Context(), "default", "ask")
	if err != nil || len(list) != 3 || list[0].Draft == "" || list[1].Default == "" || list[2].Version != 1 || list[2].Default != "" {
		t.Fatalf("list: %+v %v", list, err)
	}
	if !slices.Equal(list[1].Offered, []string{"product", "order_id"}) {
		t.Errorf("offered %q", list[1].Offered)
	}
	if d, err = l.Discard(t.Context(), edit("ask", d.Revision)); err != nil || d.Draft != "" {
		t.Errorf("discard: %+v %v", d, err)
	}
	if _, err = l.RollBack(t.Context(), edit(e.Key, e.Revision), 0); err != nil {
		t.Error(err)
	}
	if got := l.Render(say("ask.refund.request.reason")).Text; got != "请问是什么？" {
		t.Errorf("a key that is gone says %q", got)
	}
	if list, err = l.List(t.Context(), "default", "ask"); err != nil || len(list) != 2 {
		t.Errorf("list: %+v %v", list, err)
	}
}

func TestPreview(t *testing.T) {
	l := mustOne(t, script.Options{})
	w := say("x", "product", "伞")
	w.Emotion.Label = "angry"
	source := "zh: [{when: {channel: voice}, say: '{product|tail4}哪单？'}, '{product}的订单？', '哪单[{order_id}]？']\nen: Which {product}?"
	p, err := l.Preview(t.Context(), "ask.order_id", source, w)
	if err != nil || len(p.Faults) > 0 {
		t.Fatal(err, p.Faults)
	}
	if !strings.HasPrefix(p.Reply.Text, "抱歉。") || len(p.Samples) != 4 {
		t.Errorf("%+v", p)
	}
	for _, s := range p.Samples {
		if s.Lang == "zh" && s.Variant == "b" && s.Text != "哪单〈order_id〉？" || s.When != "" && s.When != "channel: voice" {
			t.Errorf("sample %+v", s)
		}
	}
	if got := l.Render(say("ask.order_id")).Text; got != "哪一笔订单？" {
		t.Errorf("a preview is said: %q", got)
	}
	if p, err = l.Preview(t.Context(), "ask.order_id", "zh: '{nobody}？'\nen: x", w); err != nil || len(p.Faults) != 1 {
		t.Errorf("a preview shows faults: %+v %v", p, err)
	}
	if p, err = l.Preview(t.Context(), "ask.order_id", "", w); err != nil || !strings.HasSuffix(p.Reply.Text, "哪一笔订单？") {
		t.Errorf("the live text: %+v %v", p, err)
	}
	if _, err = l.Preview(t.Context(), "ask.order_id", "[", w); err == nil {
		t.Error("no error for what is not YAML")
	}
}

func TestExportImport(t *testing.T) {
	l := mustOne(t, script.Options{})
	e := mustPublish(t, l, "ask", 0, "# why\nzh: [一, 二]\nen: one # said often\n")
	var all, own bytes.Buffer
	if err := errors.Join(l.Export(t.Context(), &all, "default", true), l.Export(t.Context(), &own, "default", false)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(own.String(), "one # said often") || strings.Contains(own.String(), "order_id") {
		t.Errorf("what was edited:\n%s", own.String())
	}
	if !strings.Contains(all.String(), "names:\n  paid:") || !strings.Contains(all.String(), "tone: true") {
		t.Errorf("all:\n%s", all.String())
	}
	same, err := l.Import(t.Context(), &all, script.ImportAsk{Tenant: "default", By: "git"})
	if err != nil || len(same) != 0 {
		t.Errorf("what was exported is the same: %+v %v", same, err)
	}
	changed := strings.Replace(own.String(), "一", "壹", 1) + "  ask.color: {zh: 颜色？, en: 'Colour?'}\n"
	ask := script.ImportAsk{Tenant: "default", By: "git", DryRun: true}
	if got, err := l.Import(t.Context(), strings.NewReader(changed), ask); err != nil || len(got) != 2 || len(got[0].Diff) == 0 {
		t.Fatalf("dry run: %+v %v", got, err)
	}
	ask.DryRun, ask.Publish = false, true
	got, err := l.Import(t.Context(), strings.NewReader(changed), ask)
	if err != nil || len(got) != 2 || got[0].Version != e.Version+1 || got[1].Version != 1 {
		t.Fatalf("import: %+v %v", got, err)
	}
	if text := l.Render(say("ask.color")).Text; text != "颜色？" {
		t.Errorf("says %q", text)
	}
	for _, bad := range []string{"", "version: 2\nscripts: {}", "version: 1\nscripts:\n  ask: {zh: '{', en: x}\n  sing: {zh: x, en: x}\n"} {
		if _, err := l.Import(t.Context(), strings.NewReader(bad), ask); len(script.FaultsOf(err)) == 0 {
			t.Errorf("%q: error %v", bad, err)
		}
	}
}
