package deliver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// File is an exported file, as its manifest lists it.
type File struct {
	Export  string    `json:"export"`
	Tenant  string    `json:"tenant"`
	Day     string    `json:"day"`  // in the export's zone, by when sessions began
	Name    string    `json:"file"` // e.g. 2026-03-01.parquet
	Rows    int       `json:"rows"`
	Bytes   int64     `json:"bytes"`
	SHA256  string    `json:"sha256"`
	Written time.Time `json:"written"`
}

// manifestName is the list of the files of an export and tenant, beside them.
const manifestName = "manifest.json"

// reexported is how many days the schedule looks at each time, whether something changed or not: a file that went missing is written again.
const reexported = 3

// schedule writes yesterday each day at the export's time, and each hour what changed of the days before.
func (d *Deliverer) schedule(ctx context.Context, e *Export) {
	for ctx.Err() == nil {
		now := d.o.Now().In(e.zone)
		today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, e.zone)
		until := today // exclusive
		if now.Sub(today) < e.at {
			until = today.AddDate(0, 0, -1)
		}
		if err := d.follow(ctx, e, until); err != nil && ctx.Err() == nil {
			d.o.Log.Error("export failed", "export", e.Name, "error", err)
		}
		next := today.Add(e.at)
		if !next.After(now) {
			next = time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 0, 0, e.zone).Add(e.at)
		}
		if !pause(ctx, min(time.Hour, next.Sub(now)+time.Second)) { // at least hourly: clocks jump
			return
		}
	}
}

// Export writes the days [from, to) of an export, by when sessions began, and returns their files; of one tenant, or of all ("") that the export is
// for. A day whose records are as they were is not written again. Days without sessions have no file. What the warehouse has forgotten in part is left
// as it was written.
func (d *Deliverer) Export(ctx context.Context, name, tenant string, from, to time.Time) ([]File, error) {
	e, err := d.export(name)
	if err != nil {
		return nil, err
	}
	d.exports.Lock()
	defer d.exports.Unlock()
	files := []File{}
	from = time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, e.zone) // dates, whatever zone they come in
	to = time.Date(to.Year(), to.Month(), to.Day(), 0, 0, 0, 0, e.zone)
	for day := from; day.Before(to); day = day.AddDate(0, 0, 1) {
		if d.forgotten(day) {
			continue
		}
		written, err := d.exportDay(ctx, e, tenant, day)
		if err != nil {
			return files, fmt.Errorf("export %s of %s: %w", name, day.Format(time.DateOnly), err)
		}
		files = append(files, written...)
	}
	return files, nil
}

func (d *Deliverer) export(name string) (*Export, error) {
	for i := range d.o.Config.Exports {
		if d.o.Config.Exports[i].Name == name {
			return &d.o.Config.Exports[i], nil
		}
	}
	return nil, fmt.Errorf("export %q: %w", name, ErrUnknown)
}

// exportDay writes a file a tenant.
func (d *Deliverer) exportDay(ctx context.Context, e *Export, tenant string, day time.Time) (files []File, err error) {
	open := map[string]*dayFile{}
	defer func() {
		for _, f := range open {
			err = errors.Join(err, f.abandon())
		}
	}()
	q := query{span: span{by: "started", from: day, to: day.AddDate(0, 0, 1), tenant: tenant}, links: d.o.Config.Links, texts: e.Texts,
		want: func(r *Record) bool { return wants(e.Tenants, r.Tenant) }}
	err = q.each(ctx, d.o.Querier, func(rs []Record) error {
		slices.SortStableFunc(rs, func(a, b Record) int { return strings.Compare(a.Tenant, b.Tenant) })
		for i := 0; i < len(rs); {
			j := i
			for j < len(rs) && rs[j].Tenant == rs[i].Tenant {
				j++
			}
			f := open[rs[i].Tenant]
			if f == nil {
				if f, err = d.newDayFile(e, rs[i].Tenant, day); err != nil {
					return err
				}
				open[rs[i].Tenant] = f
			}
			if err := f.add(rs[i:j]); err != nil {
				return err
			}
			i = j
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	for _, t := range sortedKeys(open) {
		f, err := open[t].finish(d.o.Now())
		if err != nil {
			return nil, err
		}
		delete(open, t)
		files = append(files, f)
	}
	return files, nil
}

func sortedKeys(m map[string]*dayFile) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// rowWriter writes records in a format.
type rowWriter interface {
	write(rs []Record) error
	close() error // does not close the file
}

// dayFile is a file that is being written, beside the place where it will be.
type dayFile struct {
	dir  string
	file File
	f    *os.File
	rows rowWriter
}

func (d *Deliverer) newDayFile(e *Export, tenant string, day time.Time) (*dayFile, error) {
	dir := filepath.Join(d.o.Dir, "exports", e.Name, tenant)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	name := day.Format(time.DateOnly)
	df := &dayFile{dir: dir, file: File{Export: e.Name, Tenant: tenant, Day: name, Name: name + "." + e.Format}}
	var err error
	if df.f, err = os.OpenFile(filepath.Join(dir, df.file.Name+".tmp"), os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o640); err != nil {
		return nil, err
	}
	if e.Format == "csv" {
		df.rows, err = newCSVWriter(df.f)
	} else {
		df.rows, err = newParquetWriter(df.f)
	}
	if err != nil {
		return nil, errors.Join(err, df.abandon())
	}
	return df, nil
}

func (df *dayFile) add(rs []Record) error {
	df.file.Rows += len(rs)
	return df.rows.write(rs)
}

func (df *dayFile) abandon() error {
	return errors.Join(df.f.Close(), os.Remove(df.f.Name()))
}

// finish puts the file in its place, unless the one there is the same, and lists it.
func (df *dayFile) finish(now time.Time) (File, error) {
	if err := errors.Join(df.rows.close(), df.f.Sync()); err != nil {
		return df.file, errors.Join(err, df.abandon())
	}
	h := sha256.New()
	if _, err := df.f.Seek(0, io.SeekStart); err != nil {
		return df.file, errors.Join(err, df.abandon())
	}
	n, err := io.Copy(h, df.f)
	if err != nil {
		return df.file, errors.Join(err, df.abandon())
	}
	df.file.Bytes, df.file.SHA256, df.file.Written = n, hex.EncodeToString(h.Sum(nil)), now.UTC()
	listed, err := readManifest(df.dir)
	if err != nil {
		return df.file, errors.Join(err, df.abandon())
	}
	i := slices.IndexFunc(listed, func(f File) bool { return f.Name == df.file.Name })
	if i >= 0 && listed[i].SHA256 == df.file.SHA256 && exists(filepath.Join(df.dir, df.file.Name)) {
		return listed[i], df.abandon()
	}
	if err := errors.Join(df.f.Close(), os.Rename(df.f.Name(), filepath.Join(df.dir, df.file.Name))); err != nil {
		return df.file, err
	}
	if i >= 0 {
		listed[i] = df.file
	} else {
		listed = append(listed, df.file)
	}
	slices.SortFunc(listed, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return df.file, writeManifest(df.dir, listed)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func readManifest(dir string) ([]File, error) {
	raw, err := os.ReadFile(filepath.Join(dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var files []File
	if err := json.Unmarshal(raw, &files); err != nil {
		return nil, fmt.Errorf("%s is damaged (%w): remove it, the files of the last days are then written and listed again", filepath.Join(dir, manifestName), err)
	}
	return files, nil
}

func writeManifest(dir string, files []File) error {
	raw, err := json.MarshalIndent(files, "", "  ")
	if err != nil {
		return err
	}
	return writeSynced(filepath.Join(dir, manifestName), append(raw, '\n'))
}

// Files lists the exported files of a tenant, newest day first.
func (d *Deliverer) Files(tenant string) ([]File, error) {
	out := []File{}
	for _, e := range d.o.Config.Exports {
		files, err := readManifest(filepath.Join(d.o.Dir, "exports", e.Name, tenant))
		if err != nil {
			return nil, err
		}
		out = append(out, files...)
	}
	slices.SortStableFunc(out, func(a, b File) int { return strings.Compare(b.Day, a.Day) })
	return out, nil
}

// Open opens an exported file that a manifest lists. Errors: ErrUnknown.
func (d *Deliverer) Open(tenant, export, name string) (*os.File, File, error) {
	files, err := d.Files(tenant)
	if err != nil {
		return nil, File{}, err
	}
	for _, f := range files { // what is listed, and nothing else: no path of the caller's reaches the disk
		if f.Export == export && f.Name == name {
			file, err := os.Open(filepath.Join(d.o.Dir, "exports", f.Export, f.Tenant, f.Name))
			return file, f, err
		}
	}
	return nil, File{}, fmt.Errorf("file %q of export %q: %w", name, export, ErrUnknown)
}
