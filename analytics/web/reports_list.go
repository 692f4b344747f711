package web

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"yingda/analytics"
	"yingda/analytics/query"
	"yingda/analytics/report"
	"yingda/analytics/report/render"
	"yingda/nlu"
)

// allReports is the name of the page of the most important reports, beside those of reports.
const allReports = "all"

// listFields are the fields of the form, in order, with an example of each; of those without a type the type is text.
var listFields = []struct {
	name, kind, example string
	title               analytics.Text
}{
	{"from", "date", "2026-03-01", analytics.Text{ZH: "起始日", EN: "From"}},
	{"to", "date", "2026-04-01", analytics.Text{ZH: "截止日（不含）", EN: "To (not included)"}},
	{"days", "number", "28", analytics.Text{ZH: "或：天数", EN: "Or days"}},
	{"zone", "", "Asia/Shanghai", analytics.Text{ZH: "时区", EN: "Time zone"}},
	{"channel", "", "app,web", analytics.Text{ZH: "渠道", EN: "Channels"}},
	{"lang", "", "zh", analytics.Text{ZH: "语言", EN: "Languages"}},
	{"tier", "", "vip", analytics.Text{ZH: "客户等级", EN: "Tiers"}},
	{"intent", "", "order.status", analytics.Text{ZH: "意图", EN: "Intents"}},
	{"queue", "", "general", analytics.Text{ZH: "队列", EN: "Queues"}},
	{"bundle", "", "", analytics.Text{ZH: "模型包", EN: "Bundles"}},
	{"limit", "number", "20", analytics.Text{ZH: "列表行数", EN: "Rows of lists"}},
	{"hours", "", "mon-fri 09:00-18:00", analytics.Text{ZH: "营业时间", EN: "Opening hours"}},
	{"base", "date", "2026-02-01", analytics.Text{ZH: "漂移的基准从", EN: "Base of drift from"}},
}

// list writes the page that lists all reports, with links that carry what its form was filled in with. A mistake in it is said on the page.
func (rs *Reports) list(rw http.ResponseWriter, r *http.Request, v url.Values, lang nlu.Lang) error {
	v = filled(v)
	l := &render.Listing{Action: "/v1/reports", Links: []render.Link{
		{Title: analytics.Text{ZH: "重点报表一页看", EN: "The most important ones on one page"}.In(lang), URL: reportURL(allReports, v, "html", lang)},
		{Title: map[nlu.Lang]string{"zh": "English", "en": "中文"}[lang], URL: "/v1/reports?" + with(v, "html", map[nlu.Lang]nlu.Lang{"zh": "en", "en": "zh"}[lang])},
		{Title: "JSON", URL: "/v1/reports?format=json"}, {Title: analytics.Text{ZH: "试聊", EN: "Chat"}.In(lang), URL: "/"}, {Title: analytics.Text{ZH: "接口文档", EN: "API"}.In(lang), URL: "/docs"},
	}}
	for _, f := range listFields {
		kind := f.kind
		value := strings.Join(v[f.name], ",")
		if _, err := time.Parse(time.DateOnly, value); kind == "" || kind == "date" && value != "" && err != nil {
			kind = "text" // also for a moment in the place of a day
		}
		l.Fields = append(l.Fields, render.Field{Name: f.name, Title: f.title.In(lang), Value: value, Type: kind, Example: f.example})
	}
	status := http.StatusOK
	if _, err := rs.question(r, allReports, v); err != nil {
		l.Fault, status = err.Error(), http.StatusBadRequest
	}
	for _, e := range report.List() {
		l.Reports = append(l.Reports, item(&e, v, lang))
	}
	var b bytes.Buffer
	if err := render.List(&b, l, render.Options{Lang: lang}); err != nil {
		return err
	}
	rw.Header().Set("Content-Type", render.HTML.ContentType())
	rw.Header().Set("Content-Security-Policy", render.ListPolicy)
	rw.WriteHeader(status)
	_, err := rw.Write(b.Bytes())
	return err
}

// filled leaves out the fields of a form that are empty.
func filled(v url.Values) url.Values {
	out := url.Values{}
	for name, values := range v {
		if kept := slices.DeleteFunc(slices.Clone(values), func(s string) bool { return strings.TrimSpace(s) == "" }); len(kept) > 0 {
			out[name] = kept
		}
	}
	return out
}

// item is a report of the list. Its links leave out what it cannot be restricted by: it would refuse that.
func item(e *report.Entry, v url.Values, lang nlu.Lang) render.Item {
	own, left := url.Values{}, []string(nil)
	for name, values := range v {
		if slices.Contains(query.Restrictions, name) && !slices.Contains(e.Filters, name) {
			left = append(left, name)
			continue
		}
		own[name] = values
	}
	slices.Sort(left)
	it := render.Item{Name: e.Name, Title: e.Title.In(lang), About: e.About.In(lang), URL: reportURL(e.Name, own, "html", lang), Left: strings.Join(left, ", ")}
	for _, f := range []struct{ title, name string }{{"HTML", "html"}, {"CSV", "csv"}, {"JSON", "json"}, {"Parquet", "parquet"}, {"Arrow", "arrow"}} {
		it.Formats = append(it.Formats, render.Link{Title: f.title, URL: reportURL(e.Name, own, f.name, lang)})
	}
	return it
}

func reportURL(name string, v url.Values, format string, lang nlu.Lang) string {
	return "/v1/reports/" + name + "?" + with(v, format, lang)
}

// with is the query of a link.
func with(v url.Values, format string, lang nlu.Lang) string {
	same := url.Values{"format": {format}, "language": {string(lang)}}
	for name, values := range v {
		same[name] = values
	}
	return same.Encode()
}
