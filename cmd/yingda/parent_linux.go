package main

import (
	"os"
	"strconv"
	"syscall"
)

// dieWithParent has the kernel end the child when this process is killed.
func dieWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGTERM }

// giveWay lets other processes go first where processors are short, by n of 19. Linux keeps niceness by thread: those that
// run are told one by one, and later ones inherit it.
func giveWay(n int) error {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, t := range threads {
		id, err := strconv.Atoi(t.Name())
		if err != nil {
			return err
		}
		if err := syscall.Setpriority(syscall.PRIO_PROCESS, id, n); err != nil && err != syscall.ESRCH { // ended meanwhile
			return os.NewSyscallError("setpriority", err)
		}
	}
	return nil
}
