package finetune

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"unsafe"
)

// checkpointFile holds the whole state of a run: a line of JSON, then the numbers.
const checkpointFile = "finetune.state"

// state is the part of a checkpoint that is not numbers.
type state struct {
	Fingerprint string    `json:"fingerprint"`
	Step        int       `json:"step"`
	Epoch       int       `json:"epoch"`
	Within      int       `json:"within"`
	Loss        float64   `json:"loss"`
	Weight      float64   `json:"weight"`
	Scores      []float64 `json:"scores"`
	Best        bool      `json:"best"`
	Average     bool      `json:"average"`
	Summed      int       `json:"summed"`
	Floats      int       `json:"floats"`
}

// fingerprint identifies what a checkpoint belongs to: rows, start weights, and every option that changes a result.
func (t *run) fingerprint() string {
	h := sha256.New()
	o := t.o
	o.Progress, o.Checkpoint, o.Every = nil, "", 0
	fmt.Fprintf(h, "%+v %+v\n", o, t.m.classes)
	buf := bufio.NewWriter(h)
	for _, r := range t.rows {
		fmt.Fprintln(buf, r.IDs, r.Segments, r.Emotion, r.Several, r.Tags)
		for _, v := range r.Hidden {
			_ = binary.Write(buf, binary.LittleEndian, v)
		}
	}
	_ = buf.Flush() // a hash does not fail
	for _, p := range t.m.params {
		fmt.Fprintln(h, p.Name, p.Rate, p.Decay)
		h.Write(bytesOf(p.Value))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// bytesOf views floats as bytes of this machine's order.
func bytesOf[T float32 | float64](x []T) []byte {
	if len(x) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), len(x)*int(unsafe.Sizeof(x[0])))
}

// numbers lists the arrays of a checkpoint in order.
func (t *run) numbers(s state) [][]byte {
	var all [][]byte
	for _, p := range t.m.params {
		all = append(all, bytesOf(p.Value), bytesOf(p.M), bytesOf(p.V))
	}
	if w := t.m.table; w != nil {
		all = append(all, bytesOf(t.m.words), bytesOf(w.m), bytesOf(w.v))
	}
	if s.Best {
		all = append(all, bytesOf(t.best))
	}
	if s.Average {
		all = append(all, bytesOf(t.average))
	}
	return all
}

// save writes the checkpoint beside the old one and replaces it, so that there is a whole one at any time.
func (t *run) save() (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write checkpoint to %s: %w", t.o.Checkpoint, err)
		}
	}()
	if err := os.MkdirAll(t.o.Checkpoint, 0o755); err != nil {
		return err
	}
	s := state{Fingerprint: t.print, Step: t.step, Epoch: t.epoch, Within: t.within, Loss: t.loss, Weight: t.weight,
		Scores: t.scores, Best: t.best != nil, Average: t.average != nil, Summed: t.summed, Floats: t.m.size()}
	head, err := json.Marshal(s)
	if err != nil {
		return err
	}
	path := filepath.Join(t.o.Checkpoint, checkpointFile)
	f, err := os.Create(path + ".new")
	if err != nil {
		return err
	}
	defer os.Remove(path + ".new") // gone when it was renamed
	_, err = f.Write(append(head, '\n'))
	for _, data := range t.numbers(s) {
		if err == nil {
			_, err = f.Write(data)
		}
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// resume reads the checkpoint, if there is one for this very run.
func (t *run) resume() error {
	if t.o.Checkpoint == "" {
		return nil
	}
	t.print = t.fingerprint()
	path := filepath.Join(t.o.Checkpoint, checkpointFile)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("resume: %w", err)
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<20)
	line, err := r.ReadBytes('\n')
	var s state
	if err == nil {
		err = json.Unmarshal(line, &s)
	}
	if err != nil {
		return fmt.Errorf("resume from %s: the file is damaged (%w); delete it to begin anew", path, err)
	}
	if s.Fingerprint != t.print {
		return fmt.Errorf("resume: %s belongs to a run with other data, options, threads or encoder; delete it or choose another folder", path)
	}
	if s.Best {
		t.best = make([]float32, s.Floats)
	}
	if s.Average {
		t.average = make([]float64, s.Floats)
	}
	for _, data := range t.numbers(s) {
		if _, err := io.ReadFull(r, data); err != nil {
			return fmt.Errorf("resume from %s: the file is cut short (%w); delete it to begin anew", path, err)
		}
	}
	t.step, t.epoch, t.within, t.loss, t.weight, t.scores = s.Step, s.Epoch, s.Within, s.Loss, s.Weight, s.Scores
	t.resumed, t.summed = s.Step, s.Summed
	return nil
}

func (t *run) removeCheckpoint() error {
	if t.o.Checkpoint == "" {
		return nil
	}
	err := os.Remove(filepath.Join(t.o.Checkpoint, checkpointFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
