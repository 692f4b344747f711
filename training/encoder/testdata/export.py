#!/usr/bin/env python3
"""Makes the tiny encoders beside this file, as torch.onnx.export writes them, with the hidden states that PyTorch computes.

    apt-get install python3-torch && python3 -m venv --system-site-packages v && v/bin/pip install transformers==4.30.2 'numpy<2'
    v/bin/python export.py

Made with torch 1.13 and transformers 4.30.2. Weights are random: what matters is how layers look in a graph and what they are called.
"""
import json
import os

import torch
from transformers import (BertConfig, BertModel, DistilBertConfig, DistilBertForSequenceClassification, RobertaConfig,
                          RobertaForSequenceClassification)

HERE = os.path.dirname(os.path.abspath(__file__))
COMMON = dict(vocab_size=24, num_labels=3, pad_token_id=0)
SMALL = dict(hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12, max_position_embeddings=20)
MODELS = {
    "bert": (BertModel, BertConfig(**COMMON, **SMALL), "last_hidden_state"),
    "roberta": (RobertaForSequenceClassification, RobertaConfig(**{**COMMON, "pad_token_id": 1}, **SMALL, type_vocab_size=1), "logits"),
    "distilbert": (DistilBertForSequenceClassification,
                   DistilBertConfig(**COMMON, dim=8, n_layers=2, n_heads=2, hidden_dim=12, max_position_embeddings=20), "logits"),
}


def inputs(pad, types):
    ids = torch.tensor([[2, 5, 9, 11, 3], [2, 7, 3, pad, pad]])
    mask = (ids != pad).long()
    return (ids, mask, torch.zeros_like(ids)) if types else (ids, mask)


def main():
    for name, (cls, config, output) in MODELS.items():
        torch.manual_seed(7)
        model = cls(config).eval()
        with torch.no_grad():
            for key, p in model.named_parameters():
                p.normal_(1.0 if "norm" in key.lower() and key.endswith("weight") else 0.0, 0.3)
        names = ["input_ids", "attention_mask"] + (["token_type_ids"] if name == "bert" else [])
        args = inputs(config.pad_token_id, name == "bert")
        with torch.no_grad():
            states = model(*args, output_hidden_states=True).hidden_states
        for opset in (11, 14, 17) if name == "bert" else (11, 17):
            torch.onnx.export(model, args, os.path.join(HERE, f"{name}_{opset}.onnx"), opset_version=opset, input_names=names,
                              output_names=[output], dynamic_axes={n: {0: "batch", 1: "seq"} for n in names})
        keep = ("model_type", "hidden_size", "num_hidden_layers", "max_position_embeddings", "pad_token_id", "dim", "n_layers")
        saved = {
            "config": {k: v for k, v in config.to_dict().items() if k in keep},
            "ids": args[0].tolist(), "mask": args[1].tolist(),
            "states": [[round(v, 6) for v in s.flatten().tolist()] for s in states],
        }
        with open(os.path.join(HERE, f"{name}.json"), "w") as f:
            json.dump(saved, f, separators=(",", ":"))


if __name__ == "__main__":
    main()
