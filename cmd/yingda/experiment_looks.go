package main

import (
	"fmt"
	"io"

	"yingda/analytics/readout"
	"yingda/dialogue/experiment"
)

// tellLooks prints when the planned looks of an experiment are, and what they cost; nothing where none are planned.
func tellLooks(w io.Writer, d *experiment.Definition) error {
	if d.Plan == nil || d.Plan.Looks == nil {
		return nil
	}
	looks, inflation, err := readout.PlannedLooks(d.Plan)
	if err != nil {
		return err
	}
	for _, l := range looks {
		fmt.Fprintf(w, "  look %d at %d customers: counts from p < %.2g of a fixed test on\n", l.Number, l.Customers, l.Level)
	}
	_, err = fmt.Fprintf(w, "  for the same power at most %.1f %% more customers than with one look; %s spending\n", 100*(inflation-1), d.Plan.Looks.Spending)
	return err
}
