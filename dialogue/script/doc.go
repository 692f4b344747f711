// Package script holds what the robot says: texts by key, language and condition, with variants, slots and versions.
//
// A [Book] is read from YAML files and never changes. A [Library] lays over it what is edited at run time, kept with versions in
// [dialogue.Documents], and gives every replica the same words at once. Both are [dialogue.Scripts].
//
// A script of the files:
//
//	ask.order_id:
//	  note: which order the customer means   # for those who edit
//	  zh:
//	    - when: {channel: voice}
//	      say: 请问订单号的后四位是多少？
//	    - 请问是哪一笔订单？[{product}那单吗？]
//	    - 方便告诉我订单号吗？
//	  en:
//	    - when: {channel: voice}
//	      say: What are the last four digits of the order number?
//	    - Which order is it?[ The one with the {product}?]
//	    - May I have the order number?
//
// # Which words are said
//
// Of the keys a.b.c.d the most special one with words wins: a.b.c.d, a.d (so that ask.order_id serves ask.refund.request.order_id), a.b.c,
// a.b, a, and at last "general". Of a script's blocks the first whose conditions hold is taken; texts without a condition come last. Of
// the variants in a block an experiment's arm chooses when the script names that experiment, else a stable hash of [dialogue.Wording].Unit
// by weight; a variant that was said just before gives way to the next. A text with an empty slot outside an optional part is never
// said: the next variant, block or key is. All this depends on the wording alone, so a replay gives the same words.
//
// # Texts
//
// {name} is a slot, {name|format} a formatted one (see [Formats]). [… {name} …] is left out when the slot is empty; [A|B] says the first
// alternative whose slots are filled. A backslash before {, }, [, ], | or \ makes it an ordinary character. Values of slots are never
// read as templates, and control characters in them are dropped.
//
// Scripts of two kinds serve the others. name.X is how X, a value, an intent or a slot, is called ({status|name}); a button without a
// title is called name.X too, X being what its payload names. tone.E, E being an emotion, goes before the first reply of a turn when the
// script has tone: true and the customer feels E.
//
// # Voice
//
// On the channels that the settings name as spoken, links, pictures and emoji are left out, numbers are written as they are read, and
// buttons become a sentence (voice.options). What may be said there is bounded in length when a file is read, not cut when it is said.
package script
