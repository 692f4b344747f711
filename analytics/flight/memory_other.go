//go:build !linux

package flight

// residentBytes returns 0: this system does not say.
func residentBytes() int64 { return 0 }
