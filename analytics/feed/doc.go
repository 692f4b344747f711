// Package feed brings the log's events to the warehouse of another process: [Feeder] runs where the log is, [Receiver] where the warehouse is, and
// between them is HTTP on a local socket.
//
//	GET  /internal/health        what the warehouse has, as [Health]
//	POST /internal/log           {"log": "…"}: says which log the events are of; answers Health
//	POST /internal/events        ?boot=…&after=A&through=B, a line of JSON an event: all events with A < sequence <= B; answers Health
//	POST /internal/parses        ?boot=…&after=A&through=B&pack=…, a line of JSON a pack of the stream of parses; answers Health
//	POST /internal/parses/again  {}: forgets up to where the stream of parses is in; answers Health
//
// The warehouse says from which sequence on it needs events, and its position and rows change in one transaction. So nothing is lost or counted
// twice whichever side dies when, and a warehouse that had to be made again simply asks for more. The private part of events is not sent.
//
// Many events are one request and one transaction: its body is sent while the log is still being read, and the header "Through" after the body says
// what the parameter would have said. It is decoded in parts, some ahead of the one that is being taken in, and the next request may come before the
// answer to it. Turns, which are nearly all events, are read straight into rows; see fastReader. An event is sent as the log stores it, in JSON: a more
// compact form would have to be made by the process that answers customers, out of the same JSON.
//
// The stream of parses, of texts that were only analysed, goes the same way by [ParsesFeeder], with a position of its own. Its last moments may be
// lost with a process that is killed, and sequences be used again; so the warehouse keeps the id of the last pack too, and where that is not what the
// log has, all is sent again and what is in is left out.
package feed
