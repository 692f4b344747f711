package finetune

import (
	"fmt"
	"syscall"
	"unsafe"
)

// arena hands out float memory outside Go's heap: weights, gradients and moments are bound to ONNX Runtime for the whole run, and
// nothing may move or scan them.
type arena struct {
	mapped []byte
	free   []float32
}

func newArena(floats int) (*arena, error) {
	m, err := syscall.Mmap(-1, 0, max(4*floats, 4), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("allocate %d MB for training: %w", 4*floats>>20, err)
	}
	return &arena{mapped: m, free: unsafe.Slice((*float32)(unsafe.Pointer(&m[0])), floats)}, nil
}

// take cuts off n floats, all zero.
func (a *arena) take(n int) []float32 {
	s := a.free[:n:n]
	a.free = a.free[n:]
	return s
}

func (a *arena) close() error { return syscall.Munmap(a.mapped) }
