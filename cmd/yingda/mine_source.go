package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"yingda/analytics/mine"
	"yingda/analytics/warehouse"
)

// knownEach is how many texts of an intent stand for it where groups are compared with what is understood.
const knownEach = 30

// mineSource is what a run of mine takes from the warehouse.
type mineSource struct {
	From       time.Time        `json:"from"`
	To         time.Time        `json:"to"`
	Candidates []mine.Candidate `json:"candidates"`
	Known      []mine.Known     `json:"known"`
}

// readMineSource reads candidates of the last days up to the newest event.
func readMineSource(ctx context.Context, w *warehouse.Warehouse, tenant string, days int) (src mineSource, err error) {
	src.To = w.Through().UTC().Truncate(time.Second).Add(time.Second)
	src.From = src.To.AddDate(0, 0, -days)
	if src.Candidates, err = mine.Collect(ctx, w, tenant, src.From, src.To, mine.CollectOptions{}); err != nil {
		return src, err
	}
	src.Known, err = mine.CollectKnown(ctx, w, tenant, src.From, src.To, knownEach)
	return src, err
}

// serveMineSource answers askMineSource in the process that has the folder.
func serveMineSource(w *warehouse.Warehouse, log *slog.Logger) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		days, err := strconv.Atoi(r.FormValue("days"))
		if err != nil || days < 1 {
			http.Error(rw, "days is no number of days", http.StatusBadRequest)
			return
		}
		src, err := readMineSource(r.Context(), w, r.FormValue("tenant"), days)
		if err != nil {
			log.Error("what was not understood was not read", "error", err)
			http.Error(rw, "the warehouse did not answer; its log says why", http.StatusInternalServerError)
			return
		}
		rw.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(rw).Encode(src) // whoever asked may be gone
	}
}

// mineSourceOf asks the process that has the folder, or opens the folder that nobody has.
func mineSourceOf(ctx context.Context, dir, tenant string, days int, log *slog.Logger) (src mineSource, err error) {
	if _, err := os.Stat(filepath.Join(dir, warehouse.FileName)); err != nil {
		return src, fmt.Errorf("there is no warehouse in %s: name the folder of analytics with --dir, or let 'yingda serve' or 'yingda demo-data' make one (%w)", dir, err)
	}
	src, err = askMineSource(ctx, dir, tenant, days)
	if !errors.Is(err, errNobody) {
		return src, err
	}
	w, err := openWarehouse(ctx, warehouse.Options{Dir: dir, Log: log})
	if err != nil {
		return src, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	return readMineSource(ctx, w, tenant, days)
}

func askMineSource(ctx context.Context, dir, tenant string, days int) (src mineSource, err error) {
	err = askAnalytics(ctx, dir, "/internal/candidates?"+url.Values{"tenant": {tenant}, "days": {strconv.Itoa(days)}}.Encode(), &src)
	return src, err
}
