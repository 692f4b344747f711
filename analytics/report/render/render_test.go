package render_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/rivo/uniseg"

	"yingda/analytics"
	"yingda/analytics/report/render"
	"yingda/nlu"
)

var update = flag.Bool("update", false, "rewrite golden files")

func column(name string, k analytics.Kind, zh, en string) analytics.Column {
	return analytics.Column{Name: name, Kind: k, Title: analytics.Text{ZH: zh, EN: en}, Definition: analytics.Text{ZH: zh + "的定义", EN: "what " + en + " means"}}
}

// sampleReport has every kind of value, and texts that try to be something else.
func sampleReport() *analytics.Report {
	shanghai := time.FixedZone("Asia/Shanghai", 8*3600)
	day := func(d int) time.Time { return time.Date(2026, 3, d, 0, 0, 0, 0, time.UTC) }
	return &analytics.Report{
		Name: "sample", Title: analytics.Text{ZH: "样例报表", EN: "Sample"},
		Filter: analytics.Filter{Tenant: "t1", From: time.Date(2026, 3, 1, 0, 0, 0, 0, shanghai), To: time.Date(2026, 3, 4, 0, 0, 0, 0, shanghai), Zone: shanghai, Channels: []string{"web", "<b>app</b>"}},
		Columns: []analytics.Column{column("day", analytics.Day, "日期", "Day"), column("topic", analytics.Label, "主题", "Topic"), column("turns", analytics.Count, "消息数", "Messages"),
			column("containment", analytics.Share, "自助完成率", "Containment"), column("score", analytics.Number, "平均分", "Score"), column("wait", analytics.Seconds, "等待", "Wait"), column("ms", analytics.Millis, "响应", "Answer")},
		Rows: [][]any{
			{day(1), "=cmd|' /C calc'!A0", int64(1234567), &analytics.Rate{Value: 0.8, Num: 8, N: 10, Low: 0.49, High: 0.943}, &analytics.Mean{Value: 4.5, N: 12, Low: 4.1, High: 4.9}, &analytics.Quantiles{N: 3, P50: 94.2, P90: 5400, P95: 90000, P99: 200000}, 12.25},
			{day(2), "我的订单\x1b[31m到哪里了\n<script>alert(1)</script>", int64(0), &analytics.Rate{}, &analytics.Mean{}, &analytics.Quantiles{}, nil},
			{day(3), "<order_id> 查不到", int64(7), &analytics.Rate{Value: 1, Num: 7, N: 7, Low: 0.646, High: 1}, &analytics.Mean{Value: 3, N: 1, Low: 3, High: 3}, &analytics.Quantiles{N: 1, P50: 1, P90: 1, P95: 1, P99: 1}, 0.004},
		},
		Totals:  [][]any{{nil, nil, int64(1234574), &analytics.Rate{Value: 15.0 / 17, Num: 15, N: 17, Low: 0.657, High: 0.967}, &analytics.Mean{Value: 4.38, N: 13, Low: 3.9, High: 4.8}, nil, nil}},
		Notes:   []analytics.Text{{ZH: "一条说明。", EN: "A note."}},
		Queries: []string{"SELECT '<b>' -- 1 < 2"},
		Charts: []analytics.Chart{
			{Type: "line", Title: analytics.Text{ZH: "每天的自助完成率", EN: "Containment a day"}, X: "day", Y: []string{"containment"}},
			{Type: "bar", Title: analytics.Text{ZH: "各主题", EN: "By topic"}, X: "topic", Y: []string{"containment"}},
			{Type: "stacked", Title: analytics.Text{ZH: "堆叠", EN: "Stacked"}, X: "day", Y: []string{"containment"}, Series: "topic"},
			{Type: "heatmap", Title: analytics.Text{ZH: "热图", EN: "Heatmap"}, X: "topic", Y: []string{"turns"}, Series: "day"},
		},
		Through: time.Date(2026, 3, 4, 1, 2, 3, 0, time.UTC), Taken: time.Date(2026, 3, 4, 2, 0, 0, 0, time.UTC),
	}
}

func mustWrite(tb testing.TB, f render.Format, r *analytics.Report, lang nlu.Lang) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := render.Write(&b, f, r, render.Options{Lang: lang, Links: []render.Link{{Title: "总览", URL: "/v1/reports?a=1&b=2", Here: true}}}); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	for name, c := range map[string]struct {
		f    render.Format
		lang nlu.Lang
	}{"sample.zh.txt": {render.Table, "zh"}, "sample.en.txt": {render.Table, "en"}, "sample.json": {render.JSON, "zh"}, "sample.csv": {render.CSV, "zh"}, "sample.zh.html": {render.HTML, "zh"}, "sample.en.html": {render.HTML, "en"}} {
		t.Run(name, func(t *testing.T) {
			got := mustWrite(t, c.f, sampleReport(), c.lang)
			path := filepath.Join("testdata", name)
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s differs; if the change is meant, run go test ./analytics/report/render -update\n%s", path, got)
			}
		})
	}
}

// TestTableAligned: every line of a table is as wide as the others, with Chinese letters two columns wide.
func TestTableAligned(t *testing.T) {
	lines := strings.Split(string(mustWrite(t, render.Table, sampleReport(), "zh")), "\n")[2:8]
	for _, l := range lines {
		if uniseg.StringWidth(l) != uniseg.StringWidth(lines[1]) {
			t.Errorf("%d columns, want %d: %s", uniseg.StringWidth(l), uniseg.StringWidth(lines[1]), l)
		}
		if strings.ContainsAny(l, "\x1b\r") {
			t.Errorf("a control character reaches the terminal: %q", l)
		}
	}
}

// TestCSVGuard: no cell begins like a formula, and what is written can be read.
func TestCSVGuard(t *testing.T) {
	r := sampleReport()
	for _, evil := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\u3000＝1", "＋1", "|calc", "%0A", "'=1", "\n=1", "\ufeff=1"} {
		r.Rows[0][1] = evil
		rows, err := csv.NewReader(bytes.NewReader(mustWrite(t, render.CSV, r, "zh"))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if cell := rows[1][1]; !strings.HasPrefix(cell, "'") {
			t.Errorf("%q is written as %q", evil, cell)
		}
	}
	r.Rows[0][1] = "order.status"
	if out := string(mustWrite(t, render.CSV, r, "zh")); strings.Contains(out, "'order") {
		t.Error("a plain text is changed")
	}
}

// TestArrow reads back what was written, as a stream and as Parquet.
func TestArrow(t *testing.T) {
	s, err := ipc.NewReader(bytes.NewReader(mustWrite(t, render.Arrow, sampleReport(), "zh")))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Release()
	if !s.Next() {
		t.Fatal(s.Err())
	}
	checkRecord(t, s.RecordBatch())
	pf, err := file.NewParquetReader(bytes.NewReader(mustWrite(t, render.Parquet, sampleReport(), "zh")))
	if err != nil {
		t.Fatal(err)
	}
	defer pf.Close()
	pr, err := pqarrow.NewFileReader(pf, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	table, err := pr.ReadTable(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer table.Release()
	tr := array.NewTableReader(table, 0)
	defer tr.Release()
	if !tr.Next() {
		t.Fatal("no rows in the Parquet file")
	}
	checkRecord(t, tr.RecordBatch())
}

func checkRecord(t *testing.T, rec arrow.RecordBatch) {
	t.Helper()
	if rec.NumRows() != 3 {
		t.Fatalf("%d rows, want 3: totals are left out", rec.NumRows())
	}
	at := map[string]arrow.Array{}
	for i, f := range rec.Schema().Fields() {
		at[f.Name] = rec.Column(i)
	}
	if v, ok := at["containment_numerator"].(*array.Int64); !ok || v.Value(0) != 8 || v.Value(1) != 0 {
		t.Errorf("numerators %v", at["containment_numerator"])
	}
	if v, ok := at["containment"].(*array.Float64); !ok || v.Value(0) != 0.8 || !v.IsNull(1) {
		t.Errorf("rates %v: a rate of nothing is no number", at["containment"])
	}
	if v, ok := at["wait_p95"].(*array.Float64); !ok || v.Value(0) != 90000 || !v.IsNull(1) {
		t.Errorf("quantiles %v", at["wait_p95"])
	}
	if v, ok := at["day"].(*array.Date32); !ok || v.Value(0).ToTime().Format(time.DateOnly) != "2026-03-01" {
		t.Errorf("days %v", at["day"])
	}
	if v, ok := at["topic"].(*array.String); !ok || v.Value(0) != "=cmd|' /C calc'!A0" {
		t.Errorf("texts %v: only spreadsheets need guarding", at["topic"])
	}
}

func TestJSON(t *testing.T) {
	var v struct {
		Zone string
		Rows [][]any
	}
	if err := json.Unmarshal(mustWrite(t, render.JSON, sampleReport(), "zh"), &v); err != nil || v.Zone != "Asia/Shanghai" || v.Rows[0][0] != "2026-03-01" {
		t.Errorf("%v %+v", err, v)
	}
}

// TestHTMLSafe: what customers write stays text.
func TestHTMLSafe(t *testing.T) {
	page := string(mustWrite(t, render.HTML, sampleReport(), "zh"))
	for _, bad := range []string{"<script", "<b>app", "javascript:", "style=\"", "http-equiv"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page contains %s", bad)
		}
	}
	if strings.Count(page, "<svg") != 4 || strings.Count(page, "<title") != 1+strings.Count(page, "</title>")-1 || !strings.Contains(page, "role=\"img\"") {
		t.Error("pictures or their titles are missing")
	}
}

func TestFormats(t *testing.T) {
	for _, f := range render.Formats {
		if got, err := render.ParseFormat(string(f)); err != nil || got != f || f.ContentType() == "" || f.Extension() == "" {
			t.Errorf("%s: %v", f, err)
		}
		empty := sampleReport()
		empty.Rows, empty.Totals = nil, nil
		mustWrite(t, f, empty, "en") // nothing to show is no error
	}
	if _, err := render.ParseFormat("xls"); !errors.Is(err, render.ErrFormat) {
		t.Errorf("ErrFormat: %v", err)
	}
	if err := render.Write(&bytes.Buffer{}, "xls", sampleReport(), render.Options{}); !errors.Is(err, render.ErrFormat) {
		t.Errorf("ErrFormat: %v", err)
	}
}
