package server

import (
	"encoding/base64"
	"fmt"

	"golang.org/x/crypto/argon2"

	"yingda/dialogue"
)

// ErrorTable shows the error table to tests.
func ErrorTable() []errorKind { return errorKinds }

// Routes lists method and path of all routes.
func (s *Server) Routes() (list [][2]string) {
	for _, r := range s.routes() {
		list = append(list, [2]string{r.method, r.path})
	}
	return list
}

// GinRoutes lists what gin really serves.
func (s *Server) GinRoutes() (list [][2]string) {
	for _, r := range s.engine.Routes() {
		list = append(list, [2]string{r.Method, r.Path})
	}
	return list
}

// Hub shows the hub to tests.
type Hub struct{ *hub }

// NewHub makes a hub.
func NewHub(most, backlog int) Hub { return Hub{newHub(most, backlog)} }

// Subscribe and the others are the hub's methods.
func (h Hub) Subscribe(k dialogue.Key) (*subscription, error) { return h.subscribe(k) }
func (h Hub) Publish(ev *dialogue.Event)                      { h.publish(ev) }
func (h Hub) Open() int                                       { return h.connections() }

// Ended tells whether the hub dropped the subscription for being slow.
func (h Hub) Ended(sub *subscription) bool {
	select {
	case <-sub.end:
		return sub.why == errSlow
	default:
		return false
	}
}

// ArgonHash makes the line of a key file for a secret that a person chose.
func ArgonHash(secret, salt string, memory, time uint32, threads uint8) string {
	b64 := base64.RawStdEncoding.EncodeToString
	sum := argon2.IDKey([]byte(secret), []byte(salt), time, memory, threads, 32)
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", memory, time, threads, b64([]byte(salt)), b64(sum))
}

// Bounded reports what of a decoded request is longer than it may be.
var Bounded = bounded
