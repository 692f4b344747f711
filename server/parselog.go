package server

import (
	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"yingda/dialogue/parses"
	"yingda/nlu"
)

// ParseLog notes texts that are analysed without a conversation; *parses.Recorder is one.
type ParseLog interface {
	// Offer notes the texts of a request. It returns at once and does not change the analyses.
	Offer(from parses.From, as []*nlu.Analysis)
	Stats() parses.Stats
}

var _ ParseLog = (*parses.Recorder)(nil)

// The channels under which texts are noted: the dialects.
const (
	channelParse = "parse"
	channelRasa  = "rasa"
	channelCLU   = "clu"
)

// note hands texts whose answer is written to the log of parses. customer may be empty.
func (s *Server) note(c *gin.Context, channel, customer string, as []*nlu.Analysis) {
	if s.o.Parses != nil {
		s.o.Parses.Offer(parses.From{Tenant: callerOf(c).Tenant, Customer: customer, Channel: channel}, as)
	}
}

// getParseLog answers GET /v1/parse-log: what is noted of plain analyses, and what was lost.
func (s *Server) getParseLog(c *gin.Context) error {
	writeJSON(c, 200, "application/json", s.parseLog())
	return nil
}

func (s *Server) parseLog() parses.Stats {
	if s.o.Parses == nil {
		return parses.Stats{Mode: parses.Off}
	}
	return s.o.Parses.Stats()
}

var (
	descParseLog        = prometheus.NewDesc("yingda_parse_log_texts_total", "Texts analysed without a conversation, by what became of them: kept, passed_over, dropped.", []string{"result"}, nil)
	descParseLogPacks   = prometheus.NewDesc("yingda_parse_log_packs_total", "Messages written to the stream of parses.", nil, nil)
	descParseLogWaiting = prometheus.NewDesc("yingda_parse_log_waiting_texts", "Texts waiting to be noted.", nil, nil)
)

// collectParseLog writes the counters of the log of parses.
func (s *Server) collectParseLog(ch chan<- prometheus.Metric) {
	if s.o.Parses == nil {
		return
	}
	st := s.o.Parses.Stats()
	counter := func(d *prometheus.Desc, n int64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	counter(descParseLog, st.Kept, "kept")
	counter(descParseLog, st.PassedOver, "passed_over")
	counter(descParseLog, st.Dropped, "dropped")
	counter(descParseLogPacks, st.Packs)
	ch <- prometheus.MustNewConstMetric(descParseLogWaiting, prometheus.GaugeValue, float64(st.Waiting))
}
