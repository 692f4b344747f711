// Package dialog reads conversations that are written as tests, plays them and says where the robot did something else.
//
// A conversation is a [Dialog]: who the customer is, what the operator's systems answer, and steps — what the customer writes, how long they
// wait, what an agent does — each with what is expected of it. [Parse] reads the text that service managers write, in Chinese or in
// English words; [Format] writes it; docs/conversation/dialogs.md describes it. [Convert] makes dialogs of labelled conversations in JSON Lines.
//
// [Run] plays dialogs with the real engine on a real log: each dialog has a log, a demo shop and a clock of its own, so dialogs do not
// disturb each other and give the same result each time. [Rates] counts what was right.
//
// [Replay] goes through turns of a log again with another bundle, policy or script book and reports what would be different; nothing is
// written to the log and no system is called.
package dialog
