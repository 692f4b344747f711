package bench

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// errNoProc is returned where /proc does not exist.
var errNoProc = errors.New("CPU time and memory of other processes are read from /proc, which this system does not have")

// clockTick is the unit of CPU times in /proc: USER_HZ, which Linux fixes at 100 a second for all processors Go runs on.
const clockTick = 10 * time.Millisecond

// SelfCPU returns the processor time that this process has used, all threads, user and system.
func SelfCPU() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, err
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}

// GroupCPU returns the processor time that the live processes of a process group have used.
func GroupCPU(group int) (time.Duration, error) {
	var sum time.Duration
	err := eachProcess(group, func(s procStat) { sum += s.cpu })
	return sum, err
}

// GroupRSS returns the resident memory of a process group in bytes. Pages that processes share count once for each.
func GroupRSS(group int) (int64, error) {
	var sum int64
	err := eachProcess(group, func(s procStat) { sum += s.rssPages * int64(os.Getpagesize()) })
	return sum, err
}

// SelfRSS returns the resident memory of this process in bytes.
func SelfRSS() (int64, error) {
	line, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0, errNoProc
	}
	s, err := parseStat(string(line))
	return s.rssPages * int64(os.Getpagesize()), err
}

// procStat is what is read from /proc/PID/stat.
type procStat struct {
	dead     bool // a zombie: it has ended, nobody has asked how
	group    int
	cpu      time.Duration
	rssPages int64
}

// parseStat reads a line of /proc/PID/stat, see proc_pid_stat(5). The second field is the command's name in parentheses and may
// contain anything, so fields are counted from the last parenthesis.
func parseStat(line string) (s procStat, err error) {
	_, rest, ok := cutLast(line, ")")
	f := strings.Fields(rest)
	if !ok || len(f) < 22 {
		return s, fmt.Errorf("not a line of /proc/PID/stat: %q", line)
	}
	number := func(field int) int64 { // numbered from 1 as in the manual; the first one here is field 3
		n, e := strconv.ParseInt(f[field-3], 10, 64)
		err = errors.Join(err, e)
		return n
	}
	s.dead = f[0] == "Z"
	s.group = int(number(5))
	s.cpu = time.Duration(number(14)+number(15)) * clockTick
	s.rssPages = number(24)
	return s, err
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// eachProcess calls visit for each live process of a group.
func eachProcess(group int, visit func(procStat)) error {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(files) == 0 {
		return errNoProc
	}
	found := false
	for _, file := range files {
		line, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended since
		}
		s, err := parseStat(string(line))
		if err != nil {
			return err
		}
		if s.group == group && !s.dead {
			visit(s)
			found = true
		}
	}
	if !found {
		return fmt.Errorf("process group %d has no process", group)
	}
	return nil
}
