package eventlog

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// A frame is how events, documents and snapshots are written:
//
//	'Y' 'D'            magic
//	1                  version
//	'e' 'd' 's' 'p'    kind: event, document, snapshot, pack of parses
//	flags              1 = body is sealed, 2 = body was compressed before
//	uvarint n          length of the readable part
//	n bytes            readable part: JSON
//	rest               body: JSON of the private part, bytes of a document, JSON of a tracker or of a pack
//
// A sealed body is key id (8), nonce (12), ciphertext and tag; the subject and all bytes before it are authenticated with it.
type frame struct {
	kind     frameKind
	flags    byte
	readable []byte
	body     []byte
	head     int // bytes before the body
	raw      []byte
}

type frameKind byte

const (
	eventFrame    frameKind = 'e'
	documentFrame frameKind = 'd'
	snapshotFrame frameKind = 's'
	packFrame     frameKind = 'p'
)

const (
	frameVersion = 1
	flagSealed   = 1
	flagPacked   = 2
	flagBody     = 4 // there is a body, if an empty one
	allFlags     = flagSealed | flagPacked | flagBody
)

// writeFrame makes a frame. body nil = none; key nil = the body is not sealed.
func (p *packer) writeFrame(kind frameKind, subject string, readable, body []byte, key *dataKey) []byte {
	var flags byte
	if body != nil {
		flags |= flagBody
		var packed bool
		if body, packed = p.pack(body); packed {
			flags |= flagPacked
		}
		if key != nil {
			flags |= flagSealed
		}
	}
	out := make([]byte, 0, 16+len(readable)+len(body)+sealBytes)
	out = append(out, 'Y', 'D', frameVersion, byte(kind), flags)
	out = binary.AppendUvarint(out, uint64(len(readable)))
	out = append(out, readable...)
	if flags&flagSealed != 0 {
		return key.seal(out, body, associated(subject, out))
	}
	return append(out, body...)
}

// readFrame takes a frame apart. It copies nothing.
func readFrame(kind frameKind, raw []byte) (frame, error) {
	if len(raw) < 6 || raw[0] != 'Y' || raw[1] != 'D' {
		return frame{}, fmt.Errorf("%w: not a frame", ErrDamaged)
	}
	if raw[2] != frameVersion {
		return frame{}, fmt.Errorf("%w: frame version %d, this program reads %d: a newer program wrote it", ErrDamaged, raw[2], frameVersion)
	}
	f := frame{kind: frameKind(raw[3]), flags: raw[4], raw: raw}
	if f.kind != kind || f.flags&^allFlags != 0 {
		return frame{}, fmt.Errorf("%w: kind %q with flags %#x, want kind %q", ErrDamaged, raw[3], f.flags, kind)
	}
	n, used := binary.Uvarint(raw[5:])
	if used <= 0 || n > uint64(len(raw)-5-used) {
		return frame{}, fmt.Errorf("%w: cut off in the readable part", ErrDamaged)
	}
	f.head = 5 + used + int(n)
	f.readable, f.body = raw[5+used:f.head], raw[f.head:]
	switch sealed := f.flags&flagSealed != 0; {
	case f.flags&flagBody == 0 && (f.flags != 0 || len(f.body) > 0):
		return frame{}, fmt.Errorf("%w: a body that should not be", ErrDamaged)
	case sealed && len(f.body) < sealBytes:
		return frame{}, fmt.Errorf("%w: cut off in the sealed part", ErrDamaged)
	}
	return f, nil
}

func (f frame) hasBody() bool { return f.flags&flagBody != 0 }
func (f frame) sealed() bool  { return f.flags&flagSealed != 0 }

// key returns which key sealed the body.
func (f frame) key() keyID { return keyID(f.body[:len(keyID{})]) }

// open returns the body; key is used for a sealed one only.
func (f frame) open(p *packer, subject string, key dataKey) ([]byte, error) {
	body := f.body
	if f.sealed() {
		var err error
		if body, err = key.open(body, associated(subject, f.raw[:f.head])); err != nil {
			return nil, err
		}
	}
	if f.flags&flagPacked != 0 {
		return p.unpack(body)
	}
	return body, nil
}

// associated is what a sealed body is bound to: where it stands and all that is readable before it.
func associated(subject string, head []byte) []byte {
	out := make([]byte, 0, len(subject)+1+len(head))
	out = append(append(out, subject...), 0)
	return append(out, head...)
}

// hashOf is the hash by which the next event of the conversation refers to this one.
func hashOf(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}
