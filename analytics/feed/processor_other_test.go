//go:build !unix

package feed_test

import "time"

func processorTime() time.Duration { return 0 }
