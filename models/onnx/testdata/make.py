"""Writes forms.onnx, a small model that uses every form of data this package reads, and forms.json, what a reader must find in it.

    python make.py            write both
    python make.py --check    check roundtrip.onnx (written by `go test -update`) with ONNX's own checker, and that it says the same

Made with onnx 1.23.2 and onnxruntime 1.32.0.
"""
import json, pathlib, sys
import numpy as np, onnx
from onnx import TensorProto as T, helper as h, numpy_helper as nh

here = pathlib.Path(__file__).parent


def build():
    branch = lambda name, op: h.make_graph(
        [h.make_node(op, ["x", "w"], ["y_" + name], name=name)], name, [], [h.make_tensor_value_info("y_" + name, T.FLOAT, None)])
    nodes = [
        h.make_node("Constant", [], ["shift"], value=h.make_tensor("shift", T.FLOAT, [2], [0.5, -0.5])),
        h.make_node("Constant", [], ["list"], value_floats=[1.0, 2.0]),
        h.make_node("Cast", ["flag_u8"], ["flag"], to=T.BOOL),
        h.make_node("If", ["flag"], ["z"], then_branch=branch("then", "Add"), else_branch=branch("else", "Mul")),
        h.make_node("Add", ["z", "shift"], ["z2"], name="plus"),
        h.make_node("Mul", ["z2", "list"], ["z3"]),
        h.make_node("Transpose", ["z3"], ["z4"], perm=[1, 0]),
        h.make_node("LeakyRelu", ["z4"], ["z5"], alpha=0.25),
        h.make_node("Cast", ["half"], ["half_f"], to=T.FLOAT),
        h.make_node("Gather", ["z5", "pick"], ["z6"], axis=0),
        h.make_node("Clip", ["z6", "", "top"], ["z7"]),
        h.make_node("Mul", ["z7", "half_f"], ["out"]),
        h.make_node("BiasGelu", ["z3", "shift"], ["extra"], domain="com.microsoft"),
    ]
    tensors = [
        nh.from_array(np.array([[1, 2], [3, 4]], np.float32), "w"),                    # raw_data
        h.make_tensor("top", T.FLOAT, [], [3.5]),                                       # float_data
        h.make_tensor("pick", T.INT64, [3], [1, 0, 1]),                                 # int64_data
        h.make_tensor("flag_u8", T.UINT8, [], [1]),                                     # int32_data, one byte each
        h.make_tensor("half", T.FLOAT16, [2], np.array([2, 0.5], np.float16)),          # int32_data, two bytes each
        h.make_tensor("double", T.DOUBLE, [1], [1e300]),                                # double_data
        h.make_tensor("int32", T.INT32, [2], [-7, 7]),
        h.make_tensor("int8", T.INT8, [2], [-8, 8]),
        nh.from_array(np.zeros((0, 3), np.float32), "empty"),
    ]
    g = h.make_graph(nodes, "forms", [h.make_tensor_value_info("x", T.FLOAT, ["rows", 2])],
                     [h.make_tensor_value_info("out", T.FLOAT, [3, None]), h.make_tensor_value_info("extra", T.FLOAT, None)], tensors,
                     value_info=[h.make_tensor_value_info("z", T.FLOAT, ["rows", 2])])
    m = h.make_model(g, opset_imports=[h.make_opsetid("", 17), h.make_opsetid("com.microsoft", 1)], ir_version=8, producer_name="make.py")
    m.metadata_props.add(key="author", value="应答")
    m.metadata_props.add(key="a", value="")
    return m


def describe(m):
    def attr(a):
        v = h.get_attribute_value(a)
        if isinstance(v, onnx.GraphProto):
            v = [n.op_type for n in v.node]
        elif isinstance(v, onnx.TensorProto):
            v = nh.to_array(v).tolist()
        return {"name": a.name, "type": a.type, "value": v}

    def value(v):
        t = v.type.tensor_type
        dims = [[d.dim_value, d.dim_param] for d in t.shape.dim] if t.HasField("shape") else None
        return {"name": v.name, "type": t.elem_type, "dims": dims}

    return {
        "ir": m.ir_version, "producer": m.producer_name, "opsets": [[o.domain, o.version] for o in m.opset_import],
        "metadata": {p.key: p.value for p in m.metadata_props}, "name": m.graph.name,
        "nodes": [{"op": n.op_type, "domain": n.domain, "name": n.name, "inputs": list(n.input), "outputs": list(n.output),
                   "attrs": [attr(a) for a in n.attribute]} for n in m.graph.node],
        "tensors": [{"name": t.name, "type": t.data_type, "dims": list(t.dims), "raw": list(nh.to_array(t).tobytes())} for t in m.graph.initializer],
        "inputs": [value(v) for v in m.graph.input], "outputs": [value(v) for v in m.graph.output], "values": [value(v) for v in m.graph.value_info],
    }


if "--check" in sys.argv:
    import onnxruntime as ort
    a, b = onnx.load(here / "forms.onnx"), onnx.load(here / "roundtrip.onnx")
    b2 = onnx.ModelProto(); b2.CopyFrom(b)
    del b2.graph.node[-1], b2.graph.output[-1]  # the checker knows ai.onnx only
    onnx.checker.check_model(b2, full_check=True)
    assert describe(a) == describe(b)
    x = {"x": np.array([[1, 2], [3, -4]], np.float32)}
    for p, q in zip(*(ort.InferenceSession(m.SerializeToString()).run(None, x) for m in (a, b))):
        assert np.array_equal(p, q)
    print("roundtrip.onnx is sound and says the same")
else:
    m = build()
    onnx.save(m, here / "forms.onnx")
    (here / "forms.json").write_text(json.dumps(describe(m), ensure_ascii=False, indent=1) + "\n")
