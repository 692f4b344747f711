package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"yingda/analytics"
	"yingda/analytics/query"
	"yingda/analytics/readout"
	"yingda/analytics/report"
	"yingda/analytics/report/render"
	"yingda/dialogue/experiment"
	"yingda/nlu"
)

// Experiments answers results of experiments.
type Experiments struct {
	Querier readout.Querier
	// Definition finds an experiment, nil if there is none: results can then be asked for all the same, with from and to.
	Definition func(tenant, name string) (*experiment.Experiment, error)
	Zone       *time.Location // of days in requests. Default UTC
	Now        func() time.Time
}

func (w *web) experiments() (*Experiments, error) {
	if w.o.Experiments == nil {
		return nil, &Problem{http.StatusNotFound, "not_configured", "Results of experiments are not set up here."}
	}
	return w.o.Experiments, nil
}

func (e *Experiments) now() time.Time {
	if e.Now != nil {
		return e.Now()
	}
	return time.Now()
}

// getResults answers GET /v1/experiments/{name}/results.
func (w *web) getResults(rw http.ResponseWriter, r *http.Request) error {
	e, err := w.experiments()
	if err != nil {
		return err
	}
	v, format, lang, err := presentation(r)
	if err != nil {
		return err
	}
	p, err := e.plan(r.Context(), r.Header.Get(TenantHeader), r.PathValue("name"), v)
	if err != nil {
		return badPlan(err)
	}
	res, err := readout.Run(r.Context(), e.Querier, p)
	if err != nil {
		return badPlan(err)
	}
	if format == render.JSON {
		rw.Header().Set("Content-Type", format.ContentType())
		return json.NewEncoder(rw).Encode(res)
	}
	return e.render(rw, format, lang, res.Report(string(lang), e.now()))
}

func (e *Experiments) render(rw http.ResponseWriter, format render.Format, lang nlu.Lang, rep *analytics.Report) error {
	var b bytes.Buffer
	if err := render.Write(&b, format, rep, render.Options{Lang: lang}); err != nil {
		return err
	}
	return write(rw, format, b.Bytes())
}

// badPlan makes a problem of a mistake of the caller.
func badPlan(err error) error {
	var f *query.FilterError
	switch {
	case errors.As(err, &f):
		return &Problem{http.StatusBadRequest, "bad_query", f.Error() + "."}
	case errors.Is(err, readout.ErrNoData):
		return &Problem{http.StatusNotFound, "unknown_item", err.Error() + "."}
	case errors.Is(err, readout.ErrPlan):
		return &Problem{http.StatusBadRequest, "bad_query", err.Error() + "."}
	}
	return err
}

// plan is that of the definition, changed by the query of the request.
func (e *Experiments) plan(ctx context.Context, tenant, name string, v url.Values) (readout.Plan, error) {
	if tenant == "" {
		return readout.Plan{}, &Problem{http.StatusBadRequest, "bad_query", "The header " + TenantHeader + " is missing: the server sets it."}
	}
	now := e.now()
	p := readout.Plan{Tenant: tenant, Name: name, To: now, From: now.AddDate(0, 0, -90)}
	if e.Definition != nil {
		d, err := e.Definition(tenant, name)
		if err != nil {
			return p, err
		}
		if d != nil && !d.Started.IsZero() {
			p = readout.FromExperiment(d, now)
		}
	}
	if len(p.Arms) == 0 { // no definition: as long as there were exposures
		first, err := readout.FirstExposure(ctx, e.Querier, tenant, name)
		if err != nil {
			return p, err
		}
		if !first.IsZero() {
			p.From = first
		}
	}
	words := reader{v: v, zone: e.Zone}
	words.time("from", &p.From)
	words.time("to", &p.To)
	words.text("metric", &p.Primary)
	words.list("secondary", &p.Secondary)
	words.guardrails("guardrails", &p.Guardrails)
	words.list("cuts", &p.Cuts)
	words.number("alpha", &p.Alpha)
	words.number("power", &p.Power)
	words.number("effect", &p.Effect)
	words.whole("lookback", &p.Lookback)
	words.whole("units", &p.Units)
	words.looks("looks", &p.Looks)
	words.text("spending", &p.Spending)
	words.truth("sequential", &p.Sequential)
	if v.Has("sequential") && p.Sequential {
		p.Looks = nil
	}
	words.truth("show_broken", &p.ShowBroken)
	words.text("correction", (*string)(&p.Correction))
	words.weights("arms", &p.Arms)
	if v.Has("arms") {
		p.Phases = nil
	}
	return p, words.done()
}

// getShadows answers GET /v1/reports/shadows: how two bundles differ on the messages that both parsed.
func (w *web) getShadows(rw http.ResponseWriter, r *http.Request) error {
	e, err := w.experiments()
	if err != nil {
		return err
	}
	v, format, lang, err := presentation(r)
	if err != nil {
		return err
	}
	now := e.now()
	ask := readout.ShadowQuestion{Tenant: r.Header.Get(TenantHeader), From: now.AddDate(0, 0, -28), To: now}
	words := reader{v: v, zone: e.Zone}
	words.time("from", &ask.From)
	words.time("to", &ask.To)
	words.text("bundle", &ask.Bundle)
	words.text("shadow", &ask.Shadow)
	words.whole("limit", &ask.Limit)
	if err := words.done(); err != nil {
		return badPlan(err)
	}
	res, err := readout.Shadows(r.Context(), e.Querier, ask)
	if err != nil {
		return badPlan(err)
	}
	if format == render.JSON {
		rw.Header().Set("Content-Type", format.ContentType())
		return json.NewEncoder(rw).Encode(res)
	}
	return e.render(rw, format, lang, res.Report(ask, e.Querier.Through(), now))
}

// reader reads the words of a query; the first fault is kept.
type reader struct {
	v    url.Values
	zone *time.Location
	used []string
	err  error
}

// word returns a word that was given.
func (r *reader) word(name string) (string, bool) {
	r.used = append(r.used, name)
	s := r.v.Get(name)
	return s, s != "" && r.err == nil
}

func (r *reader) fault(name, reason string) {
	if r.err == nil {
		r.err = &query.FilterError{Field: name, Reason: reason}
	}
}

// done returns the first fault, or that a word is not known.
func (r *reader) done() error {
	for name := range r.v {
		if !slices.Contains(r.used, name) {
			r.fault(name, "is not known here: want "+strings.Join(r.used, ", "))
		}
	}
	return r.err
}

func (r *reader) time(name string, to *time.Time) {
	if s, ok := r.word(name); ok {
		zone := r.zone
		if zone == nil {
			zone = time.UTC
		}
		t, err := report.ParseTime(name, s, zone)
		if err != nil {
			r.err = err
			return
		}
		*to = t
	}
}

func (r *reader) text(name string, to *string) {
	if s, ok := r.word(name); ok {
		*to = s
	}
}

func (r *reader) list(name string, to *[]string) {
	if s, ok := r.word(name); ok {
		*to = strings.Split(s, ",")
	}
}

func (r *reader) number(name string, to *float64) {
	if s, ok := r.word(name); ok {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			r.fault(name, "is not a number: "+s)
			return
		}
		*to = v
	}
}

func (r *reader) whole(name string, to *int) {
	if s, ok := r.word(name); ok {
		v, err := strconv.Atoi(s)
		if err != nil {
			r.fault(name, "is not a whole number: "+s)
			return
		}
		*to = v
	}
}

// looks reads a number of evenly spaced looks, or their shares of the planned customers.
func (r *reader) looks(name string, to *[]float64) {
	s, ok := r.word(name)
	if !ok {
		return
	}
	if n, err := strconv.Atoi(s); err == nil && n > 1 {
		if n > 20 {
			r.fault(name, "are at most 20")
			return
		}
		*to = (&experiment.Looks{Number: n}).Times()
		return
	}
	var out []float64
	for part := range strings.SplitSeq(s, ",") {
		v, err := strconv.ParseFloat(part, 64)
		if err != nil {
			r.fault(name, "wants a number, or shares like 0.25,0.5,1; not "+part)
			return
		}
		out = append(out, v)
	}
	*to = out
}

func (r *reader) truth(name string, to *bool) {
	if s, ok := r.word(name); ok {
		v, err := strconv.ParseBool(s)
		if err != nil {
			r.fault(name, "is neither true nor false: "+s)
			return
		}
		*to = v
	}
}

// pairs reads name:number,name:number; a name alone has the number given.
func (r *reader) pairs(name string, alone float64, add func(string, float64)) {
	s, ok := r.word(name)
	if !ok {
		return
	}
	for part := range strings.SplitSeq(s, ",") {
		key, number, given := strings.Cut(part, ":")
		v := alone
		if given {
			var err error
			if v, err = strconv.ParseFloat(number, 64); err != nil {
				r.fault(name, "wants name:number, not "+part)
				return
			}
		}
		add(key, v)
	}
}

func (r *reader) guardrails(name string, to *[]readout.Guardrail) {
	var out []readout.Guardrail
	r.pairs(name, 0, func(metric string, margin float64) {
		out = append(out, readout.Guardrail{Metric: metric, Margin: margin})
	})
	if out != nil {
		*to = out
	}
}

func (r *reader) weights(name string, to *[]readout.Arm) {
	var out []readout.Arm
	r.pairs(name, 1, func(arm string, weight float64) { out = append(out, readout.Arm{Name: arm, Weight: weight}) })
	if out != nil {
		*to = out
	}
}
