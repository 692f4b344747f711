// Package readout reads the results of an experiment out of the warehouse and says what may be concluded from them, and what may not.
//
// The unit is the customer, since customers were drawn, not their messages: metrics per session or message are ratios of sums per customer.
// A customer counts in the variant of their first exposure, with what came from then on; customers who met more than one variant are left out
// and counted. Before anything is shown the split is checked: where customers are missing from an arm, those who are left cannot be compared,
// and [Run] shows no effect ([Plan].ShowBroken shows it all the same).
//
// [Plan] says what was to be judged, fixed before the start: the metric that decides, others, guardrails with margins, and whether it is looked
// at once or all the time. [Metrics] are those that exist. [Result] is numbers first, then [Decision] in words; [Result.Report] is a table that
// package report renders. [Shadows] compares two bundles on the same messages.
package readout
