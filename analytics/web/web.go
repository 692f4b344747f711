// Package web is the analytics half over HTTP, on a local socket that only the server speaks to: it checks who may ask, sets the tenant, and
// passes requests on. One resource a file. Errors are RFC 9457 problems as in package server.
package web

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"yingda/analytics/deliver"
	"yingda/analytics/mine/review"
)

// TenantHeader carries the tenant of the caller's key. The server sets it; it is not taken from outside.
const TenantHeader = "X-Yingda-Tenant"

// ActorHeader carries who asks, for the audit.
const ActorHeader = "X-Yingda-Actor"

// Problem is a mistake of the caller. Others are internal errors.
type Problem struct {
	Status int
	Code   string // as package server's codes
	Detail string
}

// Error returns the detail.
func (p *Problem) Error() string { return p.Detail }

// Options are the parts that answer. A part that is nil answers not_configured.
type Options struct {
	Log         *slog.Logger // default slog.Default()
	Reports     *Reports
	Experiments *Experiments
	Reviews     *review.Store      // the unrecognised, and labels
	Exports     *deliver.Deliverer // files of conversations, webhooks
}

// New returns the handler of all resources.
func New(o Options) http.Handler {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	w := &web{o, http.NewServeMux()}
	w.handle("GET /v1/reports", w.getReports)
	w.handle("GET /v1/reports/{name}", w.getReport)
	w.handle("GET /v1/experiments/{name}/results", w.getResults)
	w.handle("GET /v1/reports/shadows", w.getShadows)
	w.handle("GET /v1/unrecognised", w.getUnrecognised)
	w.handle("GET /v1/unrecognised/{group}", w.getUnrecognisedGroup)
	w.handle("POST /v1/unrecognised/{group}", w.postUnrecognisedGroup)
	w.handle("GET /v1/labels", w.getLabels)
	w.handle("POST /v1/labels", w.postLabel)
	w.handle("GET /v1/labels/export", w.getLabelExport)
	w.handle("GET /v1/exports", w.getExports)
	w.handle("POST /v1/exports/{name}", w.postExport)
	w.handle("GET /v1/exports/{name}/{file}", w.getExport)
	w.handle("GET /v1/exports/webhooks/{name}/dead", w.getDead)
	w.handle("POST /v1/exports/webhooks/{name}/resend", w.postResend)
	w.mux.HandleFunc("/", func(rw http.ResponseWriter, r *http.Request) {
		w.fail(rw, r, &Problem{http.StatusNotFound, "not_found", "There is nothing at " + r.URL.Path + "."})
	})
	return w.mux
}

type web struct {
	o   Options
	mux *http.ServeMux
}

// handle registers a resource, e.g. "GET /v1/reports/{name}".
func (w *web) handle(pattern string, fn func(http.ResponseWriter, *http.Request) error) {
	w.mux.HandleFunc(pattern, func(rw http.ResponseWriter, r *http.Request) {
		if err := fn(rw, r); err != nil {
			w.fail(rw, r, err)
		}
	})
}

// fail writes err.
func (w *web) fail(rw http.ResponseWriter, r *http.Request, err error) {
	var p *Problem
	if !errors.As(err, &p) {
		w.o.Log.Error("analytics request failed", "path", r.URL.Path, "error", err)
		p = &Problem{http.StatusInternalServerError, "internal_error", "The analytics process failed; its log says why."}
	}
	rw.Header().Set("Content-Type", "application/problem+json")
	rw.WriteHeader(p.Status)
	json.NewEncoder(rw).Encode(map[string]any{ // the caller may be gone
		"type": "/docs#" + p.Code, "request_id": r.Header.Get("X-Request-Id"), "title": http.StatusText(p.Status), "status": p.Status, "code": p.Code, "detail": p.Detail, "instance": r.URL.Path,
	})
}
