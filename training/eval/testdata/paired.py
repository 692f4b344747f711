"""Writes paired.json: exact McNemar tests, intervals and p of the paired bootstrap, by scipy 1.17.1 and by enumerating every resample. Run with a Python that has scipy: python paired.py > paired.json"""
import itertools
import json

import numpy as np
from scipy.stats import binomtest, bootstrap, rankdata

rng = np.random.default_rng(11)


def mcnemar(b, c):
    return dict(b=b, c=c, p=1.0 if b + c == 0 else binomtest(b, b + c, 0.5).pvalue)


def difference(x, y, axis=-1):
    return x.mean(axis=axis) - y.mean(axis=axis)


def accuracy(n, first, second):
    x = (rng.random(n) < first).astype(int)
    y = np.where(rng.random(n) < 0.7, x, (rng.random(n) < second).astype(int))
    ci = bootstrap((x.astype(float), y.astype(float)), difference, paired=True, method="percentile", n_resamples=20000, rng=rng, vectorized=True).confidence_interval
    return dict(first=x.tolist(), second=y.tolist(), interval=[ci.low, ci.high])


def auroc(score, positive):
    r = rankdata(score)
    p, n = positive.sum(), (~positive).sum()
    return (r[positive].sum() - p * (p + 1) / 2) / (p * n)


def areas(n):
    y = rng.random(n) < 0.3
    a = np.round(1 / (1 + np.exp(-(rng.normal(size=n) + 1.6 * y))), 3)
    b = np.round(1 / (1 + np.exp(-(np.log(a / (1 - a)) * 0.6 + rng.normal(size=n)))), 3)
    d = []
    for _ in range(10000):
        i = rng.integers(0, n, n)
        d.append(auroc(a[i], y[i]) - auroc(b[i], y[i]))
    d = np.array(d)
    return dict(out=y.astype(int).tolist(), first=a.tolist(), second=b.tolist(), interval=np.percentile(d, [2.5, 97.5]).tolist(),
                p=float(min(1, 2 * min((d <= 0).mean(), (d >= 0).mean()))))


def enumerated(first, second):
    """The p of the bootstrap without chance: all n^n resamples."""
    x, y = np.array(first), np.array(second)
    d = np.array([(x[list(i)] - y[list(i)]).mean() for i in itertools.product(range(len(x)), repeat=len(x))])
    return dict(first=first, second=second, p=float(min(1, 2 * min((d <= 1e-12).mean(), (d >= -1e-12).mean()))))


print(json.dumps(dict(
    mcnemar=[mcnemar(b, c) for b, c in [(0, 0), (1, 0), (0, 5), (3, 3), (8, 2), (2, 8), (15, 3), (40, 25), (101, 150), (700, 1000)]],
    accuracy=[accuracy(300, 0.8, 0.7), accuracy(120, 0.6, 0.6)],
    areas=[areas(200), areas(90)],
    enumerated=[enumerated([1, 1, 1, 0, 1, 1], [0, 1, 1, 0, 0, 1]), enumerated([1, 0, 1, 0, 1], [0, 1, 1, 0, 1]), enumerated([1, 1, 1, 1, 1], [0, 0, 0, 1, 0])],
)))
