// Package cluster groups vectors of texts when nobody knows how many groups there are. It is pure: no files, no model, no clock; the same input
// gives the same groups.
//
// [Texts] is the whole way: [Fit] brings embeddings into a space of fewer, evener directions, [Matrix.Neighbours] finds each text's nearest ones,
// [Smooth] moves texts towards them, [HDBSCAN] (or [Communities]) makes groups, and what lies between groups is given to none. The parts can be
// used by themselves. [Compare] measures groups against known labels, [Assign] solves the assignment problem.
package cluster
