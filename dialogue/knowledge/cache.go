package knowledge

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"math"
	"os"
	"path/filepath"
)

// TextKey names a text by its hash.
type TextKey [16]byte

// KeyOf returns the key of a text: the first half of its SHA-256.
func KeyOf(text string) TextKey {
	sum := sha256.Sum256([]byte(text))
	return TextKey(sum[:16])
}

// A cache file is a row of records of one size: key, scale, components, CRC-32 of all before. Only whole records are appended; a crash can
// leave a torn one at the end, which the next start cuts off.

// cacheFile names the file of a bundle and of the sentences that its space was fitted on.
func (m *Meaning) cacheFile(dir string) string {
	sum := sha256.Sum256([]byte(referenceFile))
	return filepath.Join(dir, fmt.Sprintf("%s-%s.vec", m.Bundle, hex.EncodeToString(sum[:4])))
}

func (m *Meaning) recordSize() int { return len(TextKey{}) + 4 + m.space.dim + 4 }

// Open reads the vectors in the folder and lets Add put new ones there. Damaged records are left out.
func (m *Meaning) Open(dir string) error {
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	path, size := m.cacheFile(dir), m.recordSize()
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if whole := len(data) / size * size; whole != len(data) {
		if err := os.Truncate(path, int64(whole)); err != nil {
			return err
		}
		data = data[:whole]
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for ; len(data) > 0; data = data[size:] {
		if k, v, ok := decodeVector(data[:size]); ok {
			m.known[k] = v
		}
	}
	m.file = path
	return nil
}

// keep appends vectors to the file.
func (m *Meaning) keep(keys []TextKey, vs []vector) error {
	if m.file == "" {
		return nil
	}
	var data []byte
	for i, k := range keys {
		data = appendVector(data, k, vs[i])
	}
	f, err := os.OpenFile(m.file, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

func appendVector(data []byte, k TextKey, v vector) []byte {
	from := len(data)
	data = append(data, k[:]...)
	data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v.scale))
	for _, p := range v.parts {
		data = append(data, byte(p))
	}
	return binary.LittleEndian.AppendUint32(data, crc32.ChecksumIEEE(data[from:]))
}

func decodeVector(data []byte) (k TextKey, v vector, ok bool) {
	end := len(data) - 4
	if crc32.ChecksumIEEE(data[:end]) != binary.LittleEndian.Uint32(data[end:]) {
		return k, v, false
	}
	n := copy(k[:], data)
	v.scale = math.Float32frombits(binary.LittleEndian.Uint32(data[n:]))
	v.parts = make([]int8, 0, end-n-4)
	for _, b := range data[n+4 : end] {
		v.parts = append(v.parts, int8(b))
	}
	return k, v, true
}
