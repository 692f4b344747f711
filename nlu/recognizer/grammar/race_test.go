//go:build race

package grammar_test

// race tells that the race detector is on: pools forget what they hold then, so allocations say nothing.
const race = true
