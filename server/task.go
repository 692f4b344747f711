package server

import (
	"strings"

	"github.com/gin-gonic/gin"

	"yingda/dialogue/task"
)

// taskSummary is a task in a list: what it serves and needs.
type taskSummary struct {
	Name    string   `json:"name"`
	Intents []string `json:"intents"`
	Needs   []string `json:"needs"`
	Takes   []string `json:"takes"`
	Confirm bool     `json:"confirm"`
	Lookup  string   `json:"lookup,omitempty"` // call before the customer is asked to confirm
	Call    string   `json:"call,omitempty"`   // what is done
	Mode    string   `json:"mode"`
	Steps   int      `json:"steps"`  // of a troubleshooting tree
	People  bool     `json:"people"` // handed over as soon as what is needed is known
	Queue   string   `json:"queue,omitempty"`
}

func viewTask(t *task.Task) taskSummary {
	v := taskSummary{Intents: texts(t.Intents), Needs: texts(t.Needs), Takes: texts(t.Takes), Confirm: t.Confirm, Mode: string(t.Mode),
		Steps: len(t.Steps), People: t.People, Queue: t.Queue}
	if len(t.Intents) > 0 {
		v.Name = t.Intents[0]
	}
	if t.Lookup != nil {
		v.Lookup = t.Lookup.Name
	}
	if t.Call != nil {
		v.Call = t.Call.Name
	}
	return v
}

func (s *Server) tasks() (Tasks, error) {
	if s.o.Tasks == nil {
		return nil, notConfigured("tasks")
	}
	return s.o.Tasks, nil
}

// getTasks answers GET /v1/tasks.
func (s *Server) getTasks(c *gin.Context) error {
	tasks, err := s.tasks()
	if err != nil {
		return err
	}
	list := []taskSummary{}
	for _, t := range tasks.Tasks() {
		list = append(list, viewTask(t))
	}
	writeJSON(c, 200, "application/json", map[string]any{"tasks": list})
	return nil
}

// taskSource is the body of POST /v1/tasks/validate.
type taskSource struct {
	Name   string `json:"name"` // of the file, for messages
	Source string `json:"source" most:"-"`
}

// validateTasks answers POST /v1/tasks/validate: a task file is checked by itself, nothing is changed.
func (s *Server) validateTasks(c *gin.Context) error {
	if _, err := s.tasks(); err != nil {
		return err
	}
	var q taskSource
	if err := s.readInto(c, &q); err != nil {
		return err
	}
	if strings.TrimSpace(q.Source) == "" {
		return fieldFault(CodeBadValue, "source", "is missing: send the task file as YAML")
	}
	if q.Name == "" {
		q.Name = "source"
	}
	set, err := task.Parse(q.Name, []byte(q.Source))
	return answer(c, err, func() any {
		list := []taskSummary{}
		for _, t := range set.Tasks() {
			list = append(list, viewTask(t))
		}
		return map[string]any{"tasks": list}
	})
}

// reloadRequest is the body of POST /v1/tasks/reload.
type reloadRequest struct {
	DryRun bool `json:"dry_run"`
}

// reloadTasks answers POST /v1/tasks/reload: the files of the service pack are read again.
func (s *Server) reloadTasks(c *gin.Context) error {
	tasks, err := s.tasks()
	if err != nil {
		return err
	}
	var q reloadRequest
	if err := s.readInto(c, &q); err != nil {
		return err
	}
	err = tasks.Reload(c.Request.Context(), q.DryRun)
	return answer(c, err, func() any { return map[string]any{"reloaded": !q.DryRun, "tasks": len(tasks.Tasks())} })
}
