package demoshop

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// answers remembers what was answered to a key. Reads are remembered for as long as a request can be sent again unchanged, so that who
// copied one learns nothing new by it; changes for a day, and in the file.
type answers struct {
	list []kept // oldest first
	at   map[string]int
	gone int // how many were dropped from the front of list since at was written
}

// kept is one answer.
type kept struct {
	Key    string    `json:"key"`
	Hash   [32]byte  `json:"hash"` // of the request
	Time   time.Time `json:"time"`
	Change bool      `json:"change"`
	Answer answer    `json:"answer"`
}

// How long answers are kept, and how many.
const (
	keepReads   = 15 * time.Minute
	keepChanges = 24 * time.Hour
	maxKept     = 20_000
)

func hashRequest(q request) [32]byte {
	b, _ := json.Marshal(q) // a struct of strings; map keys are sorted
	return sha256.Sum256(b)
}

// find returns the answer to a key. The same key with another request is an error of the caller.
func (as *answers) find(key string, q request, now time.Time) (answer, bool) {
	i, ok := as.at[key]
	if key == "" || !ok {
		return answer{}, false
	}
	k := as.list[i-as.gone]
	if age := now.Sub(k.Time); age > keepChanges || !k.Change && age > keepReads {
		return answer{}, false
	}
	if k.Hash != hashRequest(q) {
		return answer{Status: "failed", Message: keyReused}, true
	}
	return k.Answer, true
}

func (as *answers) keep(key string, q request, a answer, now time.Time, change bool) {
	if key == "" {
		return
	}
	if as.at == nil {
		as.at = map[string]int{}
	}
	as.at[key] = as.gone + len(as.list)
	as.list = append(as.list, kept{key, hashRequest(q), now, change, a})
	for len(as.list) > 0 && (len(as.list) > maxKept || now.Sub(as.list[0].Time) > keepChanges) {
		if k := as.list[0].Key; as.at[k] == as.gone {
			delete(as.at, k)
		}
		as.list, as.gone = as.list[1:], as.gone+1
	}
}

// forget undoes a keep that could not be made durable; the list must be the one before it.
func (as *answers) forget(key string) { delete(as.at, key) }

// stored is the file.
type stored struct {
	Version int    `json:"version"`
	State   *state `json:"state"`
	Answers []kept `json:"answers"` // of changes
}

const fileVersion = 1

// load reads the file over the seed; a file that is not there is a new shop.
func (s *Shop) load() error {
	if s.o.File == "" {
		return nil
	}
	data, err := os.ReadFile(s.o.File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read state: %w", err)
	}
	var f stored
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		return fmt.Errorf("state file %s: %w; move it away to begin anew", s.o.File, err)
	}
	if f.Version != fileVersion || f.State == nil {
		return fmt.Errorf("state file %s has version %d, this program reads %d; move it away to begin anew", s.o.File, f.Version, fileVersion)
	}
	s.state = f.State.complete()
	s.state.refresh(s.o.Now())
	s.answers = answers{list: f.Answers, at: map[string]int{}}
	for i, k := range f.Answers {
		s.answers.at[k.Key] = i
	}
	return nil
}

// complete makes the tables that an older or edited file leaves out.
func (s *state) complete() *state {
	n := s.clone()
	table(&n.Customers)
	table(&n.Orders)
	table(&n.Refunds)
	table(&n.Invoices)
	table(&n.Bookings)
	table(&n.Tickets)
	table(&n.Stock)
	table(&n.Codes)
	return n
}

func table[V any](m *map[string]V) {
	if *m == nil {
		*m = map[string]V{}
	}
}

// save replaces the file as a whole: after a crash there is the old state or the new one.
func (s *Shop) save(next *state) error {
	if s.o.File == "" {
		return nil
	}
	f := stored{Version: fileVersion, State: next}
	for _, k := range s.answers.list {
		if k.Change {
			f.Answers = append(f.Answers, k)
		}
	}
	data, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return replaceFile(s.o.File, data)
}

func replaceFile(name string, data []byte) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(name), ".demo-shop-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(tmp.Name())
		}
	}()
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err != nil {
		return err
	}
	if err = os.Rename(tmp.Name(), name); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
