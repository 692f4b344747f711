package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"yingda/analytics/mine"
	"yingda/analytics/mine/review"
)

// maxReviewBody bounds the body of a decision.
const maxReviewBody = 1 << 20

// reviews returns the store of reviews and the caller's tenant.
func (w *web) reviews(r *http.Request) (*review.Store, string, error) {
	if w.o.Reviews == nil {
		return nil, "", &Problem{http.StatusNotFound, "not_configured", "Reviews are not set up here."}
	}
	tenant := r.Header.Get(TenantHeader)
	if tenant == "" {
		return nil, "", &Problem{http.StatusBadRequest, "bad_query", "The header " + TenantHeader + " is missing: the server sets it."}
	}
	return w.o.Reviews, tenant, nil
}

// reviewProblem makes a problem of a mistake of the caller.
func reviewProblem(err error) error {
	switch {
	case errors.Is(err, review.ErrNotFound):
		return &Problem{http.StatusNotFound, "unknown_item", err.Error()}
	case errors.Is(err, review.ErrInvalid):
		return &Problem{http.StatusUnprocessableEntity, "bad_value", err.Error()}
	case errors.Is(err, review.ErrConflict):
		return &Problem{http.StatusConflict, "conflict", err.Error()}
	}
	return err
}

// answerJSON writes v.
func answerJSON(rw http.ResponseWriter, status int, v any) error {
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	_ = json.NewEncoder(rw).Encode(v) // the caller may be gone
	return nil
}

// readReview reads the body of a decision, strictly.
func readReview(rw http.ResponseWriter, r *http.Request, into any) error {
	dec := json.NewDecoder(http.MaxBytesReader(rw, r.Body, maxReviewBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return &Problem{http.StatusUnprocessableEntity, "bad_value", "The body is not a decision: " + strings.TrimPrefix(err.Error(), "json: ") + "."}
	}
	return nil
}

// unrecognised is the answer of GET /v1/unrecognised.
type unrecognised struct {
	Run    *runInfo       `json:"run"` // null before the first run
	Groups []review.Entry `json:"groups"`
}

// runInfo is a run without its groups.
type runInfo struct {
	mine.Result
	Groups struct{} `json:"-"`
	Queue  struct{} `json:"-"`
}

// getUnrecognised answers GET /v1/unrecognised: groups of messages that were not understood, those that cost most first. ?status= and ?kind= restrict.
func (w *web) getUnrecognised(rw http.ResponseWriter, r *http.Request) error {
	store, tenant, err := w.reviews(r)
	if err != nil {
		return err
	}
	res, err := store.Run(tenant)
	if err != nil {
		return reviewProblem(err)
	}
	list, err := store.Groups(tenant)
	if err != nil {
		return reviewProblem(err)
	}
	out := unrecognised{Groups: []review.Entry{}}
	if res != nil {
		out.Run = &runInfo{Result: *res}
	}
	status, kind := r.URL.Query().Get("status"), r.URL.Query().Get("kind")
	for _, e := range list {
		if (status == "" || string(e.Status) == status) && (kind == "" || string(e.Verdict.Kind) == kind) {
			out.Groups = append(out.Groups, e)
		}
	}
	return answerJSON(rw, http.StatusOK, out)
}

// getUnrecognisedGroup answers GET /v1/unrecognised/{group}: one group with its messages and who decided what.
func (w *web) getUnrecognisedGroup(rw http.ResponseWriter, r *http.Request) error {
	store, tenant, err := w.reviews(r)
	if err != nil {
		return err
	}
	e, err := store.Group(tenant, r.PathValue("group"))
	if err != nil {
		return reviewProblem(err)
	}
	return answerJSON(rw, http.StatusOK, e)
}

// postUnrecognisedGroup answers POST /v1/unrecognised/{group}: a decision. The actor is the caller's.
func (w *web) postUnrecognisedGroup(rw http.ResponseWriter, r *http.Request) error {
	store, tenant, err := w.reviews(r)
	if err != nil {
		return err
	}
	var d review.Decision
	if err := readReview(rw, r, &d); err != nil {
		return err
	}
	d.Group, d.Actor = r.PathValue("group"), r.Header.Get(ActorHeader)
	if d, err = store.Decide(tenant, d); err != nil {
		return reviewProblem(err)
	}
	return answerJSON(rw, http.StatusCreated, d)
}

// labelQueue is the answer of GET /v1/labels.
type labelQueue struct {
	Queue   []mine.Pick    `json:"queue"`
	Quality review.Quality `json:"quality"`
}

// getLabels answers GET /v1/labels: texts for the caller to label, at most ?limit= (20), and how good labels and bundle are so far.
func (w *web) getLabels(rw http.ResponseWriter, r *http.Request) error {
	store, tenant, err := w.reviews(r)
	if err != nil {
		return err
	}
	limit := 20
	if s := r.URL.Query().Get("limit"); s != "" {
		if limit, err = strconv.Atoi(s); err != nil || limit < 1 || limit > 1000 {
			return &Problem{http.StatusBadRequest, "bad_query", "limit: a number from 1 to 1000."}
		}
	}
	out := labelQueue{Queue: []mine.Pick{}}
	picks, err := store.Queue(tenant, r.Header.Get(ActorHeader), limit)
	if err != nil {
		return reviewProblem(err)
	}
	out.Queue = append(out.Queue, picks...)
	if out.Quality, err = store.Quality(tenant); err != nil {
		return reviewProblem(err)
	}
	return answerJSON(rw, http.StatusOK, out)
}

// postLabel answers POST /v1/labels: {"key", "intents"}; no intents = none fits.
func (w *web) postLabel(rw http.ResponseWriter, r *http.Request) error {
	store, tenant, err := w.reviews(r)
	if err != nil {
		return err
	}
	var body struct {
		Key     string   `json:"key"`
		Intents []string `json:"intents"`
	}
	if err := readReview(rw, r, &body); err != nil {
		return err
	}
	l, err := store.Label(tenant, r.Header.Get(ActorHeader), body.Key, body.Intents)
	if err != nil {
		return reviewProblem(err)
	}
	return answerJSON(rw, http.StatusCreated, l)
}

// getLabelExport answers GET /v1/labels/export: accepted texts as JSON lines of a corpus. Its entity tag is
// their fingerprint.
func (w *web) getLabelExport(rw http.ResponseWriter, r *http.Request) error {
	store, tenant, err := w.reviews(r)
	if err != nil {
		return err
	}
	ex, err := store.Export(tenant, review.ExportOptions{})
	if err != nil {
		return reviewProblem(err)
	}
	rw.Header().Set("Content-Type", "application/x-ndjson")
	rw.Header().Set("Etag", `"`+ex.Fingerprint+`"`)
	_, _ = rw.Write(ex.Lines) // the caller may be gone
	return nil
}
