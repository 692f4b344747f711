package grad_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"yingda/models/onnx"
)

// tensor is a value of the reference interpreter. Integers and booleans are held as numbers too.
type tensor struct {
	dims []int64
	data []float64
}

func count(dims []int64) int64 {
	n := int64(1)
	for _, d := range dims {
		n *= d
	}
	return n
}

// build makes a tensor from a function of the place of an element.
func build(dims []int64, f func(at []int64) float64) *tensor {
	t := &tensor{dims: slices.Clone(dims), data: make([]float64, count(dims))}
	at := make([]int64, len(dims))
	for i := range t.data {
		t.data[i] = f(at)
		for a := len(dims) - 1; a >= 0; a-- {
			if at[a]++; at[a] < dims[a] {
				break
			}
			at[a] = 0
		}
	}
	return t
}

func scalar(v float64) *tensor { return &tensor{data: []float64{v}} }

func list(v ...int64) *tensor {
	return build([]int64{int64(len(v))}, func(at []int64) float64 { return float64(v[at[0]]) })
}

// at reads an element. Leading places beyond the tensor's axes are left out and axes of 1 repeat: numpy's broadcasting.
func (t *tensor) at(at []int64) float64 {
	at = at[len(at)-len(t.dims):]
	flat := int64(0)
	for a, d := range t.dims {
		flat *= d
		if d > 1 {
			flat += at[a]
		}
	}
	return t.data[flat]
}

func (t *tensor) ints() []int64 {
	out := make([]int64, len(t.data))
	for i, v := range t.data {
		if out[i] = math.MaxInt64; v < math.MaxInt64 { // which no float64 equals
			out[i] = int64(v)
		}
	}
	return out
}

// broadcast is the shape that all fit into.
func broadcast(shapes ...[]int64) []int64 {
	rank := 0
	for _, s := range shapes {
		rank = max(rank, len(s))
	}
	out := make([]int64, rank)
	for i := range out {
		out[i] = 1
	}
	for _, s := range shapes {
		for i, d := range s {
			if d != 1 {
				out[rank-len(s)+i] = d
			}
		}
	}
	return out
}

// elementwise applies f to elements at the same place.
func elementwise(f func(v []float64) float64, in ...*tensor) *tensor {
	var shapes [][]int64
	for _, t := range in {
		shapes = append(shapes, t.dims)
	}
	v := make([]float64, len(in))
	return build(broadcast(shapes...), func(at []int64) float64 {
		for i, t := range in {
			v[i] = t.at(at)
		}
		return f(v)
	})
}

// along maps the elements along an axis, a list to a list of the same length.
func along(x *tensor, axis int64, f func(v []float64) []float64) *tensor {
	axis = front(axis, len(x.dims))
	out := &tensor{dims: x.dims, data: make([]float64, len(x.data))}
	step := count(x.dims[axis+1:])
	n := x.dims[axis]
	for i := range x.data {
		if int64(i)/step%n != 0 {
			continue
		}
		v := make([]float64, n)
		for k := range v {
			v[k] = x.data[int64(i)+int64(k)*step]
		}
		for k, y := range f(v) {
			out.data[int64(i)+int64(k)*step] = y
		}
	}
	return out
}

// reduce maps the elements along axes, all when there are none, to one.
func reduce(x *tensor, axes []int64, keep bool, f func(v []float64) float64) *tensor {
	gone := make([]bool, len(x.dims))
	for _, a := range axes {
		gone[front(a, len(x.dims))] = true
	}
	var dims []int64 // with the axes kept
	for i, d := range x.dims {
		if len(axes) == 0 {
			gone[i] = true
		}
		if gone[i] {
			d = 1
		}
		dims = append(dims, d)
	}
	groups := make([][]float64, count(dims))
	place := build(dims, func() func([]int64) float64 {
		next := -1.0
		return func([]int64) float64 { next++; return next }
	}())
	build(x.dims, func(at []int64) float64 {
		i := int(place.at(at))
		groups[i] = append(groups[i], x.at(at))
		return 0
	})
	out := &tensor{dims: dims}
	for _, g := range groups {
		out.data = append(out.data, f(g))
	}
	if !keep {
		out.dims = nil
		for i, d := range x.dims {
			if !gone[i] {
				out.dims = append(out.dims, d)
			}
		}
	}
	return out
}

func front(axis int64, rank int) int64 {
	if axis < 0 {
		return axis + int64(rank)
	}
	return axis
}

// reference is the table of forward operators, in double precision, after the ONNX operator documentation. It is filled in the files beside.
type reference func(n *onnx.Node, in []*tensor) []*tensor

// evaluate computes every value of a graph.
func evaluate(g *onnx.Graph, inputs map[string]*tensor) map[string]*tensor {
	values := map[string]*tensor{}
	for _, t := range g.Initializers {
		values[t.Name] = constant(t)
	}
	for name, t := range inputs {
		values[name] = t
	}
	for _, n := range g.Nodes {
		var in []*tensor
		for _, name := range n.Inputs {
			if name != "" && values[name] == nil {
				panic(fmt.Sprintf("%s reads %q, which is not known", n.Op, name))
			}
			in = append(in, values[name])
		}
		f := operators[n.Op]
		if f == nil {
			panic("the reference does not know " + n.Op)
		}
		for i, t := range f(n, in) {
			if i < len(n.Outputs) {
				values[n.Outputs[i]] = t
			}
		}
	}
	return values
}

func constant(t *onnx.Tensor) *tensor {
	out := &tensor{dims: t.Dims}
	for i := 0; i < len(t.Raw); i += t.Type.Size() {
		switch b := t.Raw[i:]; t.Type {
		case onnx.Float:
			out.data = append(out.data, float64(math.Float32frombits(binary.LittleEndian.Uint32(b))))
		case onnx.Int64:
			out.data = append(out.data, float64(int64(binary.LittleEndian.Uint64(b))))
		case onnx.Int32:
			out.data = append(out.data, float64(int32(binary.LittleEndian.Uint32(b))))
		case onnx.Bool:
			out.data = append(out.data, float64(b[0]))
		default:
			panic(fmt.Sprintf("constant %q of type %d", t.Name, t.Type))
		}
	}
	return out
}
