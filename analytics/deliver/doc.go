// Package deliver brings what came of conversations out to the operator's other systems: CRM, data platforms, operations.
//
// A finished session becomes a [Record]: what was wanted, how it went, how the customer felt, who took over, what is left to do; no words of the
// customer unless the configuration asks for them, and then redacted. It goes out in two ways. Webhooks get each record by itself, signed as the
// robot's other calls are (package dialogue/action), again and again until they acknowledge it, across restarts and kill -9, and are given up
// after an age that the configuration sets; what was given up is kept and can be sent again. Exports write the records of a day as Parquet or
// CSV into DIR/exports, with a manifest.
//
// A record has a stable id. When it changes because something came late, a rating for example, it is sent again with another revision; both
// together are the idempotency key. What is delivered is remembered in a journal; the warehouse is only read.
package deliver
