package grad

import (
	"yingda/models/onnx"
)

// smallTable is the number of rows below which a product with one-hot vectors is faster than adding element by element. [M] 1,024 rows
// of 384 on one core: 2 rows 0.4 against 14 ms, 512 rows 20 against 15 ms (ONNX Runtime 1.32).
const smallTable = 256

// gatherRule adds each gathered row's gradient back to where the row came from.
//
// ScatterND with reduction "add" is what this looks made for, but ONNX Runtime runs it on several threads without a lock, and sums of rows
// that were gathered more than once come out wrong (seen in 1.32). ScatterElements runs on one thread.
func gatherRule(b *backward, n *onnx.Node, dy []string) error {
	x, index := n.Inputs[0], n.Inputs[1]
	axis, err := b.axis(n, 0)
	if err != nil {
		return err
	}
	rank, err := b.rank(x)
	if err != nil {
		return err
	}
	if rows, ok := b.fixed(x, 0); ok && axis == 0 && rank == 2 && rows <= smallTable {
		b.give(x, b.gatherSmall(x, index, dy[0], rows))
		return nil
	}
	// One axis for those of the index, at the place of the axis that was gathered from.
	around := make([]int64, rank)
	for i := range around {
		around[i] = 1
	}
	around[axis] = -1
	places := b.node("Reshape", []string{b.int64s(index), b.ints(around...)})
	d := b.node("Reshape", []string{dy[0], b.replaced(b.shape(x), axis, rank)})
	b.give(x, b.scatter(b.shape(x), b.node("Expand", []string{places, b.shape(d)}), d, axis))
	return nil
}

// replaced puts -1 at one place of a shape.
func (b *builder) replaced(shape string, at int64, rank int) string {
	var parts []string
	if at > 0 {
		parts = append(parts, b.node("Slice", []string{shape, b.ints(0), b.ints(at)}))
	}
	parts = append(parts, b.ints(-1))
	if at < int64(rank)-1 {
		parts = append(parts, b.node("Slice", []string{shape, b.ints(at + 1), b.ints(int64(rank))}))
	}
	return b.concat(parts...)
}

// gatherSmall is the gradient of a table of few rows: one-hot vectorsᵀ · dy.
func (b *backward) gatherSmall(x, index, dy string, rows int64) string {
	if b.consts["onoff"] == "" {
		b.consts["onoff"] = b.name("floats")
		b.g.Initializers = append(b.g.Initializers, onnx.NewFloats(b.consts["onoff"], []float32{0, 1}, 2))
	}
	flat := b.node("Reshape", []string{b.int64s(index), b.ints(-1)})
	hot := b.node("OneHot", []string{flat, b.ints(rows), b.consts["onoff"]})
	d := b.node("Reshape", []string{dy, b.concat(b.ints(-1), b.dim(x, 1))})
	return b.gemm(hot, d, true, false)
}

// scatter adds the elements of d to zeros of a shape, at the places along an axis that index, of d's shape, names.
func (b *builder) scatter(shape, index, d string, axis int64) string {
	return b.node("ScatterElements", []string{b.filled(shape, 0), index, d}, onnx.IntAttr("axis", axis), onnx.StringAttr("reduction", "add"))
}

func gatherElementsRule(b *backward, n *onnx.Node, dy []string) error {
	axis, err := b.axis(n, 0)
	if err != nil {
		return err
	}
	b.give(n.Inputs[0], b.scatter(b.shape(n.Inputs[0]), n.Inputs[1], dy[0], axis))
	return nil
}
