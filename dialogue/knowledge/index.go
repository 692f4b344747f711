package knowledge

import (
	"math"
	"slices"
	"strings"
	"sync"

	"yingda/dialogue"
	"yingda/models"
	"yingda/nlu"
)

// Match is a hit with what speaks for it.
type Match struct {
	dialogue.Hit
	Question string   `json:"question"` // the wording that is nearest
	Evidence Evidence `json:"evidence"`
	Rank     float64  `json:"-"` // what entries are ordered by; scores are made of it
}

// Index finds questions among those of a set of entries. It is immutable.
type Index struct {
	params  *Params
	entries []*record
	langs   map[nlu.Lang]*shard
	bundle  models.BundleID // of the vectors; "" = by words alone
	space   *space
}

// shard holds the questions of one language.
type shard struct {
	lang     nlu.Lang
	items    []*item
	owner    []int32   // of items[i]: index into Index.entries
	masses   []float32 // of items[i]: the sum of its terms' idf
	postings map[uint64]*posting
	vectors  *vectors      // nil = by words alone
	topics   *vectors      // of entries: the means of their questions'
	local    map[int32]int // entry → its place in topics
	scratch  sync.Pool
}

// posting lists the items that have a term.
type posting struct {
	idf   float32
	items []int32
	gain  []float32 // what the term adds to the score of each of them
}

// NewIndex makes an index of entries by words alone, as [Base] does for a tenant. It is for measurements; entries must be valid.
func NewIndex(entries []dialogue.Entry, params *Params, meaning *Meaning) *Index {
	records := make([]*record, len(entries))
	for i := range entries {
		records[i] = newRecord(Version{Entry: entries[i]})
	}
	return newIndex(records, params, meaning)
}

func newIndex(records []*record, params *Params, meaning *Meaning) *Index {
	x := &Index{params: params, entries: records, langs: map[nlu.Lang]*shard{}}
	for i, r := range records {
		s := x.langs[r.Lang]
		if s == nil {
			s = &shard{lang: r.Lang}
			x.langs[r.Lang] = s
		}
		for k := range r.items {
			s.items, s.owner = append(s.items, &r.items[k]), append(s.owner, int32(i))
		}
	}
	for _, s := range x.langs {
		s.post(params.BM25)
		if meaning != nil {
			s.vectors = newVectors(meaning, s.items)
			s.topics, s.local = newTopics(s.vectors, s.owner)
		}
	}
	if meaning != nil {
		x.bundle, x.space = meaning.Bundle, meaning.space
	}
	return x
}

// Len returns the numbers of entries and of questions.
func (x *Index) Len() (entries, questions int) {
	for _, s := range x.langs {
		questions += len(s.items)
	}
	return len(x.entries), questions
}

// Bundle returns whose vectors the index holds, "" when it compares words alone.
func (x *Index) Bundle() models.BundleID { return x.bundle }

// post makes the postings: Okapi BM25 with what does not depend on the query worked out.
func (s *shard) post(b BM25) {
	total := 0
	s.postings = map[uint64]*posting{}
	for _, it := range s.items {
		total += it.count
		for _, t := range it.terms {
			p := s.postings[t.hash]
			if p == nil {
				p = &posting{}
				s.postings[t.hash] = p
			}
			p.idf++
		}
	}
	n, mean := float64(len(s.items)), float64(total)/float64(max(len(s.items), 1))
	for _, p := range s.postings {
		df := float64(p.idf)
		p.items, p.gain = make([]int32, 0, int(df)), make([]float32, 0, int(df))
		p.idf = float32(math.Log(1 + (n-df+0.5)/(df+0.5)))
	}
	s.masses = make([]float32, len(s.items))
	for i, it := range s.items {
		damp := b.K1 * (1 - b.B + b.B*float64(it.count)/mean)
		for _, t := range it.terms {
			p := s.postings[t.hash]
			p.items = append(p.items, int32(i))
			p.gain = append(p.gain, p.idf*float32(float64(t.freq)*(b.K1+1)/(float64(t.freq)+damp)))
			s.masses[i] += p.idf
		}
	}
	s.scratch.New = func() any { return &scratch{sums: make([]float32, len(s.items)), seen: make([]bool, len(s.items))} }
}

// query is a question being searched for.
type query struct {
	item
	idf   []float32 // of its terms, parallel
	mass  float32   // their sum
	probe *probe    // its vector in the index's space; nil = by words alone
}

// Search returns the best entries; see [Base.Find].
func (x *Index) Search(q dialogue.Asked) []Match {
	limit := q.Limit
	if limit <= 0 {
		limit = 3
	}
	base := x.prepare(q)
	var found []Match
	for _, s := range x.shards(q) {
		found = append(found, x.searchIn(s, base, q.Intents)...)
	}
	slices.SortStableFunc(found, byScore)
	return found[:min(limit, len(found))]
}

// prepare reads a question.
func (x *Index) prepare(q dialogue.Asked) query {
	p := query{item: analyse(q.Text)}
	if x.space != nil && len(q.Embedding) == x.space.dim && (q.Bundle == "" || q.Bundle == x.bundle) {
		p.probe = newProbe(x.space.apply(q.Embedding))
	}
	return p
}

// shards returns where to search: in the language asked in and in that of the text, which differ when a customer changes over; where there
// are no entries in either, in all.
func (x *Index) shards(q dialogue.Asked) []*shard {
	var out []*shard
	add := func(l nlu.Lang) {
		if s := x.langs[l]; s != nil && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	add(q.Lang)
	add(nlu.Detect(q.Text))
	if len(out) == 0 {
		add(nlu.Chinese)
		add(nlu.English)
	}
	return out
}

func byScore(a, b Match) int {
	switch {
	case a.Score > b.Score:
		return -1
	case a.Score < b.Score:
		return 1
	}
	return 0
}

// searchIn finds the entries of one language that are worth showing.
func (x *Index) searchIn(s *shard, q query, intents []string) []Match {
	found := x.rankIn(s, q, intents)
	x.favour(found, intents)
	return slices.DeleteFunc(found, func(m Match) bool { return m.Score < x.params.Thresholds.Show })
}

// rankIn orders the entries of one language and gives them scores.
func (x *Index) rankIn(s *shard, q query, intents []string) []Match {
	q.weigh(s)
	w := x.params.weights(s.lang, q.probe != nil && s.vectors != nil)
	best := map[int32]*Match{} // by entry
	for _, c := range s.candidates(&q, x.params.Candidates) {
		m := Match{Question: s.items[c].text, Evidence: s.compare(&q, int(c))}
		m.Rank = w.rank(&m.Evidence)
		if b := best[s.owner[c]]; b == nil || m.Rank > b.Rank {
			best[s.owner[c]] = &m
		}
	}
	x.byIntent(s, best, intents)
	found := make([]Match, 0, len(best))
	for owner, m := range best {
		m.Entry = x.entries[owner].Entry
		if !math.IsInf(m.Rank, -1) {
			s.about(&q, owner, x.entries[owner], &m.Evidence)
			m.Rank = w.rank(&m.Evidence)
		}
		found = append(found, *m)
	}
	slices.SortFunc(found, func(a, b Match) int {
		if a.Rank != b.Rank {
			return byRank(a.Rank, b.Rank)
		}
		return strings.Compare(a.ID, b.ID)
	})
	w.score(found)
	return found
}

func byRank(a, b float64) int {
	if a > b {
		return -1
	}
	return 1
}

// byIntent adds the entries that answer one of the intents, even when no word or meaning led to them.
func (x *Index) byIntent(s *shard, best map[int32]*Match, intents []string) {
	if len(intents) == 0 {
		return
	}
	for i, o := range s.owner {
		if best[o] == nil && answers(x.entries[o], intents) {
			best[o] = &Match{Question: s.items[i].text, Rank: math.Inf(-1)}
		}
	}
}

// favour gives the best of the entries that answer one of the intents at least the score that the tie is worth, and puts it where it then belongs.
func (x *Index) favour(found []Match, intents []string) {
	if len(intents) == 0 {
		return
	}
	for i := range found {
		if slices.ContainsFunc(found[i].Intents, func(n string) bool { return slices.Contains(intents, n) }) {
			found[i].Score = max(found[i].Score, x.params.Thresholds.Intent)
			break
		}
	}
	slices.SortStableFunc(found, byScore)
}

func answers(r *record, intents []string) bool {
	return slices.ContainsFunc(r.Intents, func(n string) bool { return slices.Contains(intents, n) })
}

// weigh looks up what the query's terms are worth in the shard. A term that no question has is worth as much as one that a single question has.
func (q *query) weigh(s *shard) {
	unknown := float32(math.Log(1 + (float64(len(s.items))-0.5)/1.5))
	q.idf, q.mass = make([]float32, len(q.terms)), 0
	for i, t := range q.terms {
		q.idf[i] = unknown
		if p := s.postings[t.hash]; p != nil {
			q.idf[i] = p.idf
		}
		q.mass += q.idf[i]
	}
}
