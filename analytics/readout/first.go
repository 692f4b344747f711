package readout

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// FirstExposure returns when the first customer of a tenant was exposed to an experiment; zero if none was.
func FirstExposure(ctx context.Context, q Querier, tenant, experiment string) (first time.Time, err error) {
	rows, err := q.Query(ctx, "SELECT min(ts) FROM exposures WHERE tenant = ? AND experiment = ?", tenant, experiment)
	if err != nil {
		return first, fmt.Errorf("first exposure of %q: %w", experiment, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var at sql.NullTime
	for rows.Next() {
		if err := rows.Scan(&at); err != nil {
			return first, fmt.Errorf("first exposure of %q: %w", experiment, err)
		}
	}
	return at.Time, rows.Err()
}
