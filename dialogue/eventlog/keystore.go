package eventlog

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"sync"
	"time"

	"yingda/dialogue"
)

// keystore holds the customers' data keys. Wrapped keys lie in the stream "keys"; unwrapped ones only in memory.
type keystore struct {
	log     *Log
	masters []master // the current one first
	alias   []byte   // key of pseudonyms
	names   names
	chain   []byte // key of checkpoints
	secret  []byte // from which the three above are derived

	making  [64]sync.Mutex // orders the making of a customer's key in this process, by a hash of the pseudonym
	current *lru[owner, dataKey]
	dead    *lru[keyRef, bool] // keys that are gone; a key id never comes back
}

// owner is whom a key belongs to.
type owner struct{ tenant, alias string }

func (o owner) subject() string { return dataPrefix + o.tenant + "." + o.alias }

// keyRef names one key exactly.
type keyRef struct {
	owner
	id keyID
}

const keysCached = 20_000

// masterRecord says which master keys open the log, and holds the log's secret wrapped by each.
type masterRecord struct {
	Version int             `json:"version"`
	Masters []wrappedSecret `json:"masters"` // one; two while keys are rotated
}

type wrappedSecret struct {
	ID      string `json:"id"`
	Wrapped []byte `json:"wrapped"`
}

// keyRecord is a wrapped data key.
type keyRecord struct {
	ID      string    `json:"id"`
	Master  string    `json:"master"`
	Wrapped []byte    `json:"wrapped"`
	Created time.Time `json:"created"`
}

// openKeys finds out whether the master key fits, or makes the log's secret in a log that is new.
func (l *Log) openKeys(ctx context.Context) (*keystore, error) {
	ks := &keystore{log: l, current: newLRU[owner, dataKey](keysCached), dead: newLRU[keyRef, bool](keysCached)}
	for _, key := range append([][]byte{l.opts.Master}, l.opts.Previous...) {
		m, err := newMaster(key)
		if err != nil {
			return nil, err
		}
		ks.masters = append(ks.masters, m)
	}
	rec, _, err := ks.masterRecord(ctx)
	if errors.Is(err, dialogue.ErrUnknown) {
		rec, err = ks.found(ctx)
	}
	if err != nil {
		return nil, err
	}
	if ks.secret, err = ks.unwrapSecret(rec); err != nil {
		return nil, err
	}
	return ks, ks.deriveAll()
}

func (ks *keystore) deriveAll() (err error) {
	if ks.alias, err = derive(ks.secret, "pseudonyms"); err != nil {
		return err
	}
	if ks.names.key, err = derive(ks.secret, "names"); err != nil {
		return err
	}
	ks.chain, err = derive(ks.secret, "checkpoints")
	return err
}

func (ks *keystore) masterRecord(ctx context.Context) (rec masterRecord, seq uint64, err error) {
	m, err := ks.log.last(ctx, keysStream, masterSubject)
	if err != nil {
		return rec, 0, err
	}
	if m == nil {
		return rec, 0, fmt.Errorf("master record: %w", dialogue.ErrUnknown)
	}
	if err := json.Unmarshal(m.data, &rec); err != nil || rec.Version != 1 || len(rec.Masters) == 0 {
		return rec, 0, fmt.Errorf("master record: %w: version %d: %w", ErrDamaged, rec.Version, err)
	}
	return rec, m.seq, nil
}

// found writes the master record of a new log. If another replica does the same at the same time, one wins.
func (ks *keystore) found(ctx context.Context) (masterRecord, error) {
	if m, err := ks.log.next(ctx, turnsStream, turnsStream+".>", 1); err != nil {
		return masterRecord{}, err
	} else if m != nil {
		return masterRecord{}, errors.New("there are events but no keys: the store of keys is lost; restore a backup")
	}
	secret := make([]byte, 32)
	rand.Read(secret) // never fails
	rec := masterRecord{Version: 1, Masters: []wrappedSecret{ks.wrapSecret(ks.masters[0], secret)}}
	data, err := json.Marshal(rec)
	if err != nil {
		return rec, err
	}
	if _, err = ks.log.put(ctx, keysStream, masterSubject, data, 0); errors.Is(err, dialogue.ErrConflict) {
		rec, _, err = ks.masterRecord(ctx)
	}
	return rec, err
}

func (ks *keystore) wrapSecret(m master, secret []byte) wrappedSecret {
	return wrappedSecret{m.id, m.wrap.seal(nil, secret, []byte(masterSubject))}
}

func (ks *keystore) unwrapSecret(rec masterRecord) ([]byte, error) {
	var want []string
	for _, w := range rec.Masters {
		m, ok := ks.master(w.ID)
		if !ok {
			want = append(want, w.ID)
			continue
		}
		secret, err := m.wrap.open(w.Wrapped, []byte(masterSubject))
		if err != nil {
			return nil, fmt.Errorf("master record: %w", err)
		}
		return secret, nil
	}
	return nil, fmt.Errorf("%w: the given one is %s, this log was made with %s; without that key what is private in it cannot be read",
		ErrMasterKey, ks.masters[0].id, strings.Join(want, " or "))
}

func (ks *keystore) master(id string) (master, bool) {
	for _, m := range ks.masters {
		if m.id == id {
			return m, true
		}
	}
	return master{}, false
}

// pseudonym returns the name under which a customer appears in what is readable.
func (ks *keystore) pseudonym(tenant, customer string) string {
	return shortMAC(ks.alias, tenant, customer)
}

// sealing returns the customer's key, and makes one for a new customer or one that comes back after an erasure.
func (ks *keystore) sealing(ctx context.Context, o owner) (dataKey, error) {
	if k, ok := ks.current.get(o); ok {
		return k, nil
	}
	mu := &ks.making[crc32.ChecksumIEEE([]byte(o.alias))%uint32(len(ks.making))]
	mu.Lock()
	defer mu.Unlock()
	for {
		k, ok, err := ks.read(ctx, o)
		if err != nil || ok {
			return k, err
		}
		k, err = ks.create(ctx, o)
		if !errors.Is(err, dialogue.ErrConflict) { // else another replica made it
			return k, err
		}
	}
}

// opening returns the key that sealed something, false if it is gone.
func (ks *keystore) opening(ctx context.Context, ref keyRef) (dataKey, bool, error) {
	if k, ok := ks.current.get(ref.owner); ok && k.id == ref.id {
		return k, true, nil
	}
	if gone, _ := ks.dead.get(ref); gone {
		return dataKey{}, false, nil
	}
	k, ok, err := ks.read(ctx, ref.owner)
	if err != nil {
		return dataKey{}, false, err
	}
	if !ok || k.id != ref.id {
		ks.dead.put(0, ref, true, 1)
		return dataKey{}, false, nil
	}
	return k, true, nil
}

// read gets a key from the store and keeps it.
func (ks *keystore) read(ctx context.Context, o owner) (dataKey, bool, error) {
	ticket := ks.current.ticket()
	m, err := ks.log.last(ctx, keysStream, o.subject())
	if err != nil || m == nil {
		return dataKey{}, false, err
	}
	k, err := ks.unwrap(m)
	if err != nil {
		return dataKey{}, false, err
	}
	ks.current.put(ticket, o, k, 1)
	return k, true, nil
}

func (ks *keystore) create(ctx context.Context, o owner) (dataKey, error) {
	var id keyID
	raw := make([]byte, 32)
	rand.Read(id[:]) // never fails
	rand.Read(raw)
	ticket := ks.current.ticket()
	m, err := ks.active(ctx)
	if err != nil {
		return dataKey{}, err
	}
	data, err := json.Marshal(ks.wrap(m, o.subject(), id, raw, ks.log.opts.Now()))
	if err != nil {
		return dataKey{}, err
	}
	k, err := newDataKey(id, raw)
	if err != nil {
		return dataKey{}, err
	}
	if _, err := ks.log.put(ctx, keysStream, o.subject(), data, 0); err != nil {
		return dataKey{}, err
	}
	ks.current.put(ticket, o, k, 1)
	return k, nil
}

func (ks *keystore) wrap(m master, subject string, id keyID, raw []byte, created time.Time) keyRecord {
	return keyRecord{id.String(), m.id, m.wrap.seal(nil, raw, []byte(subject+"\x00"+id.String())), created.UTC()}
}

func (ks *keystore) unwrap(msg *message) (dataKey, error) {
	_, id, raw, err := ks.unwrapRaw(msg)
	if err != nil {
		return dataKey{}, err
	}
	return newDataKey(id, raw)
}

func (ks *keystore) unwrapRaw(msg *message) (rec keyRecord, id keyID, raw []byte, err error) {
	if err := json.Unmarshal(msg.data, &rec); err != nil {
		return rec, id, nil, ks.log.damaged(keysStream, msg, fmt.Errorf("%w: key record: %w", ErrDamaged, err))
	}
	if n, err := hex.Decode(id[:], []byte(rec.ID)); err != nil || n != len(id) || len(rec.ID) != 2*len(id) {
		return rec, id, nil, ks.log.damaged(keysStream, msg, fmt.Errorf("%w: key id %q", ErrDamaged, rec.ID))
	}
	m, ok := ks.master(rec.Master)
	if !ok {
		return rec, id, nil, fmt.Errorf("%w: key %s is wrapped by master %s, which was not given; keys are being rotated: give both masters", ErrMasterKey, rec.ID, rec.Master)
	}
	raw, err = m.wrap.open(rec.Wrapped, []byte(msg.subject+"\x00"+rec.ID))
	if err != nil {
		return rec, id, nil, ks.log.damaged(keysStream, msg, err)
	}
	return rec, id, raw, nil
}

// forget drops what memory holds of a customer's keys.
func (ks *keystore) forget(o owner) { ks.current.drop(o) }
