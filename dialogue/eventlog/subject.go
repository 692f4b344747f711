package eventlog

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"yingda/dialogue"
)

// Streams, and the first token of their subjects.
const (
	turnsStream       = "turns"
	documentsStream   = "documents"
	keysStream        = "keys"
	snapshotsStream   = "snapshots"
	checkpointsStream = "checkpoints"
	learntStream      = "learnt"
	positionsStream   = "positions"
	parsesStream      = "parses"
)

// parsesSubject is of all packs: one holds texts of several tenants.
const parsesSubject = parsesStream + ".packs"

// learntKinds are the kinds of documents that are written after every turn, never listed, and learnt again when they are lost: no turn waits until
// they are on the disk.
var learntKinds = []string{"memory", "known"}

// documentStreams hold documents.
var documentStreams = []string{documentsStream, learntStream}

// streamOfKind returns the stream of documents of a kind.
func streamOfKind(kind string) string {
	if slices.Contains(learntKinds, kind) {
		return learntStream
	}
	return documentsStream
}

// streamOf returns the stream that holds a subject.
func streamOf(subject string) string {
	stream, _, _ := strings.Cut(subject, ".")
	return stream
}

// Subjects of the keys stream.
const (
	masterSubject  = "keys.master"
	erasuresPrefix = "keys.erased." // tenant.alias
	linksPrefix    = "keys.link."   // tenant.alias.alias of the anonymous part
	dataPrefix     = "keys.data."   // tenant.alias
)

const maxNameBytes = 512

// eventSubject returns the subject of a valid key. Different keys have different subjects.
func eventSubject(k dialogue.Key) string {
	return turnsStream + "." + k.Tenant + "." + token(k.Conversation)
}

func snapshotSubject(k dialogue.Key) string {
	return snapshotsStream + "." + k.Tenant + "." + token(k.Conversation)
}

// keyOfSubject is the inverse of eventSubject.
func keyOfSubject(subject string) (dialogue.Key, error) {
	rest, ok := strings.CutPrefix(subject, turnsStream+".")
	tenant, conv, ok2 := strings.Cut(rest, ".")
	if !ok || !ok2 {
		return dialogue.Key{}, fmt.Errorf("subject %q is not of an event", subject)
	}
	conv, err := untoken(conv)
	if err != nil {
		return dialogue.Key{}, fmt.Errorf("subject %q: %w", subject, err)
	}
	k := dialogue.Key{Tenant: tenant, Conversation: conv}
	return k, k.Validate()
}

// token writes any text as one token of a subject: letters, digits, - and _ stand for themselves, other bytes are =XX.
func token(s string) string {
	const digits = "0123456789ABCDEF"
	plain := true
	for i := range len(s) {
		plain = plain && isPlain(s[i])
	}
	if plain {
		return s
	}
	b := make([]byte, 0, 3*len(s))
	for i := range len(s) {
		if c := s[i]; isPlain(c) {
			b = append(b, c)
		} else {
			b = append(b, '=', digits[c>>4], digits[c&15])
		}
	}
	return string(b)
}

func isPlain(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

func untoken(s string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case isPlain(c):
			b.WriteByte(c)
		case c == '=' && i+2 < len(s) && hexDigit(s[i+1]) >= 0 && hexDigit(s[i+2]) >= 0:
			v := byte(hexDigit(s[i+1])<<4 | hexDigit(s[i+2]))
			if isPlain(v) {
				return "", fmt.Errorf("token %q: %q is not written as itself", s, v)
			}
			b.WriteByte(v)
			i += 2
		default:
			return "", fmt.Errorf("token %q: unexpected %q", s, c)
		}
	}
	return b.String(), nil
}

// hexDigit takes upper case only: one text has one token.
func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// names makes subjects of documents' names. From the third part on a name may say who a customer is, so only a keyed hash of each part
// is in the subject; the name itself is in the frame, sealed where the document is.
type names struct{ key []byte }

func (n names) subject(name string) string {
	parts := strings.Split(name, "/")
	return streamOfKind(parts[0]) + "." + n.tokens(parts)
}

// filter returns the narrowest subject that matches all names with the prefix. A prefix without a whole kind matches none of learntKinds.
func (n names) filter(prefix string) string {
	parts := strings.Split(prefix, "/")
	parts = parts[:len(parts)-1] // the last may be the beginning of a part only
	if len(parts) == 0 {
		return documentsStream + ".>"
	}
	return streamOfKind(parts[0]) + "." + n.tokens(parts) + ".>"
}

func (n names) tokens(parts []string) string {
	out := make([]string, len(parts))
	for i, p := range parts {
		if i < 2 {
			out[i] = token(p)
		} else {
			out[i] = shortMAC(n.key, p)
		}
	}
	return strings.Join(out, ".")
}

// shown is as much of a document's name as errors and logs may hold: from the third part on it may say who a customer is.
func shown(name string) string {
	parts := strings.SplitN(name, "/", 3)
	if len(parts) < 3 || parts[2] == "" {
		return name
	}
	return parts[0] + "/" + parts[1] + "/…"
}

// checkName tells what is wrong with a document's name.
func checkName(name string) error {
	if name == "" || len(name) > maxNameBytes || !utf8.ValidString(name) {
		return fmt.Errorf("document name has %d bytes: want 1 to %d of UTF-8", len(name), maxNameBytes)
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" {
			return fmt.Errorf("document name %q has an empty part", shown(name))
		}
	}
	if strings.ContainsFunc(name, unicode.IsControl) {
		return errors.New("document name has control characters")
	}
	return nil
}

// tenantOfName returns the second part of a name, whose customers' keys seal the document.
func tenantOfName(name string) (string, error) {
	parts := strings.Split(name, "/")
	if len(parts) < 3 {
		return "", fmt.Errorf("document %q belongs to a customer: its name must be kind/tenant/id", name)
	}
	return parts[1], dialogue.Key{Tenant: parts[1], Conversation: "-"}.Validate()
}

// shortMAC returns 128 bits of a keyed hash as 22 characters that fit into a subject.
func shortMAC(key []byte, parts ...string) string {
	m := hmac.New(sha256.New, key)
	for _, p := range parts {
		m.Write([]byte(p))
		m.Write([]byte{0})
	}
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil)[:16])
}
