package task

import (
	"regexp"
	"strings"
)

// Suits tells whether a history item of this status is meant: +1 it fits, −1 it does not, 0 nothing is known.
func (a *About) Suits(status string) int {
	switch {
	case status == "":
		return 0
	case a.unfit != nil && a.unfit.MatchString(status):
		return -1
	case a.fits != nil && a.fits.MatchString(status):
		return 1
	}
	return 0
}

// Matches tells whether the branch's conditions hold for the fields of a result.
func (b *Branch) Matches(fields map[string]string) bool { return all(b.when, fields) }

// Applies tells whether the step's conditions hold for the slots.
func (s *Step) Applies(slots map[string]string) bool { return all(s.when, slots) }

// TriedIn tells whether the customer's message (folded) says that the step was tried.
func (s *Step) TriedIn(text string) bool { return s.tried != nil && s.tried.MatchString(text) }

func all(when map[string]*regexp.Regexp, values map[string]string) bool {
	for k, re := range when {
		v, known := values[k]
		if !known || !re.MatchString(strings.ToLower(v)) {
			return false
		}
	}
	return true
}
