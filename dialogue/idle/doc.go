// Package idle closes conversations in which nothing is said any more, so that what the robot remembered for the next turn does not wait for one that
// never comes: a customer who is back after a day begins anew instead of in the middle of yesterday's question.
//
// [Rules] say how long silence lasts: shorter where all that was wanted is done, longer where people are waited for. A [Service] reads the log, keeps in
// memory when each open conversation was heard of last, and appends a [dialogue.Closed] event to those whose time is up. The event says why
// ([dialogue.ByIdle] or [dialogue.ByDone]), nothing is said to the customer, and [dialogue.Tracker.Apply] forgets the state. Their next message opens
// the conversation again.
//
// One replica does it, the one that holds a lease in the documents; another takes over when it is gone. The lease only saves work: that a conversation is
// closed once, and not in the middle of a turn, is due to the log's compare-and-set. How far the log needs to be read again after a restart is kept
// with the lease.
//
// Caveats: the resolution is that of [Options.Every]. When a service first meets a log, conversations older than 30 days stay as they are.
package idle
