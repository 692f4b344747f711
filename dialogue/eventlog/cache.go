package eventlog

import (
	"container/list"
	"sync"

	"yingda/dialogue"
)

// lru keeps recently used values up to a total weight. It is safe for concurrent use; nil keeps nothing.
type lru[K comparable, V any] struct {
	mu     sync.Mutex
	drops  uint64 // of drop and clear
	limit  int64
	weight int64
	items  map[K]*list.Element
	order  *list.List // most recent first
}

type lruItem[K comparable, V any] struct {
	key    K
	value  V
	weight int64
}

func newLRU[K comparable, V any](limit int64) *lru[K, V] {
	if limit <= 0 {
		return nil
	}
	return &lru[K, V]{limit: limit, items: map[K]*list.Element{}, order: list.New()}
}

func (c *lru[K, V]) get(k K) (v V, ok bool) {
	if c == nil {
		return v, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	el, ok := c.items[k]
	if !ok {
		return v, false
	}
	c.order.MoveToFront(el)
	return el.Value.(*lruItem[K, V]).value, true
}

// ticket is taken before a value is read; see put.
func (c *lru[K, V]) ticket() uint64 {
	if c == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.drops
}

// put keeps a value unless something was dropped since the ticket was taken: an erasure must not be undone by one who read before it.
func (c *lru[K, V]) put(ticket uint64, k K, v V, weight int64) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if ticket != c.drops {
		return
	}
	if el, ok := c.items[k]; ok {
		c.remove(el)
	}
	c.items[k] = c.order.PushFront(&lruItem[K, V]{k, v, weight})
	c.weight += weight
	for c.weight > c.limit && c.order.Len() > 1 {
		c.remove(c.order.Back())
	}
}

func (c *lru[K, V]) drop(k K) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drops++
	if el, ok := c.items[k]; ok {
		c.remove(el)
	}
}

// forget removes a value that is out of date. Unlike drop it does not keep others from being put.
func (c *lru[K, V]) forget(k K) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if el, ok := c.items[k]; ok {
		c.remove(el)
	}
}

func (c *lru[K, V]) clear() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drops++
	clear(c.items)
	c.order.Init()
	c.weight = 0
}

func (c *lru[K, V]) len() int {
	if c == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.items)
}

func (c *lru[K, V]) remove(el *list.Element) {
	it := c.order.Remove(el).(*lruItem[K, V])
	delete(c.items, it.key)
	c.weight -= it.weight
}

// folded is a tracker with what the store itself must know of it. It is not changed once made.
type folded struct {
	t       *dialogue.Tracker
	keys    []keyRef // that sealed what went into it
	snapped int      // t.Events when the last snapshot was taken
}

// weigh estimates the bytes of a tracker in memory.
func weigh(f folded) int64 {
	t := f.t
	n := 2600 + 16*len(t.Seen) + 120*len(t.Emotions)
	for i := range t.Lines {
		n += 320 + len(t.Lines[i].Text) + 32*len(t.Lines[i].Intents)
	}
	s := &t.State
	n += 300*len(s.Slots) + 400*len(s.Tasks) + 300*len(s.Said) + 64*(len(s.Focus)+len(s.Lists)+len(s.Tried)+len(s.Topic)+len(s.Notes))
	if p := t.Profile; p != nil {
		n += 200 + 300*len(p.History) + 64*(len(p.Preferences)+len(p.Consent))
	}
	return int64(n)
}
