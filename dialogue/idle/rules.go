package idle

import (
	"time"

	"yingda/dialogue"
)

// Rules say after how much silence a conversation is closed; 0 is never.
type Rules struct {
	Quiet  time.Duration // whatever is open
	Done   time.Duration // what was wanted is done and nothing is open; at most Quiet counts
	People time.Duration // it waits for a person or is with one
}

// shortest is the least time after which anything is closed, 0 when nothing ever is.
func (r Rules) shortest() time.Duration {
	var least time.Duration
	for _, d := range []time.Duration{r.Quiet, r.Done, r.People} {
		if d > 0 && (least == 0 || d < least) {
			least = d
		}
	}
	return least
}

// After returns how long the conversation may be silent as it is, and why it is closed then. 0 = for ever: it is closed already, nobody is there any
// more whose it is, or the rules have no time for it.
func (r Rules) After(t *dialogue.Tracker) (time.Duration, dialogue.Reason) {
	switch {
	case t.Events == 0 || t.Closed || t.Customer == "": // a customer who was erased has none
		return 0, ""
	case t.Owner.Kind != dialogue.OwnerRobot:
		return r.People, dialogue.ByIdle
	case r.Done > 0 && (r.Quiet == 0 || r.Done < r.Quiet) && finished(t):
		return r.Done, dialogue.ByDone
	}
	return r.Quiet, dialogue.ByIdle
}

// finished tells whether what the customer wanted is done and the robot waits for nothing.
func finished(t *dialogue.Tracker) bool {
	s := &t.State
	return t.Done && len(s.Tasks) == 0 && len(s.Later) == 0 && (s.Asked == nil || s.Asked.Kind == dialogue.AskChoice)
}
