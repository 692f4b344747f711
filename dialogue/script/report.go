package script

import (
	"log/slog"
	"sync"
)

// maxReports bounds how many keys are remembered as lacking words; they come from task files, so there are few.
const maxReports = 1000

// Report is a key that was asked for and could not be said as it should.
type Report struct {
	Tenant string `json:"tenant"`
	Key    string `json:"key"`
	Unsaid uint64 `json:"unsaid"` // there were no words: "general" was said
	Short  uint64 `json:"short"`  // words were there, but not the slots they need: a more general key was said
}

// reports counts what could not be said, and logs each key once.
type reports struct {
	log  *slog.Logger
	mu   sync.Mutex
	keys map[[2]string]*Report
}

func (r *reports) note(tenant, key string, short bool) {
	r.mu.Lock()
	one := r.keys[[2]string{tenant, key}]
	if one == nil && len(r.keys) >= maxReports {
		r.mu.Unlock()
		return
	}
	first := one == nil
	if first {
		one = &Report{Tenant: tenant, Key: key}
		r.keys[[2]string{tenant, key}] = one
	}
	if short {
		one.Short++
	} else {
		one.Unsaid++
	}
	r.mu.Unlock()
	if first && short {
		r.log.Warn("a script needs slots that were not given; a more general one was said", "tenant", tenant, "key", key)
	} else if first {
		r.log.Warn("no script for a key; the general one was said", "tenant", tenant, "key", key)
	}
}
