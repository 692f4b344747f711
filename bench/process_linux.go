package bench

import "syscall"

// ownGroup keeps the terminal's interrupt from the child, which is stopped in order, and tells it to end if this process is killed.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
