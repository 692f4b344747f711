package eventlog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"yingda/dialogue"
	"yingda/dialogue/eventlog"
)

func TestBackup(t *testing.T) {
	l := mustOpen(t, options(t.TempDir()))
	ctx := t.Context()
	for i := range 10 {
		write(t, l, key(fmt.Sprint("c", i)), fmt.Sprint("u", i), 8)
	}
	var rev uint64
	for i := range 5 {
		rev = mustPut(t, l, dialogue.Document{Name: "script/default/greet", Body: []byte{byte(i)}, Revision: rev, By: "li"})
	}
	mustPut(t, l, dialogue.Document{Name: "preferences/default/u3", Body: []byte("顺丰"), Customer: "u3"})
	mustPut(t, l, dialogue.Document{Name: "a/gone", Body: []byte("x")})
	mustPut(t, l, dialogue.Document{Name: "a/gone", Revision: rev + 2})
	consumeAll(t, l, "analytics", 80)

	stop := make(chan bool)
	var wg sync.WaitGroup
	wg.Go(func() { // it serves meanwhile
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				write(t, l, key("busy"), "u-busy", 1)
			}
		}
	})
	dir := filepath.Join(t.TempDir(), "backup")
	m, err := l.BackupDir(ctx, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if _, err := l.Backup(ctx, &file, nil); err != nil {
		t.Fatal(err)
	}
	close(stop)
	wg.Wait()
	tarFile := filepath.Join(t.TempDir(), "backup.tar")
	if err := os.WriteFile(tarFile, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if m.Turns < 80 || m.Consumers["analytics"] != 80 || m.Keys != 11 && m.Keys != 12 {
		t.Errorf("manifest: %+v", m)
	}
	if _, err := l.BackupDir(ctx, dir, nil); err == nil {
		t.Error("into a folder that is not empty: no error")
	}
	if _, err := l.Erase(ctx, "default", "u7"); err != nil { // after the backup
		t.Fatal(err)
	}
	erased, err := l.Erasures(ctx)
	if err != nil || len(erased) != 1 {
		t.Fatal(erased, err)
	}

	for _, src := range []string{dir, tarFile} {
		t.Run(filepath.Ext(src), func(t *testing.T) { testRestore(t, l, src, erased) })
	}
	t.Run("ErrNotEmpty", func(t *testing.T) {
		o := options(t.TempDir())
		full := mustOpen(t, o)
		write(t, full, key("c"), "u", 1)
		mustClose(t, full)
		if _, err := eventlog.Restore(ctx, o, dir, eventlog.RestoreOptions{}); !errors.Is(err, eventlog.ErrNotEmpty) {
			t.Errorf("%v, want ErrNotEmpty", err)
		}
	})
	t.Run("ErrMasterKey", func(t *testing.T) {
		o := options(t.TempDir())
		o.Master = bytes.Repeat([]byte{1}, 32)
		if _, err := eventlog.Restore(ctx, o, dir, eventlog.RestoreOptions{}); !errors.Is(err, eventlog.ErrMasterKey) {
			t.Errorf("%v, want ErrMasterKey", err)
		}
	})
	t.Run("ErrDamaged", func(t *testing.T) { testDamagedBackup(t, dir) })
}

func testRestore(t *testing.T, from *eventlog.Log, src string, erased []eventlog.Erasure) {
	o := options(t.TempDir())
	m, err := eventlog.Restore(t.Context(), o, src, eventlog.RestoreOptions{Erased: erased})
	if err != nil {
		t.Fatal(err)
	}
	l := mustOpen(t, o)
	if !l.SyncAlways() {
		t.Error("the restored log does not sync every write")
	}
	for i := range 10 {
		k := key(fmt.Sprint("c", i))
		if got, want := asJSON(t, mustLoad(t, l, k)), asJSON(t, mustLoad(t, from, k)); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", k.Conversation, got, want)
		}
	}
	if tr := mustLoad(t, l, key("c7")); tr.Customer != "" {
		t.Errorf("who was erased after the backup is back: %s", tr.Customer)
	}
	h, err := l.History(t.Context(), "script/default/greet", 0)
	if err != nil || len(h) != 5 || h[0].Body[0] != 4 || h[4].Body[0] != 0 {
		t.Errorf("history: %v %v", h, err)
	}
	if d, err := l.Get(t.Context(), "preferences/default/u3"); err != nil || string(d.Body) != "顺丰" || d.Customer != "u3" {
		t.Errorf("%+v %v", d, err)
	}
	if _, err := l.Get(t.Context(), "a/gone"); !errors.Is(err, dialogue.ErrUnknown) {
		t.Errorf("a deleted document: %v", err)
	}
	v, err := l.Verify(t.Context(), nil)
	if err != nil || !v.OK() || v.Messages != m.Turns {
		t.Errorf("verify: %+v %v", v, err)
	}
	// The consumer goes on behind what it had taken.
	if n := int(m.Turns) - 80; n > 0 {
		ids := consumeAll(t, l, "analytics", n)
		if !slices.Equal(ids, numbers(n)) {
			t.Errorf("the consumer got %v, want the %d events after its position", ids, n)
		}
	}
	write(t, l, key("c1"), "u1", 1)
}

func testDamagedBackup(t *testing.T, dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		for _, how := range []string{"bit", "short", "missing"} {
			bad := filepath.Join(t.TempDir(), "bad")
			if err := os.CopyFS(bad, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(bad, e.Name())
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			switch how {
			case "bit":
				data[len(data)/2] ^= 1
			case "short":
				data = data[:len(data)-3]
			}
			err = os.WriteFile(path, data, 0o600)
			if how == "missing" {
				err = os.Remove(path)
			}
			if err != nil {
				t.Fatal(err)
			}
			o := options(filepath.Join(t.TempDir(), "log"))
			if _, err := eventlog.Restore(context.Background(), o, bad, eventlog.RestoreOptions{}); err == nil {
				t.Errorf("%s %s: no error", how, e.Name())
			}
			if _, err := os.Stat(o.Dir); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s %s: something was written", how, e.Name())
			}
		}
	}
}
