"""Writes golden.json: softmax and log-sum-exp of hard vectors by SciPy 1.17.1, in double precision."""
import json, pathlib
import numpy as np
from scipy.special import logsumexp, softmax

rng = np.random.default_rng(1)
vectors = [[0.0], [1, 2, 3], [-1e4, 0, 1e4], [1e30, 1e30], [-1e30, -1e30, -1e30], [3e38, -3e38], [0] * 50, [1e-30, -1e-30]]
vectors += [list(rng.normal(0, s, n)) for s in (0.1, 1, 10, 100) for n in (2, 7, 60)]
out = []
for v in vectors:
    x = np.array(v, np.float32)
    for t in (1.0, 0.25, 3.7):
        y = x.astype(np.float64)
        out.append({"x": [float(a) for a in x], "temperature": t, "softmax": softmax(y / t).tolist(), "logsumexp": float(logsumexp(y)),
                    "without_first": float(logsumexp(y[1:])) if len(y) > 1 else None})
pathlib.Path(__file__).with_name("golden.json").write_text(json.dumps(out) + "\n")
