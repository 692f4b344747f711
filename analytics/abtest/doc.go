// Package abtest is the statistics of experiments. It is pure: numbers in, numbers out, no clock, no randomness, no database.
//
// One arm's metric is reduced to an [Estimate], which needs sums only (units, sum, sum of squares, cross products), so that a database can add
// them up and rows of any days can be added again:
//
//	Mean, Proportion        a number or a yes/no a unit
//	Ratio                   sum of numerators / sum of denominators, variance by the delta method
//	CUPED, CUPEDRatio       the same, less what the time before the experiment explains
//	QuantileOf              a quantile, from order statistics; units may hold several observations
//
// Two estimates are compared by [Compare]: a difference or a relative lift, one- or two-sided, at a fixed horizon (Welch) or valid at all looks
// (confidence sequence). [Design] plans a fixed number of looks and [Look] is one of them, [SRM] and [SequentialSRM] check the split, [Adjust] corrects for many
// comparisons, [Posterior] and [BetaBinomial] are the Bayesian view, [NonInferior] judges guardrails, [SampleSize], [Power], [DetectableEffect]
// and [Scaling] plan, [Bandit] moves traffic, [McNemar] and [PairedDifference] compare two models on the same messages, [MannWhitney] and
// [KolmogorovSmirnov] compare raw values, [Wilson] and [Newcombe] give intervals of shares.
//
// A unit is what was randomised: the customer. Turns or sessions of one customer depend on each other; a metric per turn is a [Ratio] of sums
// per customer. Sums of squares lose digits when the mean is much larger than the spread (about 2·log10(mean/spread) of 15): subtract a constant
// first where that matters.
//
// Formulas follow the papers cited at each function and agree with gbstats, scipy and statsmodels to nine digits (see the tests), except where
// those are known to be wrong; each such place says so.
package abtest
