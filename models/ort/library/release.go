package library

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

const (
	connectTimeout = 5 * time.Second  // without a route, the next source should get its turn soon
	stallTimeout   = 30 * time.Second // without a byte
	maxArchive     = 1 << 30
	fetchTries     = 4
)

func releaseClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: connectTimeout}).DialContext,
			TLSHandshakeTimeout:   2 * connectTimeout,
			ResponseHeaderTimeout: stallTimeout,
			ForceAttemptHTTP2:     true,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if r.URL.Scheme != "https" || len(via) > 5 {
				return fmt.Errorf("refusing to be sent to %s", r.URL.Redacted())
			}
			return nil
		},
	}
}

// fromRelease fetches the official archive. What was fetched of it stays in the cache when the process dies, and is continued.
func (f *finder) fromRelease(ctx context.Context, scratch string) (delivery, error) {
	name := f.platform().archive
	if name == "" {
		return delivery{}, f.unpublished()
	}
	library := "libonnxruntime.so." + f.pins.version
	if f.goos == "darwin" {
		library = "libonnxruntime." + f.pins.version + ".dylib"
	}
	archive := filepath.Join(f.Cache, name+".tgz")
	if err := f.fetch(ctx, f.pins.releases+"/v"+f.pins.version+"/"+name+".tgz", archive); err != nil {
		return delivery{}, err
	}
	defer os.Remove(archive)
	d := delivery{path: filepath.Join(scratch, fileName(f.goos)), version: f.pins.version}
	return d, untarOne(archive, name+"/lib/"+library, d.path)
}

// fetch downloads url to path over path.part. A connection that broke is taken up again where it ended; one that cannot be
// made is not tried twice.
func (f *finder) fetch(ctx context.Context, url, path string) error {
	var err error
	for try := range fetchTries {
		if try > 0 {
			f.out.printf("Connection broke (%v); continuing", err)
		}
		var again bool
		if again, err = f.fetchOnce(ctx, url, path+".part"); err == nil {
			return os.Rename(path+".part", path)
		}
		if !again || ctx.Err() != nil {
			break
		}
	}
	return fmt.Errorf("fetch %s: %w", filepath.Base(path), err)
}

// fetchOnce appends to part what is missing. again reports whether it got some of it, so that another try is worth its time.
func (f *finder) fetchOnce(ctx context.Context, url, part string) (again bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false, err
	}
	have := resumable(part, req)
	resp, err := f.client.Do(req)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	flags := os.O_WRONLY | os.O_CREATE | os.O_APPEND
	switch resp.StatusCode {
	case http.StatusPartialContent:
	case http.StatusOK:
		have, flags = 0, flags|os.O_TRUNC
		_ = os.WriteFile(part+".etag", []byte(resp.Header.Get("ETag")), 0o644) // without it, the next try begins anew
	default:
		_ = os.Remove(part) // whatever it was, it does not fit
		return false, fmt.Errorf("the server answered %s", resp.Status)
	}
	out, err := os.OpenFile(part, flags, 0o644)
	if err != nil {
		return false, err
	}
	n, err := f.copyBody(out, resp, have, cancel)
	if err = errors.Join(err, out.Close()); err == nil {
		_ = os.Remove(part + ".etag") // a leftover does no harm
	} else if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return n > 0, err
}

// resumable asks for the rest of part if it is known which version of the file it belongs to.
func resumable(part string, req *http.Request) int64 {
	etag, err := os.ReadFile(part + ".etag")
	info, statErr := os.Stat(part)
	if err != nil || statErr != nil || len(etag) < 3 || etag[0] != '"' || info.Size() == 0 {
		return 0
	}
	req.Header.Set("Range", fmt.Sprintf("bytes=%d-", info.Size()))
	req.Header.Set("If-Range", string(etag))
	return info.Size()
}

// copyBody shows progress and gives up on a connection that stalls.
func (f *finder) copyBody(out io.Writer, resp *http.Response, have int64, cancel context.CancelCauseFunc) (int64, error) {
	total := int64(0)
	if resp.ContentLength > 0 {
		total = have + resp.ContentLength
	}
	if total > maxArchive {
		return 0, fmt.Errorf("the archive has %d bytes, which is not plausible", total)
	}
	b := f.out.bar("onnxruntime release", total)
	defer b.end()
	stall := time.AfterFunc(stallTimeout, func() { cancel(fmt.Errorf("no data for %v", stallTimeout)) })
	defer stall.Stop()
	n := int64(0)
	return io.Copy(io.MultiWriter(out, writerFunc(func(p []byte) (int, error) {
		stall.Reset(stallTimeout)
		n += int64(len(p))
		b.set(have + n)
		if have+n > maxArchive {
			return 0, errors.New("the archive does not end")
		}
		return len(p), nil
	})), resp.Body)
}

type writerFunc func([]byte) (int, error)

func (w writerFunc) Write(p []byte) (int, error) { return w(p) }
