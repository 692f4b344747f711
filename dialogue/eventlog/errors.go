package eventlog

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"yingda/dialogue"
)

// Errors of opening and keeping a log, besides those of package dialogue.
var (
	// ErrMasterKey is returned by Open when the master key is not the one that the log was made with, and by all that needs a key that
	// another master wraps.
	ErrMasterKey = errors.New("wrong master key")
	// ErrInUse is returned by Open when another process has the folder open.
	ErrInUse = errors.New("the log is in use by another process")
	// ErrDamaged says that a message is not as it was written.
	ErrDamaged = errors.New("damaged")
	// ErrNotEmpty is returned by Restore when there is something in the log already.
	ErrNotEmpty = errors.New("the log is not empty")
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("the event log is closed")
)

// Error codes of the server that are not named by the client.
const (
	codeInsufficientResources = 10023
	codeStorageExceeded       = 10047
	codeAccountExceeded       = 10002
	codeStoreFailed           = 10077 // "maximum bytes exceeded" among others
	codeNoReplicas            = 10074 // asked of a server that is in no cluster
	codeNoPeers               = 10005 // not as many servers (yet)
)

func hasCode(err error, code jetstream.ErrorCode) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == code
}

// passing tells whether a call that changes nothing, or the same every time, may work when it is made again.
func passing(err error) bool {
	var api *jetstream.APIError
	if errors.As(err, &api) {
		return api.Code >= 500 || api.ErrorCode == codeNoPeers
	}
	for _, again := range []error{nats.ErrNoResponders, nats.ErrTimeout, nats.ErrReconnectBufExceeded, nats.ErrDisconnected,
		jetstream.ErrNoStreamResponse, context.DeadlineExceeded} {
		if errors.Is(err, again) {
			return true
		}
	}
	return false
}

// outcome is what a failed write means.
type outcome int

const (
	unknown  outcome = iota // it may have happened
	conflict                // someone else wrote first
	full                    // refused for want of room
	refused                 // for another reason; it will not work the next time either
)

func outcomeOf(err error) outcome {
	var api *jetstream.APIError
	if !errors.As(err, &api) {
		switch {
		case errors.Is(err, nats.ErrMaxPayload), errors.Is(err, nats.ErrBadSubject), errors.Is(err, nats.ErrPermissionViolation):
			return refused
		}
		return unknown
	}
	switch api.ErrorCode {
	case jetstream.JSErrCodeStreamWrongLastSequence, jetstream.JSErrCodeStreamWrongLastSequenceConstant:
		return conflict
	case codeInsufficientResources, codeStorageExceeded, codeAccountExceeded, codeStoreFailed:
		return full
	case jetstream.JSErrCodeStreamMessageExceedsMaximum:
		return refused
	}
	if api.Code >= 400 && api.Code < 500 {
		return refused
	}
	return unknown
}

// unavailable wraps why the log did not answer.
func unavailable(doing string, err error) error {
	if errors.Is(err, dialogue.ErrUnavailable) || errors.Is(err, ErrClosed) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if errors.Is(err, nats.ErrTimeout) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: %w in time: %w", doing, dialogue.ErrUnavailable, err)
	}
	return fmt.Errorf("%s: %w: %w", doing, dialogue.ErrUnavailable, err)
}
