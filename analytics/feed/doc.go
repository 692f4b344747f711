// Package feed brings the log's events to the warehouse of another process: [Feeder] runs where the log is, [Receiver] where the warehouse is, and
// between them is HTTP on a local socket.
//
//	GET  /internal/health     what the warehouse has, as [Health]
//	POST /internal/log        {"log": "…"}: says which log the events are of; answers Health
//	POST /internal/events     ?boot=…&after=A&through=B, a line of JSON an event: all events with A < sequence <= B; answers Health
//
// The warehouse says from which sequence on it needs events, and its position and rows change in one transaction. So nothing is lost or counted
// twice whichever side dies when, and a warehouse that had to be made again simply asks for more. The private part of events is not sent.
package feed
