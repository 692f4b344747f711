package profile

import (
	"maps"
	"sync"
	"time"
)

// erasedFor is how long events may be on their way that were read before their customer was erased.
const erasedFor = time.Hour

// erasures remembers who was erased lately, by pseudonym.
type erasures struct {
	mu sync.Mutex
	at map[cacheKey]time.Time
}

func (e *erasures) add(tenant, alias string, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	maps.DeleteFunc(e.at, func(_ cacheKey, at time.Time) bool { return now.Sub(at) > erasedFor })
	if e.at == nil {
		e.at = map[cacheKey]time.Time{}
	}
	e.at[cacheKey{tenant, alias}] = now
}

// cover tells whether what happened then was erased.
func (e *erasures) cover(tenant, alias string, then time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	at, ok := e.at[cacheKey{tenant, alias}]
	return ok && !then.After(at)
}

// Erased makes the service forget what memory holds of an erased customer, and not learn from what is still on its way. The log tells of
// erasures; it knows pseudonyms only, so all customers of the tenant are read again.
func (s *Service) Erased(tenant, alias string) {
	s.gone.add(tenant, alias, s.o.Now())
	s.cache.drop(tenant)
}
