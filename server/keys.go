package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Role says what a key is for. A key may have several; admin may do everything.
type Role string

// The roles.
const (
	RoleRuntime Role = "runtime" // a channel or another bot runtime: texts, messages of customers, events, receipts
	RoleAgent   Role = "agent"   // people who answer customers
	RoleManager Role = "manager" // who looks after scripts, tasks, knowledge, queues
	RoleAdmin   Role = "admin"
	RoleRead    Role = "read" // dashboards: metrics, bundles, queues, texts of the robot; nothing of customers
)

// Roles lists all roles.
var Roles = []Role{RoleRuntime, RoleAgent, RoleManager, RoleAdmin, RoleRead}

// Caller is who makes a request.
type Caller struct {
	Key    string // id of the key, "" where none is needed
	Tenant string
	Agent  string // whom an agent's key speaks for; "" = whoever the request names
	access access
	rate   float64 // requests a second
	burst  int
}

// By names the caller in an audit.
func (c *Caller) By() string {
	switch {
	case c.Agent != "":
		return "agent:" + c.Agent
	case c.Key != "":
		return "key:" + c.Key
	}
	return "local"
}

// apiKey is a line of the key file.
type apiKey struct {
	Caller
	hash    keyHash
	expires time.Time
	proved  atomic.Pointer[[sha256.Size]byte] // SHA-256 of the secret that passed a slow hash before
}

// Keys are the API keys of a file. They are safe for concurrent use and follow the file while a server runs.
type Keys struct {
	path  string
	now   func() time.Time
	table atomic.Pointer[map[string]*apiKey]
	seen  []byte     // what the file held; of the goroutine that watches
	slow  sync.Mutex // one slow hash at a time: each takes memory
}

// OpenKeys reads a key file. It reports everything that is wrong with it at once. now is the clock; nil means time.Now.
func OpenKeys(path string, now func() time.Time) (*Keys, error) {
	if now == nil {
		now = time.Now
	}
	k := &Keys{path: path, now: now}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read API keys: %w", err)
	}
	table, err := parseKeys(path, data)
	if err != nil {
		return nil, fmt.Errorf("read API keys: %w", err)
	}
	k.seen = data
	k.table.Store(&table)
	return k, nil
}

// ErrKey is returned by Check, wrapped, for a credential that is not good enough.
var ErrKey = errors.New("API key refused")

// Check returns whose credential "id.secret" is, for a door other than this server's that the same keys open. The key must have one of the roles
// need, or be admin's. Errors: ErrKey with the reason, which may be told to the caller.
func (k *Keys) Check(credential string, need ...Role) (*Caller, error) {
	key, why := k.find(credential)
	if key == nil {
		return nil, fmt.Errorf("%w: %s", ErrKey, why)
	}
	allowed := accessAdmin
	for _, r := range need {
		allowed |= accessOf[r]
	}
	if key.access&allowed == 0 {
		return nil, fmt.Errorf("%w: the key %s has the role %s; this needs %s", ErrKey, quote(key.Key), key.access, allowed)
	}
	return &key.Caller, nil
}

// Follow takes over what is written to the file until ctx is done, as a running server does. A file that cannot be read or is wrong changes
// nothing: the keys read last stay in force.
func (k *Keys) Follow(ctx context.Context, log *slog.Logger) { k.watch(ctx, log) }

// watch follows the file until ctx is done. A file that cannot be read or is wrong changes nothing: the keys read last stay in force.
func (k *Keys) watch(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for failed := ""; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := k.reload()
		switch {
		case err == nil:
			failed = ""
		case err.Error() != failed:
			failed = err.Error()
			log.Error("API keys could not be read again; those read before stay in force", "path", k.path, "error", err)
		}
	}
}

func (k *Keys) reload() error {
	data, err := os.ReadFile(k.path)
	if err != nil || bytes.Equal(data, k.seen) {
		return err
	}
	table, err := parseKeys(k.path, data)
	if err != nil {
		return err
	}
	k.seen = data
	k.table.Store(&table)
	return nil
}

// find returns the key of a credential "id.secret", nil and why if there is none. Secrets are compared in constant time; ids are no
// secret.
func (k *Keys) find(credential string) (*apiKey, string) {
	const wrong = "The API key is not known"
	id, secret, _ := strings.Cut(credential, ".")
	sum := sha256.Sum256([]byte(secret))
	row := (*k.table.Load())[id]
	switch {
	case row == nil || !k.proves(row, secret, sum):
		return nil, wrong
	case !row.expires.IsZero() && !k.now().Before(row.expires):
		return nil, "The API key expired on " + row.expires.UTC().Format(time.RFC3339)
	}
	return row, ""
}

func (k *Keys) proves(row *apiKey, secret string, sum [sha256.Size]byte) bool {
	if !row.hash.slow() {
		// A quick hash is safe only for secrets that nobody can guess.
		return len(secret) >= minSecret && subtle.ConstantTimeCompare(sum[:], row.hash.sum) == 1
	}
	if p := row.proved.Load(); p != nil {
		return subtle.ConstantTimeCompare(sum[:], p[:]) == 1
	}
	k.slow.Lock()
	defer k.slow.Unlock()
	if !row.hash.matches(secret) {
		return false
	}
	row.proved.Store(&sum)
	return true
}

// minSecret is the length of the shortest secret whose SHA-256 is accepted: 32 of base64url's characters hold 192 bits.
const minSecret = 32

// NewKey makes a credential for the id and the line that a key file keeps of it: the secret itself is not in the file. random gives 32
// bytes, from crypto/rand.
func NewKey(id string, random [32]byte) (credential, hash string) {
	secret := encodeSecret(random[:])
	sum := sha256.Sum256([]byte(secret))
	return id + "." + secret, "sha256:" + hex.EncodeToString(sum[:])
}
