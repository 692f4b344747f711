package action_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"yingda/dialogue/action"
)

const testSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="

func mustSecrets(tb testing.TB, text string) []action.Secret {
	tb.Helper()
	s, err := action.ParseSecrets(text)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// TestSignVector is an oracle from outside: the example of the Standard Webhooks specification's reference libraries.
func TestSignVector(t *testing.T) {
	secrets := mustSecrets(t, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	h := http.Header{}
	action.Sign(h, secrets, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if got, want := h.Get(action.HeaderSignature), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("signature is %s, want %s", got, want)
	}
}

func TestVerify(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	old, secret := mustSecrets(t, "an old secret of the shop"), mustSecrets(t, testSecret)
	body := []byte(`{"call":"order.get","args":{"order_id":"8832"}}`)
	signed := func(secrets []action.Secret, at time.Time) http.Header {
		h := http.Header{}
		action.Sign(h, secrets, "call_1", at, body)
		return h
	}
	for _, c := range []struct {
		name   string
		change func(h http.Header) (http.Header, []byte)
		want   error
	}{
		{"OK", func(h http.Header) (http.Header, []byte) { return h, body }, nil},
		{"OKRotated", func(http.Header) (http.Header, []byte) { return signed(append(secret, old...), now), body }, nil},
		{"OKRotatedBack", func(http.Header) (http.Header, []byte) { return signed(append(old, secret...), now), body }, nil},
		{"OKEdge", func(http.Header) (http.Header, []byte) { return signed(secret, now.Add(-300*time.Second)), body }, nil},
		{"ErrForgedBody", func(h http.Header) (http.Header, []byte) { return h, []byte(`{"call":"order.cancel"}`) }, action.ErrForged},
		{"ErrForgedEmptyBody", func(h http.Header) (http.Header, []byte) { return h, nil }, action.ErrForged},
		{"ErrForgedSecret", func(http.Header) (http.Header, []byte) { return signed(old, now), body }, action.ErrForged},
		{"ErrForgedID", func(h http.Header) (http.Header, []byte) { h.Set(action.HeaderID, "call_2"); return h, body }, action.ErrForged},
		{"ErrForgedTime", func(h http.Header) (http.Header, []byte) {
			h.Set(action.HeaderTimestamp, strconv.FormatInt(now.Unix()+1, 10))
			return h, body
		}, action.ErrForged},
		{"ErrForgedShift", func(h http.Header) (http.Header, []byte) { // the end of the time becomes the start of the body
			h.Set(action.HeaderTimestamp, "1800000")
			return h, append([]byte("000."), body...)
		}, action.ErrStale},
		{"ErrForgedVersion", func(h http.Header) (http.Header, []byte) {
			h.Set(action.HeaderSignature, strings.Replace(h.Get(action.HeaderSignature), "v1,", "v2,", 1))
			return h, body
		}, action.ErrForged},
		{"ErrForgedNotBase64", func(h http.Header) (http.Header, []byte) { h.Set(action.HeaderSignature, "v1,!!!"); return h, body }, action.ErrForged},
		{"ErrForgedNinth", func(h http.Header) (http.Header, []byte) {
			h.Set(action.HeaderSignature, strings.Repeat("v1,AAAA ", 8)+h.Get(action.HeaderSignature))
			return h, body
		}, action.ErrForged},
		{"ErrStaleOld", func(http.Header) (http.Header, []byte) { return signed(secret, now.Add(-301*time.Second)), body }, action.ErrStale},
		{"ErrStaleFuture", func(http.Header) (http.Header, []byte) { return signed(secret, now.Add(301*time.Second)), body }, action.ErrStale},
		{"ErrUnsigned", func(http.Header) (http.Header, []byte) { return http.Header{}, body }, action.ErrUnsigned},
		{"ErrUnsignedTime", func(h http.Header) (http.Header, []byte) {
			h.Set(action.HeaderTimestamp, "+1800000000")
			return h, body
		}, action.ErrUnsigned},
		{"ErrUnsignedHugeTime", func(h http.Header) (http.Header, []byte) {
			h.Set(action.HeaderTimestamp, "99999999999999999999")
			return h, body
		}, action.ErrUnsigned},
		{"ErrUnsignedID", func(h http.Header) (http.Header, []byte) { h.Set(action.HeaderID, "a.b"); return h, body }, action.ErrUnsigned},
		{"ErrUnsignedLongID", func(h http.Header) (http.Header, []byte) {
			h.Set(action.HeaderID, strings.Repeat("x", 129))
			return h, body
		}, action.ErrUnsigned},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := action.Verifier{Secrets: secret, Now: func() time.Time { return now }}
			h, b := c.change(signed(secret, now))
			if _, err := v.Request(h, b); !errors.Is(err, c.want) {
				t.Errorf("error is %v, want %v", err, c.want)
			}
		})
	}
}

// TestBitFlips changes each bit of a signed message in turn.
func TestBitFlips(t *testing.T) {
	now, secret := time.Unix(1_800_000_000, 0), mustSecrets(t, testSecret)
	body := []byte(`{"call":"refund.create","args":{"money":"100"}}`)
	v := action.Verifier{Secrets: secret, Now: func() time.Time { return now }}
	h := http.Header{}
	action.Sign(h, secret, "call_1", now, body)
	for i := range len(body) * 8 {
		flipped := append([]byte(nil), body...)
		flipped[i/8] ^= 1 << (i % 8)
		if _, err := v.Request(h, flipped); !errors.Is(err, action.ErrForged) {
			t.Fatalf("bit %d of the body: error is %v", i, err)
		}
	}
	code := strings.TrimPrefix(h.Get(action.HeaderSignature), "v1,")
	raw, err := base64.StdEncoding.DecodeString(code)
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(raw) * 8 {
		flipped := append([]byte(nil), raw...)
		flipped[i/8] ^= 1 << (i % 8)
		h.Set(action.HeaderSignature, "v1,"+base64.StdEncoding.EncodeToString(flipped))
		if _, err := v.Request(h, body); !errors.Is(err, action.ErrForged) {
			t.Fatalf("bit %d of the signature: error is %v", i, err)
		}
	}
}

func TestAnswersAreNoRequests(t *testing.T) {
	now, secret := time.Unix(1_800_000_000, 0), mustSecrets(t, testSecret)
	v := action.Verifier{Secrets: secret, Now: func() time.Time { return now }}
	body := []byte(`{"status":"ok"}`)
	request, answer := http.Header{}, http.Header{}
	action.Sign(request, secret, "call_1", now, body)
	action.SignAnswer(answer, secret, "call_1", now, body)
	if err := v.Answer(answer, "call_1", body); err != nil {
		t.Errorf("answer: %v", err)
	}
	if err := v.Answer(request, "call_1", body); !errors.Is(err, action.ErrForged) {
		t.Errorf("a request passes as an answer: %v", err)
	}
	if _, err := v.Request(answer, body); !errors.Is(err, action.ErrForged) {
		t.Errorf("an answer passes as a request: %v", err)
	}
	if err := v.Answer(answer, "call_2", body); !errors.Is(err, action.ErrForged) {
		t.Errorf("an answer passes for another request: %v", err)
	}
}

func TestParseSecrets(t *testing.T) {
	for text, want := range map[string]int{
		testSecret: 1, "# newest first\n" + testSecret + "\nsixteen bytes at least\n\n": 2,
		"": 0, "short": 0, "whsec_not base64 at all!": 0, "whsec_AAAA": 0, "# only a comment": 0,
	} {
		s, err := action.ParseSecrets(text)
		if len(s) != want || (err == nil) != (want > 0) || err != nil && !errors.Is(err, action.ErrSecret) {
			t.Errorf("%q: %d secrets, error %v; want %d", text, len(s), err, want)
		}
	}
}

func TestSecretsDoNotShow(t *testing.T) {
	s := mustSecrets(t, "a secret that must not show")
	j, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s", s[0], s[0], s[0], s[0]), string(j)} {
		if strings.Contains(text, "must not show") || strings.Contains(text, "97 32") {
			t.Errorf("the secret shows in %q", text)
		}
	}
}

func FuzzVerify(f *testing.F) {
	now, secret := time.Unix(1_800_000_000, 0), mustSecrets(f, testSecret)
	f.Add("call_1", "1800000000", "v1,AAAA v1,BBBB", []byte("{}"))
	f.Add("", "", "", []byte(nil))
	f.Fuzz(func(t *testing.T, id, stamp, sig string, body []byte) {
		v := action.Verifier{Secrets: secret, Now: func() time.Time { return now }}
		h := http.Header{action.HeaderID: {id}, action.HeaderTimestamp: {stamp}, action.HeaderSignature: {sig}}
		if _, err := v.Request(h, body); err == nil {
			t.Fatal("a made-up signature is accepted")
		}
	})
}
