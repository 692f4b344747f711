package server

import (
	"container/list"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limiters are token buckets by name. Names come from callers, so only the latest are kept: a bucket that was not used for long is full
// again anyway.
type limiters struct {
	mu    sync.Mutex
	most  int
	order *list.List // of *bucket, the latest used in front
	named map[string]*list.Element
}

type bucket struct {
	name string
	*rate.Limiter
}

func newLimiters(most int) *limiters {
	return &limiters{most: most, order: list.New(), named: map[string]*list.Element{}}
}

// bucket returns the bucket of the name. Rates may change while it is kept.
func (l *limiters) bucket(name string, perSecond float64, burst int) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.named[name]; ok {
		l.order.MoveToFront(e)
		b := e.Value.(*bucket)
		if b.Limit() != rate.Limit(perSecond) || b.Burst() != burst {
			b.SetLimit(rate.Limit(perSecond))
			b.SetBurst(burst)
		}
		return b.Limiter
	}
	b := &bucket{name, rate.NewLimiter(rate.Limit(perSecond), burst)}
	l.named[name] = l.order.PushFront(b)
	if l.order.Len() > l.most {
		last := l.order.Back()
		l.order.Remove(last)
		delete(l.named, last.Value.(*bucket).name)
	}
	return b.Limiter
}

// take takes a token, or tells how long to wait for one.
func (l *limiters) take(name string, perSecond float64, burst int, now time.Time) time.Duration {
	b := l.bucket(name, perSecond, burst)
	if b.AllowN(now, 1) {
		return 0
	}
	return wait(b, now)
}

// peek tells how long to wait for a token without taking it.
func (l *limiters) peek(name string, perSecond float64, burst int, now time.Time) time.Duration {
	b := l.bucket(name, perSecond, burst)
	if b.TokensAt(now) >= 1 {
		return 0
	}
	return wait(b, now)
}

func wait(b *rate.Limiter, now time.Time) time.Duration {
	missing := 1 - b.TokensAt(now)
	return max(time.Duration(missing/float64(b.Limit())*float64(time.Second)), time.Millisecond)
}
