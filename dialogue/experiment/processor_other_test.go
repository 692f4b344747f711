//go:build !linux

package experiment_test

import "time"

// processor is 0: processor time is not read here.
func processor() time.Duration { return 0 }
