// Package action calls the operator's systems: orders, parcels, refunds, whatever stands behind a name such as "order.get".
//
// [Client] implements [dialogue.Caller] over HTTP. A [Config], usually actions.yaml read by [Load], says which system answers which call.
// Each request is signed ([Sign], [Verifier]), carries an idempotency key that is the same in every attempt, is repeated only where that
// is safe, and is given up at a total deadline. A [Guard] sees every address right before it is dialled, so that neither a name that
// resolves to an inner address nor a redirect leads anywhere the operator did not allow. An answer is read up to a limit and believed only
// if it has the right form. Whatever goes wrong ends as [dialogue.CallFailed] with a reason in the log: a call never returns an error,
// because what a failure means for the customer is the policy's decision.
//
// Per host there are a circuit breaker and a cap on calls under way, so a system that hangs costs a few waiting turns and not all of them.
//
// Caveats: results are not cached; the other side must give the same answer to the same key. The breaker's state belongs to one process.
// [Recorded] answers from a logged turn instead, for replays.
package action
