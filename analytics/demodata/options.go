package demodata

import (
	"fmt"
	"time"

	"yingda/dialogue"
	"yingda/nlu"
)

// Options say how much is written.
type Options struct {
	// Seed chooses another year of the same shop. Default 1.
	Seed uint64
	// From is the first day; its time of day is not used. Default 2025-11-01.
	From time.Time
	// Days is how many. Default 365, at least 14: experiments and the launch lie at fixed shares of the time.
	Days int
	// TurnsPerDay is how many messages of customers there are on an average day before the launch, roughly. Default 2000, at least 50.
	TurnsPerDay int
	// Tenant is whose events these are. Default "default".
	Tenant string
	// Zone is where the shop is: its days and shifts. Default Asia/Shanghai (UTC+8).
	Zone *time.Location
	// Label, when set, gets what messages truly mean: all whose text no intent of the label space covers, and from the measuring time on all that state a wish.
	Label func(Label) error
}

// Label is what a message truly means.
type Label struct {
	Conversation string    `json:"conversation"`
	ID           string    `json:"id"`
	Time         time.Time `json:"time"`
	Text         string    `json:"text"`
	Lang         nlu.Lang  `json:"lang"`
	Intent       string    `json:"intent"` // empty = out of scope
	Pool         string    `json:"pool"`   // ordinary, planted, missing, noise
	Measure      bool      `json:"measure,omitempty"`
}

func (o *Options) defaults() error {
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.From.IsZero() {
		o.From = time.Date(2025, 11, 1, 0, 0, 0, 0, time.UTC)
	}
	if o.Days == 0 {
		o.Days = 365
	}
	if o.TurnsPerDay == 0 {
		o.TurnsPerDay = 2000
	}
	if o.Tenant == "" {
		o.Tenant = "default"
	}
	if o.Zone == nil {
		o.Zone = time.FixedZone("UTC+8", 8*3600)
	}
	if o.Days < 14 || o.Days > 3660 {
		return fmt.Errorf("demo data: %d days: want 14 to 3660", o.Days)
	}
	if o.TurnsPerDay < 50 || o.TurnsPerDay > 10_000_000 {
		return fmt.Errorf("demo data: %d turns a day: want 50 to 10000000", o.TurnsPerDay)
	}
	if err := (dialogue.Key{Tenant: o.Tenant, Conversation: "x"}).Validate(); err != nil {
		return fmt.Errorf("demo data: %w", err)
	}
	y, m, d := o.From.Date()
	o.From = time.Date(y, m, d, 0, 0, 0, 0, o.Zone)
	return nil
}
