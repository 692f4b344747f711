package lake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/parquet/file"
)

// hashFile returns the SHA-256 of a file, in hex, and its size.
func hashFile(name string) (string, int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", 0, err
	}
	defer f.Close() // it was only read
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err != nil {
		return "", 0, err
	}
	return hex.EncodeToString(h.Sum(nil)), n, nil
}

// syncFile makes a file, or a folder's names, durable.
func syncFile(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// writeAtomically writes a file so that it is there as a whole or not at all, also after a power cut.
func writeAtomically(name string, data []byte) error {
	f, err := os.OpenFile(name+tmpSuffix, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(name+tmpSuffix, name); err != nil {
		return err
	}
	return syncFile(filepath.Dir(name))
}

// Fault is something that is wrong with a file.
type Fault struct {
	File File   `json:"file"`
	Why  string `json:"why"`
}

// Check reads a file of the manifest and returns what is wrong with it: ErrDamaged, or that it cannot be read.
func (l *Lake) Check(f File) error {
	name := filepath.Join(l.dir, filepath.FromSlash(f.Path))
	sum, size, err := hashFile(name)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", f.Path, err)
	case size != f.Bytes || sum != f.SHA256:
		return fmt.Errorf("%s: %w: %d bytes with SHA-256 %.12s…, the manifest says %d with %.12s…", f.Path, ErrDamaged, size, sum, f.Bytes, f.SHA256)
	}
	rows, err := parquetRows(name)
	if err != nil {
		return fmt.Errorf("%s: %w: %w", f.Path, ErrDamaged, err)
	}
	if rows != f.Rows {
		return fmt.Errorf("%s: %w: %d rows, the manifest says %d", f.Path, ErrDamaged, rows, f.Rows)
	}
	return nil
}

// parquetRows reads the footer of a Parquet file.
func parquetRows(name string) (int64, error) {
	r, err := file.OpenParquetFile(name, false)
	if err != nil {
		return 0, err
	}
	return r.NumRows(), r.Close()
}

// Verify checks all files of the manifest against their hashes. progress, which may be nil, is told how many are done.
func (l *Lake) Verify(ctx context.Context, progress func(done, total int)) ([]Fault, error) {
	files := l.Manifest().Files
	var faults []Fault
	for i, f := range files {
		if err := ctx.Err(); err != nil {
			return faults, err
		}
		if err := l.Check(f); err != nil {
			faults = append(faults, Fault{f, err.Error()})
		}
		if progress != nil {
			progress(i+1, len(files))
		}
	}
	return faults, nil
}

// SetAside renames a damaged file, so that nobody reads it and someone can look at it. The manifest still names it.
func (l *Lake) SetAside(f File) error {
	name := filepath.Join(l.dir, filepath.FromSlash(f.Path))
	if err := os.Rename(name, name+".damaged"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// Scan returns the DuckDB expression that reads files of the lake as rows with the columns tenant and dt. There must be files.
func Scan(paths []string) string {
	quoted := make([]string, len(paths))
	for i, p := range slices.Sorted(slices.Values(paths)) {
		quoted[i] = "'" + strings.ReplaceAll(p, "'", "''") + "'"
	}
	return "read_parquet([" + strings.Join(quoted, ", ") + "], hive_partitioning = true, hive_types = {'tenant': VARCHAR, 'dt': DATE})"
}
