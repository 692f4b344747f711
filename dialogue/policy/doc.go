// Package policy decides what the robot does next. It is pure: the same turn and the same results of calls give the same decision, nothing is
// kept between turns, and what the robot knows is in the tracker's State.
//
// A message is taken in this order:
//
//	read      what was said: yes or no, a choice, a correction, values, references, wishes ranked by context (read.go, rank.go)
//	feel      anger is counted; who is angry for too long goes to people (mood.go)
//	answer    the question that was asked, if the message answers it (answer.go, correct.go)
//	pursue    wishes: tasks begin, go on, are dropped, are interrupted and come back (pursue.go, run.go, steps.go)
//	fall back the knowledge base, a choice between two readings, a request to say it otherwise, people (fallback.go)
//
// What a sentence means depends on what came before it. The analysis ranks intents by the message alone; [Policy] weighs that ranking by
// what is open: the task under way, what was talked about, what usually follows, the notice the customer was sent, the state of
// their order, the values in the message, and how they feel. The weights are in policy.yaml; see docs/conversation/tasks.md.
//
// No name of an intent, emotion, entity type or queue is known to the code: policy.yaml gives them their roles ([Settings]).
package policy
