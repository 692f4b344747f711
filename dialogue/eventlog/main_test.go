package eventlog_test

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain holds that nothing goes on running after a log is closed.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}
