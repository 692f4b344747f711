package server

import (
	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"yingda/nlu/shadow"
)

// getShadow answers GET /v1/shadow: how often the shadow says what the champion says.
func (s *Server) getShadow(c *gin.Context) error {
	writeJSON(c, 200, "application/json", s.shadow())
	return nil
}

func (s *Server) shadow() shadow.Report {
	if s.o.Shadow == nil {
		return shadow.Report{Pairs: []shadow.Pair{}}
	}
	return s.o.Shadow()
}

var (
	descShadowOffered  = prometheus.NewDesc("yingda_shadow_offered_total", "Texts sampled for the shadow.", []string{"champion", "shadow"}, nil)
	descShadowDropped  = prometheus.NewDesc("yingda_shadow_dropped_total", "Texts sampled but not compared.", []string{"champion", "shadow", "cause"}, nil)
	descShadowCompared = prometheus.NewDesc("yingda_shadow_compared_total", "Texts whose answers were compared.", []string{"champion", "shadow", "layer"}, nil)
	descShadowAgreed   = prometheus.NewDesc("yingda_shadow_agreed_total", "Texts of which the shadow said what the champion said.", []string{"champion", "shadow", "layer"}, nil)
	descShadowWaiting  = prometheus.NewDesc("yingda_shadow_waiting_texts", "Texts waiting for the shadow.", nil, nil)
)

// collectShadow writes the counters of the pairs that the mirror remembers.
func (s *Server) collectShadow(ch chan<- prometheus.Metric) {
	if s.o.Shadow == nil {
		return
	}
	counter := func(d *prometheus.Desc, n int64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	r := s.o.Shadow()
	ch <- prometheus.MustNewConstMetric(descShadowWaiting, prometheus.GaugeValue, float64(r.Waiting))
	for _, p := range r.Pairs {
		champion, rival := string(p.Champion), string(p.Shadow)
		counter(descShadowOffered, p.Offered, champion, rival)
		for cause, n := range p.Dropped {
			counter(descShadowDropped, n, champion, rival, cause)
		}
		for layer, a := range p.Agreement {
			counter(descShadowCompared, a.Of, champion, rival, layer)
			counter(descShadowAgreed, a.Same, champion, rival, layer)
		}
	}
}
