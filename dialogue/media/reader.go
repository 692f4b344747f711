package media

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"yingda/dialogue"
)

// Options of a reader. The zero value checks attachments and looks at none.
type Options struct {
	// Limits of attachments.
	Limits Limits
	// Links reads titles of pages; nil = links have none but what the channel gave.
	Links *Links
	// Captioner describes pictures; nil = they have no caption but what the channel gave.
	Captioner Captioner
	// Timeout of all attachments of a message together. Default 2.5 s; what is not known by then is left out.
	Timeout time.Duration
	// Log gets one line for each attachment that could not be looked at, without its URL. Nil = none.
	Log *slog.Logger
}

// Reader prepares attachments before a turn. It is safe for concurrent use.
type Reader struct{ o Options }

// New makes a reader.
func New(o Options) *Reader {
	if o.Timeout <= 0 {
		o.Timeout = 2500 * time.Millisecond
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Reader{o}
}

// maxCaption is the longest caption that is taken over, in code points.
const maxCaption = 500

// Prepare checks the attachments and returns a copy in which pictures have a caption and links a title, as far as they could be learnt in
// time. What the channel gave stays. The error is a *dialogue.InputError.
func (r *Reader) Prepare(ctx context.Context, tenant string, as []dialogue.Attachment) ([]dialogue.Attachment, error) {
	if err := Check(as, r.o.Limits); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.o.Timeout)
	defer cancel()
	out := append([]dialogue.Attachment(nil), as...)
	var wg sync.WaitGroup
	for i := range out {
		a := &out[i] // each goroutine has its own
		switch {
		case a.Type == dialogue.Link && a.Title == "" && r.o.Links != nil:
			wg.Go(func() { a.Title = r.title(ctx, a.URL) })
		case a.Type == dialogue.Image && a.Caption == "" && r.o.Captioner != nil:
			wg.Go(func() { a.Caption = r.caption(ctx, tenant, *a) })
		}
	}
	wg.Wait()
	return out, nil
}

func (r *Reader) title(ctx context.Context, link string) string {
	title, err := r.o.Links.Title(ctx, link)
	switch {
	case err == nil:
	case errors.Is(err, ErrHost):
		r.o.Log.DebugContext(ctx, "link is not looked at", "cause", "host")
	default:
		r.o.Log.WarnContext(ctx, "link was not read", "error", err)
	}
	return title
}

func (r *Reader) caption(ctx context.Context, tenant string, a dialogue.Attachment) string {
	caption, err := r.o.Captioner.Caption(ctx, tenant, a)
	if err != nil {
		r.o.Log.WarnContext(ctx, "picture was not described", "error", err)
		return ""
	}
	return oneLineOf(caption, maxCaption)
}
