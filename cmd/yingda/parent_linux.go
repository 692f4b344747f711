package main

import "syscall"

// dieWithParent has the kernel end the child when this process is killed.
func dieWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGTERM }
