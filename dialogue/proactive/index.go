package proactive

import (
	"container/heap"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"time"
)

// item is what is kept in memory of a follow-up: enough to know when to look at it and whom it concerns.
type item struct {
	tenant string
	id     string
	kind   string
	conv   uint64 // hashes; a collision costs a look at a document, nothing else
	cust   uint64
	wake   int64 // Unix nanoseconds
	rev    uint64
	open   bool
	place  int // in the heap
}

// index holds all follow-ups there are, by time and by whom they concern. It is safe for concurrent use.
type index struct {
	mu     sync.Mutex
	seed   maphash.Seed
	byID   map[string]*item // tenant/id
	byConv map[uint64][]*item
	byCust map[uint64][]*item
	queue  queue
	names  map[string]string // one copy of each tenant and kind
}

func newIndex() *index {
	return &index{seed: maphash.MakeSeed(), byID: map[string]*item{}, byConv: map[uint64][]*item{}, byCust: map[uint64][]*item{}, names: map[string]string{}}
}

func (x *index) hash(parts ...string) uint64 {
	return maphash.String(x.seed, strings.Join(parts, "\x00"))
}

func (x *index) intern(s string) string {
	if c, ok := x.names[s]; ok {
		return c
	}
	c := strings.Clone(s)
	x.names[c] = c
	return c
}

// put takes a version of a follow-up, unless it knows a newer one. It returns whether the earliest wake-up changed.
func (x *index) put(f *FollowUp, rev uint64, keep time.Duration) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	first := x.first()
	name := f.Tenant + "/" + f.ID
	it := x.byID[name]
	switch {
	case it == nil:
		it = &item{tenant: x.intern(f.Tenant), id: strings.Clone(f.ID), kind: x.intern(f.Kind), conv: x.hash(f.Tenant, f.Conversation), cust: x.hash(f.Tenant, f.Customer)}
		x.byID[it.tenant+"/"+it.id] = it
		x.byConv[it.conv] = append(x.byConv[it.conv], it)
		x.byCust[it.cust] = append(x.byCust[it.cust], it)
		it.rev, it.open, it.wake = rev, f.Status.Open(), f.wake(keep).UnixNano()
		heap.Push(&x.queue, it)
		return x.first() != first
	case rev <= it.rev:
		return false
	}
	it.rev, it.open, it.wake = rev, f.Status.Open(), f.wake(keep).UnixNano()
	heap.Fix(&x.queue, it.place)
	return x.first() != first
}

// remove forgets a follow-up.
func (x *index) remove(tenant, id string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	it := x.byID[tenant+"/"+id]
	if it == nil {
		return
	}
	delete(x.byID, tenant+"/"+id)
	without(x.byConv, it.conv, it)
	without(x.byCust, it.cust, it)
	heap.Remove(&x.queue, it.place)
}

func without(m map[uint64][]*item, k uint64, it *item) {
	rest := slices.DeleteFunc(m[k], func(o *item) bool { return o == it })
	if len(rest) == 0 {
		delete(m, k)
		return
	}
	m[k] = rest
}

// first returns when something is to be done next, 0 = never.
func (x *index) first() int64 {
	if len(x.queue) == 0 {
		return 0
	}
	return x.queue[0].wake
}

// next returns when something is to be done next, and whether anything is.
func (x *index) next() (time.Time, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.queue) == 0 {
		return time.Time{}, false
	}
	return time.Unix(0, x.queue[0].wake), true
}

// due returns up to limit follow-ups whose time has come, and puts their wake-up off until then, so that whatever happens to them they
// are looked at again.
func (x *index) due(now, again time.Time, limit int) []item {
	x.mu.Lock()
	defer x.mu.Unlock()
	var out []item
	for len(x.queue) > 0 && len(out) < limit && x.queue[0].wake <= now.UnixNano() {
		it := x.queue[0]
		out = append(out, *it)
		it.wake = again.UnixNano()
		heap.Fix(&x.queue, 0)
	}
	return out
}

// again sets when a follow-up is looked at again, whatever its version.
func (x *index) again(tenant, id string, at time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if it := x.byID[tenant+"/"+id]; it != nil {
		it.wake = at.UnixNano()
		heap.Fix(&x.queue, it.place)
	}
}

// ofConversation and ofCustomer list what is open.
func (x *index) ofConversation(tenant, conversation string) []item {
	x.mu.Lock()
	defer x.mu.Unlock()
	return open(x.byConv[x.hash(tenant, conversation)])
}

func (x *index) ofCustomer(tenant, customer string) []item {
	x.mu.Lock()
	defer x.mu.Unlock()
	return open(x.byCust[x.hash(tenant, customer)])
}

func open(its []*item) []item {
	var out []item
	for _, it := range its {
		if it.open {
			out = append(out, *it)
		}
	}
	return out
}

// list returns the ids of a tenant after one, in order, narrowed down by hashes that are not 0.
func (x *index) list(tenant, after string, conv, cust uint64, kind string) []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	var out []string
	take := func(it *item) {
		if it.tenant == tenant && it.id > after && (conv == 0 || it.conv == conv) && (cust == 0 || it.cust == cust) && (kind == "" || it.kind == kind) {
			out = append(out, it.id)
		}
	}
	switch {
	case conv != 0:
		for _, it := range x.byConv[conv] {
			take(it)
		}
	case cust != 0:
		for _, it := range x.byCust[cust] {
			take(it)
		}
	default:
		for _, it := range x.byID {
			take(it)
		}
	}
	slices.Sort(out)
	return out
}

// counts returns how many are open and how many there are.
func (x *index) counts() (pending, all int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, it := range x.byID {
		if it.open {
			pending++
		}
	}
	return pending, len(x.byID)
}

// queue is a heap by wake-up.
type queue []*item

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].wake < q[j].wake }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i]; q[i].place, q[j].place = i, j }

func (q *queue) Push(v any) {
	it := v.(*item)
	it.place = len(*q)
	*q = append(*q, it)
}

func (q *queue) Pop() any {
	old := *q
	it := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return it
}
