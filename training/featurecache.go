package training

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"yingda/models"
	"yingda/nlu"
)

// featureCache keeps the states an encoder gave for texts, in one file an encoder: records of the text's hash, the number of tokens,
// and tokens × dim floats. A record that was cut short (a full disk, a kill) is ignored, and so is what follows it.
type featureCache struct {
	dir, id string // empty dir = no cache
	dim     int
	valid   int64 // bytes of the file that were whole records
}

type textHash [16]byte

func hashText(s string) (h textHash) {
	sum := sha256.Sum256([]byte(s))
	copy(h[:], sum[:])
	return h
}

func (c *featureCache) path() string { return filepath.Join(c.dir, "features-"+c.id+".bin") }

// extract is [Extract] with states, of which those seen before are read from the cache and the others added to it.
func (c *featureCache) extract(ctx context.Context, b *models.Bundle, texts []string, progress func(done, total int)) (*Features, error) {
	known, err := c.load()
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, t := range texts {
		if h := hashText(t); known[h] == nil {
			known[h] = []float32{} // once
			missing = append(missing, t)
		}
	}
	if len(missing) > 0 {
		f, err := Extract(ctx, b, missing, true, progress)
		if err != nil {
			return nil, err
		}
		for i, t := range missing {
			known[hashText(t)] = f.States[i]
		}
		if err := c.add(missing, f.States); err != nil {
			return nil, err
		}
	}
	return c.assemble(b, texts, known)
}

func (c *featureCache) assemble(b *models.Bundle, texts []string, known map[textHash][]float32) (*Features, error) {
	tok, err := nlu.NewTokeniser(b)
	if err != nil {
		return nil, err
	}
	f := &Features{Dim: c.dim, Pooled: make([]float32, len(texts)*c.dim), States: make([][]float32, len(texts)), Tokens: make([][]nlu.Token, len(texts))}
	for i, t := range texts {
		_, enc, err := tok.Encode(t)
		if err != nil {
			return nil, fmt.Errorf("text %d: %w", i, err)
		}
		s := known[hashText(t)]
		if len(s) != len(enc.Tokens)*c.dim {
			return nil, fmt.Errorf("%s holds other states than this encoder's: delete it", c.path())
		}
		f.Tokens[i] = enc.Tokens
		f.keep(i, models.Logits{Rows: len(enc.Tokens), Cols: c.dim, Data: s})
	}
	return f, nil
}

func (c *featureCache) load() (map[textHash][]float32, error) {
	known := map[textHash][]float32{}
	if c.dir == "" {
		return known, nil
	}
	file, err := os.Open(c.path())
	if errors.Is(err, fs.ErrNotExist) {
		return known, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read cached states: %w", err)
	}
	defer file.Close()
	r := bufio.NewReaderSize(file, 1<<20)
	for {
		var h textHash
		var n uint32
		if _, err := io.ReadFull(r, h[:]); err != nil {
			return known, nil // the end, or the beginning of a record that was cut short
		}
		if binary.Read(r, binary.LittleEndian, &n) != nil || n > 1<<16 {
			return known, nil
		}
		raw := make([]byte, 4*int(n)*c.dim)
		if _, err := io.ReadFull(r, raw); err != nil {
			return known, nil
		}
		s := make([]float32, int(n)*c.dim)
		for i := range s {
			s[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
		c.valid += int64(len(h) + 4 + len(raw))
		known[h] = s
	}
}

// add appends records, over half a record if the file ends in one.
func (c *featureCache) add(texts []string, states [][]float32) error {
	if c.dir == "" {
		return nil
	}
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return fmt.Errorf("keep states: %w", err)
	}
	file, err := os.OpenFile(c.path(), os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("keep states: %w", err)
	}
	if err := file.Truncate(c.valid); err != nil {
		return fmt.Errorf("keep states: %w", errors.Join(err, file.Close()))
	}
	if _, err := file.Seek(c.valid, io.SeekStart); err != nil {
		return fmt.Errorf("keep states: %w", errors.Join(err, file.Close()))
	}
	w := bufio.NewWriterSize(file, 1<<20)
	for i, t := range texts {
		h := hashText(t)
		w.Write(h[:])
		_ = binary.Write(w, binary.LittleEndian, uint32(len(states[i])/c.dim)) // the error comes back from Flush
		for _, v := range states[i] {
			var b [4]byte
			binary.LittleEndian.PutUint32(b[:], math.Float32bits(v))
			w.Write(b[:])
		}
	}
	return errors.Join(w.Flush(), file.Close())
}
