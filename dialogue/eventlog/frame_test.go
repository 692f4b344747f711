package eventlog_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"yingda/dialogue"
	"yingda/dialogue/eventlog"
)

func TestSubjects(t *testing.T) {
	for _, c := range []struct{ conversation, subject string }{
		{"web-7f3a", "turns.default.web-7f3a"},
		{"a.b", "turns.default.a=2Eb"},
		{"a*b>c", "turns.default.a=2Ab=3Ec"},
		{"=2E", "turns.default.=3D2E"},
		{"会话1", "turns.default.=E4=BC=9A=E8=AF=9D1"},
	} {
		got := eventlog.EventSubject(key(c.conversation))
		if got != c.subject {
			t.Errorf("%s: %s, want %s", c.conversation, got, c.subject)
		}
		if k, err := eventlog.KeyOfSubject(got); err != nil || k != key(c.conversation) {
			t.Errorf("%s is read back as %+v, %v", got, k, err)
		}
	}
	for _, bad := range []string{"", "turns", "turns.a", "keys.a.b", "turns.A.b", "turns.a.b.c", "turns.a.=2e", "turns.a.=4", "turns.a.=41"} {
		if k, err := eventlog.KeyOfSubject(bad); err == nil {
			t.Errorf("%q is read as %+v", bad, k)
		}
	}
}

// FuzzToken holds that every text has one token, that can be read back and fits into a subject.
func FuzzToken(f *testing.F) {
	for _, s := range []string{"", "a", "a.b", "=", "=41", "用户 1", "\x00\xff*>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		tok := eventlog.Token(s)
		if strings.ContainsAny(tok, ". *>\x00") {
			t.Errorf("%q does not fit into a subject", tok)
		}
		if back, err := eventlog.Untoken(tok); err != nil || back != s {
			t.Errorf("%q is read back as %q, %v", s, back, err)
		}
		if back, err := eventlog.Untoken(s); err == nil && eventlog.Token(back) != s {
			t.Errorf("%q and %q are both tokens of %q", s, eventlog.Token(back), back)
		}
	})
}

// FuzzFrame holds that no bytes make the reader panic, and that what is read can be written again.
func FuzzFrame(f *testing.F) {
	f.Add([]byte("YD\x01e\x00\x02{}"))
	f.Add(eventlog.WriteFrame([]byte(`{"id":"a"}`), nil))
	f.Add(eventlog.WriteFrame([]byte(`{"id":"a"}`), []byte("short")))
	f.Add(eventlog.WriteFrame(nil, bytes.Repeat([]byte("packed "), 99)))
	f.Add([]byte("YD\x01e\x05\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if ok, same := eventlog.ReadFrame(raw); ok && !same {
			t.Errorf("%q is read but not written the same", raw)
		}
	})
}

// FuzzPart does the same for the parts of a backup.
func FuzzPart(f *testing.F) {
	f.Add([]byte("YDB1\n"))
	f.Add(eventlog.WritePart(eventlog.Packed{Subject: "turns.a.b", Seq: 1, Data: "x"}, eventlog.Packed{Subject: "turns.a.c", Seq: 1 << 40}))
	f.Fuzz(func(t *testing.T, raw []byte) {
		ms, err := eventlog.ReadPart(raw)
		if err != nil {
			return
		}
		again, err := eventlog.ReadPart(eventlog.WritePart(ms...))
		if err != nil || !slices.Equal(again, ms) {
			t.Errorf("%q: %v, %v, %v", raw, ms, again, err)
		}
	})
}

// FuzzMasterKeys holds that no key file makes the reader panic, and that only whole keys are taken.
func FuzzMasterKeys(f *testing.F) {
	_, line := eventlog.NewMasterKey()
	f.Add([]byte(line))
	f.Add([]byte("# c\n" + line + "\n" + line))
	f.Fuzz(func(t *testing.T, text []byte) {
		cur, prev, err := eventlog.ParseMasterKeys(text)
		if err == nil && (len(cur) != 32 || slices.ContainsFunc(prev, func(k []byte) bool { return len(k) != 32 })) {
			t.Errorf("%q: keys of a wrong size", text)
		}
	})
}

func TestAppendRefuses(t *testing.T) {
	l := mustOpen(t, options(t.TempDir()))
	for _, c := range []struct {
		name   string
		change func(*dialogue.Tracker, *dialogue.Event)
	}{
		{"NoID", func(_ *dialogue.Tracker, ev *dialogue.Event) { ev.ID = "" }},
		{"LongID", func(_ *dialogue.Tracker, ev *dialogue.Event) { ev.ID = strings.Repeat("x", 300) }},
		{"NoKind", func(_ *dialogue.Tracker, ev *dialogue.Event) { ev.Kind = "" }},
		{"NoBody", func(_ *dialogue.Tracker, ev *dialogue.Event) { ev.Turn = nil }},
		{"HandWithoutBody", func(_ *dialogue.Tracker, ev *dialogue.Event) { ev.Kind = dialogue.Claimed }},
		{"NoTime", func(_ *dialogue.Tracker, ev *dialogue.Event) {
			ev.Time = ev.Time.AddDate(-9999, 0, 0)
			*ev = dialogue.Event{ID: "x", Kind: dialogue.Closed}
		}},
		{"OtherConversation", func(_ *dialogue.Tracker, ev *dialogue.Event) { ev.Key = key("other") }},
		{"BadConversation", func(t *dialogue.Tracker, _ *dialogue.Event) { t.Conversation = "a b" }},
		{"BadTenant", func(t *dialogue.Tracker, _ *dialogue.Event) { t.Tenant = "A" }},
		{"TooLarge", func(_ *dialogue.Tracker, ev *dialogue.Event) { ev.Turn.Redacted = strings.Repeat("大", 3<<20) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr, ev := &dialogue.Tracker{Key: key("c")}, turn("m", "u", "x", 0)
			c.change(tr, ev)
			if _, err := l.Append(t.Context(), tr, ev); err == nil {
				t.Error("no error")
			}
		})
	}
	if n := mustLoad(t, l, key("c")).Events; n != 0 {
		t.Errorf("%d events were written", n)
	}
}
