package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"yingda/analytics"
	"yingda/dialogue"
	"yingda/dialogue/eventlog"
	"yingda/models"
)

// mustDefinition writes a file with a definition.
func mustDefinition(tb testing.TB, source string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "experiment.yaml")
	if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// TestExperimentFiles: definitions are read, held against the service pack and tried out without a server.
func TestExperimentFiles(t *testing.T) {
	good := mustDefinition(t, "name: careful\ncoverage: 0.5\nvariants: [{name: plain}, {name: careful, settings: {understanding.act: 0.8}}]\n")
	if out, _, err := call(t, "", "experiment", "check", good); err != nil || !strings.Contains(out, "nothing is wrong") {
		t.Errorf("%v %s", err, out)
	}
	looks := mustDefinition(t, "name: looks\nvariants: [{name: a}, {name: b, settings: {understanding.act: 0.8}}]\nplan: {metric: resolved, units: 4000, looks: {number: 4}}\n")
	if out, _, err := call(t, "", "experiment", "check", looks); err != nil || !strings.Contains(out, "look 2 at 2000 customers: counts from p < 0.003 ") || !strings.Contains(out, "% more customers than with one look") {
		t.Errorf("%v %s", err, out)
	}
	for source, want := range map[string]string{
		"name: careful\nvariants: [{name: a}, {name: b, settings: {understanding.acept: 1}}]\n": "field acept not found",
		"name: careful\nvariants: [{name: a}, {name: b, colour: red}]\n":                        "field colour not found",
		"name: careful\nscripts: [greeting.none]\nvariants: [{name: a}, {name: b}]\n":           "there is no script greeting.none",
	} {
		if _, _, err := call(t, "", "experiment", "check", mustDefinition(t, source)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", source, err, want)
		}
	}
	out, _, err := call(t, "", "experiment", "assign", good)
	if err != nil || strings.Count(out, "\n") != 3 || !strings.Contains(out, "careful\t2") {
		t.Errorf("%v %s", err, out)
	}
	one, _, err := call(t, "", "experiment", "assign", good, "小王", "lin")
	if again, _, _ := call(t, "", "experiment", "assign", good, "小王", "lin"); err != nil || one != again || strings.Count(one, "\n") != 2 {
		t.Errorf("%v %s %s", err, one, again)
	}
	if _, _, err := call(t, "", "experiment", "assign"); err != errUsage {
		t.Error(err)
	}
}

// TestServeExperiment: a running server begins a canary by command, serves customers by two bundles, compares the shadow with the champion on the messages
// of conversations, and ends the canary at once. All of it is in the log.
func TestServeExperiment(t *testing.T) {
	store, champion, rival := mustTinyStore(t)
	for _, role := range []models.Role{models.Challenger, models.Shadow} {
		if err := store.SetRole(role, rival); err != nil {
			t.Fatal(err)
		}
	}
	log := logFlags{dir: filepath.Join(t.TempDir(), "log")}
	s := mustServe(t, "--bundles", store.Dir(), "--log", log.dir, "--no-analytics")
	do := func(args ...string) string {
		t.Helper()
		out, _, err := call(t, "", append([]string{"experiment", "--server", s.base}, args...)...)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	do("put", mustDefinition(t, "name: canary\nvariants: [{name: champion, bundle: champion}, {name: challenger, bundle: challenger}]\n"))
	do("start", "canary")
	talk := func(from, to int) {
		for i := from; i < to; i++ {
			status, answer, err := s.send("POST", fmt.Sprintf("/v1/conversations/c-%d/messages", i), fmt.Sprintf(`{"customer": "u-%d", "text": "退 天 单 cancel"}`, i))
			if err != nil || status != http.StatusOK {
				t.Fatalf("status %d, %v, %v", status, answer, err)
			}
		}
	}
	talk(0, 20)
	if out := do("list"); !strings.Contains(out, "running") || !strings.Contains(out, "challenger 50 %") {
		t.Error(out)
	}
	do("stop", "canary", "--reason", "enough")
	talk(20, 30)
	if out := do("history", "canary"); !strings.Contains(out, "enough") {
		t.Error(out)
	}
	mustEventually(t, "the comparisons", func() bool {
		offered, compared, dropped, _ := s.shadowed(t, champion, rival)
		return offered > 10 && compared+dropped == offered
	})
	s.stop() // what is ready is written
	if err := <-s.done; err != nil {
		t.Fatal(err)
	}
	o, err := log.options(false, io.Discard, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	l, err := eventlog.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var rows analytics.Rows
	if err := l.Walk(t.Context(), 0, func(ev *dialogue.Event, _ uint64) error { rows.Add(ev); return nil }); err != nil {
		t.Fatal(err)
	}
	checkCanary(t, rows, champion, rival)
}

// checkCanary holds the rows of 20 conversations during a canary and 10 after it against what must be there.
func checkCanary(t *testing.T, rows analytics.Rows, champion, rival models.BundleID) {
	t.Helper()
	n := map[string]int{}
	for _, x := range rows.Exposures {
		n[x.Variant]++
		if want := map[string]models.BundleID{"champion": champion, "challenger": rival}[x.Variant]; x.Experiment != "canary" || x.Bundle != string(want) {
			t.Errorf("%+v", x)
		}
	}
	if n["champion"]+n["challenger"] != 20 || n["champion"] == 0 || n["challenger"] == 0 {
		t.Errorf("exposures %v", n)
	}
	turns := map[string]analytics.Turn{}
	for _, turn := range rows.Turns {
		turns[turn.Conversation] = turn
	}
	if len(turns) != 30 || len(rows.Shadows) == 0 {
		t.Fatalf("%d turns, %d pairs", len(turns), len(rows.Shadows))
	}
	for _, p := range rows.Shadows {
		turn := turns[p.Conversation]
		if p.Seq != turn.Seq || p.ID != turn.ID || p.Bundle != string(champion) || p.Shadow != string(rival) || turn.Bundle != p.Bundle || p.Customer != turn.Customer || !p.Time.Equal(turn.Time) {
			t.Errorf("%+v\nof %+v", p, turn)
		}
	}
	if want := n["champion"] + 10; len(rows.Shadows) > want || len(rows.Shadows) < want/2 { // a busy machine drops some
		t.Errorf("%d pairs of %d turns by the champion", len(rows.Shadows), want)
	}
}
