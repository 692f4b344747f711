package feed

import (
	"io"

	"yingda/analytics"
)

// The two ends of the wire.
var AppendEvent = appendEvent

// ReadParts reads all of a body.
func ReadParts(body io.Reader, refuse func(why error)) (parts []analytics.Part, err error) {
	p := newPartReader(body, refuse)
	defer p.close()
	for part, err := range p.all(func() (uint64, error) { return 0, nil }) {
		if err != nil {
			return parts, err
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// ReadFast makes rows of a line, if the fast reader is sure of it.
func ReadFast(text string) (rows analytics.Rows, ok bool) {
	ok = new(fastReader).line(text, &rows)
	return rows, ok
}

// SetBatch makes requests of so many events, and streams of more bytes.
func (f *Feeder) SetBatch(events, bytes int) { f.most, f.stream = events, bytes }
