"""Makes the tiny models of this folder and, with ONNX Runtime, the answers they must give (golden.json in each).

Run in this folder with a Python that has numpy, onnx, onnxruntime and tokenizers: python generate.py
Made with onnx 1.23.2, onnxruntime 1.32.0, tokenizers 0.23.3, numpy 2.4.6. The weights are random: only agreement is tested.
"""
import json
import os

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

HIDDEN, POSITIONS = 16, 40
WORDS = "my order is late where the refund to card example this about shipping payment weather ##s ##ing ##ed a i . ? ,".split()
TEXTS = [
    "my order is late", "where is the refund?", "我的订单怎么还没发货", "退款 refund 到 card", "a", "", "unknown词words here, 。",
    "shipping payments and the weather. " * 3,
]


def tokenizer():
    chars = sorted(set("我的订单怎么还没发货退款到词,。快递"))
    vocab = {t: i for i, t in enumerate(dict.fromkeys(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + WORDS + chars))}
    tok = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]"))
    tok.normalizer = normalizers.BertNormalizer(lowercase=True)
    tok.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tok.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tok.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    return tok


class Graph:
    """A graph under construction; every method adds a node and returns its output's name."""

    def __init__(self, vocab, seed):
        self.rng, self.nodes, self.inits, self.vocab = np.random.default_rng(seed), [], [], vocab

    def const(self, name, value):
        self.inits.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def weight(self, name, *shape):
        return self.const(name, self.rng.normal(0, 0.8, shape).astype(np.float32))

    def op(self, kind, *inputs, **attrs):
        out = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [out], **attrs))
        return out

    def linear(self, x, name, n_in, n_out):
        return self.op("Add", self.op("MatMul", x, self.weight(name + ".w", n_in, n_out)), self.weight(name + ".b", n_out))

    def norm(self, x, name):
        return self.op("LayerNormalization", x, self.const(name + ".g", np.ones(HIDDEN, np.float32)), self.weight(name + ".b", HIDDEN), axis=-1)

    def encoder(self):
        words = self.op("Gather", self.weight("words", self.vocab, HIDDEN), "input_ids")
        types = self.op("Gather", self.weight("types", 2, HIDDEN), "token_type_ids")
        length = self.op("Gather", self.op("Shape", "input_ids"), self.const("one", np.int64(1)), axis=0)
        order = self.op("Range", self.const("zero", np.int64(0)), length, "one")
        places = self.op("Gather", self.weight("places", POSITIONS, HIDDEN), order)
        x = self.norm(self.op("Add", self.op("Add", words, types), places), "embeddings")
        mask = self.op("Cast", "attention_mask", to=TensorProto.FLOAT)
        far = self.op("Mul", self.op("Sub", mask, self.const("onef", np.float32(1))), self.const("big", np.float32(10000)))
        far = self.op("Unsqueeze", far, self.const("axis1", np.array([1], np.int64)))
        q, k, v = (self.linear(x, n, HIDDEN, HIDDEN) for n in "qkv")
        scores = self.op("Div", self.op("MatMul", q, self.op("Transpose", k, perm=[0, 2, 1])), self.const("scale", np.float32(HIDDEN**0.5)))
        seen = self.op("MatMul", self.op("Softmax", self.op("Add", scores, far), axis=-1), v)
        x = self.norm(self.op("Add", x, self.linear(seen, "o", HIDDEN, HIDDEN)), "attention")
        inner = self.op("Relu", self.linear(x, "up", HIDDEN, 2 * HIDDEN))
        return self.norm(self.op("Add", x, self.linear(inner, "down", 2 * HIDDEN, HIDDEN)), "output")

    def save(self, path, output, name, dims):
        self.nodes.append(helper.make_node("Identity", [output], [name]))
        ints = [helper.make_tensor_value_info(n, TensorProto.INT64, ["batch", "sequence"]) for n in ("input_ids", "attention_mask", "token_type_ids")]
        graph = helper.make_graph(self.nodes, "tiny", ints, [helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)], self.inits)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model)
        onnx.save(model, path)


def run(folder, encodings):
    """One row at a time, so that padding cannot matter."""
    session = onnxruntime.InferenceSession(os.path.join(folder, "model.onnx"))
    rows = []
    for e in encodings:
        feed = {"input_ids": [e.ids], "attention_mask": [e.attention_mask], "token_type_ids": [e.type_ids]}
        rows.append(session.run(None, {k: np.array(v, np.int64) for k, v in feed.items()})[0][0].astype(np.float64))
    return rows


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def write(path, value):
    with open(path, "w", encoding="utf-8") as f:
        json.dump(value, f, ensure_ascii=False, indent=None if path.endswith("golden.json") else 1)
        f.write("\n")


def byte_spans(text, e):
    return [(len(text[:a].encode()), len(text[:b].encode())) for a, b in e.offsets]


def simple_entities(text, e, probs, labels):
    """transformers' simple aggregation: neighbours of one type join unless the later one begins with B-."""
    groups = []
    for special, span, p in zip(e.special_tokens_mask, byte_spans(text, e), probs):
        if special:
            continue
        label, score = labels[int(p.argmax())], float(p.max())
        kind = label.split("-")[-1]
        if groups and groups[-1]["type"] == kind and not label.startswith("B-"):
            groups[-1]["end"], groups[-1]["scores"] = span[1], groups[-1]["scores"] + [score]
        else:
            groups.append({"type": kind, "start": span[0], "end": span[1], "scores": [score]})
    return [{"type": g["type"], "start": g["start"], "end": g["end"], "score": float(np.mean(g["scores"]))} for g in groups if g["type"] != "O"]


def make(name, seed, labels, arch, head):
    tok = tokenizer()
    os.makedirs(name, exist_ok=True)
    g = Graph(tok.get_vocab_size(), seed)
    x = g.encoder()
    first = lambda: g.op("Gather", x, g.const("cls", np.int64(0)), axis=1)  # noqa: E731
    n = len(labels)
    if head == "hidden":
        g.save(f"{name}/model.onnx", x, "last_hidden_state", ["batch", "sequence", HIDDEN])
    elif head == "tokens":
        g.save(f"{name}/model.onnx", g.linear(x, "head", HIDDEN, n), "logits", ["batch", "sequence", n])
    else:
        g.save(f"{name}/model.onnx", g.linear(first(), "head", HIDDEN, n), "logits", ["batch", n])
    tok.save(f"{name}/tokenizer.json", pretty=False)
    config = {"architectures": [arch], "model_type": "bert", "max_position_embeddings": POSITIONS, "pad_token_id": 0}
    if labels:
        config["id2label"] = {str(i): label for i, label in enumerate(labels)}
    write(f"{name}/config.json", config)
    return tok, lambda encodings: run(name, encodings)


def main():
    tok, model = make("embedder", 1, [], "BertModel", "hidden")
    write("embedder/golden.json", [{"text": t, "vector": r.mean(0).round(7).tolist()} for t, r in zip(TEXTS, model(tok.encode_batch(TEXTS)))])

    labels = ["order", "refund", "other"]
    tok, model = make("classifier", 2, labels, "BertForSequenceClassification", "first")
    write("classifier/golden.json", [
        {"text": t, "scores": dict(zip(labels, softmax(r).round(7).tolist()))} for t, r in zip(TEXTS, model(tok.encode_batch(TEXTS)))])

    labels = ["O", "B-item", "I-item", "B-time", "I-time"]
    tok, model = make("tagger", 3, labels, "BertForTokenClassification", "tokens")
    encodings = tok.encode_batch(TEXTS)
    write("tagger/golden.json", [
        {"text": t, "entities": simple_entities(t, e, softmax(r), labels)} for t, e, r in zip(TEXTS, encodings, model(encodings))])

    tok, model = make("nli", 4, ["contradiction", "neutral", "entailment"], "BertForSequenceClassification", "first")
    rows, topics = [], ["shipping", "refund", "weather"]
    for t in TEXTS[:5]:
        r = np.array(model([tok.encode(t, f"this is about {topic}.") for topic in topics]))
        rows.append({"text": t, "single": dict(zip(topics, softmax(r[:, 2]).round(7).tolist())),
                     "multi": dict(zip(topics, softmax(r[:, [0, 2]])[:, 1].round(7).tolist()))})
    write("nli/golden.json", rows)

    tok, model = make("reranker", 5, ["relevance"], "BertForSequenceClassification", "first")
    r = np.array(model([tok.encode("where is my refund?", t) for t in TEXTS[:5]]))[:, 0]
    write("reranker/golden.json", [{"text": t, "score": s} for t, s in zip(TEXTS, (1 / (1 + np.exp(-r))).round(7).tolist())])


if __name__ == "__main__":
    main()
