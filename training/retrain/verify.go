package retrain

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"yingda/models"
	"yingda/training/corpus"
)

// Chain is what [Verify] found intact: from the bundle back to the rows that people accepted.
type Chain struct {
	Run      string          `json:"run"`
	Bundle   models.BundleID `json:"bundle,omitempty"` // empty = none was made yet
	Corpus   string          `json:"corpus"`           // fingerprint that the bundle carries and the training corpus has
	Rows     int             `json:"rows"`             // trained on
	Accepted int             `json:"accepted"`         // of them, with a person's word
	Held     int             `json:"held"`             // never trained on
	Files    int             `json:"files"`            // of the run's folder that are what the log says
}

// Verify checks a run's folder: that the log was not changed, that every file is what the step wrote, that each row trained on has an origin, and that
// the bundle was made from these rows. All faults come together.
func Verify(dir string) (*Chain, error) {
	f, err := openFolder(dir)
	if err != nil {
		return nil, err
	}
	c := &Chain{Run: f.state.ID}
	var faults []error
	for _, rec := range f.state.Steps {
		for _, file := range rec.Outputs {
			same, err := f.same(file)
			switch {
			case err != nil:
				faults = append(faults, err)
			case !same:
				faults = append(faults, fmt.Errorf("%s, written by the step %s, is gone or was changed", file.Path, rec.Step))
			default:
				c.Files++
			}
		}
	}
	if rec := f.state.Step("labels"); rec != nil && rec.Status == Done {
		faults = append(faults, c.rows(f))
	}
	if rec := f.state.Step("train"); rec != nil && rec.Status == Done {
		faults = append(faults, c.bundle(f))
	}
	return c, errors.Join(faults...)
}

// rows checks that every row of the training corpus and the held-out part is listed with its hash and origin.
func (c *Chain) rows(f *folder) error {
	var faults []error
	held := map[string]bool{}
	listed := map[string]map[int]Row{TrainName: {}, HeldName: {}}
	err := eachLine(f.path(RowsName), func(_ int, raw []byte) error {
		var row Row
		if err := json.Unmarshal(raw, &row); err != nil || listed[row.File] == nil || row.Origin == "" {
			return fmt.Errorf("%s: a row without origin: %s", RowsName, raw)
		}
		listed[row.File][row.Line] = row
		if row.File == HeldName {
			held[row.SHA256] = true
			c.Held++
		} else {
			c.Rows++
			if row.By != "" {
				c.Accepted++
			}
		}
		return nil
	})
	faults = append(faults, err)
	for _, name := range []string{TrainName, HeldName} {
		faults = append(faults, eachLine(f.path(name), func(n int, raw []byte) error {
			row, ok := listed[name][n]
			sum := hashOf(append(raw, '\n'))
			switch {
			case !ok || row.SHA256 != sum:
				return fmt.Errorf("%s:%d is not the row that %s tells the origin of", name, n, RowsName)
			case name == TrainName && held[sum]:
				return fmt.Errorf("%s:%d was held out and is trained on", name, n)
			}
			return nil
		}))
	}
	train, err := corpus.Read(f.path(TrainName))
	if err != nil {
		return errors.Join(append(faults, err)...)
	}
	c.Corpus, err = train.Fingerprint()
	return errors.Join(append(faults, err)...)
}

// bundle checks that the bundle is sound and carries the fingerprint of the rows.
func (c *Chain) bundle(f *folder) error {
	var t Trained
	if err := f.read(TrainedName, &t); err != nil {
		return err
	}
	b, err := models.OpenPath(f.path(path.Join(bundles, string(t.Bundle))))
	if err != nil {
		return err
	}
	c.Bundle = b.Manifest.ID
	if got := b.Manifest.Training["corpus"]; got != c.Corpus {
		return fmt.Errorf("bundle %s was trained on %v, and %s is %s", c.Bundle, got, TrainName, c.Corpus)
	}
	return nil
}

// Trace returns the rows of the training corpus whose text holds a word, with their origin, at most n.
func Trace(dir, text string, n int) ([]Row, error) {
	f, err := openFolder(dir)
	if err != nil {
		return nil, err
	}
	want := map[string]map[int]bool{TrainName: {}, HeldName: {}}
	for name := range want {
		err := eachLine(f.path(name), func(at int, raw []byte) error {
			var eg struct{ Text string }
			if err := json.Unmarshal(raw, &eg); err != nil {
				return err
			}
			want[name][at] = bytes.Contains([]byte(eg.Text), []byte(text))
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	var out []Row
	err = eachLine(f.path(RowsName), func(_ int, raw []byte) error {
		var row Row
		if err := json.Unmarshal(raw, &row); err != nil {
			return err
		}
		if want[row.File][row.Line] && len(out) < n {
			out = append(out, row)
		}
		return nil
	})
	return out, err
}

// FindBundle returns the id of the newest run that made a bundle.
func FindBundle(dir string, id models.BundleID) (string, error) {
	ids, err := List(dir)
	if err != nil {
		return "", err
	}
	for i := len(ids) - 1; i >= 0; i-- {
		var t Trained
		if data, err := os.ReadFile(filepath.Join(dir, ids[i], TrainedName)); err == nil && json.Unmarshal(data, &t) == nil && t.Bundle == id {
			return ids[i], nil
		}
	}
	return "", fmt.Errorf("no run in %s made the bundle %s", dir, id)
}

// eachLine calls fn with every line of a file, without its end, and its number.
func eachLine(name string, fn func(n int, raw []byte) error) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	s := bufio.NewScanner(file)
	s.Buffer(nil, 16<<20)
	for n := 1; s.Scan(); n++ {
		if err := fn(n, s.Bytes()); err != nil {
			return err
		}
	}
	return s.Err()
}
