// Package mine finds what customers ask and the robot does not understand, and brings it back into training with a person's consent.
//
// [Collect] reads candidates from the warehouse: turns that fell back, were understood weakly, were said again in other words, went to a person
// or got a thumb down; and texts that callers only had analysed and that were not understood, or unsurely. [Run] drops what the newest bundle
// understands now, counts repeats, groups texts by meaning (package cluster), names each group, says whether it is a new intent, missing examples
// of a known one or noise, and what it costs. Groups keep their id from run to run.
// Package review keeps what people decide about them, and exports it as a corpus.
//
// Texts are those of the warehouse: redacted. Turns are named by hashes of their ids.
package mine
