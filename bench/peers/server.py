"""A plain HTTP server around ONNX Runtime, as one writes it in an afternoon: FastAPI, tokenizers, a softmax and a loop over BIO tags.

It is a yardstick for `yingda bench`. The model's folder comes in MODEL_DIR: model.onnx, tokenizer.json, manifest.json.
THREADS sets ONNX Runtime's threads for one run; without it the session options are the default ones.
"""

import json
import os
from pathlib import Path

import numpy as np
import onnxruntime as ort
from fastapi import FastAPI
from pydantic import BaseModel
from tokenizers import Tokenizer

folder = Path(os.environ["MODEL_DIR"])
manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
heads = {head["name"]: head for head in manifest["heads"]}
outputs = [head["output"] for head in manifest["heads"] if head["name"] in ("intents", "emotion", "entities")]
inputs = manifest["model"]

tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
tokenizer.no_padding()
options = ort.SessionOptions()
if "THREADS" in os.environ:
    options.intra_op_num_threads = int(os.environ["THREADS"])
session = ort.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])

app = FastAPI()


class Message(BaseModel):
    text: str


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def ranking(logits, labels, n=5):
    scores = softmax(logits)
    return [{"name": labels[i], "score": float(scores[i])} for i in np.argsort(-scores)[:n]]


def entities(logits, labels, encoding, text):
    scores = softmax(logits)
    best = scores.argmax(axis=-1)
    found, current = [], None
    for i, (start, end) in enumerate(encoding.offsets):
        tag = "O" if encoding.special_tokens_mask[i] else labels[best[i]]
        kind = tag[2:]
        if current and tag.startswith("I-") and kind == current["type"]:
            current["end"] = end
            current["score"] = min(current["score"], float(scores[i, best[i]]))
            continue
        current = None
        if tag != "O":
            current = {"type": kind, "start": start, "end": end, "score": float(scores[i, best[i]])}
            found.append(current)
    for entity in found:
        entity["text"] = text[entity["start"] : entity["end"]]
    return found


@app.get("/ready")
def ready():
    return {"status": "ready"}


@app.post("/parse")
def parse(message: Message):
    encoding = tokenizer.encode(manifest["tokenizer"].get("prefix", "") + message.text)
    feed = {inputs["ids"]: np.array([encoding.ids], dtype=np.int64)}
    if inputs.get("mask"):
        feed[inputs["mask"]] = np.array([encoding.attention_mask], dtype=np.int64)
    if inputs.get("type_ids"):
        feed[inputs["type_ids"]] = np.zeros((1, len(encoding.ids)), dtype=np.int64)
    logits = dict(zip(outputs, session.run(outputs, feed)))
    answer = {"text": message.text}
    if "intents" in heads:
        answer["intents"] = ranking(logits[heads["intents"]["output"]][0], heads["intents"]["labels"])
    if "emotion" in heads:
        answer["emotion"] = ranking(logits[heads["emotion"]["output"]][0], heads["emotion"]["labels"])
    if "entities" in heads:
        answer["entities"] = entities(logits[heads["entities"]["output"]][0], heads["entities"]["labels"], encoding, message.text)
    return answer
