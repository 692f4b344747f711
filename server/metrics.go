package server

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"yingda/nlu"
)

// metrics are the counters of one server, in a registry of its own so that tests can run several.
type metrics struct {
	handler  http.Handler
	inFlight prometheus.Gauge

	requests      *prometheus.CounterVec   // method, route, status
	latency       *prometheus.HistogramVec // route
	errors        *prometheus.CounterVec   // code
	overloads     prometheus.Counter
	texts         *prometheus.CounterVec // bundle
	notUnderstood *prometheus.CounterVec // bundle
	batchRows     prometheus.Histogram

	tokenise, queue, inference, recognise prometheus.Observer
}

// Buckets in seconds: from a cached forward pass on a fast core to the deadline.
var (
	latencyBuckets = []float64{.0005, .001, .002, .003, .005, .0075, .01, .015, .02, .03, .05, .1, .2, .5, 1, 2, 5}
	stageBuckets   = []float64{.00001, .00003, .0001, .0003, .001, .002, .003, .005, .0075, .01, .015, .02, .03, .05, .1, .2, .5, 1, 2}
)

func newMetrics(s *Server) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	}
	stages := histogram("yingda_parse_stage_seconds", "Time of a text in each stage.", stageBuckets, "stage")
	m := &metrics{
		inFlight:      prometheus.NewGauge(prometheus.GaugeOpts{Name: "yingda_http_requests_in_flight", Help: "Requests being answered."}),
		requests:      counter("yingda_http_requests_total", "Requests answered. Status 499: the caller left first.", "method", "route", "status"),
		latency:       histogram("yingda_http_request_seconds", "Time from the end of the header to the end of the answer.", latencyBuckets, "route"),
		errors:        counter("yingda_errors_total", "Errors answered, by code as in the API.", "code"),
		overloads:     prometheus.NewCounter(prometheus.CounterOpts{Name: "yingda_overloads_total", Help: "Requests refused because the server was full."}),
		texts:         counter("yingda_parse_texts_total", "Texts analysed.", "bundle"),
		notUnderstood: counter("yingda_parse_not_understood_total", "Texts for which no intent was sure enough.", "bundle"),
		batchRows: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "yingda_parse_batch_rows",
			Help: "Texts that shared a text's model run.", Buckets: []float64{1, 2, 4, 8, 16, 32, 64}}),
		tokenise:  stages.WithLabelValues("tokenise"),
		queue:     stages.WithLabelValues("queue"),
		inference: stages.WithLabelValues("inference"),
		recognise: stages.WithLabelValues("recognise"),
	}
	r := prometheus.NewRegistry()
	r.MustRegister(m.inFlight, m.requests, m.latency, m.errors, m.overloads, m.texts, m.notUnderstood, m.batchRows, stages,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), stateCollector{s})
	m.handler = promhttp.HandlerFor(r, promhttp.HandlerOpts{})
	return m
}

// served counts a finished request. Unknown paths share one label, or an attacker could make as many as they like.
func (m *metrics) served(method, path string, status int, code Code, took time.Duration) {
	if path == "" {
		path = "unmatched"
	}
	switch method {
	case "GET", "POST", "PUT", "DELETE", "HEAD":
	default:
		method = "other"
	}
	m.requests.WithLabelValues(method, path, strconv.Itoa(status)).Inc()
	if !isLive(path) { // how long someone listened says nothing about the server
		m.latency.WithLabelValues(path).Observe(took.Seconds())
	}
	if code != "" {
		m.errors.WithLabelValues(string(code)).Inc()
	}
	if code == CodeOverloaded {
		m.overloads.Inc()
	}
}

func isLive(route string) bool {
	return strings.HasSuffix(route, "/live") || strings.HasSuffix(route, "/events") && route != "/v1/events"
}

// parsed counts analyses.
func (m *metrics) parsed(as []*nlu.Analysis) {
	for _, a := range as {
		m.tokenise.Observe(a.Timing.Tokenise.Seconds())
		m.queue.Observe(a.Timing.Queue.Seconds())
		m.inference.Observe(a.Timing.Inference.Seconds())
		m.recognise.Observe(a.Timing.Recognise.Seconds())
		m.batchRows.Observe(float64(a.Timing.BatchRows))
		m.texts.WithLabelValues(string(a.Bundle)).Inc()
		if len(a.Intents) == 0 {
			m.notUnderstood.WithLabelValues(string(a.Bundle)).Inc()
		}
	}
}

func (s *Server) getMetrics(c *gin.Context) error {
	s.metrics.handler.ServeHTTP(c.Writer, c.Request)
	return nil
}

// stateCollector reads what others count, at the time of a scrape.
type stateCollector struct{ s *Server }

var (
	descBuild         = prometheus.NewDesc("yingda_build_info", "Version of the server.", []string{"version"}, nil)
	descReady         = prometheus.NewDesc("yingda_ready", "1 when requests should be sent here.", nil, nil)
	descLive          = prometheus.NewDesc("yingda_live_connections", "WebSockets and event streams that are open.", nil, nil)
	descBundle        = prometheus.NewDesc("yingda_bundle_info", "The bundle of each role.", []string{"role", "bundle", "name", "version"}, nil)
	descBundleProblem = prometheus.NewDesc("yingda_bundle_problem", "1 when the bundle asked for could not be loaded.", []string{"role"}, nil)
	descBundleActive  = prometheus.NewDesc("yingda_bundle_requests_in_flight", "Requests that hold the role's bundle.", []string{"role"}, nil)
	descQueueTexts    = prometheus.NewDesc("yingda_queue_texts", "Texts waiting for a worker.", []string{"role"}, nil)
	descQueueTokens   = prometheus.NewDesc("yingda_queue_tokens", "Tokens waiting for a worker.", []string{"role"}, nil)
	descRuns          = prometheus.NewDesc("yingda_model_runs_total", "Model runs since the bundle was loaded.", []string{"role"}, nil)
	descRunTexts      = prometheus.NewDesc("yingda_model_texts_total", "Texts run since the bundle was loaded.", []string{"role"}, nil)
	descRunTokens     = prometheus.NewDesc("yingda_model_tokens_total", "Tokens run since the bundle was loaded.", []string{"role"}, nil)
	descPadded        = prometheus.NewDesc("yingda_model_padding_tokens_total", "Tokens of padding run since the bundle was loaded.", []string{"role"}, nil)
	descRefused       = prometheus.NewDesc("yingda_queue_refused_total", "Texts refused because the queue was full.", []string{"role"}, nil)
	descDropped       = prometheus.NewDesc("yingda_queue_dropped_total", "Texts dropped because the caller left or they waited too long.", []string{"role"}, nil)
)

// Describe implements prometheus.Collector.
func (sc stateCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descBuild, descReady, descLive, descBundle, descBundleProblem, descBundleActive, descQueueTexts,
		descQueueTokens, descRuns, descRunTexts, descRunTokens, descPadded, descRefused, descDropped,
		descShadowOffered, descShadowDropped, descShadowCompared, descShadowAgreed, descShadowWaiting,
		descParseLog, descParseLogPacks, descParseLogWaiting} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (sc stateCollector) Collect(ch chan<- prometheus.Metric) {
	s := sc.s
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(descBuild, 1, s.o.Version)
	ready := 0.0
	if len(s.notReady()) == 0 {
		ready = 1
	}
	gauge(descReady, ready)
	gauge(descLive, float64(s.hub.connections()))
	for _, l := range s.o.Bundles.Loaded() {
		role := string(l.Role)
		if l.Problem != "" {
			gauge(descBundleProblem, 1, role)
		}
		if m := l.Manifest; m != nil {
			gauge(descBundle, 1, role, string(m.ID), m.Name, m.Version)
			gauge(descBundleActive, float64(l.Requests), role)
		}
	}
	s.collectShadow(ch)
	s.collectParseLog(ch)
	if s.o.Queues == nil {
		return
	}
	for _, q := range s.o.Queues() {
		role, st := string(q.Role), q.Stats
		gauge(descQueueTexts, float64(st.QueuedTexts), role)
		gauge(descQueueTokens, float64(st.QueuedTokens), role)
		for d, n := range map[*prometheus.Desc]int64{descRuns: st.Runs, descRunTexts: st.Texts, descRunTokens: st.Tokens,
			descPadded: st.Padded, descRefused: st.Refused, descDropped: st.Dropped} {
			ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), role)
		}
	}
}
