package feed

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"yingda/analytics"
	"yingda/dialogue"
)

// parses takes packs in. They are refused if they are not what comes next: the sender then asks from where on to send.
func (r *Receiver) parses(rw http.ResponseWriter, req *http.Request) {
	q := req.URL.Query()
	after, err := strconv.ParseUint(q.Get("after"), 10, 64)
	through, err2 := strconv.ParseUint(q.Get("through"), 10, 64)
	if err := errors.Join(err, err2); err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	if have := r.w.Parses(); q.Get("boot") != r.boot || after != have.Position {
		http.Error(rw, fmt.Sprintf("packs after %d are wanted", have.Position), http.StatusConflict)
		return
	}
	rows, err := readPacks(http.MaxBytesReader(rw, req.Body, maxBody), func(why error) {
		r.refused.Add(1)
		r.log.Error("a pack of parses was refused", "after", after, "through", through, "error", why)
	})
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	if err := r.w.TakeParses(req.Context(), rows, analytics.PackMark{Position: through, Pack: q.Get("pack")}); err != nil {
		r.fail(rw, err)
		return
	}
	r.onEvents()
	r.answer(rw)
}

func (r *Receiver) parsesAgain(rw http.ResponseWriter, req *http.Request) {
	if err := r.w.ParsesAgain(req.Context()); err != nil {
		r.fail(rw, err)
		return
	}
	r.answer(rw)
}

// packLine is a pack on its way.
type packLine struct {
	Seq  uint64               `json:"seq"`
	Pack *dialogue.ParsedPack `json:"pack"`
}

// readPacks makes rows of lines. Those that are no packs are left out and handed to refuse.
func readPacks(from io.Reader, refuse func(why error)) (*analytics.ParseRows, error) {
	rows := &analytics.ParseRows{}
	lines := bufio.NewScanner(from)
	lines.Buffer(make([]byte, 0, 64<<10), maxBody)
	for n := 1; lines.Scan(); n++ {
		var l packLine
		err := json.Unmarshal(lines.Bytes(), &l)
		if err == nil && (l.Pack == nil || l.Seq == 0 || l.Seq > 1<<50) {
			err = errors.New("no pack with a sequence")
		}
		if err != nil {
			refuse(fmt.Errorf("line %d: %w", n, err))
			continue
		}
		rows.Add(l.Seq, l.Pack)
	}
	return rows, lines.Err()
}
