package intake

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// Bounds of what is held of a file at once.
const (
	maxLine    = 16 << 20 // bytes of a line or a CSV record
	maxElement = 64 << 20 // bytes of an element of a JSON document
)

// source reads a file's records. next returns io.EOF at the end, a *Refusal for a record that cannot be read where the next one can, and any
// other error where none can.
type source interface {
	next() (*row, error)
	close() error
}

// meter counts the bytes of the file that were read, for progress.
type meter struct {
	r    io.Reader
	read *atomic.Int64
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.read.Add(int64(n))
	return n, err
}

// open opens a file for its format: unpacked, in UTF-8, without a byte order mark.
func open(path string, m *Mapping, read *atomic.Int64) (source, error) {
	if m.Format == Parquet {
		return openParquet(path, read)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	in, err := plainText(&meter{f, read}, m.Encoding)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	var s source
	if m.Format == CSV {
		s, err = newCSV(in, f, m)
	} else {
		s, err = newJSON(in, f, m.Format)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return s, nil
}

// plainText unpacks and decodes.
func plainText(r io.Reader, encoding string) (*bufio.Reader, error) {
	in := bufio.NewReaderSize(r, 1<<20)
	if head, _ := in.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, err
		}
		in = bufio.NewReaderSize(z, 1<<20)
	}
	if encoding == "gb18030" {
		in = bufio.NewReaderSize(simplifiedchinese.GB18030.NewDecoder().Reader(in), 1<<20)
	}
	if head, _ := in.Peek(3); bytes.Equal(head, []byte("\xef\xbb\xbf")) {
		if _, err := in.Discard(3); err != nil {
			return nil, err
		}
	}
	return in, nil
}

// bounded fails when more is read without a reset than a record may have: one quote too few must not load the rest of a file into memory.
type bounded struct {
	r    io.Reader
	left int
}

var errLong = errors.New("a record is too long: is a quote or a bracket missing?")

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errLong
	}
	n, err := b.r.Read(p[:min(len(p), b.left, 64<<10)])
	b.left -= n
	return n, err
}

// table reads CSV. The first record names the columns.
type table struct {
	f      io.Closer
	bound  *bounded
	r      *csv.Reader
	header []string
	end    error // nothing comes after it
}

func newCSV(in io.Reader, f io.Closer, m *Mapping) (*table, error) {
	t := &table{f: f, bound: &bounded{in, maxLine}}
	t.r = csv.NewReader(t.bound)
	t.r.FieldsPerRecord, t.r.ReuseRecord = -1, false
	if m.Comma != "" {
		t.r.Comma = []rune(m.Comma)[0]
	}
	head, err := t.r.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty: its first line must name the columns")
	} else if err != nil {
		return nil, fmt.Errorf("the first line must name the columns: %w", err)
	}
	seen := map[string]bool{}
	for i, name := range head {
		head[i] = strings.TrimSpace(name)
		if seen[head[i]] && head[i] != "" {
			return nil, fmt.Errorf("the column %q is there twice", head[i])
		}
		seen[head[i]] = true
	}
	t.header = head
	return t, nil
}

func (t *table) next() (*row, error) {
	if t.end != nil {
		return nil, t.end
	}
	t.bound.left = maxLine
	rec, err := t.r.Read()
	var bad *csv.ParseError
	switch {
	case errors.As(err, &bad) && !errors.Is(err, errLong):
		return nil, &Refusal{Line: bad.StartLine, Reason: "it is not CSV: " + bad.Err.Error()}
	case err != nil:
		t.end = err
		return nil, err
	}
	line, _ := t.r.FieldPos(0)
	if len(rec) != len(t.header) {
		return nil, &Refusal{Line: line, Reason: fmt.Sprintf("it has %d fields, the header has %d", len(rec), len(t.header))}
	}
	r := &row{line: line, values: make(map[string]any, len(rec))}
	for i, v := range rec {
		r.values[t.header[i]] = v
	}
	return r, nil
}

func (t *table) close() error { return t.f.Close() }

// newJSON reads JSON Lines, or a document: an array, or objects one after another.
func newJSON(in *bufio.Reader, f io.Closer, format Format) (source, error) {
	head, err := in.Peek(1 << 20)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, err
	}
	head = bytes.TrimLeft(head, " \t\r\n")
	first, _, ends := bytes.Cut(head, []byte("\n"))
	document := len(head) > 0 && (head[0] == '[' || head[0] == '{' && ends && !json.Valid(first) && (json.Valid(head) || opens(first)))
	if document && format != Events {
		return newDocument(in, f)
	}
	return &lines{f: f, in: in, raw: format == Events}, nil
}

// opens tells whether a line begins an object that goes on in the next one, as in a file that is written to be read by people.
func opens(line []byte) bool {
	line = bytes.TrimSpace(line)
	return len(line) > 0 && bytes.ContainsRune([]byte("{[,"), rune(line[len(line)-1]))
}

// lines reads an object a line.
type lines struct {
	f    io.Closer
	in   *bufio.Reader
	line int
	raw  bool
	end  bool
}

func (l *lines) next() (*row, error) {
	for {
		if l.end {
			return nil, io.EOF
		}
		text, long, err := l.read()
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		l.end = err != nil
		switch text = bytes.TrimSpace(text); {
		case long:
			return nil, &Refusal{Line: l.line, Reason: fmt.Sprintf("it has more than %d bytes", maxLine)}
		case len(text) == 0:
			continue
		case l.raw:
			return &row{line: l.line, raw: text}, nil
		}
		values, err := object(text)
		if err != nil {
			return nil, &Refusal{Line: l.line, Reason: err.Error()}
		}
		return &row{line: l.line, values: values}, nil
	}
}

// read returns the next line; of one that is too long only that it is.
func (l *lines) read() (text []byte, long bool, err error) {
	l.line++
	for {
		part, err := l.in.ReadSlice('\n')
		if long = long || len(text)+len(part) > maxLine; long {
			text = nil
		} else {
			text = append(text, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return text, long, err
		}
	}
}

func (l *lines) close() error { return l.f.Close() }

// object decodes one JSON object, numbers as they are written.
func object(text []byte) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var values map[string]any
	if err := dec.Decode(&values); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			return nil, errors.New("it is JSON, but no object")
		}
		return nil, fmt.Errorf("it is not JSON (at byte %d)", dec.InputOffset())
	}
	if values == nil {
		return nil, errors.New("it is null")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is something after the object")
	}
	return values, nil
}

// document reads the elements of an array, or objects that follow each other.
type document struct {
	f     io.Closer
	bound *bounded
	dec   *json.Decoder
	array bool
	n     int
	end   error
}

func newDocument(in *bufio.Reader, f io.Closer) (*document, error) {
	d := &document{f: f, bound: &bounded{in, maxElement}}
	for {
		c, err := in.ReadByte()
		if err != nil {
			return nil, err
		}
		if bytes.IndexByte([]byte(" \t\r\n"), c) < 0 {
			d.array = c == '['
			if err := in.UnreadByte(); err != nil {
				return nil, err
			}
			break
		}
	}
	d.dec = json.NewDecoder(d.bound)
	d.dec.UseNumber()
	if d.array {
		if _, err := d.dec.Token(); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func (d *document) next() (*row, error) {
	if d.end != nil {
		return nil, d.end
	}
	d.bound.left = maxElement
	if d.array && !d.dec.More() {
		d.end = io.EOF
		if _, err := d.dec.Token(); err != nil {
			d.end = fmt.Errorf("after element %d: the array does not end: %w", d.n, err)
		}
		return nil, d.end
	}
	d.n++
	var v any
	if err := d.dec.Decode(&v); err != nil {
		if d.end = err; !errors.Is(err, io.EOF) || d.array {
			d.end = fmt.Errorf("element %d: %w", d.n, err)
		}
		return nil, d.end
	}
	values, ok := v.(map[string]any)
	if !ok {
		return nil, &Refusal{Line: d.n, Reason: "it is no object"}
	}
	return &row{line: d.n, values: values}, nil
}

func (d *document) close() error { return d.f.Close() }
