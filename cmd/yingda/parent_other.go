//go:build !linux

package main

import (
	"os"
	"syscall"
)

// dieWithParent does nothing where the kernel has no such service: a child whose parent is killed has to be ended by hand.
func dieWithParent(*syscall.SysProcAttr) {}

// giveWay lets other processes go first where processors are short, by n of 19.
func giveWay(n int) error {
	return os.NewSyscallError("setpriority", syscall.Setpriority(syscall.PRIO_PROCESS, 0, n))
}
