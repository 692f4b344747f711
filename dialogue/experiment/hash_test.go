package experiment_test

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/growthbook/growthbook-golang" // for its cases.json

	"yingda/dialogue/experiment"
)

// mustCases reads the test vectors that GrowthBook ships for all its implementations, from the Go module's folder.
func mustCases(tb testing.TB) map[string][]json.RawMessage {
	tb.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/growthbook/growthbook-golang").Output()
	if err != nil {
		tb.Fatalf("where is growthbook-golang? %v", err)
	}
	data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "cases.json"))
	if err != nil {
		tb.Fatal(err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		tb.Fatal(err)
	}
	cases := map[string][]json.RawMessage{}
	for _, name := range []string{"hash", "getBucketRange", "chooseVariation", "inNamespace"} {
		var list []json.RawMessage
		if err := json.Unmarshal(all[name], &list); err != nil || len(list) < 10 {
			tb.Fatalf("%d cases of %s: %v", len(list), name, err)
		}
		cases[name] = list
	}
	return cases
}

// mustFields decodes a case, a list of values of several types.
func mustFields(tb testing.TB, raw json.RawMessage, dst ...any) {
	tb.Helper()
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		tb.Fatal(err)
	}
	for i, d := range dst {
		if err := json.Unmarshal(list[i], d); err != nil {
			tb.Fatalf("%s: %v", raw, err)
		}
	}
}

func TestVectors(t *testing.T) {
	cases := mustCases(t)
	t.Run("hash", func(t *testing.T) {
		checked := 0
		for _, raw := range cases["hash"] {
			var seed, unit string
			var version int
			var want *float64
			mustFields(t, raw, &seed, &unit, &version, &want)
			if version != 2 {
				continue // version 1 is used for namespaces alone
			}
			checked++
			if got := experiment.Bucket(seed, unit); got != *want {
				t.Errorf("%s: got %v", raw, got)
			}
		}
		if checked < 15 {
			t.Errorf("only %d vectors of version 2", checked)
		}
	})
	t.Run("ranges", func(t *testing.T) {
		for _, raw := range cases["getBucketRange"] {
			var name string
			var in []json.RawMessage
			var want [][2]float64
			mustFields(t, raw, &name, &in, &want)
			var n int
			var coverage float64
			var weights []float64
			mustFields(t, mustJSON(t, in), &n, &coverage, &weights)
			got := experiment.Ranges(n, coverage, weights)
			if len(got) != len(want) {
				t.Fatalf("%s: %v", name, got)
			}
			for i := range want {
				// The cases round to what people write; TestVectors/bounds holds the exact bounds.
				if math.Abs(got[i].From-want[i][0]) > 1e-12 || math.Abs(got[i].To-want[i][1]) > 1e-12 {
					t.Errorf("%s: got %v, want %v", name, got, want)
				}
			}
		}
	})
	t.Run("bounds", func(t *testing.T) { // the product is rounded, then the sum, as in JavaScript: user-3436 falls on 0.22 and is in
		if r := experiment.Ranges(5, 0.1, nil); r[1].To != 0.22000000000000003 || !r[1].Contains(experiment.Bucket("bucket-range-rounding", "user-3436")) {
			t.Errorf("%v", r)
		}
	})
	t.Run("choose", func(t *testing.T) {
		for _, raw := range cases["chooseVariation"] {
			var name string
			var n float64
			var pairs [][2]float64
			var want int
			mustFields(t, raw, &name, &n, &pairs, &want)
			var ranges []experiment.Range
			for _, p := range pairs {
				ranges = append(ranges, experiment.Range{From: p[0], To: p[1]})
			}
			if got := experiment.Choose(n, ranges); got != want {
				t.Errorf("%s: got %d, want %d", name, got, want)
			}
		}
	})
	t.Run("namespace", func(t *testing.T) {
		for _, raw := range cases["inNamespace"] {
			var name, unit string
			var ns []json.RawMessage
			var want bool
			mustFields(t, raw, &name, &unit, &ns, &want)
			var id string
			var from, to float64
			mustFields(t, mustJSON(t, ns), &id, &from, &to)
			if got := experiment.InNamespace(unit, id, from, to); got != want {
				t.Errorf("%s: got %v", name, got)
			}
		}
	})
}

func mustJSON(tb testing.TB, v any) json.RawMessage {
	tb.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}
