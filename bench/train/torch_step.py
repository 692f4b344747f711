#!/usr/bin/env python3
"""Times training steps in PyTorch: forward, loss, backward, clipping and AdamW, of the encoder that a job file describes.

`yingda bench-train` writes the job, runs this beside its own process and compares. The model is what Hugging Face's BertModel computes,
operator by operator, without dropout; the word table is frozen. Prints one line of JSON.

    torch_step.py JOB.json
"""
import gc
import json
import math
import sys
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


class Layer(nn.Module):
    """A transformer layer with normalisation after each sublayer (Vaswani et al. 2017)."""

    def __init__(self, width, heads, inner, epsilon):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.dense = (nn.Linear(width, width) for _ in range(4))
        self.norm1 = nn.LayerNorm(width, epsilon)
        self.up, self.down = nn.Linear(width, inner), nn.Linear(inner, width)
        self.norm2 = nn.LayerNorm(width, epsilon)

    def forward(self, x, bias):
        rows, cols, width = x.shape
        split = lambda y: y.view(rows, cols, self.heads, width // self.heads).transpose(1, 2)
        q, k, v = split(self.query(x)), split(self.key(x)), split(self.value(x))
        p = torch.softmax(torch.matmul(q, k.transpose(2, 3)) / math.sqrt(width // self.heads) + bias, -1)
        a = torch.matmul(p, v).transpose(1, 2).reshape(rows, cols, width)
        x = self.norm1(self.dense(a) + x)
        return self.norm2(self.down(F.gelu(self.up(x))) + x)


class Model(nn.Module):
    """Embeddings, layers and a linear head on the mean state."""

    def __init__(self, vocabulary, positions, width, heads, inner, layers, classes, epsilon):
        super().__init__()
        self.words = nn.Embedding(vocabulary, width)
        self.positions = nn.Embedding(positions, width)
        self.norm = nn.LayerNorm(width, epsilon)
        self.layers = nn.ModuleList(Layer(width, heads, inner, epsilon) for _ in range(layers))
        self.head = nn.Linear(width, classes)

    def forward(self, ids, mask):
        bias = ((1.0 - mask) * -10000.0)[:, None, None, :]
        x = self.norm(self.words(ids) + self.positions.weight[: ids.shape[1]])
        for layer in self.layers:
            x = layer(x, bias)
        mean = (x * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
        return self.head(mean)


def names(layers):
    """Which weight of the job is which parameter of Model."""
    of = {"embeddings.word_embeddings": "words", "embeddings.position_embeddings": "positions", "embeddings.LayerNorm": "norm"}
    parts = {"attention.self.query": "query", "attention.self.key": "key", "attention.self.value": "value", "attention.output.dense": "dense",
             "attention.output.LayerNorm": "norm1", "intermediate.dense": "up", "output.dense": "down", "output.LayerNorm": "norm2"}
    for i in range(layers):
        of.update({f"encoder.layer.{i}.{k}": f"layers.{i}.{v}" for k, v in parts.items()})
    return of


def load(job):
    """Builds the model with the job's weights. Linear weights are stored [in, out]."""
    data = np.memmap(job["data"], dtype="<f4", mode="r")
    weights, at = {}, 0
    for w in job["weights"]:
        n = int(np.prod(w["dims"]))
        weights[w["name"]] = data[at : at + n].reshape(w["dims"])
        at += n
    config, width = job["config"], job["width"]
    inner = weights["encoder.layer.0.intermediate.dense.bias"].shape[0]
    model = Model(weights["embeddings.word_embeddings.weight"].shape[0], weights["embeddings.position_embeddings.weight"].shape[0], width,
                  config["num_attention_heads"], inner, job["layers"], job["classes"], config.get("layer_norm_eps", 1e-12))
    with torch.no_grad():
        own = dict(model.named_parameters())
        for theirs, ours in names(job["layers"]).items():
            for kind in ("weight", "bias"):
                if theirs + "." + kind not in weights:
                    continue
                value = torch.from_numpy(np.array(weights.pop(theirs + "." + kind)))
                linear = kind == "weight" and (theirs.endswith(".dense") or ".self." in theirs)
                own[ours + "." + kind].copy_(value.t() if linear else value)
        model.head.weight.zero_()
        model.head.bias.zero_()
    if weights:
        raise SystemExit(f"weights that PyTorch's model does not have: {sorted(weights)[:5]}")
    model.words.weight.requires_grad_(False)
    return model


def status(key):
    """A field of /proc/self/status in MB."""
    with open("/proc/self/status") as f:
        for line in f:
            if line.startswith(key + ":"):
                return int(line.split()[1]) / 1024
    return 0.0


def blas():
    """The library that multiplies matrices: Debian's reference BLAS would make no fair comparison."""
    with open("/proc/self/maps") as f:
        maps = f.read()
    for name in ("mkl", "openblas", "blis", "atlas"):
        if name in maps:
            return name
    return "reference BLAS (slow: install libopenblas0-pthread)" if "libblas" in maps else "built in"


def main():
    with open(sys.argv[1]) as f:
        job = json.load(f)
    torch.set_num_threads(job["threads"])
    model = load(job)
    trained = [p for p in model.parameters() if p.requires_grad]
    groups = [{"params": [p for p in trained if p.dim() > 1], "weight_decay": job["decay"]},
              {"params": [p for p in trained if p.dim() == 1], "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=job["rate"], betas=(0.9, 0.999), eps=1e-8)
    ids, labels = torch.tensor(job["ids"]), torch.tensor(job["labels"])
    mask = torch.ones(ids.shape)
    steps, times, first, smooth, weight, loading = job["warm"] + job["steps"], [], None, 0.0, 0.0, 0.0
    for step in range(1, steps + 1):
        if step == job["warm"] + 1:
            gc.collect()
            loading = status("VmHWM")
            with open("/proc/self/clear_refs", "w") as f:
                f.write("5")  # resets VmHWM, see proc(5)
        start = time.perf_counter()
        for g in optimiser.param_groups:
            g["lr"] = job["rate"] * (steps + 1 - step) / (steps + 1)
        optimiser.zero_grad(set_to_none=True)
        loss = F.cross_entropy(model(ids, mask), labels)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, job["clip"])
        optimiser.step()
        value = loss.item()
        times.append(1000 * (time.perf_counter() - start))
        first = value if first is None else first
        smooth, weight = 0.98 * smooth + 0.02 * value, 0.98 * weight + 0.02  # as finetune.Update.Loss is
    print(json.dumps({"ms": times[job["warm"] :], "first": first, "last": smooth / weight, "peak_mb": max(loading, status("VmHWM")),
                      "steps_mb": status("VmHWM"), "version": f"PyTorch {torch.__version__}, {blas()}"}))


if __name__ == "__main__":
    main()
