package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"yingda/internal/testenv"
	"yingda/models"
	"yingda/training/gate"
)

// tinyData is what the tiny bundle answers rightly, and one message that it does not.
const tinyData = `{"text":"退","intents":["refund.apply"],"emotion":"neutral","lang":"zh","tags":["short"]}
{"text":"消","intents":["order.cancel"],"emotion":"neutral","lang":"zh","tags":["short"]}
{"text":"cancel","intents":["order.cancel"],"emotion":"neutral","lang":"en"}
{"text":"refund","intents":["refund.apply"],"emotion":"neutral","lang":"en"}
{"text":"天","intents":[],"emotion":"neutral","lang":"zh","tags":["oos_far"]}
{"text":"气","intents":[],"emotion":"angry","lang":"zh","tags":["oos_near"]}
{"text":"单","intents":["refund.apply"],"emotion":"neutral","lang":"zh"}
`

// lenient is a policy for seven messages and bundles of a few kilobytes, whose times are all noise.
const lenient = `metrics:
  intent_accuracy: {minimum: 0.5, max_loss: 0.1}
  intent_macro_f1: {off: true}
  oos_false_alarm: {off: true}
  intent_ece: {off: true}
  oos_auroc: {off: true}
  oos_recall: {off: true}
  emotion_ece: {off: true}
latency: {median_ratio: 0, p95_ratio: 0, max_median_ms: 10000}
size: {max_mb: 1, ratio: 2}
labels: {may_vanish: [%s]}
embedding: {may_change: true}
`

func mustTemp(tb testing.TB, name, content string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// mustTinyStore is a store whose champion is a tiny bundle, and that of a second one beside it.
func mustTinyStore(tb testing.TB) (store *models.Store, champion, rival models.BundleID) {
	tb.Helper()
	dir := filepath.Join(tb.TempDir(), "bundles")
	champion = testenv.MustWrite(tb, dir, testenv.MustTiny(tb, testenv.Tiny{Version: "old"}))
	rival = testenv.MustWrite(tb, dir, testenv.MustTiny(tb, testenv.Tiny{Version: "new", Scale: 1.25}))
	store, err := models.OpenStore(dir, nil, "")
	if err != nil {
		tb.Fatal(err)
	}
	if err := store.SetRole(models.Champion, champion); err != nil {
		tb.Fatal(err)
	}
	return store, champion, rival
}

// promoter calls "yingda promote" on a store.
type promoter struct {
	store        *models.Store
	data, policy string
}

func (p *promoter) call(tb testing.TB, args ...string) (string, error) {
	tb.Helper()
	out, _, err := call(tb, "", append([]string{"promote", "--data", p.data, "--policy", p.policy, "--bundles", p.store.Dir(), "--ort-lib", testenv.ForTest(tb)}, args...)...)
	return out, err
}

func (p *promoter) role(tb testing.TB, id models.BundleID) models.Role {
	tb.Helper()
	state, err := p.store.State()
	if err != nil {
		tb.Fatal(err)
	}
	return state.RoleOf(id)
}

func (p *promoter) log(tb testing.TB) []string {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join(p.store.Dir(), models.PromotionsName))
	if err != nil {
		tb.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}

// TestPromote goes from challenger to champion, and reads what was written on the way.
func TestPromote(t *testing.T) {
	store, champion, rival := mustTinyStore(t)
	p := &promoter{store, mustTemp(t, "frozen.jsonl", tinyData), mustTemp(t, "policy.yaml", strings.Replace(lenient, "%s", "", 1))}
	for _, role := range models.Roles[1:] {
		out, err := p.call(t, string(rival))
		if err != nil || !strings.Contains(out, "passed, all of") || !strings.Contains(out, "is the "+string(role)) || p.role(t, rival) != role {
			t.Fatalf("%s: %v\n%s", role, err, out)
		}
	}
	if out, err := p.call(t, "--to", "champion", string(rival)); err != nil || !strings.Contains(out, "in place of "+string(champion)) || p.role(t, rival) != models.Champion {
		t.Fatalf("%v\n%s", err, out)
	}
	if _, err := p.call(t, string(rival)); err == nil || !strings.Contains(err.Error(), "champion already") {
		t.Errorf("the champion again: %v", err)
	}
	log := p.log(t)
	var last models.RoleChange
	if err := json.Unmarshal([]byte(log[len(log)-1]), &last); err != nil || len(log) != 4 {
		t.Fatalf("%d lines, %v", len(log), err)
	}
	if last.From != models.Shadow || last.To != models.Champion || last.Replaced != champion || last.Forced || last.Figures["gate"] != "passed" {
		t.Errorf("%+v", last)
	}
	report, _ := last.Figures["report"].(string)
	page, err := os.ReadFile(report)
	if err != nil || !strings.HasPrefix(string(page), "# Promoted: "+string(rival)) || filepath.Dir(report) != filepath.Join(filepath.Dir(store.Dir()), "reports") {
		t.Errorf("%s: %v\n%s", report, err, page)
	}
	data, err := os.ReadFile(strings.TrimSuffix(report, ".md") + ".json")
	var d gate.Decision
	if err != nil || json.Unmarshal(data, &d) != nil || !d.Promote || d.Champion != champion || d.Bundles[0].Latency.Texts != 7 || d.Bundles[1].Latency.MedianMS <= 0 {
		t.Errorf("%v\n%s", err, data)
	}
	for _, text := range []string{"退", "cancel"} {
		if strings.Contains(string(data), `"`+text) || strings.Contains(string(page), text+" ") {
			t.Errorf("the report quotes %q", text)
		}
	}
}

// TestPromoteRefused: a refusal changes nothing, tells why and exits with an error; force overrules and is logged.
func TestPromoteRefused(t *testing.T) {
	store, _, _ := mustTinyStore(t)
	plain := testenv.MustTiny(t, testenv.Tiny{Name: "plain", Version: "new", Plain: true})
	dir := t.TempDir()
	id := testenv.MustWrite(t, dir, plain)
	path := filepath.Join(dir, string(id))
	p := &promoter{store, mustTemp(t, "frozen.jsonl", tinyData), mustTemp(t, "policy.yaml", strings.Replace(lenient, "%s", "angry", 1))}
	out, err := p.call(t, path)
	if err == nil || !strings.Contains(err.Error(), "checks failed") || !strings.Contains(out, "refuse  labels: the challenger cannot say emotion neutral, entity city any more") || !strings.Contains(out, "report: ") {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err := os.Stat(filepath.Join(store.Dir(), string(id))); err == nil || p.role(t, id) != "" || len(p.log(t)) != 1 {
		t.Error("refused, and yet changed")
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--force", path}, "belong together"},
		{[]string{"--reason", "x", path}, "belong together"},
		{[]string{"--to", "champion", path}, "becomes challenger first"},
		{[]string{"--to", "king", path}, "unknown role"},
		{[]string{"nothing-000000000000"}, "is not in"},
		{[]string{"--policy", filepath.Join(t.TempDir(), "none.yaml"), path}, "load policy"},
	} {
		if _, err := p.call(t, tt.args...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: %v, want %q", tt.args, err, tt.want)
		}
	}
	out, err = p.call(t, path, "--to", "champion", "--force", "--reason", "the old one is broken")
	if err != nil || !strings.Contains(out, "forced: the old one is broken") || p.role(t, id) != models.Champion {
		t.Fatalf("%v\n%s", err, out)
	}
	var last models.RoleChange
	log := p.log(t)
	if err := json.Unmarshal([]byte(log[len(log)-1]), &last); err != nil || !last.Forced || last.Reason != "the old one is broken" || last.Figures["gate"] != "refused" || last.Figures["against"] == nil {
		t.Errorf("%v, %s", err, log[len(log)-1])
	}
	if _, err := store.Open(id); err != nil {
		t.Errorf("the bundle was not stored: %v", err)
	}
}

func TestPromoteUsage(t *testing.T) {
	for _, args := range [][]string{nil, {"x"}, {"--data", "y"}, {"--data", "y", "a", "b"}} {
		if _, errOut, err := call(t, "", append([]string{"promote"}, args...)...); err != errUsage || !strings.Contains(errOut, "Usage: yingda promote") {
			t.Errorf("%v: %v\n%s", args, err, errOut)
		}
	}
}

// TestEvalAgainst compares two bundles on the command line.
func TestEvalAgainst(t *testing.T) {
	store, champion, rival := mustTinyStore(t)
	dir := t.TempDir()
	args := []string{"eval", "--data", mustTemp(t, "frozen.jsonl", tinyData), "--bundles", store.Dir(), "--bundle", string(rival), "--ort-lib", testenv.ForTest(t), "--out", dir}
	for _, against := range []string{"champion", string(champion), filepath.Join(store.Dir(), string(champion))} {
		out := mustCall(t, "", append(args, "--against", against)...)
		if !strings.Contains(out, "Against "+string(champion)+" on the same messages") || !strings.Contains(out, "difference by language") {
			t.Errorf("%s:\n%s", against, out)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err != nil || !strings.Contains(string(data), `"against": {`) {
		t.Errorf("report.json: %v", err)
	}
	if _, _, err := call(t, "", append(args, "--against", "nothing-000000000000")...); err == nil || !strings.Contains(err.Error(), "--against") {
		t.Errorf("no such bundle: %v", err)
	}
}
