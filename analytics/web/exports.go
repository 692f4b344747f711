package web

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"yingda/analytics/deliver"
)

// exportsBody bounds the body of a request.
const exportsBody = 1 << 20

// deliverer returns the part that answers, and whose request it is.
func (w *web) deliverer(r *http.Request) (*deliver.Deliverer, string, error) {
	tenant := r.Header.Get(TenantHeader)
	if w.o.Exports == nil || tenant == "" {
		return nil, "", &Problem{http.StatusNotFound, "not_configured", "Nothing is delivered or exported: write deliver.yaml into the folder of analytics."}
	}
	return w.o.Exports, tenant, nil
}

func exportProblem(err error) error {
	if errors.Is(err, deliver.ErrUnknown) {
		return &Problem{http.StatusNotFound, "unknown_item", err.Error()}
	}
	return err
}

// getExports answers GET /v1/exports: the files of the tenant, newest day first, and how the webhooks do.
func (w *web) getExports(rw http.ResponseWriter, r *http.Request) error {
	d, tenant, err := w.deliverer(r)
	if err != nil {
		return err
	}
	files, err := d.Files(tenant)
	if err != nil {
		return err
	}
	return answerJSON(rw, http.StatusOK, map[string]any{"files": files, "webhooks": d.Status(tenant)})
}

// getExport answers GET /v1/exports/{name}/{file}: the file itself.
func (w *web) getExport(rw http.ResponseWriter, r *http.Request) error {
	d, tenant, err := w.deliverer(r)
	if err != nil {
		return err
	}
	f, about, err := d.Open(tenant, r.PathValue("name"), r.PathValue("file"))
	if err != nil {
		return exportProblem(err)
	}
	defer f.Close()
	kind := "application/vnd.apache.parquet"
	if len(about.Name) > 4 && about.Name[len(about.Name)-4:] == ".csv" {
		kind = "text/csv; charset=utf-8"
	}
	rw.Header().Set("Content-Type", kind)
	rw.Header().Set("Content-Disposition", "attachment; filename="+strconv.Quote(about.Export+"-"+about.Name))
	rw.Header().Set("ETag", strconv.Quote(about.SHA256))
	http.ServeContent(rw, r, about.Name, about.Written, f)
	return nil
}

// postExport answers POST /v1/exports/{name}: {"from": "2026-03-01", "to": "2026-04-01"} writes the days [from, to) of the tenant now.
func (w *web) postExport(rw http.ResponseWriter, r *http.Request) error {
	d, tenant, err := w.deliverer(r)
	if err != nil {
		return err
	}
	var ask struct {
		From string `json:"from"`
		To   string `json:"to"`
	}
	if err := readExportBody(rw, r, &ask); err != nil {
		return err
	}
	from, err := time.Parse(time.DateOnly, ask.From)
	to, err2 := time.Parse(time.DateOnly, ask.To)
	if errors.Join(err, err2) != nil || !from.Before(to) || to.Sub(from) > 3660*24*time.Hour {
		return &Problem{http.StatusBadRequest, "bad_query", "from and to are days such as 2026-03-01, from before to, ten years at most."}
	}
	files, err := d.Export(r.Context(), r.PathValue("name"), tenant, from, to)
	if err != nil {
		return exportProblem(err)
	}
	return answerJSON(rw, http.StatusOK, map[string]any{"files": files})
}

// getDead answers GET /v1/exports/webhooks/{name}/dead: records that the system did not take in time, without their content.
func (w *web) getDead(rw http.ResponseWriter, r *http.Request) error {
	d, tenant, err := w.deliverer(r)
	if err != nil {
		return err
	}
	list, err := d.Dead(r.PathValue("name"), tenant)
	if err != nil {
		return exportProblem(err)
	}
	return answerJSON(rw, http.StatusOK, map[string]any{"dead": list})
}

// postResend answers POST /v1/exports/webhooks/{name}/resend: {"ids": […]}, or {} for all that were given up.
func (w *web) postResend(rw http.ResponseWriter, r *http.Request) error {
	d, tenant, err := w.deliverer(r)
	if err != nil {
		return err
	}
	var ask struct {
		IDs []string `json:"ids"`
	}
	if err := readExportBody(rw, r, &ask); err != nil {
		return err
	}
	n, err := d.Resend(r.Context(), r.PathValue("name"), tenant, ask.IDs)
	if err != nil {
		return exportProblem(err)
	}
	return answerJSON(rw, http.StatusOK, map[string]any{"resent": n})
}

// readExportBody reads a JSON object strictly; an empty body is an empty object.
func readExportBody(rw http.ResponseWriter, r *http.Request, v any) error {
	dec := json.NewDecoder(http.MaxBytesReader(rw, r.Body, exportsBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil && !errors.Is(err, io.EOF) {
		return &Problem{http.StatusBadRequest, "invalid_json", "The body is not what is wanted: " + err.Error()}
	}
	return nil
}
