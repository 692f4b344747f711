package analytics

import (
	"errors"

	"yingda/dialogue"
)

// Part is some of the events of a log: Rows of those that are rows already, and Events that rows have to be made of.
type Part struct {
	Rows   Rows
	Events []dialogue.Event
	// Through says that with this part all events up to that sequence are there; 0 = it says nothing.
	Through uint64
}

// ErrGap is returned where events of a log are to be taken in before earlier ones.
var ErrGap = errors.New("earlier events of the log are missing")
