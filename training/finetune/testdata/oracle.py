#!/usr/bin/env python3
"""Writes oracle.json: a small encoder with heads, its gradients and a training run, computed by PyTorch in double precision.

    apt-get install python3-torch && /usr/bin/python3 oracle.py

Made with torch 1.13. The model is BERT's architecture (Devlin et al. 2019) with the heads and losses of package finetune; weights are random.
"""
import base64
import json
import math
import os

import numpy as np
import torch
import torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
VOCAB, POSITIONS, HIDDEN, HEADS, INNER, LAYERS, PAD = 40, 12, 32, 4, 64, 2, 1
INTENTS, EMOTIONS, TAGS = 5, 3, 4
EPSILON, MASKED = 1e-5, -10000.0
WEIGHTS = dict(intents=1.0, emotion=0.5, entities=0.3, hidden=0.2)  # of the losses
TAG_SCALE, SMOOTHING = 8.0, 0.1
STEPS, RATE, HEAD_RATE, LAYER_DECAY, WARMUP, DECAY, CLIP = 20, 1e-3, 5e-3, 0.9, 0.2, 0.01, 1.0

WORDS = "embeddings.word_embeddings.weight"


def make_weights(rng):
    """Random weights by name, rounded to single precision. Linear weights are [in, out]."""
    w = {}

    def put(name, *shape, mean=0.0, scale=0.3):
        w[name] = (mean + scale * rng.standard_normal(shape)).astype(np.float32)

    def norm(prefix):
        put(prefix + ".LayerNorm.weight", HIDDEN, mean=1.0, scale=0.2)
        put(prefix + ".LayerNorm.bias", HIDDEN, scale=0.2)

    def linear(prefix, rows, cols):
        put(prefix + ".weight", rows, cols, scale=1.5 / math.sqrt(rows))
        put(prefix + ".bias", cols, scale=0.1)

    put(WORDS, VOCAB, HIDDEN, scale=1.0)
    put("embeddings.position_embeddings.weight", POSITIONS, HIDDEN, scale=0.5)
    norm("embeddings")
    for i in range(LAYERS):
        layer = f"encoder.layer.{i}"
        for part in ("query", "key", "value"):
            linear(f"{layer}.attention.self.{part}", HIDDEN, HIDDEN)
        linear(f"{layer}.attention.output.dense", HIDDEN, HIDDEN)
        norm(f"{layer}.attention.output")
        linear(f"{layer}.intermediate.dense", HIDDEN, INNER)
        linear(f"{layer}.output.dense", INNER, HIDDEN)
        norm(f"{layer}.output")
    put("head.intents.weight", HIDDEN, INTENTS)
    put("head.intents.bias", INTENTS)
    put("head.emotion.weight", HIDDEN, EMOTIONS)
    put("head.emotion.bias", EMOTIONS)
    for i in range(3):
        put(f"head.entities.weight{i}", HIDDEN, TAGS)
    put("head.entities.bias", TAGS)
    return w


def make_rows(rng):
    """Rows as finetune.Row has them: of several lengths, some with two segments, soft targets, tags that are not counted."""
    rows = []
    for i, n in enumerate((7, 3, 9, 5, 7, 4)):
        row = {"IDs": [2] + rng.integers(5, VOCAB, n - 2).tolist() + [3], "Segments": [{"Tokens": None, "Target": []}]}
        if i != 4:
            row["Segments"][0]["Target"] = [target(rng.integers(INTENTS), 1.0)]
        if i in (0, 2):  # two wishes in a message
            cut = n // 2
            row["Segments"] += [{"Tokens": list(range(1, cut)), "Target": [target(0, 1.0)]},
                                {"Tokens": list(range(cut, n - 1)), "Target": [target(3, 0.7), target(1, 0.3)]}]
        if i % 2 == 0:
            row["Emotion"] = [target(rng.integers(EMOTIONS), 0.5 + 0.5 * rng.random())]
        if i in (1, 2, 5):
            row["Tags"] = [[target(rng.integers(TAGS), 1.0)] if 0 < t < n - 1 else [] for t in range(n)]
        row["Hidden"] = rng.standard_normal(n * HIDDEN).astype(np.float32).round(3).tolist()
        rows.append(row)
    return rows


def target(k, weight):
    return {"Class": int(k), "Weight": float(np.float32(round(float(weight), 3)))}


def encode(w, ids, mask):
    """Hidden states of the last layer."""
    def linear(prefix, x):
        return x @ w[prefix + ".weight"] + w[prefix + ".bias"]

    def norm(prefix, x):
        return F.layer_norm(x, (HIDDEN,), w[prefix + ".LayerNorm.weight"], w[prefix + ".LayerNorm.bias"], EPSILON)

    rows, cols = ids.shape
    split = lambda x: x.reshape(rows, cols, HEADS, HIDDEN // HEADS).transpose(1, 2)
    x = norm("embeddings", w[WORDS][ids] + w["embeddings.position_embeddings.weight"][:cols])
    bias = ((1 - mask) * MASKED)[:, None, None, :]
    for i in range(LAYERS):
        layer = f"encoder.layer.{i}"
        q, k, v = (split(linear(f"{layer}.attention.self.{part}", x)) for part in ("query", "key", "value"))
        p = torch.softmax(q @ k.transpose(2, 3) / math.sqrt(HIDDEN // HEADS) + bias, -1)
        a = (p @ v).transpose(1, 2).reshape(rows, cols, HIDDEN)
        x = norm(f"{layer}.attention.output", linear(f"{layer}.attention.output.dense", a) + x)
        inner = F.gelu(linear(f"{layer}.intermediate.dense", x))
        x = norm(f"{layer}.output", linear(f"{layer}.output.dense", inner) + x)
    return x


def distribution(targets, classes, smoothing):
    d = torch.zeros(classes, dtype=torch.float64)
    for t in targets:
        d[t["Class"]] += t["Weight"] * (1 - smoothing)
        d += t["Weight"] * smoothing / classes
    return d


def loss_of(w, rows):
    """The mean over rows of the weighted losses of all heads."""
    cols = max(len(r["IDs"]) for r in rows)
    ids = torch.full((len(rows), cols), PAD)
    mask = torch.zeros(len(rows), cols, dtype=torch.float64)
    for i, r in enumerate(rows):
        ids[i, : len(r["IDs"])] = torch.tensor(r["IDs"])
        mask[i, : len(r["IDs"])] = 1
    states = encode(w, ids, mask)
    total = 0.0
    for i, r in enumerate(rows):
        n = len(r["IDs"])
        h = states[i, :n]
        for g, segment in enumerate(r["Segments"]):
            tokens = range(n) if segment["Tokens"] is None else segment["Tokens"]
            mean = h[list(tokens)].mean(0)
            logits = mean @ w["head.intents.weight"] + w["head.intents.bias"]
            total -= WEIGHTS["intents"] * (distribution(segment["Target"], INTENTS, SMOOTHING) * torch.log_softmax(logits, -1)).sum()
            if g == 0:
                logits = mean @ w["head.emotion.weight"] + w["head.emotion.bias"]
                wanted = distribution(r.get("Emotion", []), EMOTIONS, SMOOTHING)
                total -= WEIGHTS["emotion"] * (wanted * torch.log_softmax(logits, -1)).sum()
        if "Tags" in r:
            around = F.pad(h, (0, 0, 1, 1))  # each token is read between its neighbours
            logits = sum(around[k : k + n] @ w[f"head.entities.weight{k}"] for k in range(3)) + w["head.entities.bias"]
            wanted = torch.stack([distribution(t, TAGS, 0.0) for t in r["Tags"]])
            total -= WEIGHTS["entities"] * TAG_SCALE / n * (wanted * torch.log_softmax(logits, -1)).sum()
        teacher = torch.tensor(r["Hidden"], dtype=torch.float64).reshape(n, HIDDEN)
        total += WEIGHTS["hidden"] * ((h - teacher) ** 2).mean()
    return total / len(rows)


def rate_of(name):
    """The peak rate of a parameter: heads have their own, each layer below the top has less."""
    if name.startswith("head."):
        return HEAD_RATE
    layer = int(name.split(".")[2]) + 1 if name.startswith("encoder.layer.") else 0
    return RATE * LAYER_DECAY ** (LAYERS - layer)


def schedule(step):
    warm = math.ceil(WARMUP * STEPS)
    return step / warm if step <= warm else (STEPS + 1 - step) / (STEPS + 1 - warm)


def train(w, rows):
    """The losses of a run of AdamW (Loshchilov & Hutter 2019) with a clipped gradient; the word table stays as it is."""
    trained = {k: v for k, v in w.items() if k != WORDS}
    m = {k: torch.zeros_like(v) for k, v in trained.items()}
    s = {k: torch.zeros_like(v) for k, v in trained.items()}
    losses = []
    for step in range(1, STEPS + 1):
        loss = loss_of(w, rows)
        losses.append(loss.item())
        grads = dict(zip(trained, torch.autograd.grad(loss, list(trained.values()))))
        length = math.sqrt(sum((g**2).sum().item() for g in grads.values()))
        with torch.no_grad():
            for k, p in trained.items():
                g = grads[k] * min(1.0, CLIP / length)
                m[k] = 0.9 * m[k] + 0.1 * g
                s[k] = 0.999 * s[k] + 0.001 * g * g
                rate = rate_of(k) * schedule(step)
                if p.dim() > 1:
                    p *= 1 - rate * DECAY
                p -= rate * (m[k] / (1 - 0.9**step)) / (torch.sqrt(s[k] / (1 - 0.999**step)) + 1e-8)
    return losses


def packed(x):
    return base64.b64encode(np.asarray(x, dtype="<f4").tobytes()).decode()


def main():
    rng = np.random.default_rng(5)
    weights, rows = make_weights(rng), make_rows(rng)
    w = {k: torch.tensor(v, dtype=torch.float64, requires_grad=True) for k, v in weights.items()}
    grads = torch.autograd.grad(loss_of(w, rows), list(w.values()))
    saved = {
        "rows": rows,
        "parameters": [{"name": k, "dims": list(v.shape), "value": packed(v), "gradient": packed(g)}
                       for (k, v), g in zip(weights.items(), grads)],
        "losses": train(w, rows),
    }
    with open(os.path.join(HERE, "oracle.json"), "w") as f:
        json.dump(saved, f, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main()
