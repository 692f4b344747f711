// Package models is the contract between text understanding and the trained models that do it: what a bundle is, which
// one is in charge, and the tensors that go in and out of a backend.
//
// It runs nothing itself. Package ort implements [Backend] on ONNX Runtime, package batch puts a queue in front of one,
// package tokenizer makes the ids. Values flow one way: text → [Encoding] → [Batch] → [Backend] → [Logits].
package models

import (
	"context"
	"errors"
	"fmt"
)

// HeadKind tells what a head's logits are about. The zero value is invalid.
type HeadKind string

// The kinds of heads.
const (
	Sequence HeadKind = "sequence" // one score a label for the whole text: logits [labels]
	Tokens   HeadKind = "tokens"   // one score a label for every token: logits [tokens, labels]
	Vector   HeadKind = "vector"   // no labels: an embedding of the whole text, [dim]
)

// Names of the heads that package nlu understands. A bundle may carry any subset, and others besides.
const (
	HeadIntents      = "intents"       // Sequence over intents
	HeadIntentTokens = "intent_tokens" // Tokens over the same intents: what each token adds; mean over a clause = the clause's logits
	HeadEmotion      = "emotion"       // Sequence over emotions
	HeadSeveral      = "several"       // Sequence over "one" and "several": whether the whole text expresses more than one intent
	HeadEntities     = "entities"      // Tokens over BIO tags
	HeadEmbedding    = "embedding"     // Vector of length 1: texts that mean the same are close by cosine
)

// Head is one output of a model.
type Head struct {
	Name   string   `json:"name"`             // e.g. "intents"
	Kind   HeadKind `json:"kind"`             //
	Output string   `json:"output"`           // name of the graph output, e.g. "intent_logits"
	Labels []string `json:"labels,omitempty"` // one a column, e.g. "order.cancel"; BIO tags for entities
	Dim    int      `json:"dim,omitempty"`    // width of a head without labels
}

// Width returns the number of columns of the head's logits.
func (h *Head) Width() int {
	if h.Dim > 0 {
		return h.Dim
	}
	return len(h.Labels)
}

// Batch is a rectangle of token ids, row-major, Rows × Cols. Shorter rows are padded on the right, with Mask 0.
type Batch struct {
	Rows, Cols int
	IDs        []int64 // Rows*Cols token ids
	Mask       []int64 // Rows*Cols, 1 for a token and 0 for padding
	Lens       []int   // tokens in each row, ≤ Cols
}

// Logits are one head's raw scores for one row, without padding.
type Logits struct {
	Rows int       // 1 for Sequence and Vector heads, the number of tokens for Tokens heads
	Cols int       // Head.Width()
	Data []float32 // Rows*Cols, row-major
}

// Row returns the scores of token i.
func (l Logits) Row(i int) []float32 { return l.Data[i*l.Cols : (i+1)*l.Cols] }

// Backend runs a model. Implementations are safe for concurrent use and retain neither the batch nor the result:
// the caller owns both.
type Backend interface {
	// Forward returns one slice a row, and in it one Logits a head, in the order of Manifest.Heads.
	// A row's logits do not depend on the other rows nor on padding. A cancelled context may end a run early;
	// Forward returns only when the run has stopped.
	Forward(ctx context.Context, b *Batch) ([][]Logits, error)
	// Close frees the model. It must not be called while a Forward is under way.
	Close() error
}

// Errors of the request path.
var (
	// ErrOverloaded is returned when a queue is full or a request waited longer than allowed. Nothing was computed: try again later.
	ErrOverloaded = errors.New("overloaded")
	// ErrClosed is returned by a queue or registry that has been shut down.
	ErrClosed = errors.New("closed")
)

// Errors of bundles.
var (
	// ErrNoBundle is returned when no bundle has the wanted id or role.
	ErrNoBundle = errors.New("no such bundle")
	// ErrInvalidBundle is wrapped by every error that says why a bundle cannot be trusted; see [BundleError].
	ErrInvalidBundle = errors.New("invalid bundle")
)

// BundleError says which part of a bundle is wrong and why. It matches [ErrInvalidBundle].
type BundleError struct {
	File   string // the file inside the bundle, e.g. "model.onnx"; may be empty
	Reason string // what is wrong and, where possible, what to do
	Err    error  // cause, may be nil
}

func (e *BundleError) Error() string {
	s := "invalid bundle: "
	if e.File != "" {
		s += e.File + ": "
	}
	s += e.Reason
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause and ErrInvalidBundle.
func (e *BundleError) Unwrap() []error {
	if e.Err == nil {
		return []error{ErrInvalidBundle}
	}
	return []error{ErrInvalidBundle, e.Err}
}

func invalid(file, format string, args ...any) error {
	return &BundleError{File: file, Reason: fmt.Sprintf(format, args...)}
}
