"""Writes oracle.json: the same figures by scikit-learn 1.9.1 and numpy. Run with a Python that has them: python oracle.py > oracle.json"""
import json
import warnings

import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.metrics import average_precision_score, brier_score_loss, precision_recall_fscore_support, roc_auc_score, roc_curve

warnings.simplefilter("ignore")
rng = np.random.default_rng(7)


def curve(n, decimals):
    y = (rng.random(n) < 0.3).astype(int)
    s = np.round(1 / (1 + np.exp(-(rng.normal(size=n) + 1.2 * y))), decimals)
    fpr, tpr, _ = roc_curve(y, s, drop_intermediate=False)
    return dict(y=y.tolist(), score=s.tolist(), auroc=roc_auc_score(y, s), aupr=average_precision_score(y, s), fpr95=float(fpr[np.argmax(tpr >= 0.95)]))


def classes(n, k, extra):
    y = rng.integers(0, k, n)
    p = np.where(rng.random(n) < 0.6, y, rng.integers(0, k + extra, n))
    pr, rc, f1, sup = precision_recall_fscore_support(y, p, labels=range(k + extra), zero_division=0)
    inside = sorted(set(y.tolist()))
    macro = precision_recall_fscore_support(y, p, labels=inside, average="macro", zero_division=0)[2]
    return dict(gold=[[int(v)] for v in y], pred=[[int(v)] for v in p], labels=k + extra, precision=pr.tolist(), recall=rc.tolist(), f1=f1.tolist(), support=sup.tolist(), macro=macro)


def multi(n, k):
    y = (rng.random((n, k)) < 0.2).astype(int)
    p = np.where(rng.random((n, k)) < 0.85, y, 1 - y)
    pr, rc, f1, sup = precision_recall_fscore_support(y, p, zero_division=0)
    pick = lambda m: [np.flatnonzero(r).tolist() for r in m]
    return dict(gold=pick(y), pred=pick(p), labels=k, precision=pr.tolist(), recall=rc.tolist(), f1=f1.tolist(), support=sup.tolist(), macro=float(f1.mean()))


def calibration(n, decimals):
    s = np.round(rng.beta(5, 2, n), decimals)
    y = (rng.random(n) < s**1.5).astype(int)
    right, score = calibration_curve(y, s, n_bins=15, strategy="quantile")
    edges = np.percentile(s, np.linspace(0, 1, 16) * 100)
    count = np.bincount(np.searchsorted(edges[1:-1], s), minlength=15)
    count = count[count > 0]
    return dict(score=s.tolist(), right=y.tolist(), bins=[dict(n=int(c), score=float(a), accuracy=float(b)) for c, a, b in zip(count, score, right)],
                ece=float(np.sum(count * np.abs(right - score)) / n))


def brier(n, k):
    p = rng.dirichlet(np.full(k, 0.5), n)
    y = rng.integers(0, k, n)
    return dict(p=p.tolist(), y=y.tolist(), brier=brier_score_loss(y, p, labels=range(k), scale_by_half=False))


def bootstrap(n):
    y = (rng.random(n) < 0.4).astype(int)
    s = np.round(1 / (1 + np.exp(-(rng.normal(size=n) + 1.2 * y))), 2)
    right = (rng.random(n) < 0.8).astype(int)
    auroc, acc = [], []
    for _ in range(5000):
        i = rng.integers(0, n, n)
        auroc.append(roc_auc_score(y[i], s[i]))
        acc.append(right[i].mean())
    ci = lambda v: np.percentile(v, [2.5, 97.5]).tolist()
    v = rng.random(41)
    return dict(y=y.tolist(), score=s.tolist(), right=right.tolist(), auroc=ci(auroc), accuracy=ci(acc), values=v.tolist(), interval=ci(v))


print(json.dumps(dict(
    curves=[curve(200, 2), curve(200, 1), curve(77, 6)], classes=[classes(150, 6, 2), multi(80, 5)],
    calibration=[calibration(200, 4), calibration(100, 1)], brier=[brier(40, 4)], bootstrap=[bootstrap(150)],
)))
