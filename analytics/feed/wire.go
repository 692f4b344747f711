package feed

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"yingda/dialogue"
)

// Bounds of what is sent. An event of the log is below 8 MiB; one that is longer than a line may be is refused, with a note.
const (
	maxLine   = 8 << 20
	maxBody   = 64 << 20
	batchSize = 20_000   // events sent at once, at most
	batchBody = 24 << 20 // bytes sent at once, if more than one event
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

// readEvents reads lines. Those that are no events are left out and handed to refuse.
func readEvents(r io.Reader, refuse func(why error)) ([]dialogue.Event, error) {
	var body bytes.Buffer
	if _, err := body.ReadFrom(r); err != nil {
		return nil, err
	}
	lines := make([]parsed, 0, bytes.Count(body.Bytes(), []byte("\n"))+1)
	n := 0
	for text := range strings.Lines(body.String()) { // the strings of the events are parts of this one
		n++
		switch {
		case len(text) > maxLine:
			lines = append(lines, parsed{n: n, err: errLong})
		case strings.TrimSpace(text) != "":
			lines = append(lines, parsed{n: n, text: strings.TrimSuffix(text, "\n")})
		}
	}
	parseAll(lines)
	events := make([]dialogue.Event, 0, len(lines))
	for i := range lines {
		p := &lines[i]
		if p.err != nil {
			refuse(fmt.Errorf("line %d: %w", p.n, p.err))
			continue
		}
		p.line.Event.Seq = p.line.Seq
		events = append(events, *p.line.Event)
	}
	return events, nil
}

// parsed is a line and what it says.
type parsed struct {
	n    int
	text string
	line line
	err  error
}

func (p *parsed) parse() {
	if p.err != nil {
		return
	}
	var sure bool
	if p.line, sure = parseFast(p.text); sure {
		return
	}
	p.line = line{}
	p.err = json.Unmarshal([]byte(p.text), &p.line)
	if p.err == nil && p.line.Event == nil {
		p.err = errors.New("no event")
	}
}

// parseAll parses lines on all processors.
func parseAll(lines []parsed) {
	var wg sync.WaitGroup
	for part := range slices.Chunk(lines, len(lines)/runtime.GOMAXPROCS(0)+1) {
		wg.Go(func() {
			for i := range part {
				part[i].parse()
			}
		})
	}
	wg.Wait()
}

var errLong = fmt.Errorf("longer than %d bytes", maxLine)
