//go:build !linux

package main

import "syscall"

// dieWithParent does nothing where the kernel has no such service: a child whose parent is killed has to be ended by hand.
func dieWithParent(*syscall.SysProcAttr) {}
