package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"yingda/internal/testenv"
	"yingda/training/corpus"
)

// tinyShop is a corpus in the few words that the tiny tokenizer knows, as a file.
func tinyShop(tb testing.TB) string {
	tb.Helper()
	var lines bytes.Buffer
	tails := []string{"", "单", "气", "单气", "气单", "单单", "气气", "，单", "，气", "单，气", "气，单", "单单气", "气气单", "单气单", "气单气"}
	for _, tail := range tails {
		for word, labels := range map[string]string{"消消消": `"intents":["order.cancel"],"emotion":"neutral"`, "退退退": `"intents":["refund.request"],"emotion":"neutral"`,
			"天天天": `"intents":[],"emotion":"neutral"`, "cancel cancel 消": `"intents":["order.cancel"],"emotion":"angry"`} {
			lines.WriteString(`{"text":"` + word + tail + `",` + labels + `,"entities":[],"lang":"zh"}` + "\n")
			lines.WriteString(`{"text":"` + word + tail + `北京",` + labels + `,"entities":[{"type":"location","text":"北京"}],"lang":"zh"}` + "\n")
		}
	}
	sorted := slices.Sorted(strings.Lines(lines.String())) // a map gives its parts in any order
	return mustTemp(tb, "shop.jsonl", strings.Join(sorted, ""))
}

const tinyRecipe = `name: shop
version: "1"
languages: [zh]
layers: [2]
quantise: false
pairs: 0
entities: {types: [location], epochs: 3}
finetune: {epochs: 20, batch: 4, rate: 1.0e-3, hold_out: 0.2}
`

// trainArgs are a whole small training with the program's own flags.
func trainArgs(tb testing.TB, encoder, data, recipe, out string, more ...string) []string {
	tb.Helper()
	return append([]string{"train", "--ort-lib", testenv.ForTest(tb), "--encoder", encoder, "--data", data, "--recipe", recipe, "--out", out, "--threads", "1"}, more...)
}

// TestTrainChild is not a test: TestTrain_Kill starts it in the place of the program.
func TestTrainChild(t *testing.T) {
	if os.Getenv("YINGDA_TRAIN_CHILD") == "" {
		t.Skip("a helper of TestTrain_Kill")
	}
	args := os.Args[slices.Index(os.Args, "--")+1:]
	if err := run(t.Context(), args, stdio{os.Stdin, os.Stdout, os.Stderr}); err != nil {
		t.Fatal(err)
	}
}

// TestTrain_Kill kills a training in the middle, as kill -9 does. There is no half-written bundle, and the same command goes on and ends with the bundle of
// a training that nobody disturbed: the same id.
func TestTrain_Kill(t *testing.T) {
	encoder, data, recipe := testenv.MustEncoder(t, 3), tinyShop(t), mustTemp(t, "recipe.yaml", tinyRecipe)
	straight := filepath.Base(strings.TrimSpace(mustCall(t, "", trainArgs(t, encoder, data, recipe, t.TempDir())...)))

	out, checkpoint := t.TempDir(), t.TempDir()
	args := trainArgs(t, encoder, data, recipe, out, "--checkpoint", checkpoint)
	cmd := exec.Command(os.Args[0], slices.Concat([]string{"-test.run=^TestTrainChild$", "--"}, args, []string{"--checkpoint-every", "1ns"})...)
	cmd.Env = append(os.Environ(), "YINGDA_TRAIN_CHILD=1")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(checkpoint, "finetune.state")
	deadline := time.Now().Add(2 * time.Minute)
	for {
		if _, err := os.Stat(state); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Error("no checkpoint in two minutes")
			break
		}
		time.Sleep(time.Millisecond)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatalf("it was done before it was killed:\n%s", output.String())
	}
	if _, err := os.Stat(state); err != nil {
		t.Fatalf("%v\n%s", err, output.String())
	}
	if left, err := os.ReadDir(out); err != nil || len(left) > 0 {
		t.Errorf("a killed training left %v, %v", left, err)
	}
	path, errOut, err := call(t, "", args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, errOut)
	}
	if got := filepath.Base(strings.TrimSpace(path)); got != straight {
		t.Errorf("resumed, the training gives %s, undisturbed %s", got, straight)
	}
	if _, err := os.Stat(state); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the checkpoint of a finished training is left: %v", err)
	}
}

// TestTrain_Errors: what cannot be trained on is told with its name, and nothing is written.
func TestTrain_Errors(t *testing.T) {
	encoder, data, recipe := testenv.MustEncoder(t, 3), tinyShop(t), mustTemp(t, "recipe.yaml", tinyRecipe)
	text, err := os.ReadFile(data)
	if err != nil {
		t.Fatal(err)
	}
	slip := mustTemp(t, "slip.jsonl", strings.ReplaceAll(string(text), "refund.request", "refund.reqest"))
	feeling := mustTemp(t, "feeling.jsonl", strings.ReplaceAll(string(text), `"angry"`, `"angy"`))
	lonely := mustTemp(t, "lonely.jsonl", string(text)+`{"text":"退消","intents":["gift.wrap"],"entities":[],"emotion":"neutral"}`+"\n")
	half := mustTemp(t, "half.jsonl", string(text)[:len(text)*2/3])
	shipped, err := corpus.DefaultTaxonomy().YAML()
	if err != nil {
		t.Fatal(err)
	}
	labels := mustTemp(t, "labels.yaml", string(shipped))
	tests := []struct {
		name, data string
		more       []string
		want       string
	}{
		{"ErrIntent", slip, []string{"--taxonomy", labels}, "unknown-intent: refund.reqest"},
		{"ErrEmotion", feeling, []string{"--taxonomy", labels}, "unknown-emotion: angy"},
		{"ErrLonely", lonely, nil, "gift.wrap"},
		{"ErrTruncatedData", half, nil, "half.jsonl:"},
		{"ErrNoData", data + "x", nil, "no such file"},
		{"ErrTaxonomy", data, []string{"--taxonomy", recipe}, "recipe.yaml"},
		{"ErrFresh", data, []string{"--fresh", data}, "--fresh is for --recalibrate"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out := t.TempDir()
			_, _, err := call(t, "", trainArgs(t, encoder, tt.data, recipe, out, tt.more...)...)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if left, err := os.ReadDir(out); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

// TestEvalHeads trains a small bundle and lets "eval" cross-validate its heads and compare out-of-scope scores.
func TestEvalHeads(t *testing.T) {
	encoder, data, recipe := testenv.MustEncoder(t, 3), tinyShop(t), mustTemp(t, "recipe.yaml", strings.Replace(tinyRecipe, "epochs: 20", "epochs: 3", 1))
	bundle := strings.TrimSpace(mustCall(t, "", trainArgs(t, encoder, data, recipe, t.TempDir())...))
	out := t.TempDir()
	args := []string{"eval", "--ort-lib", testenv.ForTest(t), "--data", data, "--recipe", recipe, "--features", t.TempDir(), "--out", out}
	for _, tt := range []struct {
		name string
		more []string
		want []string // in the output; or one sentence of the error
		file string
	}{
		{"OKFolds", []string{"--bundle", bundle, "--folds", "3"}, []string{"3 folds over the corpus: 120 messages", "itself tuned on most of these messages", "Intent accuracy, arg-max"}, "folds.json"},
		{"OKFoldsEncoder", []string{"--encoder", encoder, "--folds", "2"}, []string{"the pretrained one, layers [2]"}, "folds.json"},
		{"OKScores", []string{"--bundle", bundle, "--oos-scores", "--trained-on", data}, []string{"the held-out part", "the test part", "relative Mahalanobis", "reject + energy"}, "oos-scores.json"},
		{"ErrFolds", []string{"--bundle", bundle, "--folds", "1"}, []string{"1 folds: want 2–20"}, ""},
		{"ErrBenchmark", []string{"--bundle", bundle, "--oos-scores", "--benchmark", recipe}, []string{"load benchmark"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text, errOut, err := call(t, "", append(args, tt.more...)...)
			if strings.HasPrefix(tt.name, "Err") {
				if err == nil || !strings.Contains(err.Error(), tt.want[0]) {
					t.Errorf("got %v, want %q", err, tt.want[0])
				}
				return
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, errOut)
			}
			for _, want := range tt.want {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in\n%s", want, text)
				}
			}
			if info, err := os.Stat(filepath.Join(out, tt.file)); err != nil || info.Size() == 0 {
				t.Errorf("%s: %v", tt.file, err)
			}
		})
	}
}
