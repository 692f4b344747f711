//go:build !linux

package ort

import "runtime/debug"

// trimHeap gives memory freed by a closed session back to the system.
func trimHeap() { debug.FreeOSMemory() }
