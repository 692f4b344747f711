package mine

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"hash/fnv"
	"slices"
	"strings"
	"unicode"

	"yingda/nlu/norm"
)

func isHan(r rune) bool  { return unicode.Is(unicode.Han, r) }
func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// Normal is a text without what does not change its meaning: width, case, traditional characters, punctuation, repeated spaces. Digits become 0:
// the same question about another order is the same question.
func Normal(text string) string {
	var b strings.Builder
	space := false
	for _, r := range norm.Fold(text, norm.Matching).Text {
		r = unicode.ToLower(r)
		switch {
		case unicode.IsDigit(r):
			r = '0'
			fallthrough
		case unicode.IsLetter(r):
			if space && b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteRune(r)
			space = false
		default:
			space = true
		}
	}
	return squeezeDigits(b.String())
}

// squeezeDigits makes one 0 of many: numbers of any length are alike.
func squeezeDigits(s string) string {
	for strings.Contains(s, "00") {
		s = strings.ReplaceAll(s, "00", "0")
	}
	return s
}

// Key names a text by its normal form: the first 16 bytes of its SHA-256, as hexadecimal digits.
func Key(text string) string { return hash(Normal(text)) }

// hash is how ids leave the warehouse: enough to find a turn again, not to learn anything of it.
func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}

// shingles are the sets of n characters that follow each other in a normal text, sorted, as hashes.
func shingles(normal string, n int) []uint64 {
	rs := []rune(normal)
	var out []uint64
	for i := 0; i+n <= len(rs); i++ {
		h := fnv.New64a()
		h.Write([]byte(string(rs[i : i+n])))
		out = append(out, h.Sum64())
	}
	if len(out) == 0 && len(rs) > 0 {
		h := fnv.New64a()
		h.Write([]byte(normal))
		out = append(out, h.Sum64())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// jaccard is the share of two sorted sets that both have.
func jaccard(a, b []uint64) float64 {
	both, all := 0, len(a)+len(b)
	if all == 0 {
		return 0
	}
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			a = a[1:]
		case a[0] > b[0]:
			b = b[1:]
		default:
			both++
			a, b = a[1:], b[1:]
		}
	}
	return float64(both) / float64(all-both)
}

// Item is a text with all candidates that say it.
type Item struct {
	Key       string         `json:"key"` // of the normal form
	Text      string         `json:"text"`
	Lang      string         `json:"lang"`
	Count     int            `json:"count"`
	Handed    int            `json:"handed"` // of them, with a person right after
	Customers []string       `json:"-"`      // pseudonyms, sorted
	Reasons   map[Reason]int `json:"reasons"`
	Turns     []string       `json:"turns"` // hashes of conversation and turn id, at most [MaxTurns]
	Variants  []string       `json:"-"`     // keys of texts that are almost the same, itself left out

	candidates []Candidate
	set        []uint64 // shingles
}

// MaxTurns is how many turns an item names.
const MaxTurns = 20

// Near duplicates share this much of their shingles.
const nearDuplicate = 0.8

// Dedupe counts equal and almost equal texts; the commonest spelling stands for all. Commonest items come first.
func Dedupe(cs []Candidate) []Item {
	at := map[string]int{}
	var items []Item
	for _, c := range cs {
		k := Key(c.Text)
		i, ok := at[k]
		if !ok {
			i = len(items)
			at[k] = i
			items = append(items, Item{Key: k, Text: c.Text, Lang: c.Lang})
		}
		items[i].candidates = append(items[i].candidates, c)
	}
	slices.SortStableFunc(items, func(a, b Item) int {
		return cmp.Or(cmp.Compare(len(b.candidates), len(a.candidates)), cmp.Compare(a.Key, b.Key))
	})
	items = mergeNear(items)
	for i := range items {
		items[i].count()
	}
	slices.SortStableFunc(items, func(a, b Item) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Key, b.Key)) })
	return items
}

// count sums an item's candidates up.
func (t *Item) count() {
	t.Reasons = map[Reason]int{}
	for _, c := range t.candidates {
		t.Count++
		if c.Handed {
			t.Handed++
		}
		for _, r := range c.Reasons {
			t.Reasons[r]++
		}
		if len(t.Turns) < MaxTurns {
			t.Turns = append(t.Turns, hash(c.Conversation+"\x00"+c.ID))
		}
		t.Customers = append(t.Customers, c.Customer)
	}
	slices.Sort(t.Customers)
	t.Customers = slices.Compact(t.Customers)
}

// Bands and rows of the hashes below: two texts that share 0.8 of their shingles meet with 99.6 %, with 0.4 they rarely do.
const (
	bands    = 8
	bandRows = 3
)

// mergeNear joins items whose texts are almost equal, by MinHash (Broder 1997). Items come commonest first; the first of those that are alike stays.
func mergeNear(items []Item) []Item {
	buckets := map[[2]uint64][]int{}
	var out []Item
	for _, it := range items {
		it.set = shingles(Normal(it.Text), 2)
		marks := signature(it.set)
		best, share := -1, nearDuplicate
		for _, m := range marks {
			for _, j := range buckets[m] {
				if s := jaccard(out[j].set, it.set); s >= share && out[j].Lang == it.Lang {
					best, share = j, s
				}
			}
		}
		if best >= 0 {
			out[best].candidates = append(out[best].candidates, it.candidates...)
			out[best].Variants = append(out[best].Variants, it.Key)
			continue
		}
		for _, m := range marks {
			buckets[m] = append(buckets[m], len(out))
		}
		out = append(out, it)
	}
	return out
}

// signature is the smallest hash of a set under each of some orders, in bands.
func signature(set []uint64) [bands][2]uint64 {
	var out [bands][2]uint64
	for b := range out {
		h := uint64(14695981039346656037)
		for r := range bandRows {
			least := ^uint64(0)
			for _, x := range set {
				least = min(least, mix(x, uint64(b*bandRows+r+1)))
			}
			h = (h ^ least) * 1099511628211
		}
		out[b] = [2]uint64{uint64(b), h}
	}
	return out
}

// mix orders hashes anew for each seed (the finaliser of SplitMix64).
func mix(x, seed uint64) uint64 {
	x += seed * 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
