package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"yingda/analytics"
	"yingda/analytics/query"
	"yingda/analytics/report"
	"yingda/analytics/report/render"
	"yingda/nlu"
)

// Reports answers reports.
type Reports struct {
	Querier report.Querier
	Zone    *time.Location // of operators, where a request names none. Default UTC
	Hours   query.Hours    // opening hours, where a request names none. Default always open
	Now     func() time.Time
}

// overviewPage are the reports on the page "all": those that are quick, the most asked for first.
var overviewPage = []string{"overview", "volume", "containment", "resolution", "csat", "handoff", "first-response", "response-time", "busy-hours", "emotion", "channels"}

func (w *web) reports() (*Reports, error) {
	if w.o.Reports == nil {
		return nil, &Problem{http.StatusNotFound, "not_configured", "Reports are not set up here."}
	}
	return w.o.Reports, nil
}

// getReports answers GET /v1/reports: the list, for programs or as a page.
func (w *web) getReports(rw http.ResponseWriter, r *http.Request) error {
	rs, err := w.reports()
	if err != nil {
		return err
	}
	v, format, lang, err := presentation(r)
	if err != nil {
		return err
	}
	switch format {
	case render.JSON:
		rw.Header().Set("Content-Type", "application/json")
		return json.NewEncoder(rw).Encode(map[string]any{"reports": report.List(), "formats": render.Formats, "parameters": report.Parameters})
	case render.HTML:
		return rs.list(rw, r, v, lang)
	}
	return &Problem{http.StatusBadRequest, "bad_query", "format: the list comes as json or html."}
}

// page writes the page of the most important reports. What a report cannot be restricted by is left out of its filter, and said so.
func (rs *Reports) page(rw http.ResponseWriter, r *http.Request, v url.Values, lang nlu.Lang) error {
	var all []*analytics.Report
	for _, name := range overviewPage {
		q, err := rs.question(r, name, v)
		if err != nil {
			return err
		}
		left := []string(nil)
		q.Filter, left = report.Applicable(name, q.Filter)
		one, err := report.Answer(r.Context(), rs.Querier, q)
		if err != nil {
			return badQuery(err)
		}
		if len(left) > 0 {
			fields := strings.Join(left, ", ")
			one.Notes = append(one.Notes, analytics.Text{ZH: "本报表不能按 " + fields + " 筛选，已忽略。", EN: "This report cannot be restricted by " + fields + "; that was left out."})
		}
		all = append(all, one)
	}
	var b bytes.Buffer
	if err := render.Page(&b, all, render.Options{Lang: lang, Links: links(v, lang, "")}); err != nil {
		return err
	}
	return write(rw, render.HTML, b.Bytes())
}

// getReport answers GET /v1/reports/{name}; "all" is the page of the most important ones.
func (w *web) getReport(rw http.ResponseWriter, r *http.Request) error {
	rs, err := w.reports()
	if err != nil {
		return err
	}
	v, format, lang, err := presentation(r)
	if err != nil {
		return err
	}
	name := r.PathValue("name")
	if name == allReports {
		if format != render.HTML {
			return &Problem{http.StatusBadRequest, "bad_query", "format: the page of the most important reports comes as html."}
		}
		return rs.page(rw, r, v, lang)
	}
	q, err := rs.question(r, name, v)
	if err != nil {
		return err
	}
	one, err := report.Answer(r.Context(), rs.Querier, q)
	if err != nil {
		return badQuery(err)
	}
	var b bytes.Buffer
	if err := render.Write(&b, format, one, render.Options{Lang: lang, Links: links(v, lang, name)}); err != nil {
		return err
	}
	if format != render.JSON && format != render.HTML && format != render.Table {
		rw.Header().Set("Content-Disposition", `attachment; filename="`+one.Name+"-"+one.Filter.From.In(one.Filter.Zone).Format("20060102")+"."+format.Extension()+`"`)
	}
	return write(rw, format, b.Bytes())
}

func write(rw http.ResponseWriter, f render.Format, body []byte) error {
	rw.Header().Set("Content-Type", f.ContentType())
	if f == render.HTML {
		rw.Header().Set("Content-Security-Policy", render.Policy)
	}
	_, err := rw.Write(body)
	return err
}

// question reads what is asked.
func (rs *Reports) question(r *http.Request, name string, v url.Values) (report.Question, error) {
	tenant := r.Header.Get(TenantHeader)
	if tenant == "" {
		return report.Question{}, &Problem{http.StatusBadRequest, "bad_query", "The header " + TenantHeader + " is missing: the server sets it."}
	}
	now := time.Now()
	if rs.Now != nil {
		now = rs.Now()
	}
	q, err := report.Parse(name, v, report.Defaults{Tenant: tenant, Zone: rs.Zone, Hours: rs.Hours, Now: now})
	if err != nil {
		return q, badQuery(err)
	}
	return q, nil
}

// badQuery makes a problem of a mistake of the caller.
func badQuery(err error) error {
	var f *query.FilterError
	switch {
	case errors.As(err, &f):
		return &Problem{http.StatusBadRequest, "bad_query", f.Error() + "."}
	case errors.Is(err, report.ErrUnknown):
		return &Problem{http.StatusNotFound, "unknown_item", "There is no such report; GET /v1/reports lists them."}
	}
	return err
}

// presentation takes what says how to answer out of a request's query: format (else by Accept) and language (else by Accept-Language).
func presentation(r *http.Request) (v url.Values, f render.Format, lang nlu.Lang, err error) {
	v, err = url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, "", "", &Problem{http.StatusBadRequest, "bad_query", "The query of the URL cannot be read."}
	}
	f = accepted(r.Header.Get("Accept"))
	if name := v.Get("format"); name != "" {
		if f, err = render.ParseFormat(name); err != nil {
			return nil, "", "", &Problem{http.StatusBadRequest, "bad_query", "format: want table, json, csv, parquet, arrow or html."}
		}
	}
	lang = "en"
	if strings.HasPrefix(strings.ToLower(strings.TrimSpace(r.Header.Get("Accept-Language"))), "zh") {
		lang = "zh"
	}
	switch l := v.Get("language"); l {
	case "":
	case "zh", "en":
		lang = nlu.Lang(l)
	default:
		return nil, "", "", &Problem{http.StatusBadRequest, "bad_query", "language: want zh or en."}
	}
	v.Del("format")
	v.Del("language")
	return v, f, lang, nil
}

// accepted chooses a format by the media types that a caller accepts: the first that is known, JSON without one.
func accepted(accept string) render.Format {
	for part := range strings.SplitSeq(accept, ",") {
		media, _, _ := strings.Cut(part, ";")
		media = strings.ToLower(strings.TrimSpace(media))
		for _, f := range []render.Format{render.HTML, render.JSON, render.CSV, render.Parquet, render.Arrow, render.Table} {
			own, _, _ := strings.Cut(f.ContentType(), ";")
			if media == own {
				return f
			}
		}
	}
	return render.JSON
}

// links are the links of a page to the list and all reports, for the same period and restrictions.
func links(v url.Values, lang nlu.Lang, here string) []render.Link {
	all := []render.Link{
		{Title: analytics.Text{ZH: "报表清单", EN: "List"}.In(lang), URL: "/v1/reports?" + with(v, "html", lang)},
		{Title: analytics.Text{ZH: "重点", EN: "Most important"}.In(lang), URL: reportURL(allReports, v, "html", lang), Here: here == ""},
	}
	for _, e := range report.List() {
		all = append(all, render.Link{Title: e.Title.In(lang), URL: reportURL(e.Name, v, "html", lang), Here: e.Name == here})
	}
	return all
}
