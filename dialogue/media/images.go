package media

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"yingda/dialogue"
)

// Captioner says what a picture shows. It is safe for concurrent use.
type Captioner interface {
	// Caption returns one sentence; "" when it cannot tell. It returns when ctx is done.
	Caption(ctx context.Context, tenant string, a dialogue.Attachment) (string, error)
}

// DescribeCall is the call of [CallCaptioner]: args url and mime, data caption.
const DescribeCall = "image.describe"

// CallCaptioner asks the operator's image model over HTTP, as the call image.describe of package action: signed, guarded, with its time
// limit and circuit breaker. The model fetches the picture itself, or knows it by its URL.
type CallCaptioner struct {
	Caller dialogue.Caller
}

var _ Captioner = CallCaptioner{}

// ErrCaption is returned when the image model gave no caption.
var ErrCaption = errors.New("no caption")

// Caption implements [Captioner].
func (c CallCaptioner) Caption(ctx context.Context, tenant string, a dialogue.Attachment) (string, error) {
	sum := sha256.Sum256([]byte(tenant + "\x00" + a.URL))
	res := c.Caller.Call(ctx, dialogue.Call{
		Name: DescribeCall, Key: hex.EncodeToString(sum[:]), // one picture, one answer
		Args: map[string]string{"url": a.URL, "mime": a.MIME}, Tenant: tenant,
	})
	switch res.Status {
	case dialogue.CallOK:
	case dialogue.CallNotFound:
		return "", nil
	default:
		return "", fmt.Errorf("%w: %s %s", ErrCaption, res.Status, res.Message)
	}
	var data struct {
		Caption string `json:"caption"`
	}
	if err := json.Unmarshal(res.Data, &data); err != nil {
		return "", fmt.Errorf("%w: the answer holds no text in \"caption\"", ErrCaption)
	}
	return data.Caption, nil
}
