package training

import (
	"slices"
	"strings"

	"yingda/training/corpus"
)

// Thin keeps the first n examples of each language and set of intents: a smaller corpus of the same kind, for learning curves.
func Thin(c *corpus.Corpus, n int) *corpus.Corpus {
	count := map[string]int{}
	out := *c
	out.Examples = nil
	for _, eg := range c.Examples {
		limit := n
		key := eg.Lang + " " + strings.Join(eg.Intents, "+")
		if len(eg.Intents) > 1 {
			key = eg.Lang + " several"
		}
		if len(eg.Intents) != 1 { // these stand for many kinds of messages: keep their share
			limit = n * 8
		}
		if count[key]++; count[key] <= limit {
			out.Examples = append(out.Examples, eg)
		}
	}
	out.Examples = slices.Clip(out.Examples)
	return &out
}
