package server

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
)

// buffers are reused for bodies and answers. Large ones are left to the collector so that one big request does not stay in memory.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

const keepBuffer = 256 << 10

func getBuffer() *bytes.Buffer { return buffers.Get().(*bytes.Buffer) }

func putBuffer(b *bytes.Buffer) {
	if b.Cap() <= keepBuffer {
		b.Reset()
		buffers.Put(b)
	}
}

var gunzips sync.Pool // of *gzip.Reader

// readBody reads a JSON body of at most Limits.BodyBytes, before and after unpacking. The caller gives the buffer back with putBuffer.
// anyType accepts every Content-Type, as Rasa's server does: its users post JSON with curl's default type.
func (s *Server) readBody(c *gin.Context, anyType bool) (*bytes.Buffer, error) {
	r, limit := c.Request, int64(s.limits.BodyBytes)
	if err := checkType(r.Header.Get("Content-Type")); err != nil && !anyType {
		return nil, err
	}
	zipped := false
	switch enc := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))); enc {
	case "", "identity":
	case "gzip", "x-gzip":
		zipped = true
	default:
		return nil, newFault(CodeUnsupportedEncoding, "Content-Encoding %s is not supported: send the body plain or with gzip.", quote(enc))
	}
	if r.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	buf := getBuffer()
	// MaxBytesReader makes the server close the connection instead of reading the rest of an endless body.
	body := http.MaxBytesReader(c.Writer, r.Body, limit)
	var err error
	if zipped {
		err = unzip(buf, body, limit)
	} else {
		_, err = buf.ReadFrom(body)
	}
	if err != nil {
		putBuffer(buf)
		return nil, s.bodyFault(c, err)
	}
	return buf, nil
}

// bodyFault tells why a body could not be read.
func (s *Server) bodyFault(c *gin.Context, err error) error {
	var large *http.MaxBytesError
	var network net.Error
	var f *fault
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &large):
		return tooLarge(large.Limit)
	case errors.As(err, &network) && network.Timeout():
		return newFault(CodeBodyTimeout, "The body did not arrive within %s: send it again over a faster connection.", s.limits.BodyTimeout)
	case c.Request.Context().Err() != nil, errors.Is(err, io.ErrUnexpectedEOF):
		return context.Canceled
	}
	return newFault(CodeInvalidJSON, "The body could not be read to its end: send it again with a right Content-Length or chunk sizes.")
}

func tooLarge(limit int64) error {
	return newFault(CodeBodyTooLarge, "The body has more than %d bytes (after unpacking, if it is compressed): send several smaller requests.", limit)
}

// unzip unpacks at most limit bytes, so a small body that unpacks to gigabytes costs no more than an honest one.
func unzip(dst *bytes.Buffer, src io.Reader, limit int64) error {
	zr, _ := gunzips.Get().(*gzip.Reader)
	var err error
	if zr == nil {
		zr, err = gzip.NewReader(src)
	} else {
		err = zr.Reset(src)
	}
	if zr != nil {
		defer gunzips.Put(zr)
	}
	if err == nil {
		_, err = dst.ReadFrom(io.LimitReader(zr, limit+1))
	}
	if errors.Is(err, io.EOF) && dst.Len() == 0 {
		return newFault(CodeEmptyBody, `The body is empty: send a gzipped JSON object such as {"text": "…"}.`)
	}
	var network net.Error
	var large *http.MaxBytesError
	switch {
	case int64(dst.Len()) > limit:
		return tooLarge(limit)
	case err == nil, errors.As(err, &network), errors.As(err, &large):
		return err
	}
	return newFault(CodeBadGzip, "The body is not whole, valid gzip although Content-Encoding says so: compress it again or send it plain.")
}

// checkType accepts JSON in UTF-8, and a missing type: then JSON is meant.
func checkType(header string) error {
	if header == "" || header == "application/json" {
		return nil
	}
	kind, params, err := mime.ParseMediaType(header)
	if err != nil || kind != "application/json" && !strings.HasSuffix(kind, "+json") {
		return newFault(CodeUnsupportedType, "Content-Type %s is not supported: send application/json.", quote(header))
	}
	if cs := params["charset"]; cs != "" && !strings.EqualFold(cs, "utf-8") && !strings.EqualFold(cs, "utf8") {
		return newFault(CodeUnsupportedType, "The charset %s is not supported: send the JSON in UTF-8.", quote(cs))
	}
	return nil
}

// deadline bounds the time for the answer: the limit d, or what the caller asks for when that is less.
func (s *Server) deadline(c *gin.Context, d time.Duration) (context.Context, context.CancelFunc, error) {
	if h := c.Request.Header.Get("X-Timeout-Ms"); h != "" {
		ms, err := strconv.ParseInt(h, 10, 32)
		if err != nil || ms < 1 {
			return nil, nil, newFault(CodeBadTimeout, "X-Timeout-Ms is %s: send whole milliseconds, 1 or more, or leave the header out.", quote(h))
		}
		d = min(d, time.Duration(ms)*time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), d)
	return ctx, cancel, nil
}

// unhurried lifts the limit on the time for reading once the request was read: net/http takes its end for the caller's leaving, and the
// answer may take longer.
func unhurried(c *gin.Context) {
	_ = http.NewResponseController(c.Writer).SetReadDeadline(time.Time{}) // a writer without deadlines has no limit to lift
}
