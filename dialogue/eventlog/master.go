package eventlog

import (
	"bufio"
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

// masterPrefix begins each line of a key file, so that a key is known for what it is.
const masterPrefix = "yingda-master-1:"

// NewMasterKey returns a fresh random key and the line that a key file holds for it.
func NewMasterKey() (key []byte, line string) {
	key = make([]byte, masterBytes)
	rand.Read(key) // never fails
	return key, masterPrefix + base64.RawURLEncoding.EncodeToString(key)
}

// ParseMasterKeys reads a key file: a key a line, the current one first, then older ones that may still be needed; lines that begin with
// # and empty lines are passed over. Errors name the line and never quote it.
func ParseMasterKeys(text []byte) (current []byte, previous [][]byte, err error) {
	sc := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(sc.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		rest, ok := strings.CutPrefix(line, masterPrefix)
		key, err := base64.RawURLEncoding.Strict().DecodeString(rest)
		if !ok || err != nil || len(key) != masterBytes {
			return nil, nil, fmt.Errorf("line %d is not a master key: want %s and %d characters, as 'yingda keys new' writes it",
				n, masterPrefix, base64.RawURLEncoding.EncodedLen(masterBytes))
		}
		if current == nil {
			current = key
		} else {
			previous = append(previous, key)
		}
	}
	if err := sc.Err(); err != nil {
		return nil, nil, fmt.Errorf("read master keys: %w", err)
	}
	if current == nil {
		return nil, nil, fmt.Errorf("there is no master key in it: 'yingda keys new' makes one")
	}
	return current, previous, nil
}

// master is a master key ready for use.
type master struct {
	id   string // tells keys apart and reveals nothing
	wrap dataKey
}

func newMaster(key []byte) (master, error) {
	id, err := hkdf.Key(sha256.New, key, nil, "yingda master id", 8)
	if err != nil {
		return master{}, fmt.Errorf("derive from the master key: %w", err)
	}
	kek, err := hkdf.Key(sha256.New, key, nil, "yingda key wrapping", masterBytes)
	if err != nil {
		return master{}, fmt.Errorf("derive from the master key: %w", err)
	}
	wrap, err := newDataKey(keyID(id), kek)
	return master{hex.EncodeToString(id), wrap}, err
}

// derive returns a key for one use out of the log's own secret.
func derive(secret []byte, use string) ([]byte, error) {
	return hkdf.Key(sha256.New, secret, nil, "yingda "+use, 32)
}
