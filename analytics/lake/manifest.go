package lake

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// format is the first thing that a manifest says.
const format = "yingda-lake-1"

// ErrDamaged is returned for a manifest or a file that is not as it was written.
var ErrDamaged = errors.New("damaged")

// Manifest says which files are the lake.
type Manifest struct {
	Format  string    `json:"format"`
	Version uint64    `json:"version"` // grows by one with each change
	Schema  int       `json:"schema"`  // schema.Version of the tables
	Written time.Time `json:"written"`
	Log     string    `json:"log"` // name of the log that the facts come from
	// Position is the sequence in the log up to which all events are in the lake.
	Position uint64 `json:"position"`
	Files    []File `json:"files"`
}

// File is a file of the lake.
type File struct {
	Table  string    `json:"table"`
	Tenant string    `json:"tenant"`
	Date   string    `json:"dt"`   // UTC, e.g. "2026-03-01"
	Hour   int       `json:"hour"` // 0 to 23; WholeDay
	Path   string    `json:"path"` // below the lake's folder, with slashes
	Rows   int64     `json:"rows"`
	Bytes  int64     `json:"bytes"`
	MinTS  time.Time `json:"min_ts"`
	MaxTS  time.Time `json:"max_ts"`
	MinSeq int64     `json:"min_seq"`
	SHA256 string    `json:"sha256"` // hex
}

// WholeDay is the Hour of a file that holds a day.
const WholeDay = -1

// encode writes a manifest: one line of JSON, and one with its hash, so that half a file is known for it.
func (m *Manifest) encode() ([]byte, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	return fmt.Appendf(nil, "%s\n%s\n", body, hex.EncodeToString(sum[:])), nil
}

// parseManifest is the inverse of encode. Errors are ErrDamaged.
func parseManifest(data []byte) (*Manifest, error) {
	body, sum, ok := bytes.Cut(data, []byte("\n"))
	want := sha256.Sum256(body)
	if !ok || string(bytes.TrimSpace(sum)) != hex.EncodeToString(want[:]) {
		return nil, fmt.Errorf("%w: the manifest does not fit its hash", ErrDamaged)
	}
	m := new(Manifest)
	if err := json.Unmarshal(body, m); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if m.Format != format {
		return nil, fmt.Errorf("%w: format %q, want %q", ErrDamaged, m.Format, format)
	}
	for i := range m.Files {
		if err := m.Files[i].check(); err != nil {
			return nil, fmt.Errorf("%w: file %d of the manifest: %w", ErrDamaged, i+1, err)
		}
	}
	return m, nil
}

// check tells what is wrong with a file's entry. A path that leads out of the lake is never followed.
func (f *File) check() error {
	if !filepath.IsLocal(filepath.FromSlash(f.Path)) || path.Clean(f.Path) != f.Path || strings.ContainsAny(f.Path, "\\'") {
		return fmt.Errorf("path %q", f.Path)
	}
	if _, err := time.Parse(time.DateOnly, f.Date); err != nil {
		return err
	}
	if f.Hour < WholeDay || f.Hour > 23 || f.Rows < 0 || f.Bytes < 0 {
		return fmt.Errorf("hour %d, %d rows, %d bytes", f.Hour, f.Rows, f.Bytes)
	}
	return nil
}

func manifestName(version uint64) string { return fmt.Sprintf("manifest-%012d.json", version) }

// manifests returns the versions that there are, newest first.
func manifests(dir string) ([]uint64, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var versions []uint64
	for _, e := range entries {
		number, ok := strings.CutSuffix(strings.TrimPrefix(e.Name(), "manifest-"), ".json")
		if !ok || !strings.HasPrefix(e.Name(), "manifest-") {
			continue
		}
		if v, err := strconv.ParseUint(number, 10, 64); err == nil && manifestName(v) == e.Name() {
			versions = append(versions, v)
		}
	}
	slices.Sort(versions)
	slices.Reverse(versions)
	return versions, err
}

// newest reads the newest manifest that is whole, and says which newer ones are not. Without any it is an empty one.
func newest(dir string) (m *Manifest, damaged []uint64, err error) {
	versions, err := manifests(dir)
	if err != nil {
		return nil, nil, err
	}
	for _, v := range versions {
		data, err := os.ReadFile(filepath.Join(dir, manifestName(v)))
		if err != nil {
			return nil, nil, err
		}
		if m, err := parseManifest(data); err == nil && m.Version == v {
			return m, damaged, nil
		}
		damaged = append(damaged, v)
	}
	return &Manifest{Format: format}, damaged, nil
}
