// Package intake makes events of logs that other systems wrote, so that an operator's past is in the same tables as the present.
//
// It reads CSV, JSON Lines, Parquet, conversations exported from Chatwoot, events exported from Rasa's tracker store, and the files of demo data.
// A [Mapping], read strictly from a file that the operator writes, says which column is what, in which zone times are, and what is constant.
//
// What comes out holds nothing that says who a customer is: customers (and conversations, unless the mapping says otherwise) become keyed hashes,
// texts are redacted. What cannot be taken is refused row by row with line, field and reason, never with the value, and the rest goes on.
//
// The same file twice changes nothing: an event's place is computed from its conversation, time and id, and [Run] remembers how far it came.
package intake
