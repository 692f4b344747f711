//go:build !race

package recognizer_test

// slower is how much longer than usual the tests may take.
const slower = 1
