package action

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers of a signed message, as in the Standard Webhooks specification.
const (
	HeaderID        = "Webhook-Id"        // the same in every attempt
	HeaderTimestamp = "Webhook-Timestamp" // seconds since 1970, of the attempt
	HeaderSignature = "Webhook-Signature" // "v1,<base64>", several divided by spaces while secrets are changed
)

// Errors of signatures and secrets.
var (
	// ErrUnsigned is returned when a header of the signature is missing or has no right form.
	ErrUnsigned = errors.New("not signed")
	// ErrStale is returned when a message was signed too long ago, or in the future: it may be an old one sent again, or a clock is wrong.
	ErrStale = errors.New("signed too long ago or in the future")
	// ErrForged is returned when no secret fits the signature.
	ErrForged = errors.New("signature does not fit")
	// ErrSecret is returned for secrets that are empty or too short.
	ErrSecret = errors.New("bad secret")
)

// minSecret is how many bytes a secret needs; the specification asks for 24 to 64, older systems have 16.
const minSecret = 16

// Secret is a key that both sides know. It never shows in logs.
type Secret []byte

// String hides the secret.
func (Secret) String() string { return "(secret)" }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return "(secret)" }

// MarshalText hides the secret from encoders.
func (Secret) MarshalText() ([]byte, error) { return []byte("(secret)"), nil }

// ParseSecrets reads secrets, one a line, newest first: "whsec_" and base64, or plain text of at least 16 bytes. While a secret is being
// changed there are two: messages are signed with all and accepted with any. Errors: ErrSecret.
func ParseSecrets(text string) ([]Secret, error) {
	var secrets []Secret
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		s := Secret(line)
		if code, ok := strings.CutPrefix(line, "whsec_"); ok {
			raw, err := base64.StdEncoding.DecodeString(code)
			if err != nil {
				return nil, fmt.Errorf("%w: what follows whsec_ is not base64; make one with 'openssl rand -base64 32'", ErrSecret)
			}
			s = raw
		}
		if len(s) < minSecret {
			return nil, fmt.Errorf("%w: it has %d bytes, want %d or more; make one with 'openssl rand -base64 32'", ErrSecret, len(s), minSecret)
		}
		secrets = append(secrets, s)
	}
	if len(secrets) == 0 {
		return nil, fmt.Errorf("%w: there is none", ErrSecret)
	}
	return secrets, nil
}

// Sign puts the headers of a signed request into h. With several secrets there are several signatures.
func Sign(h http.Header, secrets []Secret, id string, now time.Time, body []byte) {
	sign(h, secrets, "", id, now, body)
}

// SignAnswer is Sign for the answer to the request with that id. A signed request cannot pass as an answer.
func SignAnswer(h http.Header, secrets []Secret, id string, now time.Time, body []byte) {
	sign(h, secrets, answerPurpose, id, now, body)
}

// answerPurpose sets the signatures of answers apart from those of requests.
const answerPurpose = "answer."

func sign(h http.Header, secrets []Secret, purpose, id string, now time.Time, body []byte) {
	stamp := strconv.FormatInt(now.Unix(), 10)
	sigs := make([]string, len(secrets))
	for i, s := range secrets {
		sigs[i] = "v1," + base64.StdEncoding.EncodeToString(digest(s, purpose, id, stamp, body))
	}
	h.Set(HeaderID, id)
	h.Set(HeaderTimestamp, stamp)
	h.Set(HeaderSignature, strings.Join(sigs, " "))
}

func digest(s Secret, purpose, id, stamp string, body []byte) []byte {
	m := hmac.New(sha256.New, s)
	m.Write([]byte(purpose + id + "." + stamp + "."))
	m.Write(body)
	return m.Sum(nil)
}

// Verifier checks signatures: receivers of the robot's requests use it, and the robot for answers. It is safe for concurrent use.
//
// It does not remember messages: one that is sent again within Tolerance is genuine. Receivers keep their answer by id for longer than
// Tolerance and give it again, so that a replay neither does a thing twice nor learns anything new.
type Verifier struct {
	Secrets   []Secret
	Tolerance time.Duration    // 0 = 5 minutes
	Now       func() time.Time // nil = time.Now
}

// Request checks a request and returns its id. Errors: ErrUnsigned, ErrStale, ErrForged.
func (v *Verifier) Request(h http.Header, body []byte) (id string, err error) {
	id = h.Get(HeaderID)
	return id, v.verify(h, "", body)
}

// Answer checks the answer to the request with that id. Errors: ErrUnsigned, ErrStale, ErrForged.
func (v *Verifier) Answer(h http.Header, id string, body []byte) error {
	if got := h.Get(HeaderID); got != id {
		return fmt.Errorf("%w: %s is %.40q, the request's was %q", ErrForged, HeaderID, got, id)
	}
	return v.verify(h, answerPurpose, body)
}

// maxSignatures bounds the work that a header can ask for.
const maxSignatures = 8

func (v *Verifier) verify(h http.Header, purpose string, body []byte) error {
	id, stamp, sigs := h.Get(HeaderID), h.Get(HeaderTimestamp), h.Get(HeaderSignature)
	if !goodID(id) || stamp == "" || sigs == "" {
		return fmt.Errorf("%w: want the headers %s, %s and %s", ErrUnsigned, HeaderID, HeaderTimestamp, HeaderSignature)
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || strconv.FormatInt(seconds, 10) != stamp {
		return fmt.Errorf("%w: %s %.20q is not a number of seconds", ErrUnsigned, HeaderTimestamp, stamp)
	}
	now, tolerance := time.Now, 5*time.Minute
	if v.Now != nil {
		now = v.Now
	}
	if v.Tolerance > 0 {
		tolerance = v.Tolerance
	}
	if off := now().Unix() - seconds; off > int64(tolerance/time.Second) || off < -int64(tolerance/time.Second) {
		return fmt.Errorf("%w: %d s from now, at most %v are accepted", ErrStale, off, tolerance)
	}
	for i, sig := range strings.Fields(sigs) {
		code, ok := strings.CutPrefix(sig, "v1,")
		if !ok || i >= maxSignatures {
			continue
		}
		raw, err := base64.StdEncoding.Strict().DecodeString(code)
		if err != nil {
			continue
		}
		for _, s := range v.Secrets {
			if hmac.Equal(raw, digest(s, purpose, id, stamp, body)) {
				return nil
			}
		}
	}
	return ErrForged
}

// goodID tells whether an id leaves no doubt where it ends in what is signed.
func goodID(id string) bool {
	if id == "" || len(id) > 128 {
		return false
	}
	for _, r := range id {
		if r <= ' ' || r > '~' || r == '.' {
			return false
		}
	}
	return true
}
