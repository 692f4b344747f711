package experiment

import "strconv"

// Buckets is how many buckets customers fall into; a bucket is a ten-thousandth of them.
const Buckets = 10000

// Range is a part [From, To) of the buckets, 0–1.
type Range struct{ From, To float64 }

// Contains tells whether n lies in the range.
func (r Range) Contains(n float64) bool { return n >= r.From && n < r.To }

// Bucket is where a unit falls, in [0, 1): GrowthBook's hash version 2, fnv1a32(decimal(fnv1a32(seed + unit))) mod 10000 / 10000, over UTF-16
// code units.
func Bucket(seed, unit string) float64 {
	h := fnv(fnv(fnvOffset, seed), unit)
	var digits [10]byte
	inner := fnvOffset
	for _, c := range strconv.AppendUint(digits[:0], uint64(h), 10) {
		inner = (inner ^ uint32(c)) * fnvPrime
	}
	return float64(inner%Buckets) / Buckets
}

// InNamespace tells whether a unit is in the part [from, to) of a namespace's units: GrowthBook's hash version 1, fnv1a32(unit + "__" + name)
// mod 1000 / 1000.
func InNamespace(unit, name string, from, to float64) bool {
	n := float64(fnv(fnv(fnv(fnvOffset, unit), "__"), name)%1000) / 1000
	return n >= from && n < to
}

// Ranges gives each of n variants its part of the buckets: the first coverage × weight of the stretch that is the variant's at full coverage, so
// that a growing coverage moves nobody out of a variant. Weights that are not n shares with the sum 1 (within a hundredth) count as equal ones,
// as in GrowthBook.
func Ranges(n int, coverage float64, weights []float64) []Range {
	coverage = min(max(coverage, 0), 1)
	equal := !shares(weights, n)
	out, from := make([]Range, n), 0.0
	for i := range out {
		w := 1 / float64(n)
		if !equal {
			w = weights[i]
		}
		out[i] = Range{from, from + float64(coverage*w)} // rounded before the sum on every processor: bounds must be the same on all
		from += w
	}
	return out
}

// shares tells whether weights are n shares of one.
func shares(weights []float64, n int) bool {
	sum := 0.0
	for _, w := range weights {
		if !(w >= 0) {
			return false
		}
		sum += w
	}
	return len(weights) == n && sum >= 0.99 && sum <= 1.01
}

// Choose returns the position of the range that holds n, -1 if none does.
func Choose(n float64, ranges []Range) int {
	for i, r := range ranges {
		if r.Contains(n) {
			return i
		}
	}
	return -1
}

const (
	fnvOffset = uint32(0x811c9dc5)
	fnvPrime  = uint32(0x01000193)
)

// fnv goes on with FNV-1a of 32 bits over the UTF-16 code units of s: over bytes it would differ from other implementations beyond ASCII.
func fnv(h uint32, s string) uint32 {
	for _, r := range s {
		if r < 0x10000 {
			h = (h ^ uint32(r)) * fnvPrime
			continue
		}
		r -= 0x10000 // a surrogate pair
		h = (h ^ (0xd800 + uint32(r)>>10)) * fnvPrime
		h = (h ^ (0xdc00 + uint32(r)&0x3ff)) * fnvPrime
	}
	return h
}
