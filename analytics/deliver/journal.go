package deliver

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// fate is what became of a record at one webhook.
type fate struct {
	ID       string    `json:"id"`
	Tenant   string    `json:"tenant"`
	Revision string    `json:"rev"`
	Ended    time.Time `json:"ended"`
	State    string    `json:"state"`
	First    time.Time `json:"first,omitzero"` // first attempt, of records that were not acknowledged at once
	At       time.Time `json:"at"`
	Attempts int       `json:"attempts,omitempty"`
	Reason   string    `json:"reason,omitempty"` // of the latest failure
}

// The states of a fate. A record without one waits.
const (
	acked  = "acked"
	trying = "trying"
	dead   = "dead"
)

// journal remembers fates, durably: one line of JSON each, appended and synced before anything depends on it. A line that a crash cut off is
// dropped when the journal is opened: its record is delivered again, with the same key.
type journal struct {
	mu    sync.Mutex
	path  string
	f     *os.File
	since time.Time // sessions that ended before are not delivered
	fates map[string]fate
	lines int
}

// head is the first line.
type head struct {
	Since time.Time `json:"since"`
}

// openJournal opens or makes the journal of a webhook. since is for a new one.
func openJournal(path string, since time.Time) (*journal, error) {
	j := &journal{path: path, since: since.UTC(), fates: map[string]fate{}}
	raw, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	in := bufio.NewReader(bytes.NewReader(raw))
	for n := 0; ; n++ {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break // nothing, or what a crash cut off
		}
		if n == 0 {
			var h head
			if json.Unmarshal(line, &h) != nil || h.Since.IsZero() {
				return nil, fmt.Errorf("%s is no journal of deliveries: move it away to begin anew", path)
			}
			j.since = h.Since
			continue
		}
		var ft fate
		if json.Unmarshal(line, &ft) != nil || ft.ID == "" {
			return nil, fmt.Errorf("%s: line %d is damaged: repair or remove it; records of removed lines are delivered again", path, n+1)
		}
		j.fates[ft.ID] = ft
	}
	return j, j.rewrite()
}

// rewrite writes the journal anew, without what later lines made void.
func (j *journal) rewrite() error {
	if err := os.MkdirAll(filepath.Dir(j.path), 0o750); err != nil {
		return err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	err := enc.Encode(head{j.since})
	for _, ft := range j.fates {
		err = errors.Join(err, enc.Encode(ft))
	}
	if err != nil {
		return err
	}
	if err := writeSynced(j.path, b.Bytes()); err != nil {
		return err
	}
	if j.f != nil {
		j.f.Close() // of the file that was replaced
	}
	j.lines = len(j.fates)
	j.f, err = os.OpenFile(j.path, os.O_APPEND|os.O_WRONLY, 0o640)
	return err
}

// writeSynced replaces a file so that after a crash it is the old one or the new one.
func writeSynced(path string, data []byte) error {
	f, err := os.OpenFile(path+".tmp", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}

// set remembers a fate. When it returns nil, a crash does not forget it.
func (j *journal) set(ft fate) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	raw, err := json.Marshal(ft)
	if err != nil {
		return err
	}
	if _, err = j.f.Write(append(raw, '\n')); err == nil {
		err = j.f.Sync()
	}
	if err != nil {
		return fmt.Errorf("journal of deliveries: %w", err)
	}
	j.fates[ft.ID] = ft
	if j.lines++; j.lines > 10_000 && j.lines > 4*len(j.fates) {
		return j.rewrite()
	}
	return nil
}

func (j *journal) get(id string) (fate, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	ft, ok := j.fates[id]
	return ft, ok
}

// forget drops acknowledged fates of sessions that ended before a time and moves the beginning there: they are not
// looked at any more. None of them may be waiting.
func (j *journal) forget(before time.Time) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !before.After(j.since) {
		return nil
	}
	if !before.After(j.since.Add(time.Hour)) {
		return nil
	}
	j.since = before
	for id, ft := range j.fates {
		if ft.State == acked && ft.Ended.Before(before) {
			delete(j.fates, id)
		}
	}
	return j.rewrite()
}

// list returns the fates in a state.
func (j *journal) list(state string) []fate {
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []fate
	for _, ft := range j.fates {
		if ft.State == state {
			out = append(out, ft)
		}
	}
	return out
}

func (j *journal) begin() time.Time {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.since
}

func (j *journal) close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.f.Close()
}
