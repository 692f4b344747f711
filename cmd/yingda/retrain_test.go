package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"yingda/analytics/mine"
	"yingda/analytics/readout"
	"yingda/internal/testenv"
	"yingda/models"
	"yingda/training/retrain"
)

// retrainTails make different messages of one kind in the few words that the tiny tokenizer knows.
var retrainTails = []string{"", "单", "气", "单单", "气气", "单气", "气单", "单气单", "气单气", "单单单", "气气气", "单单气", "气单单", "单气气", "气气单", "单单气气", "气气单单", "单气单气", "气单气单"}

// mustTrained is a store whose champion was trained on the tiny encoder, and the flags of a run on it.
func mustTrained(tb testing.TB) (store string, args []string) {
	tb.Helper()
	dir := tb.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			tb.Fatal(err)
		}
		return path
	}
	var data, labels strings.Builder
	for i, tail := range retrainTails {
		for _, kind := range []string{`{"text":"消消消%s","intents":["order.cancel"],"emotion":"neutral","lang":"zh"}`, `{"text":"退退退%s","intents":["refund.request"],"emotion":"angry","lang":"zh"}`,
			`{"text":"天天天%s","intents":[],"emotion":"neutral","lang":"zh"}`} {
			fmt.Fprintf(&data, kind+"\n", tail)
		}
		fmt.Fprintf(&labels, `{"text":"refund refund%s","intents":["gift.wrap"],"lang":"zh","metadata":{"group":"u-000001","turns":["t%d"],"accepted_by":"ann","accepted_at":"2026-11-20T08:00:00Z"}}`+"\n", tail, i)
	}
	labels.WriteString(`{"text":"消消消单","intents":["order.cancel"],"lang":"zh","metadata":{"accepted_by":"ann"}}` + "\n")
	recipe := file("recipe.yaml", "name: shop\nlanguages: [zh]\nlayers: [2]\nquantise: false\npairs: 20\nfinetune: {hold_out: 0.2}\nentities: {skip: true}\n")
	policy := file("policy.yaml", strings.Replace(lenient, "%s", "", 1))
	corpusFile := file("corpus.jsonl", data.String())
	store = filepath.Join(dir, "bundles")
	ort := []string{"--ort-lib", testenv.ForTest(tb)}
	path := strings.TrimSpace(mustCall(tb, "", append([]string{"train", "--encoder", testenv.MustEncoder(tb, 2), "--recipe", recipe, "--data", corpusFile, "--out", store, "--notes", ""}, ort...)...))
	s, err := models.OpenStore(store, nil, "")
	if err != nil {
		tb.Fatal(err)
	}
	if err := s.SetRole(models.Champion, models.BundleID(filepath.Base(path))); err != nil {
		tb.Fatal(err)
	}
	frozen := file("frozen.jsonl", `{"text":"消，消消","intents":["order.cancel"],"lang":"zh"}`+"\n"+`{"text":"退，退退","intents":["refund.request"],"lang":"zh"}`+"\n"+`{"text":"天，天天","intents":[],"lang":"zh"}`+"\n")
	return store, append([]string{"--bundles", store, "--data", corpusFile, "--recipe", recipe, "--policy", policy, "--frozen", frozen, "--labels", file("labels.jsonl", labels.String()),
		"--features", filepath.Join(dir, "features"), "--traffic", file("traffic.jsonl", `{"text":"refund refund单","lang":"zh","n":7}`+"\n"), "--dir", filepath.Join(dir, "analytics")}, ort...)
}

// TestRetrain runs the command from labels to a challenger and asks about the run.
func TestRetrain(t *testing.T) {
	store, args := mustTrained(t)
	out := mustCall(t, "", append([]string{"retrain", "--no-canary"}, args...)...)
	for _, want := range []string{"promote     done", "new  gift.wrap", "1 duplicate", "7 recent messages", "1 new intents have no answer yet"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	s, err := models.OpenStore(store, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	state, err := s.State()
	if err != nil || state.Current(models.Challenger) == "" {
		t.Fatalf("no challenger, %v", err)
	}
	made := string(state.Current(models.Challenger))
	where := []string{"--bundles", store}
	ask := func(words ...string) string {
		return mustCall(t, "", append(append([]string{"retrain"}, words...), where...)...)
	}
	if out := ask("list"); !strings.Contains(out, "done") || strings.Count(out, "\n") != 1 {
		t.Error(out)
	}
	for _, ref := range []string{"", made} {
		if out := ask(strings.Fields("status " + ref)...); !strings.Contains(out, "new  gift.wrap") {
			t.Error(out)
		}
		if out := ask(strings.Fields("verify " + ref)...); !strings.Contains(out, made+" was made from corpus") {
			t.Error(out)
		}
	}
	if out := ask("trace", made, "refund refund单气"); !strings.Contains(out, "accepted by ann 2026-11-20T08:00:00Z, group u-000001, turns t5") {
		t.Error(out)
	}
	for _, words := range [][]string{{"status", "nothing"}, {"verify", "nothing"}, {"trace", "nothing", "x"}, {"resume", "nothing"}} {
		if _, _, err := call(t, "", append(append([]string{"retrain"}, words...), where...)...); err == nil || !strings.Contains(err.Error(), "retrain list") {
			t.Errorf("%v: %v", words, err)
		}
	}
}

// TestRetrainResume: without a server the run waits for one; with one the experiment runs there, and its results decide.
func TestRetrainResume(t *testing.T) {
	store, args := mustTrained(t)
	out := mustCall(t, "", append([]string{"retrain"}, args...)...)
	if !strings.Contains(out, "canary      waiting") || !strings.Contains(out, "retrain resume --server URL") {
		t.Fatal(out)
	}
	s := mustServe(t, "--bundles", store, "--log", filepath.Join(t.TempDir(), "log"), "--no-analytics")
	// Analytics of this server are off: its results are made up here, all else is its own.
	verdict, status := readout.Inconclusive, http.StatusOK
	front := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/results") {
			res := readout.Result{Arms: []readout.ArmCount{{Arm: readout.Arm{Name: "champion"}, Units: 900}}}
			res.Decision.Verdict = verdict
			res.Decision.Text.EN = "The verdict is " + string(verdict) + "."
			rw.WriteHeader(status)
			if err := json.NewEncoder(rw).Encode(res); err != nil {
				t.Error(err)
			}
			return
		}
		http.Redirect(rw, r, s.base+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	defer front.Close()
	resume := func() (string, error) {
		out, _, err := call(t, "", append([]string{"retrain", "resume", "--server", front.URL, "--bundles", store}, "--ort-lib", testenv.ForTest(t))...)
		return out, err
	}
	out, err := resume()
	if err != nil || !strings.Contains(out, "The verdict is inconclusive") || !strings.Contains(out, "canary      waiting") {
		t.Fatalf("%v\n%s", err, out)
	}
	experiments := func() string {
		_, answer, err := s.send("GET", "/v1/experiments", "")
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(answer)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	if got := experiments(); !strings.Contains(got, `"state":"running"`) || !strings.Contains(got, `"coverage":0.1`) {
		t.Error(got)
	}
	for _, status = range []int{http.StatusNotFound, http.StatusServiceUnavailable} { // analytics has not heard of it, or is down
		if out, err = resume(); err != nil || !strings.Contains(out, "no results of the experiment yet") || !strings.Contains(out, "canary      waiting") {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	status, verdict = http.StatusOK, readout.Better
	if out, err = resume(); err != nil || !strings.Contains(out, "promote     done") {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := experiments(); !strings.Contains(got, `"state":"stopped"`) {
		t.Error(got)
	}
}

func TestCanaryVerdicts(t *testing.T) {
	for v, want := range map[readout.Verdict]retrain.Verdict{readout.Better: retrain.Allow, readout.NoDifference: retrain.Allow, readout.Worse: retrain.Stop, readout.Harm: retrain.Stop,
		readout.Broken: retrain.Stop, readout.NoData: retrain.Wait, readout.Early: retrain.Wait, readout.Inconclusive: retrain.Wait, readout.GuardUnclear: retrain.Wait} {
		if got := allowed(v); got != want {
			t.Errorf("%s: %s, want %s", v, got, want)
		}
	}
}

func TestRetrainUsage(t *testing.T) {
	for _, args := range [][]string{{"retrain", "sideways"}, {"retrain", "list", "x"}, {"retrain", "trace", "x"}, {"retrain-demo", "x"}} {
		if _, errOut, err := call(t, "", args...); err != errUsage || !strings.Contains(errOut, "Usage: yingda retrain") {
			t.Errorf("%v: %v\n%s", args, err, errOut)
		}
	}
	dir := t.TempDir()
	if _, _, err := call(t, "", "retrain", "--bundles", filepath.Join(dir, "bundles"), "--dir", dir, "--frozen", mustTemp(t, "frozen.jsonl", tinyData)); err == nil || !strings.Contains(err.Error(), "nobody has accepted a label") {
		t.Errorf("%v", err)
	}
}

// TestSimulatedReviewer names a group by what most texts mean, leaves the others out, and refuses without one.
func TestSimulatedReviewer(t *testing.T) {
	group := func(intents ...string) (*mine.Group, *simulatedReviewer) {
		g, s := &mine.Group{ID: "u-1"}, &simulatedReviewer{truth: map[string]string{}}
		for i, in := range intents {
			key := fmt.Sprint(i)
			g.Members = append(g.Members, mine.Member{Item: mine.Item{Key: key}})
			if in != "?" {
				s.truth[key] = in
			}
		}
		return g, s
	}
	for _, tt := range []struct {
		intents []string
		want    string
		left    int
	}{
		{[]string{"a.b", "a.b", "a.b", "c.d", "?"}, "a.b", 2},
		{[]string{"a.b", "c.d", "e.f", "?"}, "", 0},
		{[]string{"", "", ""}, "", 0},
		{[]string{"?"}, "", 0},
	} {
		g, s := group(tt.intents...)
		if r := s.look(g); r.Intent != tt.want || r.Left != tt.left {
			t.Errorf("%v: %+v", tt.intents, r)
		}
	}
}
