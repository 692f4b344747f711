"""Answers a JSON question a line with a JSON list of numbers, by scipy, statsmodels and gbstats 0.8.0."""
import json
import math
import sys
import warnings

import numpy as np
from scipy import integrate, special, stats
from statsmodels.stats import contingency_tables, multitest, power, proportion
from gbstats.bayesian.tests import EffectBayesianABTest, EffectBayesianConfig, GaussianPrior
from gbstats.frequentist.tests import (
    FrequentistConfig, OneSidedTreatmentGreaterTTest, OneSidedTreatmentLesserTTest, SequentialConfig, SequentialTwoSidedTTest, TwoSidedTTest,
)
from gbstats.models.statistics import (
    ProportionStatistic, QuantileClusteredStatistic, QuantileStatistic, RatioStatistic, RegressionAdjustedStatistic, SampleMeanStatistic,
)

warnings.filterwarnings("ignore")


def sums(s):
    return SampleMeanStatistic(n=int(s["n"]), sum=s["sum"], sum_squares=s["sum_squares"])


def statistic(q, arm):
    s = q[arm]
    kind = q["stat"]
    if kind == "mean":
        return sums(s)
    if kind == "share":
        return ProportionStatistic(n=int(s["n"]), sum=s["sum"])
    if kind == "ratio":
        return RatioStatistic(n=int(s["num"]["n"]), m_statistic=sums(s["num"]), d_statistic=sums(s["den"]), m_d_sum_of_products=s["cross"])
    if kind == "cuped":
        return RegressionAdjustedStatistic(
            n=int(s["post"]["n"]), post_statistic=sums(s["post"]), pre_statistic=sums(s["pre"]), post_pre_sum_of_products=s["cross"], theta=0)
    common = dict(n=int(s["n"]), n_star=int(s["n_star"]), nu=s["level"], quantile_hat=s["value"], quantile_lower=s["low"], quantile_upper=s["high"])
    if not s.get("units"):
        return QuantileStatistic(**common)
    u = s["units"]
    return QuantileClusteredStatistic(
        **common, main_sum=u["num"]["sum"], main_sum_squares=u["num"]["sum_squares"], denominator_sum=u["den"]["sum"],
        denominator_sum_squares=u["den"]["sum_squares"], main_denominator_sum_product=u["cross"], n_clusters=int(u["num"]["n"]))


def finite(x):
    return float(x) if math.isfinite(x) else (1e999 if x > 0 else -1e999)


def compare(q):
    a, b = statistic(q, "a"), statistic(q, "b")
    difference = "relative" if q["relative"] else "absolute"
    if q["sequential"]:
        test = SequentialTwoSidedTTest(a, b, SequentialConfig(
            alpha=q["alpha"], test_value=q["null"], difference_type=difference, sequential_tuning_parameter=q["tuning"]))
        r = test.compute_result()
        return [r.expected, *r.ci, r.uplift.stddev, test.p_value]
    config = FrequentistConfig(alpha=q["alpha"], test_value=q["null"], difference_type=difference)
    test = [TwoSidedTTest, OneSidedTreatmentGreaterTTest, OneSidedTreatmentLesserTTest][q["side"]](a, b, config)
    r = test.compute_result()
    assert r.error_message is None, r.error_message
    low, high = r.ci
    if q["side"] == 2:  # gbstats 0.8.0 subtracts where it should add
        high = 2 * r.expected - high
    # its 1 - cdf has no digits left for small p
    z = test.critical_value
    p = [2 * stats.t.sf(abs(z), test.dof), stats.t.sf(z, test.dof), stats.t.cdf(z, test.dof)][q["side"]]
    return [r.expected, low, high, r.uplift.stddev, p]


def bayes(q):
    prior = GaussianPrior(mean=q["mean"], variance=q["sd"] ** 2 if q["sd"] else 1, proper=q["sd"] > 0)
    test = EffectBayesianABTest(sums(q["a"]), sums(q["b"]), EffectBayesianConfig(
        alpha=q["alpha"], inverse=q["inverse"], prior_effect=prior, difference_type="relative"))
    r = test.compute_result()
    mean, sd = r.uplift.mean, r.uplift.stddev
    better = stats.norm.sf(0, mean, sd) if not q["inverse"] else stats.norm.cdf(0, mean, sd)
    # the risks as integrals: truncnorm's moments cancel far out
    z = mean / sd
    below = lambda k: sd * (stats.norm.pdf(k) - k * stats.norm.sf(k)) if k < 5 else sd * integrate.quad(
        lambda x: stats.norm.sf(x), k, k + 40, epsabs=0, epsrel=1e-12)[0]
    risk = [below(z), below(-z)]
    return [mean, *r.ci, better, *(risk if not q["inverse"] else risk[::-1])]


def beta_binomial(q):
    a1, b1 = q["prior"] + q["ya"], q["prior"] + q["na"] - q["ya"]
    a2, b2 = q["prior"] + q["yb"], q["prior"] + q["nb"] - q["yb"]
    one, two = (lambda x: special.betainc(a1, b1, x)), (lambda x: special.betainc(a2, b2, x))
    levels = [1e-12, 1e-4, .1, .5, .9, 1 - 1e-4]
    inner = np.concatenate([special.betaincinv(a1, b1, levels), special.betaincinv(a2, b2, levels)])
    cuts = sorted({0., 1., *map(float, inner)})
    area = lambda f: sum(integrate.quad(f, lo, hi, epsabs=1e-13, epsrel=1e-11, limit=200)[0] for lo, hi in zip(cuts, cuts[1:]) if hi > lo)
    density = lambda x: math.exp(special.xlogy(a2 - 1, x) + special.xlog1py(b2 - 1, -x) - special.betaln(a2, b2)) if 0 < x < 1 else 0.
    # E max(0, one - two) = integral of P(two < x < one)
    return [*special.betaincinv(a1, b1, [.025, .975]), *special.betaincinv(a2, b2, [.025, .975]), area(lambda x: density(x) * one(x)),
            area(lambda x: two(x) * (1 - one(x))), area(lambda x: one(x) * (1 - two(x)))]


def adjust(q):
    methods = {"bonferroni": "bonferroni", "sidak": "sidak", "holm": "holm", "holm-sidak": "holm-sidak", "hochberg": "simes-hochberg",
               "hommel": "hommel", "bh": "fdr_bh", "by": "fdr_by"}
    return list(map(float, multitest.multipletests(q["p"], method=methods[q["method"]])[1]))


def srm(q):
    c = np.array(q["counts"], float)
    w = np.array(q["weights"], float)
    keep = w > 0
    r = stats.chisquare(c[keep], w[keep] / w[keep].sum() * c[keep].sum())
    return [float(r.statistic), float(r.pvalue)]


def sequential_srm(q):
    w = np.array(q["weights"]) / sum(q["weights"])
    alpha = w * q["concentration"]
    seen, best = np.zeros(len(w)), 1.0
    for row in q["rows"]:
        seen += row
        log = (special.gammaln(alpha + seen) - special.gammaln(alpha)).sum() - (seen * np.log(w)).sum()
        log -= special.gammaln(alpha.sum() + seen.sum()) - special.gammaln(alpha.sum())
        best = min(best, math.exp(-log))
    return [best]


def ranks(q):
    u = stats.mannwhitneyu(q["x"], q["y"], method="asymptotic")
    k = stats.ks_2samp(q["x"], q["y"], method="asymp")
    return [float(u.statistic), float(u.pvalue), float(k.statistic), float(k.pvalue)]


def shares(q):
    ya, na, yb, nb = q["ya"], q["na"], q["yb"], q["nb"]
    low, high = proportion.proportion_confint(ya, na, alpha=q["alpha"], method="wilson")
    out = [low, high, *proportion.confint_proportions_2indep(ya, na, yb, nb, method="newcomb", alpha=q["alpha"])]
    return list(map(float, out + list(proportion.proportions_ztest([ya, yb], [na, nb]))))


def mcnemar(q):
    table = [[q["both"], q["first"]], [q["second"], q["neither"]]]
    exact = q["first"] + q["second"] <= 1000
    return [float(contingency_tables.mcnemar(table, exact=exact, correction=True).pvalue)]


def contingency(q):
    r = stats.chi2_contingency(q["table"], correction=False)
    return [float(r.statistic), float(r.pvalue), float(r.dof)]


def power_t(q):
    return [float(power.TTestIndPower().power(q["effect"], q["n"], q["alpha"], ratio=q["ratio"], alternative=q["alternative"]))]


def group_sequential(q):
    """Simpson's rule on 1501 points a look."""
    from scipy.optimize import brentq
    side = q["alpha"] / 2
    spend = {"obf": lambda t: 2 * stats.norm.sf(stats.norm.isf(side / 2) / math.sqrt(t)), "pocock": lambda t: side * math.log1p((math.e - 1) * t)}[q["spend"]]
    points, weights, last, at, out = np.array([0.0]), np.array([1.0]), 0.0, 0.0, []
    for t in q["times"]:
        s = math.sqrt(t - at)
        p = spend(t) - last
        z = brentq(lambda z: np.sum(weights * stats.norm.sf((z * math.sqrt(t) - points) / s)) / p - 1, 0, 12, xtol=1e-13)
        out.append(z)
        edge = min(z, 9) * math.sqrt(t)
        grid = np.linspace(-edge, edge, 1501)
        w = np.full(1501, 2.0)
        w[1::2], w[0], w[-1] = 4, 1, 1
        density = (weights[None, :] * np.exp(-(((grid[:, None] - points[None, :]) / s) ** 2) / 2)).sum(1) / (s * math.sqrt(2 * math.pi))
        points, weights, last, at = grid, density * w * (grid[1] - grid[0]) / 3, spend(t), t
    return out


def best(q):
    """Probability of being the best of independent normals."""
    out = []
    for i, (m, s) in enumerate(q["arms"]):
        others = np.array([x for j, x in enumerate(q["arms"]) if j != i])
        f = lambda x: math.exp(-(((x - m) / s) ** 2) / 2) / (s * math.sqrt(2 * math.pi)) * float(np.prod(special.ndtr((x - others[:, 0]) / others[:, 1])))
        cuts = sorted({m - 9 * s, m + 9 * s, *(c for mm, ss in q["arms"] for c in (mm - 4 * ss, mm, mm + 4 * ss) if abs(c - m) < 9 * s)})
        out.append(sum(integrate.quad(f, lo, hi, epsabs=1e-14, epsrel=1e-11)[0] for lo, hi in zip(cuts, cuts[1:])))
    return out


answers = {f.__name__: f for f in (compare, bayes, beta_binomial, adjust, srm, sequential_srm, ranks, shares, mcnemar, contingency, power_t, group_sequential, best)}
for line in sys.stdin:
    question = json.loads(line)
    try:
        answer = [None if x is None or math.isinf(x) else float(x) for x in answers[question["ask"]](question)]
    except Exception as e:  # said to the test, which shows the question
        answer = repr(e)
    print(json.dumps(answer), flush=True)
