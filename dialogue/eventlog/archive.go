package eventlog

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A backup is a folder, or a tar file with the same files in it:
//
//	documents-000001.part …   messages of the streams, at most a few MiB a file
//	turns-000001.part …
//	checkpoints-000001.part …
//	keys-000001.part …
//	manifest.json             names, sizes and SHA-256 of all parts, in order; written last
//
// A part is "YDB1\n" and messages: uvarint sequence, varint time (Unix ns), uvarint length and bytes of the subject, the same of the data.
const (
	partMagic    = "YDB1\n"
	partBytes    = 8 << 20
	manifestName = "manifest.json"
	backupFormat = "yingda-backup-1"
)

// Manifest describes a backup.
type Manifest struct {
	Format    string            `json:"format"`
	Created   time.Time         `json:"created"`
	Turns     uint64            `json:"turns"` // events; their sequences are 1 to Turns
	Chain     string            `json:"chain"` // hash over all of them, hex
	Documents uint64            `json:"documents"`
	Keys      uint64            `json:"keys"`
	Consumers map[string]uint64 `json:"consumers,omitempty"` // by name: all events up to this one were taken
	Parts     []Part            `json:"parts"`
}

// Part is a file of a backup.
type Part struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// sink takes the files of a backup in order.
type sink interface {
	file(name string, data []byte) error
}

// tarSink writes a tar stream.
type tarSink struct {
	w   *tar.Writer
	now time.Time
}

func (s tarSink) file(name string, data []byte) error {
	h := &tar.Header{Name: name, Mode: 0o600, Size: int64(len(data)), ModTime: s.now, Format: tar.FormatPAX}
	if err := s.w.WriteHeader(h); err != nil {
		return err
	}
	_, err := s.w.Write(data)
	return err
}

// dirSink writes files that survive a power cut.
type dirSink struct{ dir string }

func (s dirSink) file(name string, data []byte) error {
	f, err := os.OpenFile(filepath.Join(s.dir, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// partWriter cuts a stream of messages into parts.
type partWriter struct {
	sink     sink
	manifest *Manifest
	stream   string
	n        int
	buf      []byte
}

func (p *partWriter) add(m message) error {
	if p.buf == nil {
		p.buf = append(make([]byte, 0, partBytes+partBytes/8), partMagic...)
	}
	p.buf = appendMessage(p.buf, m)
	if len(p.buf) >= partBytes {
		return p.flush()
	}
	return nil
}

func (p *partWriter) flush() error {
	if p.buf == nil {
		return nil
	}
	p.n++
	name := fmt.Sprintf("%s-%06d.part", p.stream, p.n)
	sum := sha256.Sum256(p.buf)
	p.manifest.Parts = append(p.manifest.Parts, Part{name, int64(len(p.buf)), hex.EncodeToString(sum[:])})
	err := p.sink.file(name, p.buf)
	p.buf = nil
	return err
}

func appendMessage(b []byte, m message) []byte {
	b = binary.AppendUvarint(b, m.seq)
	b = binary.AppendVarint(b, m.time.UnixNano())
	b = binary.AppendUvarint(b, uint64(len(m.subject)))
	b = append(b, m.subject...)
	b = binary.AppendUvarint(b, uint64(len(m.data)))
	return append(b, m.data...)
}

// readPart calls fn for each message of a part.
func readPart(b []byte, fn func(message) error) error {
	rest, ok := strings.CutPrefix(string(b), partMagic)
	if !ok {
		return fmt.Errorf("%w: not a part of a backup", ErrDamaged)
	}
	b = []byte(rest)
	for len(b) > 0 {
		m, n, err := parseMessage(b)
		if err != nil {
			return err
		}
		b = b[n:]
		if err := fn(m); err != nil {
			return err
		}
	}
	return nil
}

func parseMessage(b []byte) (m message, used int, err error) {
	cut := fmt.Errorf("%w: a message that is cut off", ErrDamaged)
	seq, n := binary.Uvarint(b)
	if n <= 0 {
		return m, 0, cut
	}
	used += n
	at, n := binary.Varint(b[used:])
	if n <= 0 {
		return m, 0, cut
	}
	used += n
	var fields [2][]byte
	for i := range fields {
		size, n := binary.Uvarint(b[used:])
		if n <= 0 || size > uint64(len(b)-used-n) {
			return m, 0, cut
		}
		used += n
		fields[i] = b[used : used+int(size)]
		used += int(size)
	}
	return message{string(fields[0]), seq, time.Unix(0, at).UTC(), fields[1]}, used, nil
}

// source reads the files of a backup in order, whether folder or tar.
type source struct {
	path     string
	manifest Manifest
}

// openSource reads the manifest and checks every part against it.
func openSource(path string) (*source, error) {
	s := &source{path: path}
	sums := map[string]Part{}
	err := s.files(func(name string, data []byte) error {
		if name == manifestName {
			if err := json.Unmarshal(data, &s.manifest); err != nil {
				return fmt.Errorf("%w: %s: %w", ErrDamaged, manifestName, err)
			}
			return nil
		}
		sum := sha256.Sum256(data)
		sums[name] = Part{name, int64(len(data)), hex.EncodeToString(sum[:])}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if s.manifest.Format != backupFormat {
		return nil, fmt.Errorf("%s is no complete backup: %s is missing or of format %q, want %q", path, manifestName, s.manifest.Format, backupFormat)
	}
	for _, p := range s.manifest.Parts {
		if sums[p.Name] != p {
			return nil, fmt.Errorf("%w: %s of the backup is not what the manifest says", ErrDamaged, p.Name)
		}
		delete(sums, p.Name)
	}
	for name := range sums {
		return nil, fmt.Errorf("%w: %s is not in the manifest", ErrDamaged, name)
	}
	return s, nil
}

// messages calls fn for each message of a stream's parts. What is read is checked again: the files may have changed.
func (s *source) messages(stream string, fn func(message) error) error {
	want := map[string]Part{}
	for _, p := range s.manifest.Parts {
		want[p.Name] = p
	}
	return s.files(func(name string, data []byte) error {
		if !strings.HasPrefix(name, stream+"-") {
			return nil
		}
		if sum := sha256.Sum256(data); want[name].SHA256 != hex.EncodeToString(sum[:]) {
			return fmt.Errorf("%w: %s changed while it was read", ErrDamaged, name)
		}
		if err := readPart(data, fn); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
}

const maxPart = 64 << 20

// files calls fn for each file in order; in a tar the manifest is the last.
func (s *source) files(fn func(name string, data []byte) error) error {
	info, err := os.Stat(s.path)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return s.dirFiles(fn)
	}
	f, err := os.Open(s.path)
	if err != nil {
		return err
	}
	defer f.Close()
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %s is not a readable tar file: %w", ErrDamaged, s.path, err)
		}
		if h.Typeflag != tar.TypeReg || h.Size > maxPart {
			return fmt.Errorf("%w: %s in %s", ErrDamaged, h.Name, s.path)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return fmt.Errorf("%w: %s in %s: %w", ErrDamaged, h.Name, s.path, err)
		}
		if err := fn(h.Name, data); err != nil {
			return err
		}
	}
}

func (s *source) dirFiles(fn func(name string, data []byte) error) error {
	entries, err := os.ReadDir(s.path) // sorted
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() != manifestName && !strings.HasSuffix(e.Name(), ".part") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(s.path, e.Name()))
		if err != nil {
			return err
		}
		if err := fn(e.Name(), data); err != nil {
			return err
		}
	}
	return nil
}
