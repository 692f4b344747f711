package onnx_test

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"yingda/models/onnx"
)

// message appends a length-delimited field.
func message(num protowire.Number, parts ...[]byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, num, protowire.BytesType), bytes.Join(parts, nil))
}

func varint(num protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, num, protowire.VarintType), v)
}

// nested is a graph in an attribute in a node in a graph …
func nested(depth int) []byte {
	g := message(2, []byte("inner"))
	for range depth {
		g = message(1, message(5, message(6, g)))
	}
	return message(7, g)
}

func TestHostile(t *testing.T) {
	good := mustRead(t, "forms.onnx")
	node := func(fields ...[]byte) []byte { return message(7, message(1, fields...)) }
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"ErrEmpty", nil, "no graph"},
		{"ErrText", []byte("this is not a model, but a sentence"), "read ONNX model"},
		{"ErrTruncated", good[:len(good)-40], "read ONNX model"},
		{"ErrLength", append([]byte{7<<3 | 2}, protowire.AppendVarint(nil, 1<<40)...), "read ONNX model"},
		{"ErrDeep", nested(17), "nested deeper"},
		{"ErrVeryDeep", nested(3000), "nested deeper"},
		// A protobuf library merges messages that come twice and skips fields of the wrong type: what it would run is not what was checked.
		{"ErrTwoGraphs", append(bytes.Clone(node(message(4, []byte("Evil")))), message(7, message(2, []byte("harmless")))...), "two graphs"},
		{"ErrHiddenDomain", node(message(7, []byte("evil")), varint(7, 0)), "wire type"},
		{"ErrHiddenOp", node(message(4, []byte("Evil")), varint(4, 0)), "wire type"},
		{"ErrGroup", node(protowire.AppendTag(protowire.AppendTag(nil, 7, protowire.StartGroupType), 7, protowire.EndGroupType)), "wire type"},
		{"ErrTwoGraphsInAttribute", node(message(5, message(6, message(2, []byte("a"))), message(6))), "two graphs"},
		{"ErrTwoTensors", node(message(5, message(5, varint(2, 1)), message(5))), "two tensors"},
		{"ErrPacked", message(7, message(5, message(4, []byte{1, 2, 3}))), "middle of one"},
		{"ErrNodes", message(7, bytes.Repeat(message(1), 1<<20)), "more than"},
		{"ErrAttributes", node(bytes.Repeat(message(5), 1<<20)), "more than"},
		{"ErrTensors", message(7, bytes.Repeat(message(5), 1<<20)), "more than"},
		{"ErrOpsets", bytes.Repeat(message(8), 1<<20+1), "more than"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := onnx.Unmarshal(tt.data)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	if _, err := onnx.Unmarshal(nested(15)); err != nil {
		t.Errorf("15 levels: %v", err)
	}
}

// TestTensorDoesNotRunOn: typed data after raw data must not be appended into the bytes of the file behind it.
func TestTensorDoesNotRunOn(t *testing.T) {
	tensor := message(5, varint(2, 1), message(9, make([]byte, 4)), message(4, []byte{1, 2, 3, 4}))
	file := message(7, tensor, message(1, message(4, []byte("Identity")), message(7, []byte("ai.onnx"))))
	before := bytes.Clone(file)
	m, err := onnx.Unmarshal(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(file, before) {
		t.Error("reading changed the file in memory: what was hashed is no longer what is run")
	}
	_ = append(m.Graph.Initializers[0].Raw, 9, 9, 9, 9)
	if !bytes.Equal(file, before) {
		t.Error("a tensor's data can be grown over the file")
	}
}

// TestMemory bounds what a hostile file costs beyond its own size.
func TestMemory(t *testing.T) {
	file := message(7, bytes.Repeat(message(1), 1<<20-2))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m, err := onnx.Unmarshal(file)
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 512<<20 {
		t.Errorf("reading %d bytes allocated %d MB", len(file), grown>>20)
	}
	runtime.KeepAlive(m)
}

func FuzzUnmarshal(f *testing.F) {
	good := mustRead(f, "forms.onnx")
	f.Add(good)
	f.Add(mustRead(f, "roundtrip.onnx"))
	f.Add(good[:len(good)/2])
	f.Add(nested(3))
	f.Add(message(7, message(5, varint(2, 1), message(9, make([]byte, 4)), message(4, []byte{1, 2, 3, 4}))))
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		m, err := onnx.Unmarshal(data)
		if !bytes.Equal(before, data) {
			t.Fatal("reading changed the file")
		}
		if err != nil {
			return
		}
		for _, tensor := range m.Graph.Initializers {
			if tensor.Check() == nil && tensor.Type == onnx.Float {
				if n, err := tensor.Elems(); err != nil || len(tensor.Floats()) != n {
					t.Fatalf("checked tensor of %v has %d elements (%v)", tensor.Dims, len(tensor.Floats()), err)
				}
			}
		}
		once := onnx.Marshal(m)
		again, err := onnx.Unmarshal(once)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if !bytes.Equal(once, onnx.Marshal(again)) {
			t.Fatal("written otherwise the second time")
		}
		m.Graph.Prune()
	})
}
