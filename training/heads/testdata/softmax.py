"""Makes softmax.json: the optimum of regularised multinomial logistic regression by scikit-learn 1.9, in double precision.

The objective of package heads is mean(weight * NLL) + l2/2 * |W|^2 on standardised features, biases free. scikit-learn minimises
C * sum(weight * NLL) + |W|^2/2, so C = 1/(n * l2). Run: python softmax.py > softmax.json
"""
import json

import numpy as np
from sklearn.linear_model import LogisticRegression

rng = np.random.default_rng(7)
n, dim, k, l2 = 60, 4, 3, 0.02
centre = rng.normal(size=(k, dim))
y = np.arange(n) % k
x = (centre[y] + rng.normal(size=(n, dim)) * 1.2) * [1, 10, 0.1, 3] + [0, 5, -1, 100]
x = np.round(x, 4)
weight = np.where(np.arange(n) % 4 == 0, 0.5, 1.0)
z = (x - x.mean(0)) / x.std(0)
out = {"dim": dim, "classes": k, "l2": l2, "x": x.ravel().tolist(), "y": y.tolist(), "weights": weight.tolist()}
for name, w in (("plain", np.ones(n)), ("weighted", weight)):
    m = LogisticRegression(C=1 / (n * l2), tol=1e-12, max_iter=100000).fit(z, y, sample_weight=w)
    p = m.predict_proba(z)
    out[name] = {"probabilities": np.round(p, 7).ravel().tolist(),
                 "loss": float(np.mean(-np.log(p[np.arange(n), y]) * w) + l2 / 2 * (m.coef_ ** 2).sum())}
print(json.dumps(out))
