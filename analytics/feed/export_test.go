package feed

// The two ends of the wire.
var (
	AppendEvent = appendEvent
	ReadEvents  = readEvents
)
