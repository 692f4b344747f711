package feed

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"

	"yingda/dialogue"
)

// Bounds of what is received. An event of the log is below 8 MiB; one that is longer than a line may be is refused, with a note.
const (
	maxLine   = 8 << 20
	maxBody   = 64 << 20
	maxEvents = 256 << 20 // of a body with events, which is not held in memory
)

// Health is what a receiver says of itself.
type Health struct {
	Boot     string    `json:"boot"`     // another one each time the process starts, or its database was made again
	PID      int       `json:"pid"`      // of the process
	Log      string    `json:"log"`      // which log Position is of; empty = of none yet
	Position uint64    `json:"position"` // all events up to here are in
	Through  time.Time `json:"through"`  // time of the newest
	Taken    uint64    `json:"taken"`    // events that came since the start, repeated ones too
	Refused  uint64    `json:"refused"`  // lines that were no events

	Parses     uint64 `json:"parses"`      // all packs of the log's stream of parses up to here are in
	ParsesPack string `json:"parses_pack"` // id of that pack
}

// line is an event on its way. The sequence is not part of an event's JSON.
type line struct {
	Seq   uint64          `json:"seq"`
	Event *dialogue.Event `json:"event"`
}

// appendEvent appends the readable part of an event, in JSON, as a line. What a line cannot hold is an error; what is no JSON is refused where it is
// read.
func appendEvent(to []byte, seq uint64, readable []byte) ([]byte, error) {
	if len(readable) >= maxLine-64 {
		return to, fmt.Errorf("the event has %d bytes, more than %d", len(readable), maxLine-64)
	}
	if bytes.IndexByte(readable, '\n') >= 0 {
		return to, errors.New("the event is no line of JSON")
	}
	to = strconv.AppendUint(append(to, `{"seq":`...), seq, 10)
	to = append(append(to, `,"event":`...), readable...)
	return append(to, '}', '\n'), nil
}
