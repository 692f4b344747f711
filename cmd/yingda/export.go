package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"yingda/analytics/deliver"
	"yingda/analytics/warehouse"
	"yingda/analytics/web"
)

// deliverName is the configuration of deliveries in the folder of analytics.
const deliverName = "deliver.yaml"

const exportHelp = `Writes records of finished conversations as Parquet or CSV into DIR/exports, by the exports of DIR/deliver.yaml, and shows how deliveries do.
'yingda analyse' (which 'yingda serve' starts) does the same by itself each day and sends the records to webhooks. See docs/analytics/crm.md.

  yingda export                                          how webhooks do, and which files there are
  yingda export daily --from 2026-03-01 --to 2026-04-01  write the days of March of the export "daily"
  yingda export --dead crm                               records that the webhook "crm" did not take in time
  yingda export --resend crm                             send them again`

type exportFlags struct {
	dir, tenant, from, to, dead, resend string
}

func (f *exportFlags) register(fs *flag.FlagSet) {
	registerAnalyticsDir(fs, &f.dir)
	fs.StringVar(&f.tenant, "tenant", "default", "whose conversations")
	fs.StringVar(&f.from, "from", "", "first `day` (default: yesterday)")
	fs.StringVar(&f.to, "to", "", "`day` after the last one (default: today)")
	fs.StringVar(&f.dead, "dead", "", "list what this `webhook` did not take in time")
	fs.StringVar(&f.resend, "resend", "", "send what this `webhook` did not take in time again")
}

func runExport(ctx context.Context, args []string, std stdio) (err error) {
	fs := newFlags(std, "export", "[NAME]", exportHelp)
	var f exportFlags
	f.register(fs)
	words, err := parseWords(fs, args)
	if err != nil {
		return err
	}
	if len(words) > 1 {
		fs.Usage()
		return errUsage
	}
	ask, done, err := f.reach(ctx, std)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	switch {
	case f.dead != "":
		return f.print(ctx, ask, http.MethodGet, "/v1/exports/webhooks/"+f.dead+"/dead", nil, std)
	case f.resend != "":
		return f.print(ctx, ask, http.MethodPost, "/v1/exports/webhooks/"+f.resend+"/resend", struct{}{}, std)
	case len(words) == 0:
		return f.print(ctx, ask, http.MethodGet, "/v1/exports", nil, std)
	}
	now := time.Now()
	if f.from == "" {
		f.from = now.AddDate(0, 0, -1).Format(time.DateOnly)
	}
	if f.to == "" {
		f.to = now.Format(time.DateOnly)
	}
	return f.print(ctx, ask, http.MethodPost, "/v1/exports/"+words[0], map[string]string{"from": f.from, "to": f.to}, std)
}

// reach returns what answers requests: the process that has the warehouse open, or this one.
func (f *exportFlags) reach(ctx context.Context, std stdio) (http.RoundTripper, func() error, error) {
	log := newLogger(std.err, slog.LevelWarn)
	w, err := warehouse.Open(ctx, warehouse.Options{Dir: f.dir, Log: log})
	if errors.Is(err, warehouse.ErrInUse) {
		return socketClient(f.dir).Transport, func() error { return nil }, nil
	} else if err != nil {
		return nil, nil, err
	}
	d, err := openDeliverer(f.dir, w, 0, log)
	if err == nil && d == nil {
		err = fmt.Errorf("there is no %s: docs/analytics/crm.md shows one", filepath.Join(f.dir, deliverName))
	}
	if err != nil {
		return nil, nil, errors.Join(err, w.Close())
	}
	return handlerTransport{web.New(web.Options{Log: log, Exports: d})}, func() error { return errors.Join(d.Close(), w.Close()) }, nil
}

func (f *exportFlags) print(ctx context.Context, rt http.RoundTripper, method, path string, body any, std stdio) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, socketURL+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	req.Header.Set(web.TenantHeader, f.tenant)
	req.Header.Set(web.ActorHeader, "cli")
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var answer struct {
		Detail   string           `json:"detail"`
		Files    []deliver.File   `json:"files"`
		Webhooks []deliver.Status `json:"webhooks"`
		Dead     []deliver.Dead   `json:"dead"`
		Resent   *int             `json:"resent"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return fmt.Errorf("export: %s: %w", resp.Status, err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("export: %s", answer.Detail)
	}
	t := tabwriter.NewWriter(std.out, 0, 4, 2, ' ', 0)
	for _, s := range answer.Webhooks {
		fmt.Fprintf(t, "webhook %s\t%d waiting\t%d sent\t%d given up\t%s\n", s.Name, s.Waiting, s.Sent, s.Dead, s.Reason)
	}
	for _, x := range answer.Files {
		fmt.Fprintf(t, "%s\t%s\t%d records\t%s\n", x.Export, x.Day, x.Rows, filepath.Join(f.dir, "exports", x.Export, x.Tenant, x.Name))
	}
	for _, x := range answer.Dead {
		fmt.Fprintf(t, "%s\tended %s\t%d attempts\t%s\n", x.ID, x.Ended.Format(time.RFC3339), x.Attempts, x.Reason)
	}
	if answer.Resent != nil {
		fmt.Fprintf(t, "%d records wait again\n", *answer.Resent)
	}
	return t.Flush()
}

// openDeliverer reads DIR/deliver.yaml; nil without one. keep is for how long the warehouse keeps days, 0 = forever.
func openDeliverer(dir string, w *warehouse.Warehouse, keep time.Duration, log *slog.Logger) (*deliver.Deliverer, error) {
	path := filepath.Join(dir, deliverName)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	c, err := deliver.ParseConfig(path, raw, secretOf)
	if err != nil {
		return nil, err
	}
	return deliver.New(deliver.Options{Config: c, Dir: dir, Querier: w, Keep: keep, Seed: uint64(time.Now().UnixNano()), Log: log})
}

// startDeliveries runs what DIR/deliver.yaml says until ctx is done; wait for done then. A fault in it is said, and does not stop analytics.
func startDeliveries(ctx context.Context, dir string, w *warehouse.Warehouse, keep time.Duration, log *slog.Logger) (d *deliver.Deliverer, done <-chan struct{}) {
	ended := make(chan struct{})
	d, err := openDeliverer(dir, w, keep, log)
	if err != nil {
		log.Error("nothing is delivered or exported", "error", err)
		d = nil
	}
	go func() {
		defer close(ended)
		if d == nil {
			return
		}
		if err := errors.Join(d.Run(ctx), d.Close()); err != nil {
			log.Error("deliveries", "error", err)
		}
	}()
	return d, ended
}
