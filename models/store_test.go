package models_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"yingda/internal/testenv"
	"yingda/models"
)

// mustBuiltinStore makes a store whose built-in bundle is the tiny one, and returns it with that bundle's id.
func mustBuiltinStore(tb testing.TB, bundles ...*models.Bundle) (*models.Store, models.BundleID) {
	tb.Helper()
	b := testenv.MustTiny(tb, testenv.Tiny{Name: "builtin"})
	testenv.MustWrite(tb, tb.TempDir(), b)
	dir := tb.TempDir()
	for _, b := range bundles {
		testenv.MustWrite(tb, dir, b)
	}
	s, err := models.OpenStore(dir, func() (*models.Bundle, error) { return b, nil }, b.Manifest.ID)
	if err != nil {
		tb.Fatal(err)
	}
	return s, b.Manifest.ID
}

func TestStoreOpen(t *testing.T) {
	a, long := testenv.MustTiny(t, testenv.Tiny{}), testenv.MustTiny(t, testenv.Tiny{Name: strings.Repeat("n", 64)})
	s, builtin := mustBuiltinStore(t, a, long)
	for _, id := range []models.BundleID{builtin, a.Manifest.ID, long.Manifest.ID} {
		b, err := s.Open(id)
		if err != nil || b.Manifest.ID != id {
			t.Errorf("open %s: %v", id, err)
		}
		if m, err := s.Manifest(id); err != nil || m.ID != id {
			t.Errorf("manifest of %s: %v", id, err)
		}
	}
	for _, id := range []models.BundleID{"", "nothing-123456789012", "../x", "a/b", ".", "..", models.BundleID(strings.Repeat("n", 99)), "registry.json\x00"} {
		if _, err := s.Open(id); !errors.Is(err, models.ErrNoBundle) {
			t.Errorf("open %q: %v", id, err)
		}
		if _, err := s.Manifest(id); err == nil {
			t.Errorf("%q has a manifest", id)
		}
	}
	renamed := filepath.Join(s.Dir(), "other-000000000000")
	if err := os.Rename(filepath.Join(s.Dir(), string(a.Manifest.ID)), renamed); err != nil {
		t.Fatal(err)
	}
	_, err := s.Open("other-000000000000")
	wantInvalid(t, err, "the folder is named")
}

func TestStoreList(t *testing.T) {
	a := testenv.MustTiny(t, testenv.Tiny{})
	s, builtin := mustBuiltinStore(t, a)
	if err := os.Mkdir(filepath.Join(s.Dir(), ".new-123"), 0o755); err != nil { // left by a writer that was killed
		t.Fatal(err)
	}
	if err := s.SetRole(models.Champion, a.Manifest.ID); err != nil {
		t.Fatal(err)
	}
	ids, err := s.List()
	if err != nil || !slices.Equal(ids, []models.BundleID{builtin, a.Manifest.ID}) {
		t.Errorf("got %v, %v", ids, err)
	}
}

// step is a change of roles: give, take away ("") or go back ("<").
func TestStoreRoles(t *testing.T) {
	tests := []struct {
		name  string
		steps []models.BundleID
		want  models.BundleID // champion at the end, "" = the built-in one holds it without a state
		err   bool            // of the last step
	}{
		{"OKNone", nil, "", false},
		{"OKFirst", []models.BundleID{"a"}, "a", false},
		{"OKBackToBuiltin", []models.BundleID{"a", "<"}, "builtin", false},
		{"OKBack", []models.BundleID{"a", "b", "<"}, "a", false},
		{"OKBackTwice", []models.BundleID{"a", "b", "<", "<"}, "builtin", false},
		{"OKAgainIsOneStep", []models.BundleID{"a", "b", "b", "b", "<"}, "a", false},
		{"OKForthAndBack", []models.BundleID{"a", "b", "a", "<"}, "b", false},
		{"OKTakenAway", []models.BundleID{"a", ""}, "", false},
		{"ErrNothingBefore", []models.BundleID{"<"}, "", true},
		{"ErrPastBuiltin", []models.BundleID{"a", "<", "<"}, "builtin", true},
		{"ErrAfterTakenAway", []models.BundleID{"a", "b", "", "<"}, "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, builtin := mustBuiltinStore(t)
			var err error
			for _, step := range tt.steps {
				if step == "<" {
					_, err = s.Rollback(models.Champion)
				} else {
					err = s.SetRole(models.Champion, step)
				}
			}
			if (err != nil) != tt.err || tt.err && !errors.Is(err, models.ErrNoBundle) {
				t.Errorf("error %v", err)
			}
			if tt.want == "builtin" {
				tt.want = builtin
			}
			state, err := s.State()
			if got := state.Current(models.Champion); err != nil || got != tt.want {
				t.Errorf("champion %q, want %q (%v)", got, tt.want, err)
			}
		})
	}
}

func TestStoreHistory(t *testing.T) {
	s, _ := mustBuiltinStore(t)
	for i := range 50 {
		if err := s.SetRole(models.Challenger, models.BundleID(fmt.Sprint("b", i))); err != nil {
			t.Fatal(err)
		}
	}
	for i := 48; i >= 30; i-- { // the last 20 are remembered
		if got, err := s.Rollback(models.Challenger); err != nil || got != models.BundleID(fmt.Sprint("b", i)) {
			t.Fatalf("rolled back to %q (%v), want b%d", got, err, i)
		}
	}
	if got, err := s.Rollback(models.Challenger); !errors.Is(err, models.ErrNoBundle) {
		t.Errorf("rolled back to %q (%v)", got, err)
	}
}

func TestStoreDamagedState(t *testing.T) {
	s, _ := mustBuiltinStore(t)
	mustWriteFile(t, []byte(`{"roles": {"champion": ["a"`), s.Dir(), models.StateName)
	if _, err := s.State(); err == nil || !strings.Contains(err.Error(), "delete it") {
		t.Errorf("state: %v", err)
	}
	if err := s.SetRole(models.Champion, "b"); err == nil {
		t.Error("a damaged state was overwritten")
	}
	if got := string(mustReadFile(t, s.Dir(), models.StateName)); !strings.HasSuffix(got, `["a"`) {
		t.Errorf("the state is now %s", got)
	}
	mustWriteFile(t, []byte(`{"roles": null}`), s.Dir(), models.StateName)
	if err := s.SetRole(models.Champion, "b"); err != nil {
		t.Errorf("a state without roles: %v", err)
	}
}

const storeVariable = "YINGDA_TEST_STORE"

// TestStoreLock: goroutines and processes change one state together; no change is lost and no reader sees half of one.
func TestStoreLock(t *testing.T) {
	const each = 20
	change := func(s *models.Store, who string) error {
		for i := range each {
			if err := s.SetRole(models.Role(who), models.BundleID(fmt.Sprint(who, "-", i))); err != nil {
				return err
			}
			if _, err := s.State(); err != nil {
				return err
			}
		}
		return nil
	}
	if dir := os.Getenv(storeVariable); dir != "" { // this is one of the processes
		s, err := models.OpenStore(dir, nil, "")
		if err == nil {
			err = change(s, os.Getenv(storeVariable+"_ROLE"))
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	dir := t.TempDir()
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			s, err := models.OpenStore(dir, nil, "")
			if err == nil {
				err = change(s, fmt.Sprint("goroutine", i))
			}
			if err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			cmd := exec.Command(os.Args[0], "-test.run=^TestStoreLock$")
			cmd.Env = append(os.Environ(), storeVariable+"="+dir, fmt.Sprint(storeVariable, "_ROLE=process", i))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	wg.Wait()
	s, err := models.OpenStore(dir, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	state, err := s.State()
	if err != nil || len(state.Roles) != 6 {
		t.Fatalf("%d roles (%v)", len(state.Roles), err)
	}
	for role, history := range state.Roles {
		if len(history) != each || history[each-1] != models.BundleID(fmt.Sprint(role, "-", each-1)) {
			t.Errorf("%s lost changes: %v", role, history)
		}
	}
}
