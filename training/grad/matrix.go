package grad

import (
	"yingda/models/onnx"
)

// matMulRule: Y = A·B gives dA = dY·Bᵀ and dB = Aᵀ·dY. When B is a matrix (a weight), all other axes of A are rows of one big
// matrix, and both products are single Gemms.
func matMulRule(b *backward, n *onnx.Node, dy []string) error {
	x, w := n.Inputs[0], n.Inputs[1]
	rx, err := b.rank(x)
	if err != nil {
		return err
	}
	rw, err := b.rank(w)
	if err != nil {
		return err
	}
	switch {
	case rx < 2 || rw < 2:
		return errUnsupported("vectors: give them two axes")
	case rw == 2:
		b.weightProduct(x, w, rx, dy[0])
		return nil
	}
	if b.needs[x] {
		if err := b.back(n, x, b.node("MatMul", []string{dy[0], b.transposed(w, rw)})); err != nil {
			return err
		}
	}
	if b.needs[w] {
		return b.back(n, w, b.node("MatMul", []string{b.transposed(x, rx), dy[0]}))
	}
	return nil
}

func (b *backward) weightProduct(x, w string, rank int, dy string) {
	rows := func(v string, axis int64) string { // all but the last axis in one
		if rank == 2 {
			return v
		}
		if size, ok := b.fixed(w, axis); ok {
			return b.node("Reshape", []string{v, b.ints(-1, size)})
		}
		return b.node("Reshape", []string{v, b.concat(b.ints(-1), b.dim(w, axis))})
	}
	dy2 := rows(dy, 1)
	if b.needs[x] {
		dx := b.gemm(dy2, w, false, true)
		if rank > 2 {
			dx = b.like(dx, x)
		}
		b.give(x, dx)
	}
	if b.needs[w] {
		b.give(w, b.gemm(rows(x, 0), dy2, true, false))
	}
}

// transposed swaps the last two axes.
func (b *backward) transposed(x string, rank int) string {
	perm := make([]int64, rank)
	for i := range perm {
		perm[i] = int64(i)
	}
	perm[rank-1], perm[rank-2] = perm[rank-2], perm[rank-1]
	return b.transpose(x, perm)
}

// gemmRule: Y = α·A'·B' + β·C, where ' is an optional transposition.
func gemmRule(b *backward, n *onnx.Node, dy []string) error {
	transA, transB := intAttr(n, "transA", 0) != 0, intAttr(n, "transB", 0) != 0
	alpha, beta := floatAttr(n, "alpha", 1), floatAttr(n, "beta", 1)
	x, w := n.Inputs[0], n.Inputs[1]
	d := dy[0]
	if alpha != 1 {
		d = b.mul(d, b.float(float64(alpha)))
	}
	if b.needs[x] {
		if transA {
			b.give(x, b.gemm(w, d, transB, true))
		} else {
			b.give(x, b.gemm(d, w, false, !transB))
		}
	}
	if b.needs[w] {
		if transB {
			b.give(w, b.gemm(d, x, true, transA))
		} else {
			b.give(w, b.gemm(x, d, !transA, false))
		}
	}
	c := input(n, 2)
	if !b.needs[c] {
		return nil
	}
	if d = dy[0]; beta != 1 {
		d = b.mul(d, b.float(float64(beta)))
	}
	return b.back(n, c, d)
}
