package bench

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Machine is where the figures were taken.
type Machine struct {
	CPU    string  `json:"cpu"`
	Cores  int     `json:"cores"`
	Memory float64 `json:"memory_gib"`
	OS     string  `json:"os"`
	Load   string  `json:"load_before"` // load averages before the first measurement: others' work spoils figures
}

// ThisMachine describes the machine; what cannot be found out stays empty.
func ThisMachine() Machine {
	m := Machine{Cores: runtime.NumCPU(), OS: runtime.GOOS + "/" + runtime.GOARCH}
	if runtime.GOOS == "darwin" {
		m.CPU = output("sysctl", "-n", "machdep.cpu.brand_string")
		bytes, _ := strconv.ParseFloat(output("sysctl", "-n", "hw.memsize"), 64)
		m.Memory = bytes / (1 << 30)
		m.OS = "macOS " + output("sw_vers", "-productVersion") + " " + runtime.GOARCH
		m.Load = strings.Trim(output("sysctl", "-n", "vm.loadavg"), "{} ")
		return m
	}
	m.CPU = field(read("/proc/cpuinfo"), "model name", ":")
	kib, _, _ := strings.Cut(field(read("/proc/meminfo"), "MemTotal", ":"), " ")
	n, _ := strconv.ParseFloat(kib, 64)
	m.Memory = n / (1 << 20)
	if name := strings.Trim(field(read("/etc/os-release"), "PRETTY_NAME", "="), `"`); name != "" {
		m.OS = name + ", Linux " + strings.TrimSpace(read("/proc/sys/kernel/osrelease")) + " " + runtime.GOARCH
	}
	if f := strings.Fields(read("/proc/loadavg")); len(f) > 2 {
		m.Load = strings.Join(f[:3], " ")
	}
	return m
}

func read(path string) string {
	data, _ := os.ReadFile(path)
	return string(data)
}

// field returns the value of the first line that begins with key.
func field(text, key, sep string) string {
	for line := range strings.Lines(text) {
		k, v, ok := strings.Cut(line, sep)
		if ok && strings.TrimSpace(k) == key {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

func output(name string, args ...string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	out, _ := exec.CommandContext(ctx, name, args...).Output()
	return strings.TrimSpace(string(out))
}
