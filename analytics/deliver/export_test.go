package deliver_test

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/parquet/file"

	"yingda/analytics/deliver"
)

const exports = "version: 1\nexports:\n- {name: daily, zone: Asia/Shanghai}\n- {name: sheet, format: csv, texts: true}\n"

func mustDeliverer(tb testing.TB, dir string) *deliver.Deliverer {
	tb.Helper()
	d, err := deliver.New(deliver.Options{Config: mustConfig(tb, exports), Dir: dir, Querier: mustWarehouse(tb), Now: func() time.Time { return end }})
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func TestExport(t *testing.T) {
	d, ctx := mustDeliverer(t, t.TempDir()), context.Background()
	from := time.Date(2025, 10, 30, 0, 0, 0, 0, time.UTC)
	rows := map[string]int{}
	for _, name := range []string{"daily", "sheet"} {
		files, err := d.Export(ctx, name, "", from, end.AddDate(0, 0, 1))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			rows[name] += f.Rows
			in, _, err := d.Open("default", name, f.Name)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := io.ReadAll(in)
			in.Close()
			if err != nil {
				t.Fatal(err)
			}
			if h := sha256.Sum256(raw); hex.EncodeToString(h[:]) != f.SHA256 || int64(len(raw)) != f.Bytes {
				t.Errorf("%s is not what its manifest says", f.Name)
			}
			checkRows(t, f, raw)
		}
	}
	if want := int(truth.Total.Sessions); rows["daily"] != want || rows["sheet"] != want {
		t.Errorf("rows %v, want %d", rows, want)
	}
	again, err := d.Export(ctx, "daily", "default", from, end)
	if err != nil {
		t.Fatal(err)
	}
	listed, err := d.Files("default")
	if err != nil || len(listed) < len(again) || len(again) < 14 {
		t.Errorf("%d listed, %d written again, %v", len(listed), len(again), err)
	}
	if other, err := d.Files("other"); err != nil || len(other) != 0 {
		t.Errorf("another tenant sees %v, %v", other, err)
	}
	for _, name := range []string{"../../warehouse.duckdb", "manifest.json", ""} {
		if _, _, err := d.Open("default", "daily", name); !errors.Is(err, deliver.ErrUnknown) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := d.Export(ctx, "weekly", "", from, end); !errors.Is(err, deliver.ErrUnknown) {
		t.Errorf("got %v", err)
	}
}

func checkRows(t *testing.T, f deliver.File, raw []byte) {
	t.Helper()
	if strings.HasSuffix(f.Name, ".csv") {
		recs, err := csv.NewReader(strings.NewReader(string(raw))).ReadAll()
		if err != nil || len(recs) != f.Rows+1 || recs[0][0] != "id" {
			t.Errorf("%s: %d lines, %v; want %d", f.Name, len(recs), err, f.Rows+1)
		}
		return
	}
	r, err := file.NewParquetReader(strings.NewReader(string(raw)))
	if err != nil || int(r.NumRows()) != f.Rows {
		t.Errorf("%s: %v rows, %v; want %d", f.Name, r.NumRows(), err, f.Rows)
	}
}

// TestExport_Repairs: a file that went missing is written again, a damaged manifest is said so, what a crash left is overwritten.
func TestExport_Repairs(t *testing.T) {
	dir := t.TempDir()
	d, ctx := mustDeliverer(t, dir), context.Background()
	from := time.Date(2025, 11, 5, 0, 0, 0, 0, time.UTC)
	files, err := d.Export(ctx, "daily", "", from, from.AddDate(0, 0, 1))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	path := filepath.Join(dir, "exports", "daily", "default", files[0].Name)
	if err := errors.Join(os.Remove(path), os.WriteFile(path+".tmp", []byte("half"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Export(ctx, "daily", "", from, from.AddDate(0, 0, 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
	manifest := filepath.Join(filepath.Dir(path), "manifest.json")
	if err := os.WriteFile(manifest, []byte(`[{"file": `), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Export(ctx, "daily", "", from, from.AddDate(0, 0, 1)); err == nil || !strings.Contains(err.Error(), manifest) {
		t.Errorf("got %v", err)
	}
}

// TestRun_Exports: the schedule writes what is missing of the last days by itself.
func TestRun_Exports(t *testing.T) {
	dir := t.TempDir()
	c := newClock(1)
	c.start = c.start.Add(36 * time.Hour) // the clock stands within the demo data
	_, stop := start(t, dir, exports, mustWarehouse(t), c)
	defer stop()
	waitFor(t, "an export", func() bool {
		files, _ := filepath.Glob(filepath.Join(dir, "exports", "*", "default", "2025-11-1*.*"))
		return len(files) >= 4
	})
}

func TestParseConfig_Err(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "empty",
		"version: 2":                       "version",
		"version: 1\nwebhook: []":          "webhook",
		"version: 1\nexports: [{name: A}]": "name",
		"version: 1\nexports: [{name: a}, {name: a}]":                                                        "twice",
		"version: 1\nexports: [{name: a, format: xls}]":                                                      "format",
		"version: 1\nexports: [{name: a, at: noon}]":                                                         "at",
		"version: 1\nexports: [{name: a, zone: Here}]":                                                       "zone",
		"version: 1\nwebhooks: [{name: a, secret: s, url: 'http://example.com'}]":                            "url",
		"version: 1\nwebhooks: [{name: a, secret: s, url: 'https://10.0.0.1/x'}]":                            "url",
		"version: 1\nwebhooks: [{name: a, secret: s, url: 'https://169.254.169.254/', allow: [0.0.0.0/0]}]":  "url",
		"version: 1\nwebhooks: [{name: a, url: 'https://example.com'}]":                                      "secret",
		"version: 1\nwebhooks: [{name: a, secret: missing, url: 'https://example.com'}]":                     "secret",
		"version: 1\nwebhooks: [{name: a, secret: s, url: 'https://example.com', timeout: 1h}]":              "timeout",
		"version: 1\nwebhooks: [{name: a, secret: s, url: 'https://example.com', concurrency: -1}]":          "concurrency",
		"version: 1\nwebhooks: [{name: a, secret: s, url: 'https://example.com', since: yesterday}]":         "since",
		"version: 1\nwebhooks: [{name: a, secret: s, url: 'https://example.com', headers: {webhook-id: x}}]": "webhook-id",
	} {
		_, err := deliver.ParseConfig("deliver.yaml", []byte(text), func(name string) (string, error) {
			if name == "missing" {
				return "", os.ErrNotExist
			}
			return secret, nil
		})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "deliver.yaml") {
			t.Errorf("%q: got %v, want something about %q", text, err, want)
		}
	}
}

func FuzzParseConfig(f *testing.F) {
	f.Add([]byte(exports))
	f.Add([]byte("version: 1\nwebhooks: [{name: a, secret: s, url: 'https://example.com', timeout: 1h}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := deliver.ParseConfig("f", data, func(string) (string, error) { return secret, nil })
		if err != nil {
			return
		}
		for _, w := range c.Webhooks {
			if w.Timeout <= 0 || w.Concurrency <= 0 || w.DeadAfter <= 0 {
				t.Errorf("accepted without bounds: %+v", w)
			}
		}
	})
}
