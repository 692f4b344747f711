// Package dialogue holds the words of the conversation: what comes in ([Message]), what goes out ([Reply]), what happened ([Event]),
// what is known after it ([Tracker]), what was decided and why ([Decision]), and the contracts between the parts that do the work.
//
// The event log is the truth. A turn is one event; it is acknowledged after one durable append, and everything else is folded from
// events: [Tracker.Apply] for one conversation, consumers of [Log] for queues, follow-ups, profiles and analytics. The packages below:
//
//	eventlog   the log on NATS JetStream: append, load, consume, seal, back up
//	engine     one turn from message to reply; optimistic updates of a conversation
//	policy     what to do next: tasks, slots, corrections, clarification, soothing, handover; pure but for the calls it is given
//	task       tasks declared in files
//	script     what is said: replies with variants, tone and versions
//	knowledge  questions and answers found by meaning and by words
//	action     signed calls of the operator's systems
//	routing    queues, agents, who speaks
//	profile    who the customer is; recommendations
//	proactive  messages the customer did not ask for: follow-ups, reminders, notices
//	media      pictures and links
//	demoshop   a small shop that answers all calls, to try the robot with
//	dialog     conversations written as tests
//
// A message is handled forward only: engine loads the tracker, nlu analyses, policy decides, script words it, the log takes it, and
// only then does the reply go out. Up to the append nothing has a side effect except calls of the operator's systems, which carry an
// idempotency key; so a turn can be redone after a conflict and replayed against another bundle, script or policy.
package dialogue
