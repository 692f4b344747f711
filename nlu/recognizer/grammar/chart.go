package grammar

import "slices"

// item is a rule under way: the elements up to its state have been found.
type item struct {
	state      int32
	start, end int32
	prev       int32 // item with one element less, −1 = none
	node       int32 // the last element found
	next       int32 // item that ends at the same place, −1 = none
}

const chunk = 128

// chart is the working memory of one search. Phrases are completed from left to right: when the ones that end at a place are looked at,
// all items that end before it are there.
type chart struct {
	g     *Grammar
	text  string
	ctx   any
	nodes [][]Node // in chunks, so that pointers stay good
	used  int
	items []item
	ends  []int32 // by place: the last item that ends there, −1 = none
	todo  []int32 // by place: first word that ends there, −1 = none
	link  []int32 // by node: the next word that ends at the same place
	agend []int32 // phrases that end at the present place
	kids  []*Node
	found []*Node
	cover []bool // bytes of the text that belong to a chosen phrase
	call  Call

	scan   *scanner // at work
	scanAt int
	onScan func(category, end int, value any)
	onWord func(end int, w word)
}

func newChart(g *Grammar) *chart {
	c := &chart{g: g}
	c.onWord = func(end int, w word) { c.addWord(w.cat, c.scanAt, end, w.value) }
	c.onScan = func(category, end int, value any) { c.addWord(c.scan.cats[category], c.scanAt, end, value) }
	return c
}

// Find calls yield for the phrases of the view's categories, longest first, without overlap. A node and all below it are valid only
// during the call. ctx is handed to the actions.
func (g *Grammar) Find(text string, v *View, ctx any, yield func(*Node)) {
	at := 0
	for at < len(text) && !g.starts[text[at]] {
		at++
	}
	if at == len(text) {
		return
	}
	c := g.pool.Get().(*chart)
	c.reset(text, ctx)
	for ; at < len(text); at++ {
		if g.starts[text[at]] {
			c.words(at)
		}
	}
	if c.used > 0 {
		for end := 1; end <= len(text); end++ {
			c.complete(end, v)
		}
		c.choose(v, yield)
	}
	c.text, c.ctx, c.call = "", nil, Call{}
	g.pool.Put(c)
}

func (c *chart) reset(text string, ctx any) {
	c.text, c.ctx, c.used = text, ctx, 0
	c.items, c.link, c.found, c.kids = c.items[:0], c.link[:0], c.found[:0], c.kids[:0]
	c.ends = resize(c.ends, len(text)+1)
	c.todo = resize(c.todo, len(text)+1)
}

func resize(s []int32, n int) []int32 {
	s = slices.Grow(s[:0], n)[:n]
	for i := range s {
		s[i] = -1
	}
	return s
}

// words adds what begins at a place.
func (c *chart) words(at int) {
	c.scanAt = at
	c.g.trie.find(c.text, at, c.onWord)
	for i := range c.g.scanners {
		if s := &c.g.scanners[i]; s.First(c.text[at]) {
			c.scan = s
			s.Scan(c.text, at, c.onScan)
		}
	}
}

func (c *chart) addWord(cat, start, end int, value any) {
	if end-start > MaxPhrase || end > len(c.text) || end <= start {
		return
	}
	id, n := c.newNode()
	*n = Node{Category: c.g.names[cat], Start: start, End: end, Value: value, cat: cat}
	c.link[id] = c.todo[end]
	c.todo[end] = id
}

func (c *chart) newNode() (int32, *Node) {
	if c.used == len(c.nodes)*chunk {
		c.nodes = append(c.nodes, make([]Node, chunk))
	}
	id := c.used
	c.used++
	c.link = append(c.link, -1)
	return int32(id), c.node(int32(id))
}

func (c *chart) node(id int32) *Node { return &c.nodes[id/chunk][id%chunk] }

// complete finds all phrases that end at a place.
func (c *chart) complete(end int, v *View) {
	if c.todo[end] < 0 {
		return
	}
	c.agend = c.agend[:0]
	for id := c.todo[end]; id >= 0; id = c.link[id] {
		c.agend = append(c.agend, id)
	}
	slices.Reverse(c.agend)
	items := 0
	for i := 0; i < len(c.agend) && i < maxNodes; i++ {
		id := c.agend[i]
		n := c.node(id)
		if v.want[n.cat] {
			c.found = append(c.found, n)
		}
		for k := range c.g.root[n.cat] {
			c.advance(-1, &c.g.root[n.cat][k], id, n, &items)
		}
		c.extend(n.Start, false, id, n, &items)
		if n.Start > 0 && c.text[n.Start-1] == ' ' {
			c.extend(n.Start-1, true, id, n, &items)
		}
	}
}

// extend advances the items that end at a place, from which the node is separated by a space or not.
func (c *chart) extend(at int, spaced bool, id int32, n *Node, items *int) {
	for it := c.ends[at]; it >= 0; it = c.items[it].next {
		s := &c.g.states[c.items[it].state]
		if s.cats>>(n.cat%64)&1 == 0 {
			continue
		}
		for k := range s.next {
			t := &s.next[k]
			if t.cat == n.cat && (t.glue == spaceOrNot || spaced == (t.glue == space)) {
				c.advance(it, t, id, n, items)
			}
		}
	}
}

// advance moves an item, or the beginning of all rules (−1), over a node.
func (c *chart) advance(from int32, t *transition, id int32, n *Node, items *int) {
	if t.ranged {
		if v, ok := n.Int(); !ok || v < t.low || v > t.high {
			return
		}
	}
	if t.max > 0 {
		if r := runes(c.text[n.Start:n.End]); r < t.min || r > t.max {
			return
		}
	}
	start := int32(n.Start)
	if from >= 0 {
		start = c.items[from].start
	}
	if n.End-int(start) > MaxPhrase || *items >= maxItems {
		return
	}
	s := &c.g.states[t.to]
	it := item{state: t.to, start: start, end: int32(n.End), prev: from, node: id, next: -1}
	for _, r := range s.ends {
		c.reduce(r, &it)
	}
	if len(s.next) > 0 {
		*items++
		it.next = c.ends[n.End]
		c.ends[n.End] = int32(len(c.items))
		c.items = append(c.items, it)
	}
}

// reduce makes the phrase of a rule whose elements have all been found.
func (c *chart) reduce(r *Rule, it *item) {
	mark := len(c.kids)
	score := r.Score
	for p := it; ; p = &c.items[p.prev] {
		k := c.node(p.node)
		score += k.Score
		if c.kids = append(c.kids, k); p.prev < 0 {
			break
		}
	}
	kids := c.kids[mark:len(c.kids):len(c.kids)]
	slices.Reverse(kids)
	for _, id := range c.agend {
		if n := c.node(id); n.cat == r.cat && n.Start == int(it.start) && n.Score >= score {
			c.kids = c.kids[:mark]
			return
		}
	}
	value := kids[r.keep].Value
	if r.fn != nil {
		c.call = Call{Kids: kids, Args: r.args, Text: c.text, Context: c.ctx, rule: r}
		if value = r.fn(&c.call); value == nil {
			c.kids = c.kids[:mark]
			return
		}
	}
	id, n := c.newNode()
	*n = Node{Category: r.Category, Start: int(it.start), End: int(it.end), Score: score, Value: value, Rule: r, Kids: kids, cat: r.cat}
	c.agend = append(c.agend, id)
}

// choose yields the longest phrases, then those of the higher score, then the earlier ones, as long as they do not overlap.
func (c *chart) choose(v *View, yield func(*Node)) {
	slices.SortStableFunc(c.found, func(a, b *Node) int {
		if d := (b.End - b.Start) - (a.End - a.Start); d != 0 {
			return d
		}
		if d := b.Score - a.Score; d != 0 {
			return d
		}
		return a.Start - b.Start
	})
	c.cover = slices.Grow(c.cover[:0], len(c.text))[:len(c.text)]
	clear(c.cover)
	for _, n := range c.found {
		if c.cover[n.Start] || c.cover[n.End-1] { // what is chosen is at least as long, so it covers an end of what it overlaps
			continue
		}
		for i := n.Start; i < n.End; i++ {
			c.cover[i] = true
		}
		if n.cat != v.not {
			yield(n)
		}
	}
}
