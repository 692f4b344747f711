package idle

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"yingda/dialogue"
)

// forgotten is how old an event may be when a service meets a log for the first time. Older conversations are over for everybody: reports have ended
// their sessions long ago, and nothing of them is in memory.
const forgotten = 30 * 24 * time.Hour

// seen is what is looked at of an event.
type seen struct {
	Kind dialogue.EventKind `json:"kind"`
	dialogue.Key
	Time time.Time `json:"time"`
}

// follow reads what was written since and notes which conversations are open.
func (s *Service) follow(ctx context.Context, rules Rules) error {
	if s.open == nil {
		s.open, s.read, s.looked = map[dialogue.Key]*silence{}, s.lead.After, time.Time{}
	}
	now := s.o.Now()
	oldest := time.Time{}
	if s.lead.After == 0 {
		oldest = now.Add(-forgotten)
	}
	err := s.o.Log.WalkReadable(ctx, s.read, func(seq uint64, readable []byte, _ uint64) error {
		var ev seen
		s.read = seq
		if err := json.Unmarshal(readable, &ev); err != nil {
			return nil // damaged, which the log reports
		}
		switch {
		case ev.Kind == dialogue.Shadowed:
		case ev.Kind == dialogue.Closed:
			delete(s.open, ev.Key)
		case ev.Time.After(oldest):
			at := ev.Time
			if s.looked.After(at) { // a channel handed over late what was said long ago: it came after the last look
				at = s.looked
			}
			s.open[ev.Key] = &silence{seq: seq, since: at, due: at.Add(rules.shortest())}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("follow conversations: %w", err)
	}
	s.looked = now
	return nil
}

// mark is the sequence up to which nothing has to be read again: all conversations whose latest event is not after it are closed.
func (s *Service) mark() uint64 {
	least := s.read
	for _, c := range s.open {
		least = min(least, c.seq-1)
	}
	return least
}
