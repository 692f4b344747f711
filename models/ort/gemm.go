package ort

import (
	"errors"
	"fmt"
	"runtime"

	ort "github.com/yalue/onnxruntime_go"

	"yingda/models/onnx"
)

// Gemm multiplies float matrices with ONNX Runtime's kernels on all cores: several times as fast as pure Go. For training heads.
// It is used by one goroutine at a time.
type Gemm struct {
	plain, transposed *ort.DynamicAdvancedSession // A·B and Aᵀ·B
}

// NewGemm builds the two sessions. Init must have been called.
func NewGemm() (*Gemm, error) {
	g := &Gemm{}
	var err error
	if g.plain, err = gemmSession(0); err == nil {
		g.transposed, err = gemmSession(1)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("build matrix product: %w", err), g.Close())
	}
	return g, nil
}

func gemmSession(transA int64) (*ort.DynamicAdvancedSession, error) {
	dims := func(a, b string) []onnx.Dim { return []onnx.Dim{{Param: a}, {Param: b}} }
	m := &onnx.Model{IRVersion: 9, Opsets: []onnx.Opset{{Version: 20}}, Graph: &onnx.Graph{Name: "gemm",
		Nodes:   []*onnx.Node{{Op: "Gemm", Inputs: []string{"a", "b"}, Outputs: []string{"c"}, Attrs: []*onnx.Attr{onnx.IntAttr("transA", transA)}}},
		Inputs:  []*onnx.Value{{Name: "a", Type: onnx.Float, Dims: dims("x", "y")}, {Name: "b", Type: onnx.Float, Dims: dims("z", "n")}},
		Outputs: []*onnx.Value{{Name: "c", Type: onnx.Float, Dims: dims("m", "n")}}}}
	return newSession(onnx.Marshal(m), []string{"a", "b"}, []string{"c"}, runtime.GOMAXPROCS(0))
}

// Mul writes A·B to c, or Aᵀ·B. All matrices are row-major: a is aRows×aCols, b has n columns, c gets the product.
func (g *Gemm) Mul(transA bool, aRows, aCols, n int, a, b, c []float32) (err error) {
	session, m, k := g.plain, aRows, aCols
	if transA {
		session, m, k = g.transposed, aCols, aRows
	}
	var values []ort.Value
	defer func() {
		for _, v := range values {
			err = errors.Join(err, v.Destroy())
		}
	}()
	for _, t := range []struct {
		rows, cols int
		data       []float32
	}{{aRows, aCols, a}, {k, n, b}, {m, n, c}} {
		v, err := ort.NewTensor(ort.NewShape(int64(t.rows), int64(t.cols)), t.data)
		if err != nil {
			return fmt.Errorf("matrix product: %w", err)
		}
		values = append(values, v)
	}
	return session.Run(values[:2], values[2:])
}

// Close frees the sessions.
func (g *Gemm) Close() error {
	var errs []error
	for _, s := range []*ort.DynamicAdvancedSession{g.plain, g.transposed} {
		if s != nil {
			errs = append(errs, s.Destroy())
		}
	}
	return errors.Join(errs...)
}
