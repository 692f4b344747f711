package action

import (
	"context"
	"maps"
	"sync"

	"yingda/dialogue"
)

// Recorded answers calls as they were answered in a logged turn, so that a replay touches no system. It is safe for concurrent use.
//
// A call is matched by name and arguments; the key does not count, for another policy may number its calls differently. Equal calls get
// their answers in the order of the log, the last one again and again. A call that the turn did not make fails and is kept in Missing: the
// replay must then say that it cannot know how the turn would have ended.
type Recorded struct {
	mu      sync.Mutex
	records []dialogue.CallRecord
	used    []bool
	missing []dialogue.Call
}

var _ dialogue.Caller = (*Recorded)(nil)

// NewRecorded returns a caller that answers from the records of one turn. It does not change them.
func NewRecorded(records []dialogue.CallRecord) *Recorded {
	return &Recorded{records: records, used: make([]bool, len(records))}
}

// Call implements [dialogue.Caller].
func (r *Recorded) Call(_ context.Context, c dialogue.Call) dialogue.Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := -1
	for i, rec := range r.records {
		if rec.Call.Name != c.Name || !maps.Equal(rec.Call.Args, c.Args) {
			continue
		}
		last = i
		if !r.used[i] {
			break
		}
	}
	if last < 0 {
		r.missing = append(r.missing, c)
		return dialogue.Result{Status: dialogue.CallFailed, Message: "the logged turn did not make this call"}
	}
	r.used[last] = true
	return r.records[last].Result
}

// Missing returns the calls that no record answered.
func (r *Recorded) Missing() []dialogue.Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]dialogue.Call(nil), r.missing...)
}

// Unused returns the records whose call was not made again.
func (r *Recorded) Unused() []dialogue.CallRecord {
	r.mu.Lock()
	defer r.mu.Unlock()
	var left []dialogue.CallRecord
	for i, rec := range r.records {
		if !r.used[i] {
			left = append(left, rec)
		}
	}
	return left
}
