package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// Bounds that keep a hostile file from exhausting stack and memory.
const (
	maxDepth   = 16      // nested graphs (If, Loop)
	maxObjects = 1 << 20 // nodes, attributes, tensors, values: an empty one takes two bytes of the file and a hundred times that in memory
)

// decoder reads one model. It must see what a protobuf library sees, for what it passes is then run by one: a field of another wire type
// than the schema's, which such a library skips, and a message given twice, which it merges, are refused.
type decoder struct {
	objects int
}

func (d *decoder) spend() error {
	if d.objects++; d.objects > maxObjects {
		return fmt.Errorf("more than %d nodes, attributes, tensors and values", maxObjects)
	}
	return nil
}

// Unmarshal reads a model. Tensors keep slices of data where they can: do not change it afterwards.
func Unmarshal(data []byte) (*Model, error) {
	m := &Model{Metadata: map[string]string{}}
	d := &decoder{}
	err := fields(data, numbers(2, 7, 8, 14, 25), func(num protowire.Number, f field) (err error) {
		switch num {
		case 1:
			m.IRVersion = int64(f.num)
		case 2:
			m.Producer = string(f.bytes)
		case 7:
			if m.Graph != nil {
				return errors.New("two graphs in the file")
			}
			m.Graph, err = d.graph(f.bytes, 0)
		case 8:
			if err := d.spend(); err != nil {
				return err
			}
			var o Opset
			err = fields(f.bytes, numbers(1), func(num protowire.Number, f field) error {
				switch num {
				case 1:
					o.Domain = string(f.bytes)
				case 2:
					o.Version = int64(f.num)
				}
				return nil
			})
			m.Opsets = append(m.Opsets, o)
		case 14:
			var k, v string
			if k, v, err = decodeEntry(f.bytes); err == nil {
				m.Metadata[k] = v
			}
		case 25:
			m.Functions++
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read ONNX model: %w", err)
	}
	if m.Graph == nil {
		return nil, errors.New("read ONNX model: no graph in the file")
	}
	return m, nil
}

// field is the payload of one protobuf field; which member is set depends on the wire type.
type field struct {
	num    uint64
	bytes  []byte
	packed bool // bytes, not a number
}

// numbers is a set of field numbers.
func numbers(ns ...uint) (set uint64) {
	for _, n := range ns {
		set |= 1 << n
	}
	return set
}

// fields calls fn for each field of a message. Those in bytes are strings and messages, which must be length-delimited.
func fields(data []byte, bytes uint64, fn func(protowire.Number, field) error) error {
	for len(data) > 0 {
		num, typ, n := protowire.ConsumeTag(data)
		if n < 0 {
			return protowire.ParseError(n)
		}
		data = data[n:]
		if typ != protowire.BytesType && num < 64 && bytes>>num&1 == 1 {
			return fmt.Errorf("field %d has wire type %d, want length-delimited", num, typ)
		}
		var f field
		switch typ {
		case protowire.VarintType:
			f.num, n = protowire.ConsumeVarint(data)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(data)
			f.num = uint64(v)
		case protowire.Fixed64Type:
			f.num, n = protowire.ConsumeFixed64(data)
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(data)
			f.bytes = slices.Clip(f.bytes) // an append must not run on into the file
			f.packed = true
		default:
			n = protowire.ConsumeFieldValue(num, typ, data)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		data = data[n:]
		if err := fn(num, f); err != nil {
			return err
		}
	}
	return nil
}

func decodeEntry(data []byte) (key, value string, err error) {
	err = fields(data, numbers(1, 2), func(num protowire.Number, f field) error {
		switch num {
		case 1:
			key = string(f.bytes)
		case 2:
			value = string(f.bytes)
		}
		return nil
	})
	return key, value, err
}

func (d *decoder) graph(data []byte, depth int) (*Graph, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("graphs nested deeper than %d", maxDepth)
	}
	if err := d.spend(); err != nil {
		return nil, err
	}
	g := &Graph{}
	err := fields(data, numbers(1, 2, 5, 11, 12, 13, 15), func(num protowire.Number, f field) error {
		switch num {
		case 1:
			n, err := d.node(f.bytes, depth)
			g.Nodes = append(g.Nodes, n)
			return err
		case 2:
			g.Name = string(f.bytes)
		case 5:
			t, err := d.tensor(f.bytes)
			g.Initializers = append(g.Initializers, t)
			return err
		case 11, 12, 13:
			v, err := d.value(f.bytes)
			switch num {
			case 11:
				g.Inputs = append(g.Inputs, v)
			case 12:
				g.Outputs = append(g.Outputs, v)
			default:
				g.Values = append(g.Values, v)
			}
			return err
		case 15:
			g.Sparse++
		}
		return nil
	})
	return g, err
}

func (d *decoder) node(data []byte, depth int) (*Node, error) {
	if err := d.spend(); err != nil {
		return nil, err
	}
	n := &Node{}
	err := fields(data, numbers(1, 2, 3, 4, 5, 7), func(num protowire.Number, f field) error {
		switch num {
		case 1:
			n.Inputs = append(n.Inputs, string(f.bytes))
		case 2:
			n.Outputs = append(n.Outputs, string(f.bytes))
		case 3:
			n.Name = string(f.bytes)
		case 4:
			n.Op = string(f.bytes)
		case 5:
			a, err := d.attr(f.bytes, depth)
			n.Attrs = append(n.Attrs, a)
			return err
		case 7:
			n.Domain = string(f.bytes)
		}
		return nil
	})
	return n, err
}

func (d *decoder) attr(data []byte, depth int) (*Attr, error) {
	if err := d.spend(); err != nil {
		return nil, err
	}
	a := &Attr{}
	err := fields(data, numbers(1, 4, 5, 6, 9, 10, 11, 22, 23), func(num protowire.Number, f field) (err error) {
		switch num {
		case 1:
			a.Name = string(f.bytes)
		case 2:
			a.F = math.Float32frombits(uint32(f.num))
		case 3:
			a.I = int64(f.num)
		case 4:
			a.S = f.bytes
		case 5:
			if a.T != nil {
				return fmt.Errorf("attribute %q has two tensors", a.Name)
			}
			a.T, err = d.tensor(f.bytes)
		case 6:
			if a.G != nil {
				return fmt.Errorf("attribute %q has two graphs", a.Name)
			}
			a.G, err = d.graph(f.bytes, depth+1)
		case 7:
			err = packed(f, 4, func(v uint64) { a.Floats = append(a.Floats, math.Float32frombits(uint32(v))) })
		case 8:
			err = packed(f, 0, func(v uint64) { a.Ints = append(a.Ints, int64(v)) })
		case 9:
			a.Strings = append(a.Strings, f.bytes)
		case 10:
			var t *Tensor
			t, err = d.tensor(f.bytes)
			a.Tensors = append(a.Tensors, t)
		case 11:
			var g *Graph
			g, err = d.graph(f.bytes, depth+1)
			a.Graphs = append(a.Graphs, g)
		case 20:
			a.Type = AttrType(f.num)
		case 22, 23:
			a.Sparse++
		}
		return err
	})
	return a, err
}

// packed calls fn for the numbers of a repeated field, packed or not. width is 4 or 8 for fixed ones, 0 for varints.
func packed(f field, width int, fn func(uint64)) error {
	if !f.packed {
		fn(f.num)
		return nil
	}
	for b := f.bytes; len(b) > 0; {
		var v uint64
		n := width
		switch {
		case width == 0:
			v, n = protowire.ConsumeVarint(b)
			if n < 0 {
				return protowire.ParseError(n)
			}
		case len(b) < width:
			return errors.New("packed numbers end in the middle of one")
		case width == 4:
			v = uint64(binary.LittleEndian.Uint32(b))
		default:
			v = binary.LittleEndian.Uint64(b)
		}
		fn(v)
		b = b[n:]
	}
	return nil
}

func (d *decoder) tensor(data []byte) (*Tensor, error) {
	if err := d.spend(); err != nil {
		return nil, err
	}
	t := &Tensor{}
	le := binary.LittleEndian
	err := fields(data, numbers(8, 9, 13), func(num protowire.Number, f field) error {
		switch num {
		case 1:
			return packed(f, 0, func(v uint64) { t.Dims = append(t.Dims, int64(v)) })
		case 2:
			t.Type = DataType(f.num)
		case 4: // float_data
			return packed(f, 4, func(v uint64) { t.Raw = le.AppendUint32(t.Raw, uint32(v)) })
		case 5: // int32_data also carries the narrower types
			return packed(f, 0, func(v uint64) { t.Raw = appendNarrow(t.Raw, t.Type, v) })
		case 7, 11: // int64_data, uint64_data
			return packed(f, 0, func(v uint64) { t.Raw = le.AppendUint64(t.Raw, v) })
		case 8:
			t.Name = string(f.bytes)
		case 9:
			t.Raw = f.bytes
		case 10:
			return packed(f, 8, func(v uint64) { t.Raw = le.AppendUint64(t.Raw, v) })
		case 13:
			t.External = true
		case 14:
			t.External = t.External || f.num == 1
		}
		return nil
	})
	return t, err
}

func appendNarrow(raw []byte, typ DataType, v uint64) []byte {
	switch typ.Size() {
	case 1:
		return append(raw, byte(v))
	case 2:
		return binary.LittleEndian.AppendUint16(raw, uint16(v))
	}
	return binary.LittleEndian.AppendUint32(raw, uint32(v))
}

func (d *decoder) value(data []byte) (*Value, error) {
	if err := d.spend(); err != nil {
		return nil, err
	}
	v := &Value{}
	err := fields(data, numbers(1, 2), func(num protowire.Number, f field) error {
		switch num {
		case 1:
			v.Name = string(f.bytes)
		case 2:
			return fields(f.bytes, numbers(1), func(num protowire.Number, f field) error {
				if num != 1 { // only TypeProto.tensor_type
					return nil
				}
				return d.tensorType(f.bytes, v)
			})
		}
		return nil
	})
	return v, err
}

func (d *decoder) tensorType(data []byte, v *Value) error {
	return fields(data, numbers(2), func(num protowire.Number, f field) error {
		switch num {
		case 1:
			v.Type = DataType(f.num)
		case 2:
			v.Dims = []Dim{}
			return fields(f.bytes, numbers(1), func(_ protowire.Number, f field) error {
				if err := d.spend(); err != nil {
					return err
				}
				var dim Dim
				err := fields(f.bytes, numbers(2), func(num protowire.Number, f field) error {
					switch num {
					case 1:
						dim.Size = int64(f.num)
					case 2:
						dim.Param = string(f.bytes)
					}
					return nil
				})
				v.Dims = append(v.Dims, dim)
				return err
			})
		}
		return nil
	})
}
