package feed

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"yingda/dialogue"
)

// Bounds of what is sent. An event of the log is below 8 MiB; one that is longer than a line may be is refused, with a note.
const (
	maxLine   = 8 << 20
	maxBody   = 64 << 20
	batchSize = 2000    // events sent at once, at most
	batchBody = 4 << 20 // bytes sent at once, if more than one event
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
	in := bufio.NewReaderSize(r, 64<<10)
	var lines []*parsed
	for n, end := 1, false; !end; n++ {
		text, err := readLine(in)
		end = errors.Is(err, io.EOF)
		switch {
		case errors.Is(err, errLong):
			lines = append(lines, &parsed{n: n, err: err})
		case err != nil && !end:
			return nil, err
		case len(bytes.TrimSpace(text)) > 0:
			lines = append(lines, &parsed{n: n, text: text})
		}
	}
	parseAll(lines)
	events := make([]dialogue.Event, 0, len(lines))
	for _, p := range lines {
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
	text []byte
	line line
	err  error
}

// parseAll parses lines on all processors: it is most of the work of taking events in.
func parseAll(lines []*parsed) {
	var wg sync.WaitGroup
	for part := range slices.Chunk(lines, len(lines)/runtime.GOMAXPROCS(0)+1) {
		wg.Go(func() {
			for _, p := range part {
				if p.err == nil {
					p.err = json.Unmarshal(p.text, &p.line)
				}
				if p.err == nil && p.line.Event == nil {
					p.err = errors.New("no event")
				}
			}
		})
	}
	wg.Wait()
}

var errLong = fmt.Errorf("longer than %d bytes", maxLine)

// readLine reads to the end of the line. It never holds more than maxLine of it.
func readLine(in *bufio.Reader) ([]byte, error) {
	var text []byte
	long := false
	for {
		part, err := in.ReadSlice('\n')
		if len(text)+len(part) > maxLine {
			long = true
		} else {
			text = append(text, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && !errors.Is(err, io.EOF):
			return nil, err
		case long && err == nil:
			return nil, errLong
		default:
			return text, err
		}
	}
}
