package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"yingda/analytics/warehouse"
	"yingda/training/corpus"
	"yingda/training/retrain"
)

// maxMessages is how many different texts a replay looks at, the most frequent ones.
const maxMessages = 50_000

// messagesQuery counts what customers wrote to the robot. Texts are redacted.
const messagesQuery = `SELECT text, min(lang), count(*) AS n FROM turns
WHERE tenant = ? AND owner = 'robot' AND text <> '' AND ts >= ? AND ts < ? GROUP BY text ORDER BY n DESC, text LIMIT ?`

// messages is where a run gets recent messages from, nil when there is nowhere.
func (c *retrainCommand) messages() func(context.Context, time.Duration) ([]retrain.Message, error) {
	if c.traffic != "" {
		return func(context.Context, time.Duration) ([]retrain.Message, error) { return readMessages(c.traffic) }
	}
	if _, err := os.Stat(filepath.Join(c.dir, warehouse.FileName)); err != nil {
		return nil
	}
	return func(ctx context.Context, since time.Duration) ([]retrain.Message, error) {
		list, err := askMessages(ctx, c.dir, c.tenant, since)
		if errors.Is(err, errNobody) {
			return openMessages(ctx, c.dir, c.tenant, since, newLogger(c.std.err, slog.LevelWarn))
		}
		return list, err
	}
}

// readMessages reads a file of messages.
func readMessages(path string) ([]retrain.Message, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	var list []retrain.Message
	n := 0
	for raw := range bytes.Lines(data) {
		n++
		if len(bytes.TrimSpace(raw)) == 0 {
			continue
		}
		var m retrain.Message
		if err := json.Unmarshal(raw, &m); err != nil {
			return nil, &corpus.Fault{File: path, Line: n, Cause: "not a message: " + err.Error()}
		}
		list = append(list, m)
	}
	return list, nil
}

// askMessages asks the process that has the folder.
func askMessages(ctx context.Context, dir, tenant string, since time.Duration) (list []retrain.Message, err error) {
	err = askAnalytics(ctx, dir, "/internal/messages?"+url.Values{"tenant": {tenant}, "since": {since.String()}}.Encode(), &list)
	return list, err
}

// openMessages reads the warehouse of a folder that nobody else has.
func openMessages(ctx context.Context, dir, tenant string, since time.Duration, log *slog.Logger) (list []retrain.Message, err error) {
	w, err := openWarehouse(ctx, warehouse.Options{Dir: dir, Log: log})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	return recentMessages(ctx, w, tenant, w.Through().Add(-since), w.Through().Add(time.Second))
}

// querier is what recentMessages needs of the warehouse.
type querier interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// recentMessages counts the messages in [from, to).
func recentMessages(ctx context.Context, w querier, tenant string, from, to time.Time) ([]retrain.Message, error) {
	rows, err := w.Query(ctx, messagesQuery, tenant, from.UTC(), to.UTC(), maxMessages)
	if err != nil {
		return nil, fmt.Errorf("read recent messages: %w", err)
	}
	defer rows.Close()
	list := []retrain.Message{}
	for rows.Next() {
		var m retrain.Message
		if err := rows.Scan(&m.Text, &m.Lang, &m.N); err != nil {
			return nil, fmt.Errorf("read recent messages: %w", err)
		}
		list = append(list, m)
	}
	return list, rows.Err()
}

// serveMessages answers askMessages in the process that has the folder.
func serveMessages(w *warehouse.Warehouse, log *slog.Logger) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		since, err := time.ParseDuration(r.FormValue("since"))
		if err != nil || since < 0 {
			http.Error(rw, "since is no span of time", http.StatusBadRequest)
			return
		}
		list, err := recentMessages(r.Context(), w, r.FormValue("tenant"), w.Through().Add(-since), w.Through().Add(time.Second))
		if err != nil {
			log.Error("recent messages were not read", "error", err)
			http.Error(rw, "the warehouse did not answer; its log says why", http.StatusInternalServerError)
			return
		}
		rw.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(rw).Encode(list) // whoever asked may be gone
	}
}

// answers tells how the service pack answers intents.
func (c *retrainCommand) answers(intents []string) ([]retrain.Answer, error) {
	p, err := loadPack(c.service)
	if err != nil {
		return nil, err
	}
	known := map[string]string{}
	for _, e := range p.Knowledge {
		for _, in := range e.Intents {
			known[in] = "knowledge"
		}
	}
	var out []retrain.Answer
	for _, in := range intents {
		a := retrain.Answer{Intent: in, How: known[in]}
		if p.Scripts.Script("answer."+in) != nil {
			a.How = "script"
		}
		if p.Tasks.Task(in) != nil {
			a.How = "task"
		}
		out = append(out, a)
	}
	return out, nil
}
