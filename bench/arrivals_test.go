package bench

import (
	"context"
	"errors"
	"testing"
	"time"
)

// TestArrivals: a wait for a busy server counts, as it does for customers.
func TestArrivals(t *testing.T) {
	a := Arrivals{Rate: 200, Lasting: 500 * time.Millisecond, Clients: 1}
	got, err := a.Run(t.Context(), func(_ context.Context, client, i int) error {
		if client != 0 {
			t.Errorf("client %d", client)
		}
		time.Sleep(10 * time.Millisecond) // twice as long as until the next one comes
		if i == 3 {
			return errors.New("no")
		}
		return nil
	})
	if err != nil || got.Failed != 1 || got.First != "no" || got.N < 50 || got.N > 200 {
		t.Fatalf("%+v, %v", got, err)
	}
	if got.P99 < 200 || got.PerSecond > 100 || got.P50 > got.P90 || got.P90 > got.P99 || got.P99 > got.Max {
		t.Errorf("%+v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Run(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
