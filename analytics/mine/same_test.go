package mine_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"yingda/analytics/mine"
)

// TestRun_Same finds the same groups, ids, names and texts to be labelled in whatever order candidates come and on however many processors.
func TestRun_Same(t *testing.T) {
	o := mine.Options{Engine: topics{"b1"}, NextID: 3, Label: 30, Seed: 5}
	o.Cluster.Space.Dim = 8
	cs := candidates("efghm", 60)
	for i := range cs { // spellings and times of their own: which of them stands for a text must not depend on the order either
		if i%3 == 0 {
			cs[i].Text += "!"
		}
		cs[i].Conversation = fmt.Sprint("v", i%7)
		cs = append(cs, cs[i])
		cs[len(cs)-1].ID += "b"
	}
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	var first string
	rnd := rand.New(rand.NewPCG(1, 2))
	for round := range 8 {
		runtime.GOMAXPROCS(1 + round%2)
		o.Candidates = append([]mine.Candidate(nil), cs...)
		if round > 0 {
			rnd.Shuffle(len(cs), func(i, j int) { o.Candidates[i], o.Candidates[j] = o.Candidates[j], o.Candidates[i] })
		}
		res := mustRun(t, o)
		data, err := json.Marshal(res)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case first == "":
			first = string(data)
			if len(res.Groups) < 4 {
				t.Fatalf("%d groups are too few to tell", len(res.Groups))
			}
		case first != string(data):
			t.Fatalf("round %d gave another result", round)
		}
	}
}
