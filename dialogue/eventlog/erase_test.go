package eventlog_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"yingda/dialogue"
	"yingda/dialogue/eventlog"
)

// found lists the files below dir that hold one of the words.
func found(tb testing.TB, dir string, words ...string) (files []string) {
	tb.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, w := range words {
			if bytes.Contains(data, []byte(w)) {
				files = append(files, fmt.Sprintf("%s: %q", path, w))
			}
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return files
}

var secrets = []string{"u-zhang-1001", "13800138000", "张三丰", "西湖区", "尾号8832"}

func TestErase(t *testing.T) {
	dir := t.TempDir()
	o := options(dir)
	l := mustOpen(t, o)
	other := mustReplica(t, l)
	ctx := t.Context()

	k, bystander := key("web-1"), key("web-2")
	text := "我是张三丰，电话13800138000，住西湖区，订单尾号8832"
	tr := mustLoad(t, l, k)
	for i := range 40 { // the first five before the customer is known; enough for a snapshot
		customer := "u-zhang-1001"
		if i < 5 {
			customer = ""
		}
		tr = mustAppend(t, l, tr, turn(fmt.Sprint("m", i), customer, text, i))
	}
	write(t, l, bystander, "u-li", 3)
	mustPut(t, l, dialogue.Document{Name: "preferences/default/u-zhang-1001", Body: []byte("西湖区"), Customer: "u-zhang-1001"})
	mustPut(t, l, dialogue.Document{Name: "preferences/default/u-li", Body: []byte("拱墅区"), Customer: "u-li"})
	eventually(t, "a snapshot", func() bool { return l.Stats().Snapshots > 0 })
	if got := mustLoad(t, other, k); got.Customer != "u-zhang-1001" || got.Lines[0].Text != text {
		t.Fatalf("the other replica reads %q, %q", got.Customer, got.Lines[0].Text)
	}
	if hits := found(t, dir, secrets...); hits != nil {
		t.Errorf("readable before the erasure:\n%v", hits)
	}
	wrapped := wrappedKeys(t, dir)

	changes := mustWatch(t, other, "preferences/")
	told := make(chan string, 8)
	defer other.OnErase(func(tenant, alias string) { told <- tenant + "/" + alias })()
	e, err := l.Erase(ctx, "default", "u-zhang-1001")
	if err != nil || e.Keys != 2 || len(e.Linked) != 1 || e.Documents != 1 {
		t.Fatalf("Erase: %+v, %v; want 2 keys, 1 linked, 1 document", e, err)
	}
	if got, want := <-told, "default/"+l.Alias("default", "u-zhang-1001"); got != want {
		t.Errorf("told of %s, want %s", got, want)
	}
	eventually(t, "the other replica forgets", func() bool { return mustLoad(t, other, k).Customer == "" })
	if d := <-changes; d.Name != "preferences/default/u-zhang-1001" || d.Body != nil {
		t.Errorf("watched %+v, want a deletion", d)
	}

	check := func(l *eventlog.Log) {
		t.Helper()
		got := mustLoad(t, l, k)
		if s := asJSON(t, got); got.Turns != 40 || containsAny(s, secrets) {
			t.Errorf("after the erasure: %s", s)
		}
		evs, err := l.Events(ctx, k, 0, 0)
		if err != nil || len(evs) != 40 || evs[0].Private != nil || evs[39].Private != nil || evs[39].Turn.Redacted == "" {
			t.Errorf("events after the erasure: %d, %v", len(evs), err)
		}
		if _, err := l.Get(ctx, "preferences/default/u-zhang-1001"); !errors.Is(err, dialogue.ErrErased) {
			t.Errorf("document: %v, want ErrErased", err)
		}
		if list, err := l.List(ctx, "preferences/"); err != nil || len(list) != 1 || string(list[0].Body) != "拱墅区" {
			t.Errorf("list: %v %v", list, err)
		}
		if b := mustLoad(t, l, bystander); b.Customer != "u-li" {
			t.Errorf("the bystander is %q", b.Customer)
		}
		if v, err := l.Verify(ctx, nil); err != nil || !v.OK() || v.Erased != 40 {
			t.Errorf("verify: %+v %v", v, err)
		}
	}
	check(l)
	check(other)
	mustClose(t, other)
	mustClose(t, l)

	gone := 0
	for _, w := range wrapped {
		if found(t, dir, w) == nil {
			gone++
		}
	}
	if len(wrapped) != 3 || gone != 2 {
		t.Errorf("of %d wrapped keys %d are gone from disk, want 2 of 3", len(wrapped), gone)
	}
	l = mustOpen(t, o)
	check(l)
	tr = mustAppend(t, l, mustLoad(t, l, k), turn("back", "u-zhang-1001", "我又来了", 50))
	if tr.Customer != "u-zhang-1001" || mustLoad(t, l, k).Lines[len(tr.Lines)-2].Text != "我又来了" {
		t.Errorf("who comes back is not known: %+v", tr.Lines)
	}
	mustPut(t, l, dialogue.Document{Name: "preferences/default/u-zhang-1001", Body: []byte("x"), Customer: "u-zhang-1001"})
	if hits := found(t, dir, secrets...); hits != nil {
		t.Errorf("readable after the erasure:\n%v", hits)
	}
}

// wrappedKeys digs the wrapped data keys out of the files, as one with a disk editor would.
func wrappedKeys(tb testing.TB, dir string) (out []string) {
	tb.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, part := range bytes.SplitAfter(data, []byte("}")) {
			at := bytes.Index(part, []byte(`{"id":"`))
			var rec struct{ Master, Wrapped string }
			if at >= 0 && json.Unmarshal(part[at:], &rec) == nil && rec.Master != "" {
				out = append(out, rec.Wrapped)
			}
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func containsAny(s string, words []string) bool {
	for _, w := range words {
		if bytes.Contains([]byte(s), []byte(w)) {
			return true
		}
	}
	return false
}

func TestMasterKey(t *testing.T) {
	dir := t.TempDir()
	o := options(dir)
	l := mustOpen(t, o)
	k := key("c")
	write(t, l, k, "u", 3)
	mustClose(t, l)

	bad := o
	bad.Master = bytes.Repeat([]byte{9}, 32)
	if _, err := eventlog.Open(t.Context(), bad); !errors.Is(err, eventlog.ErrMasterKey) {
		t.Fatalf("another master key: %v, want ErrMasterKey", err)
	}
	if _, err := eventlog.Open(t.Context(), options("")); err == nil {
		t.Error("no folder: no error")
	}

	next := bad
	next.Previous = [][]byte{masterKey}
	l = mustOpen(t, next)
	write(t, l, key("before"), "u2", 1)
	before := wrappedKeys(t, dir)
	if n, err := l.Rotate(t.Context()); err != nil || n != 2 {
		t.Fatalf("rotate: %d %v", n, err)
	}
	write(t, l, key("after"), "u3", 1)
	mustClose(t, l)
	for _, w := range before {
		if hits := found(t, dir, w); hits != nil {
			t.Errorf("a key that the old master opens is still there: %v", hits)
		}
	}
	if _, err := eventlog.Open(t.Context(), o); !errors.Is(err, eventlog.ErrMasterKey) {
		t.Fatalf("the old master key: %v, want ErrMasterKey", err)
	}
	l = mustOpen(t, bad)
	for _, k := range []dialogue.Key{k, key("before"), key("after")} {
		if tr := mustLoad(t, l, k); tr.Customer == "" || tr.Lines[0].Text == "" {
			t.Errorf("%s cannot be read after the rotation", k.Conversation)
		}
	}
}

func TestMasterKeyFile(t *testing.T) {
	_, first := eventlog.NewMasterKey()
	k2, second := eventlog.NewMasterKey()
	for _, c := range []struct {
		name, text string
		keys       int
	}{
		{"OK", first, 1},
		{"Two", "# current\n" + first + "\r\n\n" + second + "\n", 2},
		{"ErrEmpty", "# nothing\n", 0},
		{"ErrShort", first[:len(first)-1], 0},
		{"ErrNoPrefix", first[10:], 0},
		{"ErrOtherText", "hunter2", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			cur, prev, err := eventlog.ParseMasterKeys([]byte(c.text))
			if (err == nil) != (c.keys > 0) || err == nil && 1+len(prev) != c.keys {
				t.Fatalf("%d previous, %v", len(prev), err)
			}
			if err != nil && bytes.Contains([]byte(err.Error()), []byte("hunter2")) {
				t.Errorf("the error quotes the file: %v", err)
			}
			if c.keys == 2 && !bytes.Equal(prev[0], k2) || err == nil && len(cur) != 32 {
				t.Error("wrong keys")
			}
		})
	}
}

func mustPut(tb testing.TB, l *eventlog.Log, d dialogue.Document) uint64 {
	tb.Helper()
	rev, err := l.Put(tb.Context(), d)
	if err != nil {
		tb.Fatal(err)
	}
	return rev
}

// mustWatch returns the changes after the beginning.
func mustWatch(tb testing.TB, l *eventlog.Log, prefix string) <-chan dialogue.Document {
	tb.Helper()
	changes, ready := make(chan dialogue.Document, 100), make(chan bool)
	began := false
	go func() {
		err := l.Watch(tb.Context(), prefix, func() { began = true; close(ready) }, func(d dialogue.Document) {
			if began {
				changes <- d
			}
		})
		if err != nil && !errors.Is(err, eventlog.ErrClosed) {
			tb.Error(err)
		}
	}()
	<-ready
	return changes
}
