// Package knowledge finds the entry of a knowledge base that answers a question: by its meaning (embeddings of the bundle that also
// understands the message) and by its words (BM25 over characters, pairs of characters and word stems), fused into one calibrated score.
//
// A [Base] holds the entries of all tenants. Entries come from files ([Load]), as defaults, and from documents that are edited at run time;
// each change makes a new immutable index that replaces the old one at once, on every replica. A query reads one index and takes no lock.
//
// A score is a probability: of hits with score s, a share s answers the question. What a base of entries does not hold gets low scores, so
// that a caller can say "I do not know" with a threshold; see [Thresholds]. The weights are in params.json, fitted by package measure on
// the development parts of public question pairs.
//
// Caveats: vectors of two bundles cannot be compared. While a new champion's vectors are being computed, queries that carry its vectors
// are answered by words alone. Entries are found by their questions; the text of answers is not searched.
package knowledge
