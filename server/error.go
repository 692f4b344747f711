package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"yingda/dialogue"
	"yingda/models"
	"yingda/nlu"
)

// Code names a kind of failure. Codes are stable: programs branch on them, people read the detail.
type Code string

// The codes. Status, title and advice of each are in the table below.
const (
	CodeEmptyBody           Code = "empty_body"
	CodeInvalidJSON         Code = "invalid_json"
	CodeTrailingData        Code = "trailing_data"
	CodeNotUTF8             Code = "not_utf8"
	CodeTooDeep             Code = "json_too_deep"
	CodeUnknownField        Code = "unknown_field"
	CodeDuplicateField      Code = "duplicate_field"
	CodeWrongType           Code = "wrong_type"
	CodeMissingText         Code = "missing_text"
	CodeConflictingFields   Code = "conflicting_fields"
	CodeBadGzip             Code = "bad_gzip"
	CodeBadTimeout          Code = "bad_timeout"
	CodeEmptyText           Code = "empty_text"
	CodeTextTooLong         Code = "text_too_long"
	CodeTooManyTokens       Code = "too_many_tokens"
	CodeTooManyTexts        Code = "too_many_texts"
	CodeTooManyAlternatives Code = "too_many_alternatives"
	CodeBadLanguage         Code = "bad_language"
	CodeBadReferenceTime    Code = "bad_reference_time"
	CodeBadSpanUnit         Code = "bad_span_unit"
	CodeBadConfidence       Code = "bad_confidence"
	CodeTopOutOfRange       Code = "top_out_of_range"
	CodeUnsupportedOption   Code = "unsupported_option"
	CodeBadValue            Code = "bad_value"
	CodeBadQuery            Code = "bad_query"
	CodeMediaTooLarge       Code = "media_too_large"
	CodeUnauthorized        Code = "unauthorized"
	CodeForbidden           Code = "forbidden"
	CodeCrossOrigin         Code = "cross_origin"
	CodeWrongHost           Code = "wrong_host"
	CodeRateLimited         Code = "rate_limited"
	CodeTooFast             Code = "conversation_too_fast"
	CodeLoop                Code = "loop_detected"
	CodeNotConfigured       Code = "not_configured"
	CodeUnknownConversation Code = "unknown_conversation"
	CodeUnknownItem         Code = "unknown_item"
	CodeStaleOwner          Code = "stale_owner"
	CodeConflict            Code = "conflict"
	CodeAgentBusy           Code = "agent_busy"
	CodeAgentNotThere       Code = "agent_not_there"
	CodeNothingWaits        Code = "nothing_waits"
	CodeBadSource           Code = "bad_source"
	CodeErased              Code = "erased"
	CodeUpgradeRequired     Code = "upgrade_required"
	CodeLogFull             Code = "log_full"
	CodeLogUnavailable      Code = "log_unavailable"
	CodeUnknownBundle       Code = "unknown_bundle"
	CodeNotFound            Code = "not_found"
	CodeMethodNotAllowed    Code = "method_not_allowed"
	CodeBodyTimeout         Code = "body_timeout"
	CodeBodyTooLarge        Code = "body_too_large"
	CodeUnsupportedType     Code = "unsupported_content_type"
	CodeUnsupportedEncoding Code = "unsupported_encoding"
	CodeClientClosed        Code = "client_closed"
	CodeOverloaded          Code = "overloaded"
	CodeNotReady            Code = "not_ready"
	CodeShuttingDown        Code = "shutting_down"
	CodeDeadline            Code = "deadline_exceeded"
	CodeInternal            Code = "internal_error"
)

// statusClientClosed is what nginx logs for a caller that left before the answer; nobody receives it.
const statusClientClosed = 499

// errorKind is a row of the table: how a code looks in the three dialects, and what the caller should do.
type errorKind struct {
	Code   Code
	Status int    // HTTP status of problem+json
	Title  string // the same for every occurrence
	Advice string // what to do; shown in the documentation
	Rasa   string // Rasa's reason
	CLU    string // CLU's code
}

// errorKinds is the one table from failures to what callers see.
//
// 400: the request cannot be read as one. 422: it can be read, but a value in it cannot be served. 503 may be tried again.
var errorKinds = []errorKind{
	{CodeEmptyBody, 400, "Empty request body", `Send a JSON object such as {"text": "…"}.`, "BadRequest", "InvalidRequest"},
	{CodeInvalidJSON, 400, "Body is not valid JSON", "Mend the JSON at the byte that the detail names.", "BadRequest", "InvalidRequest"},
	{CodeTrailingData, 400, "Data after the JSON value", "Send one JSON object a request; use texts for several texts.", "BadRequest", "InvalidRequest"},
	{CodeNotUTF8, 400, "Body is not UTF-8", "Encode the body as UTF-8 and escape no half of a surrogate pair.", "BadRequest", "InvalidRequest"},
	{CodeTooDeep, 400, "JSON nested too deeply", "Flatten the body; see json_depth in /v1/limits.", "BadRequest", "InvalidRequest"},
	{CodeUnknownField, 400, "Unknown field", "Remove or rename the field; the detail lists those there are.", "BadRequest", "InvalidArgument"},
	{CodeDuplicateField, 400, "Field given twice", "Give each field once.", "BadRequest", "InvalidArgument"},
	{CodeWrongType, 400, "Field has the wrong type", "Send the type that the detail names.", "BadRequest", "InvalidArgument"},
	{CodeMissingText, 400, "No text given", "Give text, texts or utterances.", "BadRequest", "InvalidArgument"},
	{CodeConflictingFields, 400, "Fields exclude each other", "Give one of text, texts and utterances.", "BadRequest", "InvalidArgument"},
	{CodeBadGzip, 400, "Body is not valid gzip", "Compress the whole body with gzip or leave Content-Encoding out.", "BadRequest", "InvalidRequest"},
	{CodeBadTimeout, 400, "X-Timeout-Ms is not usable", "Send whole milliseconds, 1 or more, or leave the header out.", "BadRequest", "InvalidArgument"},
	{CodeEmptyText, 422, "Text is empty", "Send a text with at least one visible character.", "BadRequest", "InvalidArgument"},
	{CodeTextTooLong, 422, "Text is too long", "Shorten or split the text; see characters in /v1/limits.", "BadRequest", "InvalidArgument"},
	{CodeTooManyTokens, 422, "Text has too many tokens", "Shorten or split the text; see tokens in /v1/limits.", "BadRequest", "InvalidArgument"},
	{CodeTooManyTexts, 422, "Too many texts", "Send several requests; see texts in /v1/limits.", "BadRequest", "InvalidArgument"},
	{CodeTooManyAlternatives, 422, "Too many alternatives", "Send the best ones only; see alternatives in /v1/limits.", "BadRequest", "InvalidArgument"},
	{CodeBadLanguage, 422, "Language is not supported", "Send zh or en, or leave language out to have it detected.", "BadRequest", "InvalidArgument"},
	{CodeBadReferenceTime, 422, "Reference time cannot be read", "Send RFC 3339 with a zone, e.g. 2026-11-22T09:30:00+08:00.", "BadRequest", "InvalidArgument"},
	{CodeBadSpanUnit, 422, "Unit of spans is not known", "Send one of the units that the detail lists.", "BadRequest", "InvalidArgument"},
	{CodeBadConfidence, 422, "Confidence is out of range", "Send a number from 0 to 1.", "BadRequest", "InvalidArgument"},
	{CodeTopOutOfRange, 422, "top is out of range", "Send a whole number within the range that the detail names.", "BadRequest", "InvalidArgument"},
	{CodeUnsupportedOption, 422, "Option is not supported", "Leave the option out or send a value that the detail names.", "BadRequest", "InvalidArgument"},
	{CodeBadValue, 422, "Value cannot be taken", "Send a value as the detail says.", "BadRequest", "InvalidArgument"},
	{CodeBadQuery, 400, "Query parameter is not usable", "Send a value as the detail says, or leave the parameter out.", "BadRequest", "InvalidArgument"},
	{CodeMediaTooLarge, 413, "Attachment is too large", "Send a smaller picture or file; see media_bytes in /v1/limits.", "PayloadTooLarge", "InvalidArgument"},
	{CodeUnauthorized, 401, "No valid API key", "Send Authorization: Bearer with a key of the server's key file.", "NotAuthenticated", "Unauthorized"},
	{CodeForbidden, 403, "The key may not do this", "Use a key with a role that the detail names.", "NotAuthorized", "Forbidden"},
	{CodeCrossOrigin, 403, "Another site's page called", "Call from your own server, or have the origin allowed.", "NotAuthorized", "Forbidden"},
	{CodeWrongHost, 421, "Host is not this machine", "Call 127.0.0.1 or localhost, or have the server use API keys.", "NotAuthorized", "Forbidden"},
	{CodeRateLimited, 429, "Too many requests", "Try again after the seconds in Retry-After.", "TooManyRequests", "TooManyRequests"},
	{CodeTooFast, 429, "Conversation is too fast", "Look whether two robots answer each other; else try again after Retry-After.", "TooManyRequests", "TooManyRequests"},
	{CodeLoop, 508, "Request goes in circles", "Do not post messages from within a call that this server makes.", "InternalError", "InternalServerError"},
	{CodeNotConfigured, 404, "Not set up here", "Ask whoever runs this server to switch the part on.", "NotFound", "NotFound"},
	{CodeUnknownConversation, 404, "Conversation is not known", "Check the id; a conversation begins with its first message.", "NotFound", "NotFound"},
	{CodeUnknownItem, 404, "No such thing", "Check the id; the list above it tells which there are.", "NotFound", "NotFound"},
	{CodeStaleOwner, 409, "Another one speaks now", "Load the conversation; the detail says who speaks.", "Conflict", "Conflict"},
	{CodeConflict, 409, "Someone else wrote first", "Load it again and redo the change.", "Conflict", "Conflict"},
	{CodeAgentBusy, 409, "Agent has no capacity left", "End or pass on a conversation first.", "Conflict", "Conflict"},
	{CodeAgentNotThere, 409, "Agent is offline", "Set the presence to available or away first.", "Conflict", "Conflict"},
	{CodeNothingWaits, 404, "Nobody waits", "Nothing; wait for an update of the queues.", "NotFound", "NotFound"},
	{CodeBadSource, 422, "Script or task file has faults", "Mend what errors names, each with its line.", "BadRequest", "InvalidArgument"},
	{CodeErased, 410, "Erased at the customer's wish", "Nothing: it cannot be brought back.", "NotFound", "NotFound"},
	{CodeUpgradeRequired, 426, "Only for WebSockets", "Open the path as a WebSocket, or use the events path.", "BadRequest", "InvalidRequest"},
	{CodeUnknownBundle, 404, "Bundle is not loaded", "Choose an id or a role from /v1/bundles, or leave bundle out.", "NotFound", "NotFound"},
	{CodeNotFound, 404, "No such resource", "See /docs for the paths there are.", "NotFound", "NotFound"},
	{CodeMethodNotAllowed, 405, "Method not allowed", "Use a method of the Allow header.", "MethodNotAllowed", "InvalidRequest"},
	{CodeBodyTimeout, 408, "Body came too slowly", "Send the request again over a faster connection.", "RequestTimeout", "Timeout"},
	{CodeBodyTooLarge, 413, "Body is too large", "Send several smaller requests; see body_bytes in /v1/limits.", "PayloadTooLarge", "InvalidRequest"},
	{CodeUnsupportedType, 415, "Content type is not supported", "Send Content-Type: application/json in UTF-8.", "UnsupportedMediaType", "InvalidRequest"},
	{CodeUnsupportedEncoding, 415, "Content encoding is not supported", "Send the body plain or with Content-Encoding: gzip.", "UnsupportedMediaType", "InvalidRequest"},
	{CodeClientClosed, statusClientClosed, "Caller left", "Nothing: this is seen in metrics only.", "ClientClosed", "Timeout"},
	{CodeOverloaded, 503, "Overloaded", "Nothing was computed. Try again after the seconds in Retry-After.", "ServiceUnavailable", "ServiceUnavailable"},
	{CodeNotReady, 503, "No bundle in charge", "Try again later; /readyz says what is missing.", "Conflict", "ServiceUnavailable"},
	{CodeShuttingDown, 503, "Shutting down", "Send the request to another server or try again after Retry-After.", "ServiceUnavailable", "ServiceUnavailable"},
	{CodeLogFull, 503, "Event log is full", "Nothing was written. Have room made; try again after Retry-After.", "ServiceUnavailable", "ServiceUnavailable"},
	{CodeLogUnavailable, 503, "Event log does not answer", "Send the same message id again after Retry-After; it is answered once.", "ServiceUnavailable", "ServiceUnavailable"},
	{CodeDeadline, 504, "Deadline passed", "Send fewer texts at a time, or allow more time with X-Timeout-Ms.", "Timeout", "Timeout"},
	{CodeInternal, 500, "Internal error", "Report the request id to whoever runs this server.", "InternalError", "InternalServerError"},
}

var kindOf = func() map[Code]*errorKind {
	m := make(map[Code]*errorKind, len(errorKinds))
	for i := range errorKinds {
		m[errorKinds[i].Code] = &errorKinds[i]
	}
	return m
}()

// fieldError names one part of a request and what is wrong with it.
type fieldError struct {
	Field  string `json:"field"` // e.g. "utterances[3].alternatives[0].text"
	Reason string `json:"reason"`
}

// fault is a failure on its way to the caller. Its detail holds nothing internal; the cause is for the log.
type fault struct {
	code   Code
	detail string
	fields []fieldError
	cause  error
	after  time.Duration // until the same request may succeed; 0 = as the table says
	owner  *ownerView    // of stale_owner
}

func (f *fault) Error() string {
	if f.cause != nil {
		return string(f.code) + ": " + f.detail + ": " + f.cause.Error()
	}
	return string(f.code) + ": " + f.detail
}

func (f *fault) Unwrap() error { return f.cause }

func newFault(code Code, format string, args ...any) *fault {
	return &fault{code: code, detail: fmt.Sprintf(format, args...)}
}

// fieldFault is a fault of one field; the field begins the sentence.
func fieldFault(code Code, field, format string, args ...any) *fault {
	reason := fmt.Sprintf(format, args...)
	return &fault{code: code, detail: field + " " + reason + ".", fields: []fieldError{{field, reason}}}
}

// asFault turns any error into what the caller is told. Unknown errors become internal_error: their text stays here.
func asFault(err error) *fault {
	var f *fault
	if errors.As(err, &f) {
		return f
	}
	with := func(code Code, format string, args ...any) *fault {
		f := newFault(code, format, args...)
		f.cause = err
		return f
	}
	var input *dialogue.InputError
	switch {
	case errors.As(err, &input):
		return fieldFault(CodeBadValue, input.Field, "%s", input.Reason)
	case errors.Is(err, dialogue.ErrLogFull):
		return with(CodeLogFull, "The event log is full and nothing was written: try again after Retry-After, when there is room.")
	case errors.Is(err, dialogue.ErrUnavailable):
		return with(CodeLogUnavailable, "The event log does not answer: send the same again after Retry-After, with the same message id.")
	case errors.Is(err, dialogue.ErrStaleOwner):
		return with(CodeStaleOwner, "Another one speaks in this conversation now: load it to see who.")
	case errors.Is(err, dialogue.ErrConflict):
		return with(CodeConflict, "Someone else wrote first and nothing was changed: load it again and redo the change.")
	case errors.Is(err, dialogue.ErrErased):
		return with(CodeErased, "This was made unreadable at the customer's wish.")
	case errors.Is(err, dialogue.ErrUnknown):
		return with(CodeUnknownItem, "There is nothing of that name: check the id.")
	case errors.Is(err, models.ErrOverloaded):
		return with(CodeOverloaded, "The queue is full and nothing was computed: try again after the seconds in Retry-After.")
	case errors.Is(err, models.ErrClosed):
		return with(CodeShuttingDown, "The server is shutting down and nothing was computed: send the request again to another server or later.")
	case errors.Is(err, models.ErrNoBundle):
		return with(CodeNotReady, "No bundle is in charge yet: try again later, /readyz says what is missing.")
	case errors.Is(err, context.DeadlineExceeded):
		return with(CodeDeadline, "The answer was not ready in time: send fewer texts at a time or allow more time with X-Timeout-Ms.")
	case errors.Is(err, context.Canceled):
		return with(CodeClientClosed, "The caller left before the answer.")
	}
	if f := serviceFault(err); f != nil {
		return f
	}
	return with(CodeInternal, "The server failed to answer; this is not the request's fault. Report the request id to whoever runs this server.")
}

// tooLong words a TooLongError for the field that holds the text.
func tooLong(e *nlu.TooLongError, field string) *fault {
	return fieldFault(CodeTooManyTokens, field, "has %d tokens, at most %d can be read: shorten or split it", e.Tokens, e.Limit)
}

// tooFast is the fault of a caller who asks too often.
func tooFast(wait time.Duration, format string, args ...any) *fault {
	f := newFault(CodeRateLimited, format, args...)
	f.after = wait
	return f
}

// notConfigured is the fault of a route whose part the server was built without.
func notConfigured(part string) *fault {
	return newFault(CodeNotConfigured, "This server was started without %s: ask whoever runs it.", part)
}

// retries tells whether the same request may succeed later.
func (k *errorKind) retries() bool {
	return k.Status == http.StatusServiceUnavailable || k.Status == http.StatusTooManyRequests
}
