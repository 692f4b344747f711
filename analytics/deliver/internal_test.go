package deliver

import (
	"context"
	"time"
)

// Follow does once what the schedule does for an export at a moment.
func (d *Deliverer) Follow(ctx context.Context, name string, now time.Time) error {
	e, err := d.export(name)
	if err != nil {
		return err
	}
	return d.follow(ctx, e, dayOf(now, e.zone))
}
