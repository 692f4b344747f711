// Package profile tells who a customer is before they say it: what the operator's systems know of them, what they did here before on any
// channel, and what they like.
//
// A [Provider] asks the operator's system: [HTTP] by a signed GET, [SQL] by the operator's own query. [Service] puts its answer together
// with what the robot learnt itself, and implements [dialogue.Profiles]: it always answers within its budget, if need be with the last
// profile that was known.
//
// What is learnt is kept in documents sealed with the customer's key, and is gone when that key is destroyed:
//
//	memory/<tenant>/<customer>    conversations with topics, outcome and satisfaction; evidence of preferences ([Memory])
//	identity/<tenant>/<customer>  which other channel ids are the same person ([Identity])
//	consent/<tenant>/<customer>   what they agreed to ([Consents])
//	known/<tenant>/<customer>     the operator's latest answer, for the time when its system does not answer
//
// Each channel id has documents of its own; they are put together when they are read. So linking and unlinking two ids changes nothing
// that was learnt, and erasing one erases what was learnt of it. To erase a person, erase every id that [Service.Identities] names.
//
// Preferences are counted, not guessed: [Rules], usually profile.yaml, say which entities and arguments of calls speak for what. Evidence
// loses half its weight with each half-life, a value needs enough of it and a clear lead over the others before it is used, and
// [Service.Preferences] shows it all to whom it is about, who may delete it ([Service.Forget]).
//
// Caveats: what was learnt in the last seconds may not show on another replica yet (Options.Fresh).
package profile
