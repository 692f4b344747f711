"""Writes two tiny models in the layout of Hugging Face, one that classifies texts and one that tags tokens, and golden.json beside each:
ids from the Python package tokenizers and logits from Python's onnxruntime. Weights are random with a fixed seed.

Made with onnx 1.23.2, onnxruntime 1.32.0, tokenizers 0.23.3.
"""
import json, pathlib
import numpy as np, onnx, onnxruntime as ort
from onnx import TensorProto as T, helper as h, numpy_helper as nh
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

here = pathlib.Path(__file__).parent
TEXTS = ["我要退款", "hello world", "寄到北京，谢谢", "", "！", "unknown Ωμέγα words", "退" * 40]


def tokenizer():
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "我", "要", "退", "款", "寄", "到", "北", "京", "谢", "，", "！", "hello", "world", "un", "##known"]
    t = Tokenizer(models.WordPiece({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer(lowercase=True)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    t.add_special_tokens(words[:4])
    return t, len(words)


def model(kind, vocab, labels, rng):
    dim = 16
    w = lambda name, *shape: nh.from_array(rng.normal(0, 1, shape).astype(np.float32), name)
    tensors = [w("word", vocab, dim), w("type", 2, dim), w("w", dim, labels), w("b", labels), nh.from_array(np.array([2]), "two"), nh.from_array(np.array([1]), "one")]
    n = h.make_node
    nodes = [n("Gather", ["word", "input_ids"], ["e1"]), n("Gather", ["type", "token_type_ids"], ["e2"]), n("Add", ["e1", "e2"], ["e"]), n("Tanh", ["e"], ["t"]),
             n("Cast", ["attention_mask"], ["m"], to=T.FLOAT), n("Unsqueeze", ["m", "two"], ["m3"]), n("Mul", ["t", "m3"], ["tm"])]
    if kind == "sequence":
        nodes += [n("ReduceSum", ["tm", "one"], ["s"], keepdims=0), n("ReduceSum", ["m3", "one"], ["c"], keepdims=0), n("Div", ["s", "c"], ["x"])]
        out = h.make_tensor_value_info("logits", T.FLOAT, ["batch", labels])
    else:
        nodes += [n("Identity", ["tm"], ["x"])]
        out = h.make_tensor_value_info("logits", T.FLOAT, ["batch", "sequence", labels])
    nodes += [n("MatMul", ["x", "w"], ["y"]), n("Add", ["y", "b"], ["logits"])]
    ins = [h.make_tensor_value_info(i, T.INT64, ["batch", "sequence"]) for i in ("input_ids", "attention_mask", "token_type_ids")]
    return h.make_model(h.make_graph(nodes, kind, ins, [out], tensors), opset_imports=[h.make_opsetid("", 17)], ir_version=8)


def write(kind, arch, labels, folder):
    rng = np.random.default_rng(7)
    tok, vocab = tokenizer()
    m = model(kind, vocab, len(labels), rng)
    onnx.checker.check_model(m, full_check=True)
    d = here / kind
    (d / folder).mkdir(parents=True, exist_ok=True)
    onnx.save(m, d / folder / "model.onnx")
    tok.save(str(d / "tokenizer.json"))
    config = {"architectures": [arch], "model_type": "bert", "id2label": {str(i): l for i, l in enumerate(labels)}, "label2id": {l: i for i, l in enumerate(labels)},
              "max_position_embeddings": 64, "pad_token_id": 0, "hidden_size": 16}
    (d / "config.json").write_text(json.dumps(config, ensure_ascii=False, indent=1) + "\n")
    s = ort.InferenceSession(m.SerializeToString())
    golden = []
    for text in TEXTS:
        ids = tok.encode(text).ids
        x = np.array([ids], np.int64)
        y = s.run(None, {"input_ids": x, "attention_mask": np.ones_like(x), "token_type_ids": np.zeros_like(x)})[0][0]
        golden.append({"text": text, "ids": ids, "logits": [round(float(v), 6) for v in y.reshape(-1)]})
    (d / "golden.json").write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n")


write("sequence", "BertForSequenceClassification", ["refund", "greeting", "shipping"], "onnx")
write("token", "BertForTokenClassification", ["O", "B-LOC", "I-LOC"], ".")
