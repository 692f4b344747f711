// Package eventlog keeps conversations on NATS JetStream: what happened ([dialogue.Log]) and small things that change
// ([dialogue.Documents]). [Open] starts a server inside the process, without a listener, or joins a cluster by URL; the rest of the
// program does not see the difference.
//
// # Streams
//
//	turns        one message an event, subject turns.<tenant>.<conversation>; append only
//	documents    one message a version, subject documents.<kind>.<tenant>.<hash of the rest of the name>
//	keys         a wrapped data key a customer, erasures, links, the master record
//	snapshots    the last folded tracker of long conversations; may be deleted at any time
//	checkpoints  hashes over everything in turns, authenticated
//	parses       texts that were only analysed: redacted, many in a message, the oldest go; not in backups
//
// An event is acknowledged after it is synced to disk. It is written only if the conversation's last message is still the one that the
// writer has seen, so two replicas that serve one conversation never overwrite or double a turn; the loser gets dialogue.ErrConflict.
//
// # Sealing
//
// The private part of an event, a document with a Customer and a snapshot are sealed by AES-256-GCM with a key of that customer. Data
// keys are wrapped by the master key, which the caller brings and which is never stored. [Log.Erase] overwrites the wrapped key; what
// it had sealed can then be read by no one, in whatever copy of the stream it lies. Tenant, conversation id and the readable part of
// events stay.
//
// # Integrity
//
// Each event carries the hash of the one before it in its conversation. [Log.Verify] checks these chains and, by checkpoints, that
// nothing was cut off or exchanged in the stream as a whole. A message that cannot be read is reported ([Options.OnDamage],
// [Log.Stats]) and passed over: one flipped bit does not lock a customer out, since every turn carries the whole state after it.
//
// # Caveats
//
// Only one process can open a folder. The hash chain shows damage and tampering by those who lack the master key, it does not prevent
// it. Backups made before an erasure still hold the erased key: restore them with the list of erasures ([RestoreOptions]). In a
// replicated cluster the wrapped key also passed through the servers' Raft logs, which forget it when they are compacted.
package eventlog
