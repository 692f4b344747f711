package feed

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync"

	"yingda/analytics"
	"yingda/dialogue"
)

// How much of a body is one part, and how many parts are read and decoded before the first of them is taken.
const (
	partBytes = 8 << 20
	partsMore = 3
)

// partReader makes parts of a body: each is decoded by a goroutine of its own while earlier ones are taken in.
type partReader struct {
	lines  lineReader
	refuse func(why error)
	ahead  []chan decoded // in order; each gets one
	err    error          // of reading; io.EOF at the end
	taken  uint64         // events of the parts that were handed on
	work   sync.WaitGroup
}

// decoded is a part, and what is wrong with lines of it.
type decoded struct {
	part   analytics.Part
	taken  uint64
	faults []error
}

func newPartReader(body io.Reader, refuse func(why error)) *partReader {
	return &partReader{lines: lineReader{from: body}, refuse: refuse}
}

// fill reads until enough is being decoded.
func (p *partReader) fill() {
	for p.err == nil && len(p.ahead) < partsMore {
		var text string
		before := p.lines.count
		if text, p.err = p.lines.next(); text == "" {
			continue
		}
		c := make(chan decoded, 1)
		p.ahead = append(p.ahead, c)
		p.work.Go(func() { c <- decode(text, before) })
	}
}

// all yields the parts in order; with the last of them, all events through end() are there. Lines that are no events are left out, and handed to
// refuse. An error of reading comes last.
func (p *partReader) all(end func() (uint64, error)) iter.Seq2[analytics.Part, error] {
	return func(yield func(analytics.Part, error) bool) {
		for {
			p.fill()
			if len(p.ahead) == 0 {
				break
			}
			d := <-p.ahead[0]
			p.ahead = p.ahead[1:]
			for _, why := range d.faults {
				p.refuse(why)
			}
			p.taken += d.taken
			if !yield(d.part, nil) {
				return
			}
		}
		if p.err != io.EOF {
			yield(analytics.Part{}, p.err)
			return
		}
		through, err := end()
		yield(analytics.Part{Through: through}, err)
	}
}

// close waits for what is being decoded.
func (p *partReader) close() { p.work.Wait() }

// lineReader reads some megabytes of whole lines at a time.
type lineReader struct {
	from  io.Reader
	buf   []byte
	rest  string // begins a line
	long  bool   // the line that is being read is too long, and was returned as such
	count int    // of lines that were returned
}

// next returns lines, with their ends but for the last one of all. Of one that is too long it returns a beginning that is too long still.
func (l *lineReader) next() (string, error) {
	if l.buf == nil {
		l.buf = make([]byte, 64<<10)
	}
	var b strings.Builder
	b.WriteString(l.rest)
	l.rest = ""
	for {
		n, err := l.from.Read(l.buf)
		data := l.buf[:n]
		if l.long { // until it ends
			end := bytes.IndexByte(data, '\n')
			if l.long = end < 0 && err == nil; l.long {
				continue
			}
			data = data[end+1:]
		}
		if b.Cap() > 0 && b.Cap() < partBytes { // a body of more than one read: most often of many
			b.Grow(partBytes + len(l.buf) - b.Len())
		}
		b.Write(data)
		if err != nil {
			l.count += strings.Count(b.String(), "\n") + 1
			return b.String(), err
		}
		if b.Len() < partBytes {
			continue
		}
		text := b.String()
		end := strings.LastIndexByte(text, '\n') + 1
		if end == 0 && len(text) > maxLine {
			end, l.long = len(text), true
			text += "\n"
			end++
		}
		if end > 0 {
			l.rest = text[end:]
			l.count += strings.Count(text[:end], "\n")
			return text[:end], nil
		}
	}
}

// decode makes a part of lines that follow n others. What the fast reader is not sure of is left as events.
func decode(text string, n int) (d decoded) {
	rows := &d.part.Rows
	lines := strings.Count(text, "\n") + 1
	rows.Turns = make([]analytics.Turn, 0, lines)
	var fast fastReader
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSuffix(line, "\n")
		var ev *dialogue.Event
		err := errLong
		if len(line) <= maxLine {
			if strings.TrimSpace(line) == "" {
				continue
			}
			if fast.line(line, rows) {
				d.taken++
				continue
			}
			ev, err = readLine(line)
		}
		if err != nil {
			d.faults = append(d.faults, fmt.Errorf("line %d: %w", n, err))
			continue
		}
		d.taken++
		d.part.Events = append(d.part.Events, *ev)
	}
	return d
}

// readLine reads a line of any form.
func readLine(text string) (*dialogue.Event, error) {
	var l line
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		return nil, err
	}
	if l.Event == nil {
		return nil, errors.New("no event")
	}
	l.Event.Seq = l.Seq
	return l.Event, nil
}

var errLong = fmt.Errorf("longer than %d bytes", maxLine)
