package server

import (
	"context"
	"strings"

	"github.com/gin-gonic/gin"

	"yingda/dialogue/experiment"
)

func (s *Server) experiments() (Experiments, error) {
	if s.o.Experiments == nil {
		return nil, notConfigured("experiments")
	}
	return s.o.Experiments, nil
}

// getExperiments answers GET /v1/experiments.
func (s *Server) getExperiments(c *gin.Context) error {
	es, err := s.experiments()
	if err != nil {
		return err
	}
	list, err := es.List(c.Request.Context(), callerOf(c).Tenant)
	return answer(c, err, func() any { return map[string]any{"experiments": listed(list)} })
}

// getExperiment answers GET /v1/experiments/{name}.
func (s *Server) getExperiment(c *gin.Context) error {
	es, err := s.experiments()
	if err != nil {
		return err
	}
	e, err := es.Get(c.Request.Context(), callerOf(c).Tenant, c.Param("name"))
	return answer(c, err, func() any { return e })
}

// getExperimentHistory answers GET /v1/experiments/{name}/history.
func (s *Server) getExperimentHistory(c *gin.Context) error {
	es, err := s.experiments()
	if err != nil {
		return err
	}
	_, limit, err := s.page(c)
	if err != nil {
		return err
	}
	list, err := es.History(c.Request.Context(), callerOf(c).Tenant, c.Param("name"), limit)
	return answer(c, err, func() any { return map[string]any{"versions": listed(list)} })
}

// experimentRequest is the body of the routes that change an experiment.
type experimentRequest struct {
	Revision uint64             `json:"revision"` // of what was read; 0 = there is none yet, or for pause and stop whatever it is
	Reason   string             `json:"reason" most:"4000"`
	Source   string             `json:"source" most:"-"` // PUT: the definition, YAML or JSON
	Coverage *float64           `json:"coverage"`        // ramp: 0–1, from now on
	Steps    []experiment.Step  `json:"steps"`           // ramp: what follows, counted from now
	Weights  map[string]float64 `json:"weights"`         // weights: by variant
}

func (q *experimentRequest) edit(c *gin.Context) experiment.Edit {
	who := callerOf(c)
	return experiment.Edit{Tenant: who.Tenant, Name: c.Param("name"), Revision: q.Revision, By: who.By(), Reason: q.Reason}
}

// changeExperiment answers the routes that change an experiment.
func (s *Server) changeExperiment(do func(ctx context.Context, es Experiments, by experiment.Edit, q *experimentRequest) (experiment.Experiment, error)) func(*gin.Context) error {
	return func(c *gin.Context) error {
		es, err := s.experiments()
		if err != nil {
			return err
		}
		var q experimentRequest
		if err := s.readInto(c, &q); err != nil {
			return err
		}
		e, err := do(c.Request.Context(), es, q.edit(c), &q)
		return answer(c, err, func() any { return e })
	}
}

// saveExperiment is the change of PUT /v1/experiments/{name}.
func saveExperiment(ctx context.Context, es Experiments, by experiment.Edit, q *experimentRequest) (experiment.Experiment, error) {
	if strings.TrimSpace(q.Source) == "" {
		return experiment.Experiment{}, fieldFault(CodeBadValue, "source", "is missing: send the definition, YAML or JSON")
	}
	d, err := experiment.Parse("source", []byte(q.Source))
	if err != nil {
		return experiment.Experiment{}, err
	}
	if d.Name != by.Name {
		return experiment.Experiment{}, fieldFault(CodeBadValue, "source", "is of the experiment %s, the path says %s: send it where it belongs", quote(d.Name), quote(by.Name))
	}
	return es.Save(ctx, by, *d)
}

// moveExperiment is the change of POST …/start, …/pause and …/stop.
func moveExperiment(move func(Experiments, context.Context, experiment.Edit) (experiment.Experiment, error)) func(context.Context, Experiments, experiment.Edit, *experimentRequest) (experiment.Experiment, error) {
	return func(ctx context.Context, es Experiments, by experiment.Edit, _ *experimentRequest) (experiment.Experiment, error) {
		return move(es, ctx, by)
	}
}

// rampExperiment is the change of POST …/ramp.
func rampExperiment(ctx context.Context, es Experiments, by experiment.Edit, q *experimentRequest) (experiment.Experiment, error) {
	if q.Coverage == nil {
		return experiment.Experiment{}, fieldFault(CodeBadValue, "coverage", "is missing: send the share of customers who take part from now on, 0 to 1")
	}
	return es.Ramp(ctx, by, *q.Coverage, q.Steps)
}

// weighExperiment is the change of POST …/weights.
func weighExperiment(ctx context.Context, es Experiments, by experiment.Edit, q *experimentRequest) (experiment.Experiment, error) {
	return es.SetWeights(ctx, by, q.Weights)
}
