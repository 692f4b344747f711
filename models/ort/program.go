package ort

import (
	"errors"
	"fmt"

	ort "github.com/yalue/onnxruntime_go"

	"yingda/models/onnx"
)

// Program is any graph in a session, with inputs and outputs bound by name: what training steps and calibration run. It is used by
// one goroutine at a time.
type Program struct {
	session *ort.DynamicAdvancedSession
	binding *ort.IoBinding
	bound   map[string]ort.Value
}

// ProgramOptions tune a program.
type ProgramOptions struct {
	// Threads of one run. Default 1.
	Threads int
	// Plain leaves the graph as it is: a session is built faster, and every value can be asked for.
	Plain bool
}

// Compile builds a session for m that reads and writes the named values.
func Compile(m *onnx.Model, inputs, outputs []string, o ProgramOptions) (*Program, error) {
	so, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	defer so.Destroy()
	level := ort.GraphOptimizationLevel(ort.GraphOptimizationLevelEnableAll)
	if o.Plain {
		level = ort.GraphOptimizationLevelDisableAll
	}
	err = errors.Join(
		so.SetIntraOpNumThreads(max(o.Threads, 1)),
		so.SetInterOpNumThreads(1),
		so.SetMemPattern(false), // it grows with every new shape
		so.SetGraphOptimizationLevel(level),
		// Cut work into ever smaller pieces: a core that other work has taken for a while does not hold up the rest.
		so.AddSessionConfigEntry("session.dynamic_block_base", "4"),
	)
	if err != nil {
		return nil, err
	}
	p := &Program{bound: map[string]ort.Value{}}
	if p.session, err = ort.NewDynamicAdvancedSessionWithONNXData(onnx.Marshal(m), inputs, outputs, so); err != nil {
		return nil, fmt.Errorf("compile graph %q: %w", m.Graph.Name, err)
	}
	if p.binding, err = p.session.CreateIoBinding(); err != nil {
		return nil, errors.Join(err, p.session.Destroy())
	}
	return p, nil
}

// Number is an element type that can be bound.
type Number interface {
	float32 | float64 | int64 | int32 | uint8 | int8
}

// BindInput lets the graph read an input from data, a row-major tensor. The graph reads the memory at each run until the name is
// bound again.
func BindInput[T Number](p *Program, name string, data []T, dims ...int64) error {
	return bind(p, name, data, dims, p.binding.BindInput)
}

// BindOutput lets the graph write an output to data at each run.
func BindOutput[T Number](p *Program, name string, data []T, dims ...int64) error {
	return bind(p, name, data, dims, p.binding.BindOutput)
}

func bind[T Number](p *Program, name string, data []T, dims []int64, to func(string, ort.Value) error) error {
	v, err := ort.NewTensor(ort.NewShape(dims...), data)
	if err != nil {
		return fmt.Errorf("bind %q %v: %w", name, dims, err)
	}
	if err := to(name, v); err != nil {
		return fmt.Errorf("bind %q: %w", name, errors.Join(err, v.Destroy()))
	}
	if old := p.bound[name]; old != nil {
		err = old.Destroy()
	}
	p.bound[name] = v
	return err
}

// Run computes the outputs from the inputs as bound.
func (p *Program) Run() error { return p.session.RunWithBinding(p.binding) }

// Integers runs the graph and returns outputs that are int64 tensors and not bound, flattened.
func (p *Program) Integers(inputs, outputs []string) (map[string][]int64, error) {
	in, out := make([]ort.Value, len(inputs)), make([]ort.Value, len(outputs))
	for i, name := range inputs {
		if in[i] = p.bound[name]; in[i] == nil {
			return nil, fmt.Errorf("input %q is not bound", name)
		}
	}
	if err := p.session.Run(in, out); err != nil {
		return nil, err
	}
	values := map[string][]int64{}
	var errs []error
	for i, v := range out {
		t, ok := v.(*ort.Tensor[int64])
		if !ok {
			errs = append(errs, fmt.Errorf("output %q is not an int64 tensor", outputs[i]))
		} else {
			values[outputs[i]] = append([]int64(nil), t.GetData()...)
		}
		errs = append(errs, v.Destroy())
	}
	return values, errors.Join(errs...)
}

// Close frees the session. The memory that was bound stays the caller's.
func (p *Program) Close() error {
	errs := []error{p.binding.Destroy()}
	for _, v := range p.bound {
		errs = append(errs, v.Destroy())
	}
	errs = append(errs, p.session.Destroy())
	trimHeap()
	return errors.Join(errs...)
}
