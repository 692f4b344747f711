package profile

import (
	"container/list"
	"sync"
	"time"
)

type cacheKey struct{ tenant, customer string }

// entry is what is known of a customer right now.
type entry struct {
	key cacheKey

	mu       sync.Mutex
	own      own // what was learnt
	ownRead  bool
	ownAt    time.Time
	changed  bool          // own is older than what this process wrote
	reading  chan struct{} // closed when own was read; nil = nobody reads
	known    known
	asked    time.Time
	askAgain time.Time
	failing  bool
	asking   chan struct{} // closed when the operator's system answered; nil = nobody asks
}

// cache keeps the entries that were used last.
type cache struct {
	mu    sync.Mutex
	max   int
	items map[cacheKey]*list.Element
	order *list.List // of *entry, the latest in front
}

func newCache(limit int) *cache {
	return &cache{max: limit, items: map[cacheKey]*list.Element{}, order: list.New()}
}

// entry returns the entry of a key, a new one if there is none.
func (c *cache) entry(k cacheKey) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	if el := c.items[k]; el != nil {
		c.order.MoveToFront(el)
		return el.Value.(*entry)
	}
	e := &entry{key: k}
	c.items[k] = c.order.PushFront(e)
	for c.order.Len() > c.max {
		last := c.order.Back()
		delete(c.items, last.Value.(*entry).key)
		c.order.Remove(last)
	}
	return e
}

// relinked is changed for ids that are another person now: the operator's system is asked again too.
func (c *cache) relinked(tenant string, customers ...string) {
	c.touch(tenant, customers, func(e *entry) { e.changed, e.askAgain = true, time.Time{} })
}

// changed makes the next look at a customer, under any of the ids, read what was learnt again.
func (c *cache) changed(tenant string, customers ...string) {
	c.touch(tenant, customers, func(e *entry) { e.changed = true })
}

// drop forgets all of a tenant. Reads under way end in entries that nobody looks at any more.
func (c *cache) drop(tenant string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, el := range c.items {
		if k.tenant == tenant {
			delete(c.items, k)
			c.order.Remove(el)
		}
	}
}

func (c *cache) touch(tenant string, customers []string, f func(*entry)) {
	c.mu.Lock()
	var es []*entry
	for _, id := range customers {
		if el := c.items[cacheKey{tenant, id}]; el != nil {
			es = append(es, el.Value.(*entry))
		}
	}
	c.mu.Unlock()
	for _, e := range es {
		e.mu.Lock()
		f(e)
		e.mu.Unlock()
	}
}
