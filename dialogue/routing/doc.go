// Package routing brings customers and people together: queues, agents, and who of them speaks.
//
// A [Config], read by [Load] from routing.yaml, declares queues with their hours, skills, steps and capacity. A [Ticket] is a
// conversation that waits for a person or is with one; it follows from the conversation's log alone ([TicketOf]). A [Board] holds the
// tickets and agents of a tenant in memory and matches them; it is pure, so that the simulator (package simulate) runs the same code as
// the [Service], which keeps tickets and agents as documents, shared by all replicas, and changes conversations through
// [dialogue.Conversations].
//
// Three rules hold whatever happens:
//
//   - One speaks. Every action of an agent carries the token of [dialogue.Owner]; the log decides, and an old token gives
//     [dialogue.ErrStaleOwner].
//   - Nobody starves. A ticket's standing is the moment from which it counts as waiting: when it asked, less a head start of at most
//     [Priority.Cap]. All tickets age alike, so one that came later by more than the cap never stands before it.
//   - Nothing is lost. Tickets are reconciled from the log by a durable consumer; what a crash left between the log and a document is
//     put right at the next start, or by another replica.
//
// Matching runs when something changes (a ticket, an agent, a queue that opens, a step that ends), never by polling.
//
// Caveats: replicas compare clocks (leases of agents, ends of offers), so keep them within a few seconds of each other. Statistics cover
// what a replica saw since it started; reports over days belong to the analytics of the log.
package routing
