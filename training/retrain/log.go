package retrain

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// The files of a run's folder that are always there.
const (
	LogName   = "steps.jsonl" // what happened, append-only
	StateName = "run.json"    // the same as one value, written anew after each line
)

// Status is how far a step or a run is. The zero value means that it has not begun.
type Status string

// The statuses.
const (
	Running Status = "running" // or killed: whoever looks at the folder cannot tell
	Done    Status = "done"
	Waiting Status = "waiting" // for something outside, such as customers in the canary: resume looks again
	Refused Status = "refused" // by the gate or the canary's read-out; the run is over and the champion stays
	Failed  Status = "failed"  // by an error: resume tries again
)

// File is something that a step read or wrote.
type File struct {
	Path   string `json:"path"` // slash-separated below the run's folder, or absolute for what lies outside
	SHA256 string `json:"sha256"`
	Rows   int    `json:"rows,omitempty"` // of JSON Lines
}

// Record is a step as it is or was.
type Record struct {
	Step    string    `json:"step"`
	Status  Status    `json:"status"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended,omitzero"`
	Inputs  []File    `json:"inputs,omitempty"`
	Outputs []File    `json:"outputs,omitempty"`
	Note    string    `json:"note,omitempty"` // in words: what came out, or the error
}

// State is a run as one value.
type State struct {
	ID      string    `json:"id"`
	Created time.Time `json:"created"`
	Status  Status    `json:"status"`
	Plan    Plan      `json:"plan"`
	Steps   []Record  `json:"steps"` // the last of each step, in order
}

// Step returns the record of a step, nil if it has not begun.
func (s *State) Step(name string) *Record {
	for i := range s.Steps {
		if s.Steps[i].Step == name {
			return &s.Steps[i]
		}
	}
	return nil
}

// line is a line of the log: the plan first, then records.
type line struct {
	Time   time.Time `json:"time"`
	Run    string    `json:"run,omitempty"`
	Plan   *Plan     `json:"plan,omitempty"`
	Record *Record   `json:"record,omitempty"`
	Prev   string    `json:"prev"` // SHA-256 of the line before, without its end; empty in the first
}

// folder is a run's folder with what its log says.
type folder struct {
	dir   string
	state State
	last  string // hash of the log's last line
}

// createFolder begins a log.
func createFolder(dir, id string, plan Plan, now time.Time) (*folder, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("create run: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, LogName)); err == nil {
		return nil, fmt.Errorf("create run: %s holds a run already", dir)
	}
	f := &folder{dir: dir}
	return f, f.append(line{Time: now, Run: id, Plan: &plan})
}

// openFolder reads a log. Half a line at its end, of a writer that was killed, is cut off.
func openFolder(dir string) (*folder, error) {
	path := filepath.Join(dir, LogName)
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("open run: %w", err)
	}
	f := &folder{dir: dir}
	whole := data[:bytes.LastIndexByte(data, '\n')+1]
	n := 0
	for raw := range bytes.Lines(whole) {
		n++
		raw = bytes.TrimSuffix(raw, []byte("\n"))
		var l line
		if err := json.Unmarshal(raw, &l); err != nil {
			return nil, fmt.Errorf("open run: %s:%d: %w", path, n, err)
		}
		if l.Prev != f.last || (n == 1) != (l.Plan != nil) || (n > 1) != (l.Record != nil) {
			return nil, fmt.Errorf("open run: %s:%d does not follow the line before: the log was changed by another hand", path, n)
		}
		f.last = hashOf(raw)
		f.apply(&l)
	}
	if n == 0 {
		return nil, fmt.Errorf("open run: %s is empty: delete the folder and begin again", path)
	}
	if len(whole) < len(data) {
		if err := os.Truncate(path, int64(len(whole))); err != nil {
			return nil, fmt.Errorf("open run: %w", err)
		}
	}
	return f, nil
}

// apply folds a line into the state.
func (f *folder) apply(l *line) {
	s := &f.state
	if l.Plan != nil {
		s.ID, s.Created, s.Status, s.Plan = l.Run, l.Time, Running, *l.Plan
		return
	}
	r := *l.Record
	if old := s.Step(r.Step); old != nil {
		*old = r
	} else {
		s.Steps = append(s.Steps, r)
	}
	switch {
	case r.Status == Done && r.Step != lastStep():
		s.Status = Running
	default:
		s.Status = r.Status
	}
}

// append writes a line to the log, synced, and the state beside it.
func (f *folder) append(l line) error {
	l.Prev = f.last
	raw, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("write run: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(f.dir, LogName), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("write run: %w", err)
	}
	_, err = file.Write(append(raw, '\n'))
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("write run: %w", err)
	}
	f.last = hashOf(raw)
	f.apply(&l)
	shown, err := json.MarshalIndent(&f.state, "", "  ")
	if err != nil {
		return fmt.Errorf("write run: %w", err)
	}
	return f.write(StateName, append(shown, '\n'))
}

// path is that of a file in the folder.
func (f *folder) path(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }

// write puts a file into the folder, whole or not at all.
func (f *folder) write(name string, data []byte) error {
	path := f.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Chmod(0o644), tmp.Sync(), tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, errors.Join(err, os.Remove(tmp.Name())))
	}
	return nil
}

// read reads a file of the folder into a JSON value.
func (f *folder) read(name string, into any) error {
	data, err := os.ReadFile(f.path(name))
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// describe hashes a file. Paths that are not absolute lie in the folder.
func (f *folder) describe(path string) (File, error) {
	at := path
	if !filepath.IsAbs(path) {
		at = f.path(path)
	}
	data, err := os.ReadFile(at)
	if err != nil {
		return File{}, fmt.Errorf("hash: %w", err)
	}
	out := File{Path: filepath.ToSlash(path), SHA256: hashOf(data)}
	if filepath.Ext(path) == ".jsonl" {
		out.Rows = bytes.Count(data, []byte("\n"))
	}
	return out, nil
}

// same tells whether a file is what it was; a folder's files are told one by one.
func (f *folder) same(want File) (bool, error) {
	now, err := f.describe(want.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return now.SHA256 == want.SHA256, err
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
