//go:build !unix

package warehouse

import "time"

func processorTime() time.Duration { return 0 }
