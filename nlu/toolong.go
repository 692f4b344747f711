package nlu

import "fmt"

// TooLongError is returned when an utterance has more tokens than the model reads. Nothing was analysed.
type TooLongError struct {
	Index  int // position of the utterance in the call
	Tokens int // how many it has
	Limit  int // how many the model reads
}

func (e *TooLongError) Error() string {
	return fmt.Sprintf("utterance %d has %d tokens, the model reads at most %d", e.Index, e.Tokens, e.Limit)
}
