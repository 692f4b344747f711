"""Writes oracle.json: thresholds, confident joint and label issues by cleanlab 2.9.0. Run with a Python that has it: python oracle.py > oracle.json

cleanlab takes the likeliest class of all where several reach their thresholds, the paper the likeliest of those that do; vectors where the two
differ are left out.
"""
import json

import numpy as np
from cleanlab.count import compute_confident_joint, get_confident_thresholds

rng = np.random.default_rng(5)


def vectors(n, k, noise, sharp):
    true = rng.integers(0, k, n)
    label = np.where(rng.random(n) < noise, rng.integers(0, k, n), true)
    logits = rng.normal(size=(n, k)) + sharp * np.eye(k)[true]
    p = np.exp(logits)
    p = np.round(p / p.sum(1, keepdims=True), 4)
    p[:, 0] += 1 - p.sum(1)
    thresholds = np.array(get_confident_thresholds(label, p))
    reach = p >= thresholds - 1e-6
    keep = ~((reach.sum(1) > 1) & ~reach[np.arange(n), p.argmax(1)])
    if not keep.all():  # once more without them: thresholds change
        return None
    joint, at = compute_confident_joint(label, p, calibrate=False, return_indices_of_off_diagonals=True)
    raw = np.zeros((k, k), int)
    guess = np.where(reach, p, -1).argmax(1)
    for i in range(n):
        if reach[i].any():
            raw[label[i], guess[i]] += 1
    assert (np.where(np.eye(k) == 1, np.clip(raw, 1, None), raw) == joint).all()
    calibrated = compute_confident_joint(label, p, calibrate=True)
    other = [int(guess[i]) for i in at]
    margin = np.array([p[i, o] - p[i, label[i]] for i, o in zip(at, other)])
    return dict(labels=label.tolist(), p=p.tolist(), thresholds=thresholds.tolist(), joint=raw.tolist(), calibrated=calibrated.tolist(), issues=[int(i) for i in at], margins=margin.tolist())


out = []
for n, k, noise, sharp in [(60, 3, 0.15, 2.5), (120, 5, 0.1, 4), (80, 2, 0.2, 1.5)]:
    v = None
    while v is None:
        v = vectors(n, k, noise, sharp)
    out.append(v)
print(json.dumps(out))
