package hub

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// statement is what the hub says a file is.
type statement struct {
	size   int64
	sha256 string // of files in large-file storage
	blob   string // git's name of all others: SHA-1 over a header and the content
}

// maxInfo bounds the hub's list of files.
const maxInfo = 32 << 20

// statements asks for the sizes and hashes of all files of a commit. The downloader's own request leaves them out.
func (p *puller) statements(ctx context.Context, endpoint, commit string) (map[string]statement, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+"/api/models/"+p.Repo+"/revision/"+commit+"?blobs=true", nil)
	if err != nil {
		return nil, err
	}
	if p.Token != "" {
		req.Header.Set("Authorization", "Bearer "+p.Token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the hub answered %s", resp.Status)
	}
	var info struct {
		Siblings []struct {
			Name string `json:"rfilename"`
			Size int64  `json:"size"`
			Blob string `json:"blobId"`
			LFS  *struct {
				SHA256 string `json:"sha256"`
			} `json:"lfs"`
		} `json:"siblings"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxInfo)).Decode(&info); err != nil {
		return nil, fmt.Errorf("read the hub's list of files: %w", err)
	}
	stated := map[string]statement{}
	for _, s := range info.Siblings {
		switch {
		case s.LFS != nil && s.LFS.SHA256 != "":
			stated[s.Name] = statement{size: s.Size, sha256: s.LFS.SHA256}
		case s.Blob != "":
			stated[s.Name] = statement{size: s.Size, blob: s.Blob}
		}
	}
	return stated, nil
}

// check returns an error that matches ErrDamaged when the file at path is not the one stated.
func (s statement) check(path string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	if info.Size() != s.size {
		return fmt.Errorf("%w: it has %d bytes, the hub says %d", ErrDamaged, info.Size(), s.size)
	}
	var h hash.Hash
	want := s.sha256
	if want != "" {
		h = sha256.New()
	} else {
		h, want = sha1.New(), s.blob
		fmt.Fprintf(h, "blob %d\x00", s.size)
	}
	if _, err := io.Copy(h, in); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		return fmt.Errorf("%w: its hash is %s, the hub says %s", ErrDamaged, got, want)
	}
	return nil
}

// place copies the files into a folder that appears whole or not at all.
func (p *puller) place(ctx context.Context, paths map[string]string) error {
	dest, err := filepath.Abs(p.Dest)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dest), 0o755); err != nil {
		return err
	}
	scratch, err := os.MkdirTemp(filepath.Dir(dest), ".pull-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	for name, from := range paths {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := copyFile(from, filepath.Join(scratch, name)); err != nil {
			return err
		}
	}
	if err := os.Chmod(scratch, 0o755); err != nil {
		return err
	}
	if ctx.Err() != nil { // Pull has returned already
		return context.Cause(ctx)
	}
	if err := os.Rename(scratch, dest); err != nil {
		return fmt.Errorf("make folder %s, which must not exist or be empty: %w", dest, err)
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
