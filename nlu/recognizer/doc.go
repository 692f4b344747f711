// Package recognizer finds entities by rule and by list, next to the model: ids with a form of their own, names that a deployment
// lists, misspelt and misheard names. It also merges all finds, gives values one spelling and tells old from new, from from to.
//
// The components, in the order of a pipeline:
//
//	Regex     regex@1     candidates  ids: form, checksum, and the words around them decide the type
//	Lookup    lookup@1    candidates  names from lists, longest first, without word boundaries in Chinese
//	Fuzzy     fuzzy@1     candidates  the same names misspelt (edit distance) or misheard (pinyin)
//	Spoken    spoken@1    candidates  ids said aloud: the rules of Regex over the written form of the text
//	Values    values@1    candidates  times, numbers, money, quantities, telephone numbers, URLs, yes and no: see TypedValues
//	Merge     merge@1     entities    nlu.Merge over all candidates, the model's included
//	Synonyms  synonyms@1  entities    surfaces to canonical values, whoever found the entity
//	Roles     roles@1     entities    old and new, from and to
//
// Everything that knows a word of a language is data: rules.yaml, roles.yaml and the lists in data/ are embedded as the default, and a
// deployment adds its own files. Parse functions are strict and report all faults of a file at once.
//
// Matching is done on the folded text ([nlu.Analysis].Normal: half-width, lower case, simplified); spans and values are those of
// the raw text. All types are immutable after construction, except for the index that Swap replaces; all are safe for concurrent use.
package recognizer
