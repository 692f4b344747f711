// Package experiment says which customers get which variant of the robot, and who decided that.
//
// An [Experiment] has variants with weights. A customer falls into one of 10,000 buckets by a hash of the experiment's salt and the customer's
// id (GrowthBook's hash version 2, see [Bucket]); the variants share the buckets by weight. The same customer gets the same variant on every
// channel and replica without anybody asking anybody, and two experiments with different salts are independent of each other. Experiments
// that must not meet share a [Namespace], in which each has its own part of the customers.
//
// A variant changes what the robot says (the script that names the experiment has a text with the variant's name as id), how it decides
// (settings of the policy, tasks), or who understands (a bundle). That a customer has a variant is no exposure yet: the engine logs one
// only in turns in which the variants would have gone differently.
//
// A [Service] keeps experiments as documents: every change is a version with its author, all replicas see it at once, and stopping one is such a
// change. Nothing here draws random numbers: what a replica decides, the others and a replay decide too.
package experiment
