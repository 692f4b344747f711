package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// keyHash is what a key file keeps of a secret: SHA-256 for the random secrets that NewKey makes, argon2id for those that people chose.
type keyHash struct {
	sum, salt    []byte
	time, memory uint32 // of argon2id; memory in KiB. time 0 = SHA-256
	threads      uint8
}

func (h keyHash) slow() bool { return h.time > 0 }

func (h keyHash) matches(secret string) bool {
	sum := argon2.IDKey([]byte(secret), h.salt, h.time, h.memory, h.threads, uint32(len(h.sum)))
	return subtle.ConstantTimeCompare(sum, h.sum) == 1
}

func encodeSecret(random []byte) string { return base64.RawURLEncoding.EncodeToString(random) }

var errHashForm = errors.New(`want "sha256:" and 64 hexadecimal digits, or "$argon2id$v=19$m=…,t=…,p=…$salt$hash"`)

// parseHash reads a hash as the key file has it. The bounds on argon2id keep a file from making each check take minutes or gigabytes.
func parseHash(s string) (keyHash, error) {
	if digits, ok := strings.CutPrefix(s, "sha256:"); ok {
		sum, err := hex.DecodeString(digits)
		if err != nil || len(sum) != sha256.Size {
			return keyHash{}, errHashForm
		}
		return keyHash{sum: sum}, nil
	}
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v=19" {
		return keyHash{}, errHashForm
	}
	var h keyHash
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.time, &h.threads); err != nil || n != 3 {
		return keyHash{}, errHashForm
	}
	var err1, err2 error
	h.salt, err1 = base64.RawStdEncoding.DecodeString(parts[4])
	h.sum, err2 = base64.RawStdEncoding.DecodeString(parts[5])
	switch {
	case err1 != nil || err2 != nil:
		return keyHash{}, errHashForm
	case h.memory < 7<<10 || h.memory > 256<<10 || h.time < 1 || h.time > 16 || h.threads < 1 || h.threads > 8:
		return keyHash{}, errors.New("argon2id's m must be from 7168 to 262144 (KiB), t from 1 to 16, p from 1 to 8")
	case len(h.salt) < 8 || len(h.salt) > 64 || len(h.sum) < 16 || len(h.sum) > 64:
		return keyHash{}, errors.New("argon2id's salt must have 8 to 64 bytes and its hash 16 to 64")
	}
	return h, nil
}
