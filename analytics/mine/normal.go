package mine

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"runtime"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

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
	if len(rs) > 0 && len(rs) < n {
		return []uint64{fnv1a([]byte(normal))}
	}
	var out []uint64
	var buf []byte
	for i := 0; i+n <= len(rs); i++ {
		buf = buf[:0]
		for _, r := range rs[i : i+n] {
			buf = utf8.AppendRune(buf, r)
		}
		out = append(out, fnv1a(buf))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// fnv1a is the hash of Fowler, Noll and Vo, written out: hash/fnv wants memory for each.
func fnv1a(b []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
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
	unnamed    int      // candidates of which nobody is named
	set        []uint64 // shingles
}

// MaxTurns is how many turns an item names.
const MaxTurns = 20

// Near duplicates share this much of their shingles.
const nearDuplicate = 0.8

// Dedupe counts equal and almost equal texts; the oldest spelling of the commonest one stands for all. Commonest items come first. The order of the
// candidates does not matter.
func Dedupe(cs []Candidate) []Item {
	cs = slices.SortedFunc(slices.Values(cs), func(a, b Candidate) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Conversation, b.Conversation), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Text, b.Text))
	})
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
		if c.Customer == "" {
			t.unnamed++
			continue
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
	marks := sign(items)
	buckets := map[[2]uint64][]int{}
	var out []Item
	for i, it := range items {
		best, share := -1, nearDuplicate
		for _, m := range marks[i] {
			for _, j := range buckets[m] {
				if j == best || out[j].Lang != it.Lang || !mayShare(len(out[j].set), len(it.set), share) {
					continue
				}
				if s := jaccard(out[j].set, it.set); s >= share {
					best, share = j, s
				}
			}
		}
		if best >= 0 {
			out[best].candidates = append(out[best].candidates, it.candidates...)
			out[best].Variants = append(out[best].Variants, it.Key)
			continue
		}
		for _, m := range marks[i] {
			buckets[m] = append(buckets[m], len(out))
		}
		out = append(out, it)
	}
	return out
}

// mayShare tells whether sets of n and m can share so much: at best the smaller one is within the larger.
func mayShare(n, m int, share float64) bool {
	return float64(min(n, m)) >= share*float64(max(n, m))-1e-9
}

// sign gives the items their shingles and returns their marks, on all cores.
func sign(items []Item) [][bands][2]uint64 {
	marks := make([][bands][2]uint64, len(items))
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(items); i += workers {
				items[i].set = shingles(Normal(items[i].Text), 2)
				marks[i] = signature(items[i].set)
			}
		})
	}
	wg.Wait()
	return marks
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
