package deliver

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// followed is what an export has seen of the warehouse: it tells which days have changed since they were written, however old they are.
type followed struct {
	// Since is the first day that the schedule wrote. Days before are written again if they were written by hand.
	Since string `json:"since"`
	// Seen is when the sessions of a day (UTC) were computed last, as it was when the day was written, by tenant and day.
	Seen map[string]map[string]string `json:"seen"`
}

// followedName is its file, in the folder of the export.
const followedName = "followed.json"

func (d *Deliverer) followedPath(e *Export) string {
	return filepath.Join(d.o.Dir, "exports", e.Name, followedName)
}

// readFollowed reads it; nil = the schedule has not run yet. A file that cannot be read is said, and begun again: what is written does not go.
func (d *Deliverer) readFollowed(e *Export) (*followed, error) {
	raw, err := os.ReadFile(d.followedPath(e))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	f := &followed{}
	if err := json.Unmarshal(raw, f); err != nil || f.Since == "" {
		d.o.Log.Error("what an export has seen is damaged; only changes from now on are followed", "file", d.followedPath(e), "error", err)
		return nil, nil
	}
	if f.Seen == nil {
		f.Seen = map[string]map[string]string{}
	}
	return f, nil
}

func (d *Deliverer) writeFollowed(e *Export, f *followed) error {
	raw, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(d.followedPath(e)), 0o750); err != nil {
		return err
	}
	return writeSynced(d.followedPath(e), append(raw, '\n'))
}

// sessionDay is a day (UTC) of a tenant, and when its sessions were computed last.
type sessionDay struct {
	tenant, changed string
	day             time.Time
}

// sessionDays reads them for the tenants of an export, oldest first.
func (d *Deliverer) sessionDays(ctx context.Context, e *Export) (out []sessionDay, err error) {
	rows, err := d.o.Query(ctx, "SELECT tenant, dt, max(changed) FROM session_days GROUP BY tenant, dt")
	if err != nil {
		return nil, fmt.Errorf("read which days changed: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var s sessionDay
		var changed time.Time
		if err := rows.Scan(&s.tenant, &s.day, &changed); err != nil {
			return nil, fmt.Errorf("read which days changed: %w", err)
		}
		if s.changed = changed.UTC().Format(time.RFC3339Nano); wants(e.Tenants, s.tenant) {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b sessionDay) int { return cmp.Or(a.day.Compare(b.day), cmp.Compare(a.tenant, b.tenant)) })
	return out, rows.Err()
}

// follow writes the days before until that are not as they were: the last ones, and those of which something changed since they were written.
// Errors: those of the warehouse and the disk; what was written until then is remembered.
func (d *Deliverer) follow(ctx context.Context, e *Export, until time.Time) (err error) {
	f, err := d.readFollowed(e)
	if err != nil {
		return err
	}
	days, err := d.sessionDays(ctx, e) // before the files: what changes meanwhile is seen the next time
	if err != nil {
		return err
	}
	recent := until.AddDate(0, 0, -reexported)
	if _, err := d.Export(ctx, e.Name, "", recent, until); err != nil {
		return err
	}
	begun := f != nil
	if !begun {
		f = &followed{Since: recent.Format(time.DateOnly), Seen: map[string]map[string]string{}}
	}
	news := 0
	defer func() {
		if news > 0 || !begun {
			err = errors.Join(err, d.writeFollowed(e, f))
		}
	}()
	for _, s := range days {
		name := s.day.Format(time.DateOnly)
		if f.Seen[s.tenant][name] == s.changed {
			continue
		}
		first, end := dayOf(s.day, e.zone), dayOf(s.day.Add(24*time.Hour-time.Microsecond), e.zone).AddDate(0, 0, 1)
		if begun {
			if err := d.rewrite(ctx, e, f, s.tenant, first, earlier(end, recent)); err != nil {
				return err
			}
		}
		if end.After(until) { // a part of it is still to come
			continue
		}
		if f.Seen[s.tenant] == nil {
			f.Seen[s.tenant] = map[string]string{}
		}
		f.Seen[s.tenant][name], news = s.changed, news+1
	}
	return nil
}

// rewrite writes a tenant's days [from, to) again: those since the schedule began, and those before that were written by hand.
func (d *Deliverer) rewrite(ctx context.Context, e *Export, f *followed, tenant string, from, to time.Time) error {
	for day := from; day.Before(to); day = day.AddDate(0, 0, 1) {
		name := day.Format(time.DateOnly)
		if name < f.Since && !exists(filepath.Join(d.o.Dir, "exports", e.Name, tenant, name+"."+e.Format)) {
			continue
		}
		if _, err := d.Export(ctx, e.Name, tenant, day, day.AddDate(0, 0, 1)); err != nil {
			return err
		}
	}
	return nil
}

// dayOf is the begin of a moment's day in a zone.
func dayOf(at time.Time, zone *time.Location) time.Time {
	y, m, d := at.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// forgotten tells whether the warehouse has forgotten a day, or a part of it: what was written of it then stays as it is.
func (d *Deliverer) forgotten(day time.Time) bool {
	return d.o.Keep > 0 && day.Before(d.o.Now().UTC().Add(-d.o.Keep).Truncate(24*time.Hour))
}
