// Package proactive sends the messages that a customer did not ask for just now: the way back to an interrupted task, news of an order that
// went wrong, a reminder, the question whether all was well.
//
// A [FollowUp] is one such message, kept as a document sealed with the customer's key, so it survives kill -9 and is gone with the key.
// [Kinds], usually followups.yaml, say what kinds there are: what makes one, how long it waits, when it may be sent, what stops it.
// [Service] makes them from turns ([Service.Observe] on the log), from events of the operator's systems ([Service.Accept]) and on request
// ([Service.Create]), and sends them when they are due ([Service.Run]).
//
// # One message, one time
//
// A follow-up that is due is claimed by a conditional write with a lease; of two replicas one succeeds. It is then written into its
// conversation as one event whose id is the follow-up's, which the log takes once, in the same step that checks that the customer has not
// written since. Only then is it handed to a [Channel], under an id that stays the same if a crash makes it go out again: so the
// conversation has it exactly once, and a channel that keeps ids shows it once. The event carries what the robot knows afterwards, so that
// the customer's "yes" has something to answer.
//
// # When a message may be sent
//
// Consent of its category, not in the quiet hours on the customer's own clock, not more often than the caps say, not while a person
// speaks, not after it expired, and not when the customer has written in the meantime on any linked channel, if its kind is one that a
// reply makes pointless. What cannot be sent now waits; what cannot be sent before it expires ends, and says why.
//
// # Caveats
//
// Times are those of the machine: when its clock jumps ahead, follow-ups of the time in between are sent or expire at once; when it
// jumps back they wait. Receipts come from the channel; what a channel does not report is not known.
package proactive
