package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
	_ "time/tzdata" // --zone works where the system has no zones

	"yingda/analytics/query"
	"yingda/analytics/report"
	"yingda/analytics/report/render"
	"yingda/analytics/warehouse"
	"yingda/analytics/web"
	"yingda/nlu"
	"yingda/server"
)

const reportHelp = `Answers a report from the warehouse: how many, how fast, how well, and why not. Every rate comes with what it is a share of, its interval and
its definition. A process that runs on the folder is asked over its socket; without one the folder is opened.

  yingda report                                  # lists them
  yingda report containment --from 2026-03-01 --to 2026-04-01 --zone Asia/Shanghai
  yingda report csat --channel app,web --format csv --out csat.csv
  yingda report all --format html --out reports.html
  yingda report intents --sql spark

The period ends before --to; without --from and --to it is the last 28 days. "all" is a page of the most important reports.`

// reportFlags are those of "yingda report".
type reportFlags struct {
	analyse                            analyseFlags
	words                              map[string]*string
	exact, list                        bool
	format, out, tenant, lang, dialect string
}

func (f *reportFlags) register(fs *flag.FlagSet) {
	registerAnalyticsDir(fs, &f.analyse.dir)
	f.analyse.registerWarehouse(fs, "")
	f.words = map[string]*string{}
	for _, w := range []struct{ name, help string }{
		{"from", "first `day` (2026-03-01) or time"}, {"to", "`day` or time before which the period ends"}, {"days", "`number` of days, instead of --from or --to"},
		{"zone", "time `zone` of days and hours, as Asia/Shanghai (default: that of the process on the folder, else UTC)"}, {"channel", "only these channels, with `commas`"}, {"lang", "only these languages"}, {"tier", "only these tiers"},
		{"intent", "only these intents"}, {"queue", "only these queues"}, {"bundle", "only these bundles"}, {"limit", "`rows` of lists (default: 20)"},
		{"hours", "opening `hours` for waiting times, as \"mon-fri 09:00-18:00, sat 10:00-16:00\"; holidays as \"2027-02-05..2027-02-11 closed, 2027-02-20 as fri\""}, {"base", "`day` on which the base of drift begins (default: four weeks before)"},
	} {
		f.words[w.name] = fs.String(w.name, "", w.help)
	}
	fs.BoolVar(&f.exact, "exact", false, "read messages even where a roll-up would do")
	fs.BoolVar(&f.list, "list", false, "list the reports, as without a name")
	fs.StringVar(&f.format, "format", "", "table, json, csv, parquet, arrow or html (default: by the name of --out, else table)")
	fs.StringVar(&f.out, "out", "", "`file` to write (default: the standard output)")
	fs.StringVar(&f.tenant, "tenant", server.DefaultTenant, "whose data")
	fs.StringVar(&f.lang, "language", languageOf(os.Getenv("LANG")), "zh or en, of titles and definitions")
	fs.StringVar(&f.dialect, "sql", "", "print the SQL of the report for duckdb, spark or clickhouse, and ask nothing")
}

// languageOf is the language of a locale.
func languageOf(locale string) string {
	if strings.HasPrefix(locale, "zh") {
		return "zh"
	}
	return "en"
}

func runReport(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "report", "NAME", reportHelp)
	var f reportFlags
	f.register(fs)
	name := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	}
	if err := parseFlags(fs, args); err != nil {
		return err
	}
	if name == "" {
		name = fs.Arg(0)
	}
	switch {
	case f.list || name == "":
		return listReports(std.out, f.lang)
	case f.dialect != "":
		return f.printSQL(std.out, name)
	}
	return f.answer(ctx, name, std)
}

func listReports(w io.Writer, lang string) error {
	var rows [][]string
	for _, e := range report.List() {
		rows = append(rows, []string{e.Name, e.Title.In(nlu.Lang(lang)), e.About.In(nlu.Lang(lang))})
	}
	return render.Aligned(w, rows)
}

// query is the flags as the words of a URL.
func (f *reportFlags) query() url.Values {
	v := url.Values{}
	for name, value := range f.words {
		if *value != "" {
			v.Set(name, *value)
		}
	}
	if f.exact {
		v.Set("exact", "true")
	}
	return v
}

// printSQL prints the questions of a report, written out for a database.
func (f *reportFlags) printSQL(w io.Writer, name string) error {
	d, err := query.ParseDialect(f.dialect)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	files, err := report.Questions(name)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	now := time.Now()
	q, err := report.Parse(name, f.query(), report.Defaults{Tenant: f.tenant, Now: now})
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	for _, file := range files {
		st, err := query.Compile(file, d, query.Params{Filter: q.Filter, Through: now, Base: q.Base, Hours: q.Hours}, false)
		if err != nil {
			return fmt.Errorf("report: %w", err)
		}
		fmt.Fprintf(w, "-- %s\n%s;\n", file, st.SQL)
	}
	return nil
}

// answer asks for the report and writes it.
func (f *reportFlags) answer(ctx context.Context, name string, std stdio) error {
	if f.format == "" {
		f.format = string(render.Table)
		if ext := strings.TrimPrefix(filepath.Ext(f.out), "."); ext != "" && ext != "txt" {
			f.format = ext
		}
		if name == "all" {
			f.format = string(render.HTML)
		}
	}
	if _, err := render.ParseFormat(f.format); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	v := f.query()
	v.Set("format", f.format)
	v.Set("language", f.lang)
	path := "/v1/reports/" + url.PathEscape(name)
	if name == "all" { // a page
		path = "/v1/reports/all"
	}
	body, err := f.ask(ctx, path+"?"+v.Encode(), std)
	if err != nil {
		return fmt.Errorf("report %s: %w", name, err)
	}
	if f.out != "" {
		return writeFile(f.out, func(w io.Writer) error {
			_, err := w.Write(body)
			return err
		})
	}
	_, err = std.out.Write(body)
	return err
}

// ask asks the process that runs on the folder, or the folder.
func (f *reportFlags) ask(ctx context.Context, path string, std stdio) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, socketURL+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set(web.TenantHeader, f.tenant)
	req.Header.Set(web.ActorHeader, "cli")
	client := socketClient(f.analyse.dir)
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if resp, err = f.open(ctx, req, std); err != nil {
			return nil, err
		}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		var p struct{ Detail string }
		if json.Unmarshal(body, &p) != nil || p.Detail == "" {
			p.Detail = resp.Status
		}
		return nil, errors.New(p.Detail)
	}
	return body, nil
}

// open answers a request from the folder itself.
func (f *reportFlags) open(ctx context.Context, req *http.Request, std stdio) (*http.Response, error) {
	if _, err := os.Stat(filepath.Join(f.analyse.dir, warehouse.FileName)); err != nil {
		return nil, fmt.Errorf("there is no warehouse in %s: name its folder with --dir", f.analyse.dir)
	}
	log := newLogger(std.err, slog.LevelWarn)
	w, err := openWarehouse(ctx, f.analyse.options(log))
	if err != nil {
		return nil, err
	}
	defer w.Close()
	if err := w.Refresh(ctx); err != nil {
		return nil, err
	}
	return handlerTransport{web.New(f.analyse.webOptions(w, log))}.RoundTrip(req)
}
