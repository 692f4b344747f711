package encoder_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"yingda/internal/testenv"
	"yingda/models"
	"yingda/models/onnx"
	"yingda/models/ort"
	"yingda/training/encoder"
)

// exported is what testdata/export.py notes about a model: the states after the embeddings and each layer, as PyTorch computes them.
type exported struct {
	Config    json.RawMessage `json:"config"`
	IDs, Mask [][]int64
	States    [][]float64
}

const exportedWidth, exportedLayers = 8, 2

// mustExport puts an exported graph, changed by change, into a folder of its own, with its config and any tokenizer.
func mustExport(tb testing.TB, kind string, opset int, change func(m *onnx.Model)) (string, *exported) {
	tb.Helper()
	var x exported
	data, err := os.ReadFile(filepath.Join("testdata", kind+".json"))
	if err == nil {
		err = json.Unmarshal(data, &x)
	}
	if err != nil {
		tb.Fatal(err)
	}
	if data, err = os.ReadFile(filepath.Join("testdata", fmt.Sprintf("%s_%d.onnx", kind, opset))); err != nil {
		tb.Fatal(err)
	}
	m, err := onnx.Unmarshal(data)
	if err != nil {
		tb.Fatal(err)
	}
	if change != nil {
		change(m)
	}
	dir := testenv.MustEncoder(tb, 1)
	for name, data := range map[string][]byte{"config.json": x.Config, "model.onnx": onnx.Marshal(m)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return dir, &x
}

var exports = []struct {
	kind  string
	opset int
}{{"bert", 11}, {"bert", 14}, {"bert", 17}, {"roberta", 11}, {"roberta", 17}, {"distilbert", 11}, {"distilbert", 17}}

// TestExports reads graphs as exporters write them and compares the states after each layer with PyTorch's.
func TestExports(t *testing.T) {
	for _, tt := range exports {
		t.Run(fmt.Sprint(tt.kind, tt.opset), func(t *testing.T) {
			dir, x := mustExport(t, tt.kind, tt.opset, nil)
			e := MustLoad(t, dir)
			checkStates(t, e, x)
			if want := map[string]int{"roberta": 18}[tt.kind]; want != 0 && e.Config.MaxTokens != want {
				t.Errorf("%d tokens at most, want %d", e.Config.MaxTokens, want)
			}
			checkGraph(t, e)
		})
	}
}

// checkStates runs the graph for all layers in one batch, and for the first alone.
func checkStates(t *testing.T, e *encoder.Encoder, x *exported) {
	t.Helper()
	if e.Layers() != exportedLayers || e.Config.HiddenSize != exportedWidth || e.Config.Layers != exportedLayers {
		t.Fatalf("%d layers, config %+v", e.Layers(), e.Config)
	}
	rows, cols := len(x.IDs), len(x.IDs[0])
	b := &models.Batch{Rows: rows, Cols: cols, IDs: slices.Concat(x.IDs...), Mask: slices.Concat(x.Mask...)}
	for _, m := range x.Mask {
		n := cols
		if i := slices.Index(m, 0); i >= 0 {
			n = i
		}
		b.Lens = append(b.Lens, n)
	}
	for _, layers := range [][]int{{1, 2}, {1}} {
		m, dim, err := e.Tap(layers...)
		if err != nil {
			t.Fatal(err)
		}
		out, err := testenv.MustBackend(t, e.Bundle(m, dim), ort.Options{}).Forward(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		for r := range rows {
			for c := range b.Lens[r] {
				for i, v := range out[r][0].Row(c) {
					layer, k := layers[i/exportedWidth], i%exportedWidth
					if want := x.States[layer][(r*cols+c)*exportedWidth+k]; math.Abs(float64(v)-want) > 1e-4 {
						t.Fatalf("row %d, token %d, layer %d, state %d is %g, want %g", r, c, layer, k, v, want)
					}
				}
			}
		}
	}
}

// checkGraph looks for what training needs: whole normalisations, one input besides the ids, parameters with a layer.
func checkGraph(t *testing.T, e *encoder.Encoder) {
	t.Helper()
	norms := 0
	for _, n := range e.Model.Graph.Nodes {
		switch n.Op {
		case "LayerNormalization":
			norms++
		case "Sqrt", "ReduceMean", "Pow":
			t.Errorf("%s (%s) is left of a normalisation", n.Name, n.Op)
		}
	}
	if norms != 2*exportedLayers+1 {
		t.Errorf("%d normalisations", norms)
	}
	for _, v := range e.Model.Graph.Inputs {
		if v.Name != "input_ids" && v.Name != "attention_mask" {
			t.Errorf("input %s", v.Name)
		}
	}
	if e.Model.Opsets[0].Version < 17 {
		t.Errorf("operator set %d", e.Model.Opsets[0].Version)
	}
	count := map[int]int{}
	for _, w := range e.Model.Graph.Initializers {
		if w.Type != onnx.Float || strings.Contains(w.Name, "pool") || strings.Contains(w.Name, "classifier") {
			continue
		}
		count[e.LayerOf(w.Name)]++
		for l, stem := range []string{"embeddings.", "layer.0.", "layer.1."} {
			if strings.Contains(w.Name, stem) && e.LayerOf(w.Name) != l {
				t.Errorf("%s belongs to layer %d", w.Name, e.LayerOf(w.Name))
			}
		}
	}
	if count[1] != 16 || count[2] < 16 || count[0] < 4 {
		t.Errorf("parameters by layer: %v", count)
	}
}

// rename gives every weight and node a name that says nothing.
func rename(m *onnx.Model) {
	names := map[string]string{}
	for i, w := range m.Graph.Initializers {
		names[w.Name] = fmt.Sprintf("onnx::Mul_%d", i)
		w.Name = names[w.Name]
	}
	for _, n := range m.Graph.Nodes {
		n.Name = ""
		for _, list := range [][]string{n.Inputs, n.Outputs} {
			for i, v := range list {
				if names[v] == "" && strings.HasPrefix(v, "/") {
					names[v] = fmt.Sprintf("%d", 1000+len(names))
				}
				if names[v] != "" {
					list[i] = names[v]
				}
			}
		}
	}
}

// TestNameless finds the layers by the order of normalisations where names say nothing.
func TestNameless(t *testing.T) {
	for _, tt := range exports {
		t.Run(fmt.Sprint(tt.kind, tt.opset), func(t *testing.T) {
			dir, x := mustExport(t, tt.kind, tt.opset, rename)
			checkStates(t, MustLoad(t, dir), x)
		})
	}
	t.Run("ErrPreNorm", func(t *testing.T) { // states that pass by a norm are not the output of a layer
		dir, _ := mustExport(t, "bert", 17, func(m *onnx.Model) {
			rename(m)
			var norms []*onnx.Node
			for _, n := range m.Graph.Nodes {
				if n.Op == "LayerNormalization" {
					norms = append(norms, n)
				}
			}
			for _, n := range m.Graph.Nodes {
				for i, v := range n.Inputs {
					if k := slices.IndexFunc(norms, func(n *onnx.Node) bool { return n.Outputs[0] == v }); k > 0 && n.Op == "Add" {
						n.Inputs[i] = norms[k].Inputs[0]
					}
				}
			}
		})
		if _, err := encoder.Load(dir); err == nil || !strings.Contains(err.Error(), "no layers found") {
			t.Errorf("got %v", err)
		}
	})
}

// TestNodeNames finds the layers by the names of nodes where the weights' are gone.
func TestNodeNames(t *testing.T) {
	dir, x := mustExport(t, "roberta", 11, func(m *onnx.Model) {
		for i, w := range m.Graph.Initializers {
			name := fmt.Sprintf("onnx::Mul_%d", i)
			for _, n := range m.Graph.Nodes {
				for k, v := range n.Inputs {
					if v == w.Name {
						n.Inputs[k] = name
					}
				}
			}
			w.Name = name
		}
	})
	checkStates(t, MustLoad(t, dir), x)
}

// TestShared undoes the sharing of equal constants: each parameter is one of its own under its own name.
func TestShared(t *testing.T) {
	const first, second = "encoder.layer.0.output.LayerNorm.bias", "encoder.layer.1.output.LayerNorm.bias"
	dir, _ := mustExport(t, "bert", 14, func(m *onnx.Model) {
		g := m.Graph
		g.Initializers = slices.DeleteFunc(g.Initializers, func(w *onnx.Tensor) bool { return w.Name == second })
		g.Nodes = slices.Insert(g.Nodes, 0, &onnx.Node{Op: "Identity", Name: "Identity_0", Inputs: []string{first}, Outputs: []string{second}})
	})
	e := MustLoad(t, dir)
	a, b := e.Model.Graph.Initializer(first), e.Model.Graph.Initializer(second)
	if a == nil || b == nil || !slices.Equal(a.Floats(), b.Floats()) || e.LayerOf(first) != 1 || e.LayerOf(second) != 2 {
		t.Errorf("%v and %v", a, b)
	}
	if e.Layers() != exportedLayers {
		t.Errorf("%d layers", e.Layers())
	}
}

// TestUnfused leaves alone what only looks like a normalisation.
func TestUnfused(t *testing.T) {
	for name, change := range map[string]func(n *onnx.Node){
		"Axis": func(n *onnx.Node) {
			if n.Op == "ReduceMean" {
				n.Attr("axes").Ints = []int64{1}
			}
		},
		"NoRoot": func(n *onnx.Node) {
			if n.Op == "Sqrt" {
				n.Op = "Exp"
			}
		},
		"NoSquare": func(n *onnx.Node) {
			if n.Op == "Pow" {
				n.Op, n.Inputs = "Abs", n.Inputs[:1]
			}
		},
		"Sum": func(n *onnx.Node) {
			if n.Op == "Sub" && strings.Contains(n.Name, "LayerNorm") {
				n.Op = "Add"
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, _ := mustExport(t, "bert", 11, func(m *onnx.Model) {
				for _, n := range m.Graph.Nodes {
					change(n)
				}
			})
			if _, err := encoder.Load(dir); err == nil || !strings.Contains(err.Error(), "no layers found") {
				t.Errorf("got %v", err)
			}
		})
	}
}
