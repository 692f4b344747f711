package leak_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"yingda/internal/testenv"
	"yingda/models"
	"yingda/models/batch"
	"yingda/nlu"
)

// embedder runs the embedding head of the shipped bundle and keeps what it computed: some 24,000 texts take minutes.
type embedder struct {
	tok   *nlu.Tokeniser
	queue *batch.Queue
	head  int
	dim   int
	limit int       // tokens
	until time.Time // zero = no limit
	cache *os.File  // the bundle's id, then a record a text: 16 bytes of the text's SHA-256, dim 16-bit numbers
	known map[[16]byte][]float32
	fresh int // texts that were not in the cache
}

func mustEmbedder(tb testing.TB) *embedder {
	tb.Helper()
	b := testenv.MustDefault(tb)
	e := &embedder{head: b.Manifest.HeadIndex(models.HeadEmbedding), limit: b.Manifest.Model.MaxTokens, known: map[[16]byte][]float32{}}
	if e.head < 0 {
		tb.Skip("NOT CHECKED: the shipped bundle has no embedding head")
	}
	e.dim = b.Manifest.Heads[e.head].Width()
	var err error
	if e.tok, err = nlu.NewTokeniser(b); err != nil {
		tb.Fatal(err)
	}
	e.mustCache(tb, []byte(b.Manifest.ID))
	cores := runtime.GOMAXPROCS(0)
	backend := testenv.MustOpen(tb, b, cores)
	e.queue = batch.New(backend, batch.Options{Workers: cores, MaxTokens: 512, QueueTokens: 1 << 20, MaxWait: time.Hour, Pad: b.Manifest.Tokenizer.Pad})
	tb.Cleanup(func() {
		if err := errors.Join(e.queue.Close(), backend.Close(), e.cache.Close()); err != nil {
			tb.Error(err)
		}
	})
	return e
}

// mustCache reads what earlier runs computed with the same bundle. What another bundle left, or a broken end, is cut off.
func (e *embedder) mustCache(tb testing.TB, id []byte) {
	tb.Helper()
	path := filepath.Join(testenv.Cache(), "leak-vectors.bin")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		tb.Fatal(err)
	}
	var err error
	if e.cache, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644); err != nil {
		tb.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	rest, ok := bytes.CutPrefix(data, id)
	size := 16 + 2*e.dim
	if keep := len(rest) - len(rest)%size; !ok {
		rest = nil
		err = errors.Join(e.cache.Truncate(0), e.write(id))
	} else if keep < len(rest) {
		rest = rest[:keep]
		err = e.cache.Truncate(int64(len(id) + keep))
	}
	if err != nil {
		tb.Fatal(err)
	}
	for record := range slices.Chunk(rest, size) {
		v := make([]float32, e.dim)
		for i := range v {
			v[i] = float32(int16(binary.LittleEndian.Uint16(record[16+2*i:]))) / math.MaxInt16
		}
		e.known[[16]byte(record)] = v
	}
}

func (e *embedder) write(data []byte) error {
	_, err := e.cache.Write(data)
	return err
}

// embed fills vectors from the cache, and as long as there is time by the model.
func (e *embedder) embed(tb testing.TB, all []*line) {
	tb.Helper()
	var missing []*line
	for _, l := range all {
		if l.vector = e.known[keyOf(l.text)]; l.vector == nil {
			missing = append(missing, l)
		}
	}
	for part := range slices.Chunk(missing, 64) {
		if !e.until.IsZero() && time.Now().After(e.until) {
			return
		}
		ids := make([][]int64, len(part))
		for i, l := range part {
			var err error
			if ids[i], _, err = e.tok.Encode(l.text); err != nil {
				tb.Fatal(err)
			}
			ids[i] = ids[i][:min(len(ids[i]), e.limit)]
		}
		res, err := e.queue.Do(context.Background(), ids...)
		if err != nil {
			tb.Fatal(err)
		}
		var records []byte
		for i, l := range part {
			l.vector = res[i].Logits[e.head].Data
			key := keyOf(l.text)
			e.known[key] = l.vector
			records = append(records, key[:]...)
			for _, x := range l.vector {
				records = binary.LittleEndian.AppendUint16(records, uint16(int16(math.Round(float64(max(-1, min(1, x)))*math.MaxInt16))))
			}
		}
		e.fresh += len(part)
		if err := e.write(records); err != nil {
			tb.Fatal(err)
		}
	}
}

func keyOf(text string) [16]byte {
	sum := sha256.Sum256([]byte(text))
	return [16]byte(sum[:16])
}
