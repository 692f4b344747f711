package library

import (
	"regexp"
	"strconv"
	"strings"
)

var fileVersion = regexp.MustCompile(`^libonnxruntime(?:\.so)?\.(\d+\.\d+(?:\.\d+)?)(?:\.dylib)?$`)

// versionOf reads the version out of names such as libonnxruntime.so.1.32.0 and libonnxruntime.1.32.0.dylib.
func versionOf(name string) string {
	m := fileVersion.FindStringSubmatch(name)
	if m == nil {
		return ""
	}
	return m[1]
}

func atLeast(version, minimum string) bool { return compareVersions(version, minimum) >= 0 }

// compareVersions compares dotted numbers; what is not a number counts as 0, so a pre-release equals its release.
func compareVersions(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(as), len(bs)) {
		if d := part(as, i) - part(bs, i); d != 0 {
			return d
		}
	}
	return 0
}

func part(parts []string, i int) int {
	if i >= len(parts) {
		return 0
	}
	digits := parts[i]
	if end := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
		digits = digits[:end]
	}
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}
