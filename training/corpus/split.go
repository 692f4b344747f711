package corpus

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"

	"yingda/nlu/norm"
)

// normalised is the form in which two texts count as the same.
func normalised(text string) string {
	t := norm.Fold(text, norm.Matching)
	return t.Text
}

// FoldOf returns which of k folds a text belongs to, 0 ≤ fold < k: FNV-1a over the normalised text. It depends on nothing else, so
// an example stays in its fold while the corpus grows, and duplicates never lie on both sides of a split.
func FoldOf(text string, k int) int {
	h := fnv.New64a()
	h.Write([]byte(normalised(text)))
	sum := h.Sum64()
	sum ^= sum >> 33 // the low bits of FNV alone are weak for short texts
	sum *= 0xff51afd7ed558ccd
	sum ^= sum >> 33
	return int(sum % uint64(k))
}

// Split divides the examples: those of the given fold out of k are held out, the others are for training. Synonyms, lookups and
// regexes go with the training part. Both share memory with c.
func (c *Corpus) Split(k, fold int) (train, held *Corpus) {
	train = &Corpus{Synonyms: c.Synonyms, Lookups: c.Lookups, Regexes: c.Regexes}
	held = &Corpus{}
	for _, eg := range c.Examples {
		if FoldOf(eg.Text, k) == fold {
			held.Examples = append(held.Examples, eg)
		} else {
			train.Examples = append(train.Examples, eg)
		}
	}
	return train, held
}

// Fingerprint is the SHA-256 over the sorted canonical JSON lines of everything a model can learn from. The order of examples and
// where they were read from do not matter.
func (c *Corpus) Fingerprint() (string, error) {
	var lines [][]byte
	for i := range c.Examples {
		l, err := c.Examples[i].AppendJSONL(nil)
		if err != nil {
			return "", err
		}
		lines = append(lines, l)
	}
	add := func(kind, name string, elements []string) error {
		sorted := slices.Sorted(slices.Values(elements))
		l, err := json.Marshal([]any{kind, name, sorted})
		lines = append(lines, append(l, '\n'))
		return err
	}
	for _, s := range c.Synonyms {
		if err := add("synonym", s.Value, s.Forms); err != nil {
			return "", fmt.Errorf("fingerprint: %w", err)
		}
	}
	for kind, lists := range map[string][]List{"lookup": c.Lookups, "regex": c.Regexes} {
		for _, l := range lists {
			if err := add(kind, l.Name, l.Elements); err != nil {
				return "", fmt.Errorf("fingerprint: %w", err)
			}
		}
	}
	slices.SortFunc(lines, bytes.Compare)
	h := sha256.New()
	for _, l := range lines {
		h.Write(l)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
