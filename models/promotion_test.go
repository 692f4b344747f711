package models_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"yingda/models"
)

// mustLog reads the log of role changes.
func mustLog(tb testing.TB, s *models.Store) (list []models.RoleChange) {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join(s.Dir(), models.PromotionsName))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		tb.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		var c models.RoleChange
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			tb.Fatalf("%s: %v", line, err)
		}
		list = append(list, c)
	}
	return list
}

// TestPromoteTransitions is the table of who may become what.
func TestPromoteTransitions(t *testing.T) {
	for _, tt := range []struct {
		has, to models.Role
		forced  bool
		want    string // in the error, "" = allowed
	}{
		{"", models.Challenger, false, ""},
		{"", models.Shadow, false, "becomes challenger first"},
		{"", models.Champion, false, "becomes challenger first"},
		{"", models.Champion, true, ""},
		{"", "king", true, "unknown role"},
		{models.Challenger, models.Challenger, false, "already"},
		{models.Challenger, models.Shadow, false, ""},
		{models.Challenger, models.Champion, false, "becomes shadow next"},
		{models.Challenger, models.Champion, true, ""},
		{models.Shadow, models.Challenger, false, ""},
		{models.Shadow, models.Champion, false, ""},
		{models.Champion, models.Champion, true, "already"},
		{models.Champion, models.Shadow, false, "is the champion"},
		{models.Champion, models.Shadow, true, "is the champion"},
	} {
		s, builtin := mustBuiltinStore(t)
		against := builtin
		if tt.has != "" {
			if err := s.SetRole(tt.has, "x-1"); err != nil {
				t.Fatal(err)
			}
			if tt.has == models.Champion {
				against = "x-1"
			}
		}
		before, err := s.State()
		if err != nil {
			t.Fatal(err)
		}
		logged := len(mustLog(t, s))
		change, err := s.Promote(models.Promotion{Bundle: "x-1", To: tt.to, Against: against, Forced: tt.forced, Reason: "test"})
		after, stateErr := s.State()
		if stateErr != nil {
			t.Fatal(stateErr)
		}
		name := string(tt.has) + " to " + string(tt.to)
		if tt.want != "" {
			if err == nil || !strings.Contains(err.Error(), tt.want) || tt.to != "king" && !errors.Is(err, models.ErrTransition) {
				t.Errorf("%s: %v, want %q", name, err, tt.want)
			}
			if after.RoleOf("x-1") != before.RoleOf("x-1") || len(mustLog(t, s)) != logged {
				t.Errorf("%s: refused, and yet changed", name)
			}
			continue
		}
		if err != nil || after.RoleOf("x-1") != tt.to || change.From != tt.has || tt.has != "" && after.Current(tt.has) != "" {
			t.Errorf("%s: %v, %+v, %+v", name, err, after.Roles, change)
		}
	}
	if models.NextRole("") != models.Challenger || models.NextRole(models.Challenger) != models.Shadow || models.NextRole(models.Shadow) != models.Champion || models.NextRole(models.Champion) != "" {
		t.Error("the order of roles is another")
	}
}

// TestPromote goes the whole way and back, and reads the log of it.
func TestPromote(t *testing.T) {
	s, builtin := mustBuiltinStore(t)
	promote := func(to, from models.Role, replaced models.BundleID) {
		t.Helper()
		c, err := s.Promote(models.Promotion{Bundle: "x-1", To: to, Against: builtin, Figures: map[string]any{"intent_accuracy": 0.8}})
		if err != nil || c.From != from || c.Replaced != replaced || c.Time.IsZero() {
			t.Fatalf("%v, %+v", err, c)
		}
	}
	promote(models.Challenger, "", "")
	promote(models.Shadow, models.Challenger, "")
	promote(models.Champion, models.Shadow, builtin)
	if id, err := s.Rollback(models.Champion); err != nil || id != builtin {
		t.Fatal(id, err)
	}
	if err := errors.Join(s.SetRole(models.Shadow, "y-2"), s.SetRole(models.Shadow, "y-2"), s.SetRole(models.Shadow, "")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Promote(models.Promotion{Bundle: "z-3", To: models.Champion, Against: builtin, Forced: true, Reason: "the champion is broken"}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range mustLog(t, s) {
		got = append(got, strings.Join([]string{c.By, string(c.Bundle), string(c.From), string(c.To), c.Reason, map[bool]string{true: "forced"}[c.Forced]}, " "))
	}
	want := []string{"promote x-1  challenger  ", "promote x-1 challenger shadow  ", "promote x-1 shadow champion  ", "rollback " + string(builtin) + "  champion  ",
		"activate y-2  shadow  ", "activate   shadow  ", "promote z-3  champion the champion is broken forced"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the log says\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if c := mustLog(t, s); c[0].Figures["intent_accuracy"] != 0.8 {
		t.Errorf("figures %v", c[0].Figures)
	}
}

func TestPromoteErrors(t *testing.T) {
	s, builtin := mustBuiltinStore(t)
	if _, err := s.Promote(models.Promotion{Bundle: "x-1", To: models.Challenger, Against: builtin, Forced: true}); err == nil || !strings.Contains(err.Error(), "needs a reason") {
		t.Error(err)
	}
	if err := s.SetRole(models.Champion, "new-1"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Promote(models.Promotion{Bundle: "x-1", To: models.Challenger, Against: builtin}); err == nil || !strings.Contains(err.Error(), "measure again") {
		t.Errorf("a champion that has changed since: %v", err)
	}
	if list := mustLog(t, s); len(list) != 1 {
		t.Errorf("logged %+v", list)
	}
	// Where nobody is champion any bundle may become it.
	empty, err := models.OpenStore(t.TempDir(), nil, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := empty.Promote(models.Promotion{Bundle: "x-1", To: models.Champion}); err != nil {
		t.Error(err)
	}
}

// TestPromotionLog: a change that cannot be logged is not made, one that cannot be made is logged as failed.
func TestPromotionLog(t *testing.T) {
	s, builtin := mustBuiltinStore(t)
	path := filepath.Join(s.Dir(), models.PromotionsName)
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := s.SetRole(models.Champion, "x-1"); err == nil {
		t.Error("a change was made without being logged")
	}
	if state, err := s.State(); err != nil || state.Current(models.Champion) != "" {
		t.Errorf("%+v, %v", state, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(s.Dir(), models.StateName, "x"), 0o755); err == nil {
		if _, err := s.Promote(models.Promotion{Bundle: "x-1", To: models.Challenger, Against: builtin}); err == nil {
			t.Error("a state that is a folder was read")
		}
	}
}
