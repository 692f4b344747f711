//go:build linux

package ort

/*
#include <features.h>
#ifdef __GLIBC__
#include <malloc.h>
static void yingda_trim(void) { malloc_trim(0); }
#else
static void yingda_trim(void) {}
#endif
*/
import "C"

import "runtime/debug"

// trimHeap gives memory freed by a closed session back to the system: glibc keeps it otherwise, and a server that swaps
// bundles would seem to grow.
func trimHeap() {
	C.yingda_trim()
	debug.FreeOSMemory()
}
