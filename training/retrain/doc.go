// Package retrain closes the loop from what people accepted in the review queue to a bundle that answers customers, as a run of steps:
//
//	labels      accepted labels are checked and put beside the corpus; new intents join the taxonomy; a part is held out
//	train       a bundle is made, by default from the champion's encoder with an extended head, in seconds
//	evaluate    it is measured beside the champion on frozen tests and on the labels that were held out
//	replay      both parse recent messages: what would change, how much would still not be understood
//	gate        package gate decides, with reasons
//	challenger  the bundle goes into the store and becomes challenger
//	canary      an experiment on the running server sends it a share of the customers
//	promote     when the experiment's read-out allows it, it becomes champion
//
// A run lives in a folder. Its truth is steps.jsonl: a line for everything that happened, appended and synced, each with the hash of the line
// before; run.json shows the same for people. A step that has ended keeps the hashes of what it read and wrote, so that a run that was killed goes
// on where it was ([Run.Resume] is the same call as the first one), and [Verify] can walk from a bundle back to the rows of the review
// that it was trained on.
//
// The package holds the order of steps and what they compute. It opens no log, no database and no server: messages to replay, the service
// pack's answers and the canary come through [Options].
package retrain
