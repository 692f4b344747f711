package lake

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// keepManifests is how many versions are kept; files that one of them names are kept too, so that a reader that has just looked finds them.
const keepManifests = 4

// Lake is a folder of files with a manifest. It is safe for concurrent use; one process writes, any number read.
type Lake struct {
	dir string
	mu  sync.RWMutex
	m   *Manifest
	bad []uint64 // manifests that are newer than m and damaged
}

// Open reads the lake in dir, which need not exist. It changes nothing. A manifest that is only half there is passed over for the one before,
// see [Lake.Damaged].
func Open(dir string) (*Lake, error) {
	l := &Lake{dir: dir}
	if err := l.Reload(); err != nil {
		return nil, err
	}
	return l, nil
}

// Reload reads what was committed meanwhile, by another process.
func (l *Lake) Reload() error {
	m, bad, err := newest(l.dir)
	if err != nil {
		return fmt.Errorf("open the lake in %s: %w", l.dir, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.m, l.bad = m, bad
	return nil
}

// Dir returns the folder.
func (l *Lake) Dir() string { return l.dir }

// Manifest returns the manifest in force. The caller does not change its files.
func (l *Lake) Manifest() Manifest {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return *l.m
}

// Damaged returns the versions of manifests that are newer than the one in force, and not whole.
func (l *Lake) Damaged() []uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return slices.Clone(l.bad)
}

// Files returns the paths of the files of a table that may hold facts with from <= ts < to, by path. An empty tenant is all of them, a zero time
// does not bound.
func (l *Lake) Files(table, tenant string, from, to time.Time) []string {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var paths []string
	for _, f := range l.m.Files {
		if f.Table == table && (tenant == "" || f.Tenant == tenant) && (from.IsZero() || !f.MaxTS.Before(from)) && (to.IsZero() || f.MinTS.Before(to)) {
			paths = append(paths, filepath.Join(l.dir, filepath.FromSlash(f.Path)))
		}
	}
	slices.Sort(paths)
	return paths
}

// Partition is a day of a tenant in a table.
type Partition struct {
	Table, Tenant, Date string
}

// Partition returns what the file belongs to.
func (f *File) Partition() Partition { return Partition{f.Table, f.Tenant, f.Date} }

// Create makes room for a file of an hour, or of WholeDay, and returns its entry, to be completed by [Lake.Complete], and the path to write it to.
func (l *Lake) Create(p Partition, hour int) (File, string, error) {
	name := "day"
	if hour != WholeDay {
		name = fmt.Sprintf("%02d", hour)
	}
	f := File{Table: p.Table, Tenant: p.Tenant, Date: p.Date, Hour: hour}
	f.Path = path.Join(p.Table, "tenant="+p.Tenant, "dt="+p.Date, name+"-"+strings.ToLower(rand.Text())+".parquet")
	if err := f.check(); err != nil {
		return f, "", fmt.Errorf("a file of the lake: %w", err)
	}
	full := filepath.Join(l.dir, filepath.FromSlash(f.Path))
	if err := os.MkdirAll(filepath.Dir(full), 0o750); err != nil {
		return f, "", err
	}
	return f, full + tmpSuffix, nil
}

const tmpSuffix = ".tmp"

// Complete makes the file that was written durable, gives it its name and fills size and hash. It is not in force before it is committed.
func (l *Lake) Complete(f *File) error {
	full := filepath.Join(l.dir, filepath.FromSlash(f.Path))
	if err := syncFile(full + tmpSuffix); err != nil {
		return err
	}
	var err error
	if f.SHA256, f.Bytes, err = hashFile(full + tmpSuffix); err != nil {
		return err
	}
	if err := os.Rename(full+tmpSuffix, full); err != nil {
		return err
	}
	return syncFile(filepath.Dir(full))
}

// Change is what a commit does. Files take the place of those of the same hour; a file of a day takes the place of all of that day.
type Change struct {
	Files    []File
	Drop     []File // leave these out, by path
	Log      string
	Position uint64
	Schema   int
	Time     time.Time
}

// Commit puts a change in force, all or nothing, and deletes what no kept manifest names.
func (l *Lake) Commit(c Change) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	next := &Manifest{Format: format, Version: l.m.Version + 1, Schema: c.Schema, Written: c.Time.UTC(), Log: c.Log, Position: c.Position}
	for _, v := range l.bad {
		next.Version = max(next.Version, v+1)
	}
	for _, f := range l.m.Files {
		if !replaced(f, c) {
			next.Files = append(next.Files, f)
		}
	}
	for _, f := range c.Files {
		if f.Rows > 0 {
			next.Files = append(next.Files, f)
		}
	}
	slices.SortFunc(next.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	data, err := next.encode()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(l.dir, 0o750); err != nil {
		return err
	}
	if err := writeAtomically(filepath.Join(l.dir, manifestName(next.Version)), data); err != nil {
		return fmt.Errorf("write the lake's manifest: %w", err)
	}
	l.m = next
	return nil
}

// replaced tells whether a change puts something in the place of f.
func replaced(f File, c Change) bool {
	same := func(n File) bool { return n.Partition() == f.Partition() && (n.Hour == WholeDay || n.Hour == f.Hour) }
	return slices.ContainsFunc(c.Files, same) || slices.ContainsFunc(c.Drop, func(d File) bool { return d.Path == f.Path })
}

// Tidy deletes manifests that are no longer kept, and files that none of the kept ones names if they are older than age. Manifests that are
// damaged are renamed. Only the process that writes may call it.
func (l *Lake) Tidy(now time.Time, age time.Duration) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, v := range l.bad {
		name := filepath.Join(l.dir, manifestName(v))
		if err := os.Rename(name, name+".damaged"); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	l.bad = nil
	named, err := l.prune()
	if err != nil {
		return err
	}
	return l.sweep(named, now.Add(-age))
}

// prune deletes old manifests, and returns the files that the others name.
func (l *Lake) prune() (map[string]bool, error) {
	versions, err := manifests(l.dir)
	if err != nil {
		return nil, err
	}
	named := map[string]bool{}
	for i, v := range versions {
		name := filepath.Join(l.dir, manifestName(v))
		if i >= keepManifests {
			if err := os.Remove(name); err != nil {
				return nil, err
			}
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		m, err := parseManifest(data)
		if err != nil {
			continue // an older one; it names nothing
		}
		for _, f := range m.Files {
			named[f.Path] = true
		}
	}
	return named, nil
}

// sweep deletes Parquet files that are not named and older than before.
func (l *Lake) sweep(named map[string]bool, before time.Time) error {
	return filepath.WalkDir(l.dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
		rel, err := filepath.Rel(l.dir, p)
		if err != nil {
			return err
		}
		ours := strings.HasSuffix(p, ".parquet") || strings.HasSuffix(p, tmpSuffix)
		if info, err := d.Info(); err == nil && ours && !named[filepath.ToSlash(rel)] && info.ModTime().Before(before) {
			return os.Remove(p)
		}
		return nil
	})
}
