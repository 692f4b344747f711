package intake

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"yingda/dialogue"
)

// ImportPath is where [Handler] is mounted on the socket of the analytics process.
const ImportPath = "/internal/import"

// remoteBody bounds what is sent at once.
const remoteBody = 64 << 20

// wireEvent is an event on its way; its sequence is no part of its JSON.
type wireEvent struct {
	Seq   uint64          `json:"seq"`
	Event *dialogue.Event `json:"event"`
}

// Remote is an Ingest that hands events to the process which has the warehouse open.
func Remote(client *http.Client, base string) func(ctx context.Context, evs []dialogue.Event) error {
	return func(ctx context.Context, evs []dialogue.Event) error {
		var body bytes.Buffer
		enc := json.NewEncoder(&body)
		for i := range evs {
			if err := enc.Encode(wireEvent{evs[i].Seq, &evs[i]}); err != nil {
				return err
			}
			if body.Len() > remoteBody/2 || i == len(evs)-1 {
				if err := post(ctx, client, base+ImportPath, &body); err != nil {
					return err
				}
				body.Reset()
			}
		}
		return nil
	}
}

func post(ctx context.Context, client *http.Client, url string, body io.Reader) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	if err == nil && resp.StatusCode != http.StatusNoContent {
		err = fmt.Errorf("the analytics process says %s: %s", resp.Status, bytes.TrimSpace(text))
	}
	return err
}

// Handler takes events from [Remote] into a warehouse. changed, which may be nil, is called after each batch.
func Handler(ingest func(context.Context, []dialogue.Event) error, changed func()) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		in := bufio.NewReaderSize(http.MaxBytesReader(rw, r.Body, remoteBody), 1<<20)
		dec := json.NewDecoder(in)
		var evs []dialogue.Event
		for {
			var l wireEvent
			if err := dec.Decode(&l); errors.Is(err, io.EOF) {
				break
			} else if err != nil || l.Event == nil || !hasBody(l.Event) {
				http.Error(rw, fmt.Sprintf("line %d is no event: %v", len(evs)+1, err), http.StatusBadRequest)
				return
			}
			l.Event.Seq = l.Seq
			evs = append(evs, *l.Event)
		}
		if err := ingest(r.Context(), evs); err != nil {
			http.Error(rw, err.Error(), http.StatusInternalServerError)
			return
		}
		if changed != nil {
			changed()
		}
		rw.WriteHeader(http.StatusNoContent)
	})
}
