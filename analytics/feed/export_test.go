package feed

import "yingda/dialogue"

// The two ends of the wire.
var (
	AppendEvent = appendEvent
	ReadEvents  = readEvents
)

// ParseFast reads a line, if it is sure of it.
func ParseFast(text string) (seq uint64, ev *dialogue.Event, ok bool) {
	l, ok := parseFast(text)
	return l.Seq, l.Event, ok
}
