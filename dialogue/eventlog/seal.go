package eventlog

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// keyID tells the data keys of a customer apart: after an erasure a customer who comes back gets another one.
type keyID [8]byte

func (id keyID) String() string { return hex.EncodeToString(id[:]) }

// dataKey seals what belongs to one customer.
type dataKey struct {
	id   keyID
	aead cipher.AEAD
}

func newDataKey(id keyID, key []byte) (dataKey, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return dataKey{}, fmt.Errorf("data key: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return dataKey{}, fmt.Errorf("data key: %w", err)
	}
	return dataKey{id, aead}, nil
}

const (
	nonceBytes = 12
	tagBytes   = 16
	sealBytes  = len(keyID{}) + nonceBytes + tagBytes // that sealing adds
)

// seal appends id, nonce and ciphertext to dst. What is in aad must be the same to open it. The nonce is random: 2^32 messages under one
// key, more than any customer writes, keep the chance of a repetition below 2^-32.
func (k dataKey) seal(dst, plain, aad []byte) []byte {
	dst = append(dst, k.id[:]...)
	var nonce [nonceBytes]byte
	rand.Read(nonce[:]) // never fails
	dst = append(dst, nonce[:]...)
	return k.aead.Seal(dst, nonce[:], plain, aad)
}

// open is the inverse of seal.
func (k dataKey) open(sealed, aad []byte) ([]byte, error) {
	if len(sealed) < sealBytes || keyID(sealed[:len(k.id)]) != k.id {
		return nil, fmt.Errorf("%w: not sealed with key %s", ErrDamaged, k.id)
	}
	body := sealed[len(k.id):]
	plain, err := k.aead.Open(nil, body[:nonceBytes], body[nonceBytes:], aad)
	if err != nil {
		return nil, fmt.Errorf("%w: the sealed part does not fit the rest", ErrDamaged)
	}
	return plain, nil
}

// maxPlain bounds what is unpacked, whatever a frame says.
const maxPlain = 64 << 20

// packer compresses what is worth it. It is safe for concurrent use.
type packer struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

func newPacker() (*packer, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(128<<10), zstd.WithEncoderCRC(false))
	if err != nil {
		return nil, fmt.Errorf("compressor: %w", err)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxPlain))
	if err != nil {
		return nil, fmt.Errorf("decompressor: %w", err)
	}
	return &packer{enc, dec}, nil
}

// pack returns data in fewer bytes, or data itself when that does not help.
func (p *packer) pack(data []byte) (out []byte, packed bool) {
	if len(data) < 128 {
		return data, false
	}
	out = p.enc.EncodeAll(data, make([]byte, 0, len(data)))
	if len(out) >= len(data) {
		return data, false
	}
	return out, true
}

func (p *packer) unpack(data []byte) ([]byte, error) {
	out, err := p.dec.DecodeAll(data, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: cannot unpack: %w", ErrDamaged, err)
	}
	return out, nil
}

func (p *packer) close() {
	p.enc.Close()
	p.dec.Close()
}
