package demoshop

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// faults are what goes wrong on purpose.
type faults struct {
	mu    sync.Mutex
	kind  string
	call  string // only this call; empty = all
	left  int    // how many calls are spoilt; negative = all
	delay time.Duration
}

// FaultKinds are the faults that [Shop.Fault] knows.
var FaultKinds = []string{"none", "slow", "hang", "drip", "down", "refuse", "lie", "html", "truncate", "endless", "gzip", "deep", "redirect", "unsigned"}

// Fault makes the next count calls of a name go wrong; an empty name means all calls, a count of 0 all of them until "none".
//
// slow answers late, after delay; hang never; drip byte by byte. down and refuse are HTTP 503 and 401. lie says ok without being asked
// rightly: the data is a list, the status unknown. html, truncate, endless, gzip and deep are answers that no client should swallow,
// redirect leads in a circle, unsigned leaves the signature out.
func (s *Shop) Fault(kind, call string, count int, delay time.Duration) error {
	if !slices.Contains(FaultKinds, kind) {
		return fmt.Errorf("fault %q: known are %s", kind, strings.Join(FaultKinds, ", "))
	}
	if count == 0 {
		count = -1
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.kind, s.faults.call, s.faults.left, s.faults.delay = kind, call, count, delay
	return nil
}

// take returns the fault of a call and counts it.
func (f *faults) take(call string) (string, time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.kind == "" || f.kind == "none" || f.left == 0 || f.call != "" && f.call != call {
		return "", 0
	}
	f.left--
	return f.kind, f.delay
}

// spoil answers in place of the shop; false = nothing is wrong and the shop has to answer.
func (f *faults) spoil(w http.ResponseWriter, r *http.Request, call string) bool {
	kind, delay := f.take(call)
	body := func(s string) { fmt.Fprint(w, s) }
	if kind != "" {
		w.Header().Set("Content-Type", "application/json")
	}
	switch kind {
	case "":
		return false
	case "unsigned":
		body(`{"status": "ok", "data": {"order_id": "1"}}`)
	case "slow":
		return !wait(r, delay)
	case "hang":
		wait(r, time.Hour)
	case "drip":
		drip(w, r)
	case "down":
		http.Error(w, "down for maintenance", http.StatusServiceUnavailable)
	case "refuse":
		http.Error(w, "who are you", http.StatusUnauthorized)
	case "lie":
		body(`{"status": "ok", "data": [1, 2, 3]}`)
	case "html":
		w.Header().Set("Content-Type", "text/html")
		body("<html><body>please sign in to the Wi-Fi</body></html>")
	case "truncate":
		w.Header().Set("Content-Length", "1000")
		body(`{"status": "ok", "data": {`)
	case "endless":
		endless(w, r)
	case "gzip":
		bomb(w, r)
	case "deep":
		body(`{"status": "ok", "data": {"a": ` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}}`)
	case "redirect":
		http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
	}
	return true
}

// wait returns false when the client has gone away before.
func wait(r *http.Request, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

func drip(w http.ResponseWriter, r *http.Request) {
	flush := http.NewResponseController(w)
	for _, b := range []byte(`{"status": "ok", "data": {"order_id": "8801238832", "status": "on the way"}}`) {
		if _, err := w.Write([]byte{b}); err != nil || flush.Flush() != nil || !wait(r, 200*time.Millisecond) {
			return
		}
	}
}

// endless writes up to 64 MiB of a text that never ends.
func endless(w http.ResponseWriter, r *http.Request) {
	fmt.Fprint(w, `{"status": "ok", "data": {"text": "`)
	chunk := bytes.Repeat([]byte("a"), 64<<10)
	for range 1024 {
		if _, err := w.Write(chunk); err != nil || r.Context().Err() != nil {
			return
		}
	}
}

// bomb writes 32 MiB of zeros, packed, whether it was asked for or not.
func bomb(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Encoding", "gzip")
	if http.NewResponseController(w).Flush() != nil {
		return
	}
	z := gzip.NewWriter(w)
	chunk := make([]byte, 1<<20)
	for range 32 {
		if _, err := z.Write(chunk); err != nil || r.Context().Err() != nil {
			return
		}
	}
	z.Close()
}

// serveFault is POST /admin/fault?kind=slow&call=order.get&count=3&delay=2s.
func (s *Shop) serveFault(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	count, delay := 0, 5*time.Second
	var err error
	if v := q.Get("count"); v != "" {
		if count, err = strconv.Atoi(v); err != nil || count < 0 {
			http.Error(w, "count: want a number of calls", http.StatusBadRequest)
			return
		}
	}
	if v := q.Get("delay"); v != "" {
		if delay, err = time.ParseDuration(v); err != nil || delay < 0 {
			http.Error(w, "delay: want a time such as 2s", http.StatusBadRequest)
			return
		}
	}
	if err := s.Fault(q.Get("kind"), q.Get("call"), count, delay); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	fmt.Fprintln(w, "ok")
}

// loopback lets requests of this machine through, and of them none that a web page could have made.
func loopback(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		ip, err2 := netip.ParseAddr(host)
		if err != nil || err2 != nil || !ip.Unmap().IsLoopback() || r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" {
			http.Error(w, "only from this machine, and not from a browser", http.StatusForbidden)
			return
		}
		h(w, r)
	}
}
