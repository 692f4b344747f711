package library

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Limits on archives, far above what the real ones have.
const (
	maxEntries  = 20000
	maxUnpacked = 2 << 30
)

// unzipOne writes the one entry of a zip archive to dest. No other name in the archive is ever used as a path.
func unzipOne(archive, name, dest string) error {
	z, err := zip.OpenReader(archive)
	if err != nil {
		return fmt.Errorf("open %s: %w", filepath.Base(archive), err)
	}
	defer z.Close()
	if len(z.File) > maxEntries {
		return fmt.Errorf("%s has %d entries, which is not plausible", filepath.Base(archive), len(z.File))
	}
	var entry *zip.File
	for _, e := range z.File {
		if e.Name != name {
			continue
		}
		if entry != nil {
			return fmt.Errorf("%s has %s twice", filepath.Base(archive), name)
		}
		entry = e
	}
	if entry == nil || !entry.Mode().IsRegular() {
		return fmt.Errorf("%s has no file %s", filepath.Base(archive), name)
	}
	r, err := entry.Open()
	if err != nil {
		return fmt.Errorf("unpack %s: %w", name, err)
	}
	defer r.Close()
	return writeLibrary(r, name, dest)
}

// untarOne writes the one entry of a gzipped tar archive to dest. It reads the archive to its end, where gzip's checksum is.
func untarOne(archive, name, dest string) error {
	in, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer in.Close()
	packed, err := gzip.NewReader(in)
	if err != nil {
		return fmt.Errorf("open %s: %w", filepath.Base(archive), err)
	}
	unpacked := &io.LimitedReader{R: packed, N: maxUnpacked}
	if err := untar(tar.NewReader(unpacked), name, dest); err != nil {
		return fmt.Errorf("unpack %s: %w", filepath.Base(archive), err)
	}
	if _, err := io.Copy(io.Discard, unpacked); err != nil {
		return fmt.Errorf("unpack %s: %w", filepath.Base(archive), err)
	}
	if unpacked.N <= 0 {
		return fmt.Errorf("unpack %s: it is larger than %d bytes", filepath.Base(archive), int64(maxUnpacked))
	}
	return nil
}

func untar(t *tar.Reader, name, dest string) error {
	found := false
	for range maxEntries {
		h, err := t.Next()
		switch {
		case errors.Is(err, io.EOF) && found:
			return nil
		case errors.Is(err, io.EOF):
			return fmt.Errorf("there is no file %s", name)
		case err != nil:
			return err
		case h.Name != name && h.Name != "./"+name:
			continue
		case found || h.Typeflag != tar.TypeReg:
			return fmt.Errorf("%s is there twice or is not a file", name)
		}
		found = true
		if err := writeLibrary(t, name, dest); err != nil {
			return err
		}
	}
	return errors.New("it has too many entries")
}

func writeLibrary(r io.Reader, name, dest string) error {
	out, err := os.OpenFile(dest, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	n, err := io.Copy(out, io.LimitReader(r, maxLibrary+1))
	if err = errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("unpack %s: %w", name, err)
	}
	if n > maxLibrary {
		return fmt.Errorf("unpack %s: it is larger than %d bytes", name, int64(maxLibrary))
	}
	return nil
}
