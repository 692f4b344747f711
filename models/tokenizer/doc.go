// Package tokenizer turns text into the token ids a transformer was trained with, and keeps for each token the bytes of
// the raw text it stands for.
//
// It reads the tokenizer.json of Hugging Face `tokenizers` with a WordPiece or a Unigram model and gives the same ids and
// the same offsets as that library (checked against tokenizers 0.23.3; see testdata/golden.py and the oracle test). Its
// offsets are code points of the input; ours are byte ranges, half-open, into the raw text, so text[s.Start:s.End] is
// what the user wrote.
//
// The parts work in this order, each on the output of the one before:
//
//	added tokens   cut out of the raw text, and again (those marked normalized) after normalising
//	normalizer     rewrites each remaining stretch; every byte keeps the raw bytes it came from (type aligned)
//	pre-tokenizer  cuts the stretches into pieces, the "words" of Encoding.Words
//	model          cuts pieces into tokens of the vocabulary
//	post-processor truncates, then puts special tokens around ([CLS] … [SEP], <s> … </s>)
//
// # Odd cases
//
// A byte that is not part of valid UTF-8 is read as U+FFFD, and what becomes of it covers that one raw byte. NUL is a
// character like any other (BertNormalizer drops it, as Hugging Face does). A character that normalising removes belongs
// to no token; one that expands (ﷺ under NFKC) lends its whole byte range to every token made of it. A character composed
// from several (e + U+0301) covers the first of them only, which is what Hugging Face reports.
//
// A special token written in the text ("</s>") becomes that token, as in Hugging Face; Encoding.Special marks only those
// that the post-processor added.
//
// Character properties are not Go's: the Rust crates behind Hugging Face mix several Unicode versions, so they were
// measured and are embedded (unicode.bin.gz, written by testdata/unidata.py). That holds for \w, \d and \s in a Regex of
// the file too, but \p{…} and (?i:…) there follow Go's tables. Patterns that Go's regexp cannot express, or would read
// otherwise than Oniguruma, are refused.
//
// # Not supported
//
// BPE and WordLevel models, byte-level parts and pairs of texts. Parse returns a *FormatError that names the field.
package tokenizer
