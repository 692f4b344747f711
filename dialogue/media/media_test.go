package media_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/text/encoding/simplifiedchinese"

	"yingda/dialogue"
	"yingda/dialogue/action"
	"yingda/dialogue/media"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCheck(t *testing.T) {
	many := make([]dialogue.Attachment, 11)
	for i := range many {
		many[i] = dialogue.Attachment{Type: dialogue.Image, URL: "https://img.example/1.jpg"}
	}
	one := func(a dialogue.Attachment) []dialogue.Attachment { return []dialogue.Attachment{a} }
	img := func(u string) []dialogue.Attachment { return one(dialogue.Attachment{Type: dialogue.Image, URL: u}) }
	for _, c := range []struct {
		name  string
		as    []dialogue.Attachment
		field string // "" = fine
	}{
		{"OKNone", nil, ""},
		{"OKImage", one(dialogue.Attachment{Type: dialogue.Image, URL: "https://img.example/u/1.jpg", MIME: "image/jpeg", Size: 1 << 20}), ""},
		{"OKLink", one(dialogue.Attachment{Type: dialogue.Link, URL: "http://shop.example/item?id=7&名=杯"}), ""},
		{"OKLocation", one(dialogue.Attachment{Type: dialogue.Location, Lat: 31.2, Lon: 121.5}), ""},
		{"OKSticker", one(dialogue.Attachment{Type: dialogue.Sticker, Caption: "[抓狂]"}), ""},
		{"OKAnimated", one(dialogue.Attachment{Type: dialogue.Sticker, URL: "https://x.example/s.json", MIME: "application/json"}), ""},
		{"OKFile", one(dialogue.Attachment{Type: dialogue.File, URL: "https://x.example/a.pdf", MIME: "application/pdf"}), ""},
		{"OKAudio", one(dialogue.Attachment{Type: dialogue.Audio, URL: "https://x.example/a.ogg", MIME: "application/ogg"}), ""},
		{"ErrCount", many, "attachments"},
		{"ErrSecond", append(img("https://img.example/1.jpg"), img("")...), "attachments[1].url"},
		{"ErrType", one(dialogue.Attachment{Type: "hologram", URL: "https://x.example/"}), "attachments[0].type"},
		{"ErrNoType", one(dialogue.Attachment{URL: "https://x.example/"}), "attachments[0].type"},
		{"ErrNoURL", img(""), "attachments[0].url"},
		{"ErrScript", img("javascript:alert(1)"), "attachments[0].url"},
		{"ErrData", img("data:image/png;base64,AAAA"), "attachments[0].url"},
		{"ErrFile", img("file:///etc/passwd"), "attachments[0].url"},
		{"ErrRelative", img("/u/1.jpg"), "attachments[0].url"},
		{"ErrNoHost", img("https:///1.jpg"), "attachments[0].url"},
		{"ErrOpaque", img("https:img.example"), "attachments[0].url"},
		{"ErrPassword", img("https://a:b@img.example/"), "attachments[0].url"},
		{"ErrSpace", img("https://img.example/a b"), "attachments[0].url"},
		{"ErrNewline", img("https://img.example/a\nb"), "attachments[0].url"},
		{"ErrBidi", img("https://img.example/\u202egpj.exe"), "attachments[0].url"},
		{"ErrBackslash", img(`https://img.example\@evil.example/`), "attachments[0].url"},
		{"ErrUTF8", img("https://img.example/\xff"), "attachments[0].url"},
		{"ErrLong", img("https://img.example/" + strings.Repeat("a", 2048)), "attachments[0].url"},
		{"ErrMIME", one(dialogue.Attachment{Type: dialogue.Image, URL: "https://x.example/1", MIME: "text/html"}), "attachments[0].mime"},
		{"ErrSVG", one(dialogue.Attachment{Type: dialogue.Image, URL: "https://x.example/1", MIME: "image/svg+xml"}), "attachments[0].mime"},
		{"ErrBadMIME", one(dialogue.Attachment{Type: dialogue.Image, URL: "https://x.example/1", MIME: "image"}), "attachments[0].mime"},
		{"ErrSize", one(dialogue.Attachment{Type: dialogue.Video, URL: "https://x.example/1", Size: 1 << 40}), "attachments[0].size"},
		{"ErrNegative", one(dialogue.Attachment{Type: dialogue.Video, URL: "https://x.example/1", Size: -1}), "attachments[0].size"},
		{"ErrPlace", one(dialogue.Attachment{Type: dialogue.Location, Lat: 91, Lon: 10}), "attachments[0].lat"},
		{"ErrNowhere", one(dialogue.Attachment{Type: dialogue.Location}), "attachments[0].lat"},
		{"ErrCaption", one(dialogue.Attachment{Type: dialogue.Image, URL: "https://x.example/1", Caption: strings.Repeat("长", 1001)}), "attachments[0].caption"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := media.Check(c.as, media.Limits{})
			var in *dialogue.InputError
			switch {
			case c.field == "" && err != nil:
				t.Error(err)
			case c.field != "" && (!errors.As(err, &in) || in.Field != c.field || in.Reason == ""):
				t.Errorf("error is %v, want field %s", err, c.field)
			}
		})
	}
	if err := media.Check(img("wxfile://tmp/1.jpg"), media.Limits{Schemes: []string{"wxfile"}}); err != nil {
		t.Error(err)
	}
}

// links is a reader of pages of the test server, which is allowed by its address.
func links(tb testing.TB, srv *httptest.Server) *media.Links {
	tb.Helper()
	l, err := media.NewLinks(media.LinkOptions{Hosts: []string{srv.Listener.Addr().String()}, Allow: []string{"127.0.0.1"}, Timeout: 400 * time.Millisecond, MaxBytes: 8 << 10})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(l.Close)
	return l
}

func TestTitle(t *testing.T) {
	gbk, err := simplifiedchinese.GBK.NewEncoder().String("<html><head><meta charset=gbk><title>露营椅 可折叠</title></head>")
	if err != nil {
		t.Fatal(err)
	}
	page := func(kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			io.WriteString(w, body)
		}
	}
	for _, c := range []struct {
		name, want string
		handle     http.HandlerFunc
	}{
		{"OK", "蓝牙耳机 - 商店", page("text/html; charset=utf-8", "<!doctype html><head><title>\n 蓝牙耳机 -  商店\t</title></head><body>")},
		{"OKOpenGraph", "蓝牙耳机", page("text/html; charset=utf-8", `<head><title>商店</title><meta property="og:title" content="蓝牙耳机"></head>`)},
		{"OKEntities", `A & B <3`, page("text/html", "<title>A &amp; B &lt;3</title>")},
		{"OKGBKHeader", "露营椅 可折叠", page("text/html; charset=gbk", gbk)},
		{"OKGBKMeta", "露营椅 可折叠", page("text/html", gbk)},
		{"OKXHTML", "x", page("application/xhtml+xml", `<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head></html>`)},
		{"OKControl", "a b c", page("text/html; charset=utf-8", "<title>a\u202eb\u0007c</title>")},
		{"OKLong", strings.Repeat("长", 119) + "…", page("text/html; charset=utf-8", "<title>"+strings.Repeat("长", 500)+"</title>")},
		{"OKUnclosed", "cut", page("text/html", "<title>cut")},
		{"ErrNone", "", page("text/html", "<html><body>no title</body></html>")},
		{"ErrInBody", "", page("text/html", "<head></head><body><title>not here</title>")},
		{"ErrScript", "", page("text/html", "<head><script>var x = '<title>no</title>'</script></head>")},
		{"ErrType", "", page("image/png", "<title>x</title>")},
		{"ErrNoType", "", page("", "<title>x</title>")},
		{"ErrLate", "", page("text/html", "<head>"+strings.Repeat("<!-- filler -->", 1000)+"<title>x</title>")},
		{"Err404", "", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<title>x</title>", 404) }},
		{"ErrHang", "", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{"ErrEndless", "", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		}},
		{"ErrPacked", "", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			page("text/html", "<title>x</title>")(w, nil)
		}},
		{"ErrLoop", "", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path+"x", 302) }},
		{"ErrAway", "", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "https://evil.example/", 302) }},
		{"ErrMetadata", "", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", 302)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := httptest.NewServer(c.handle)
			defer srv.Close()
			start := time.Now()
			got, err := links(t, srv).Title(context.Background(), srv.URL+"/item/7")
			if got != c.want || (err == nil) != (c.want != "") || time.Since(start) > 10*time.Second {
				t.Errorf("title is %q, error %v after %v; want %q", got, err, time.Since(start), c.want)
			}
			if err != nil && strings.Contains(err.Error(), "/item/7") {
				t.Errorf("the error holds the customer's link: %v", err)
			}
		})
	}
}

func TestTitleRedirect(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/short" {
			http.Redirect(w, r, "/long?token=1", http.StatusFound)
			return
		}
		if r.Header.Get("Referer") != "" {
			t.Errorf("Referer is %q", r.Header.Get("Referer"))
		}
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<title>there</title>")
	}))
	defer srv.Close()
	if got, err := links(t, srv).Title(context.Background(), srv.URL+"/short"); got != "there" {
		t.Errorf("title is %q, error %v", got, err)
	}
}

func TestHosts(t *testing.T) {
	l, err := media.NewLinks(media.LinkOptions{Hosts: []string{"shop.example", "*.mall.example", "dev.example:8443"}, Timeout: time.Second,
		Resolver: &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no names here") }}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for link, allowed := range map[string]bool{
		"https://shop.example/1": true, "http://shop.example/1": true, "https://SHOP.example./1": true, "https://a.b.mall.example/": true, "https://mall.example/": true, "https://dev.example:8443/": true,
		"https://shop.example.evil.example/": false, "https://evilshop.example/": false, "https://evilmall.example/": false, "https://x.shop.example/": false,
		"https://shop.example:8443/": false, "https://dev.example/": false, "https://shop.example@evil.example/": false, "https://127.0.0.1/": false,
		"ftp://shop.example/": false, "https://u:p@shop.example/": false, "": false, "https://[::1]/": false, "//shop.example/": false,
	} {
		_, err := l.Title(context.Background(), link)
		var blocked *action.BlockedError
		refused := errors.Is(err, media.ErrHost) || errors.Is(err, media.ErrPage) || errors.As(err, &blocked)
		if refused == allowed {
			t.Errorf("%s: %v, want allowed %v", link, err, allowed)
		}
	}
	for _, bad := range []string{"", "*", "*.com", "https://shop.example", "a b", "*.shop.example:80"} {
		if _, err := media.NewLinks(media.LinkOptions{Hosts: []string{bad}}); err == nil {
			t.Errorf("host %q is accepted", bad)
		}
	}
}

// model is an operator's image model.
type model struct {
	status dialogue.CallStatus
	data   string
	got    dialogue.Call
}

func (m *model) Call(_ context.Context, c dialogue.Call) dialogue.Result {
	m.got = c
	return dialogue.Result{Status: m.status, Data: json.RawMessage(m.data)}
}

func TestPrepare(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<title>露营椅</title>")
	}))
	defer srv.Close()
	m := &model{status: dialogue.CallOK, data: `{"caption": "一把折叠的\n露营椅"}`}
	r := media.New(media.Options{Links: links(t, srv), Captioner: media.CallCaptioner{Caller: m}})
	in := []dialogue.Attachment{
		{Type: dialogue.Image, URL: "https://img.example/1.jpg", MIME: "image/jpeg"}, {Type: dialogue.Link, URL: srv.URL + "/item"},
		{Type: dialogue.Link, URL: "https://elsewhere.example/"}, {Type: dialogue.Image, URL: "https://img.example/2.jpg", Caption: "as the channel says"},
	}
	out, err := r.Prepare(context.Background(), "default", in)
	if err != nil {
		t.Fatal(err)
	}
	if out[0].Caption != "一把折叠的 露营椅" || out[1].Title != "露营椅" || out[2].Title != "" || out[3].Caption != "as the channel says" {
		t.Errorf("prepared %+v", out)
	}
	if in[0].Caption != "" || in[1].Title != "" {
		t.Error("what was given was changed")
	}
	if m.got.Name != media.DescribeCall || m.got.Args["url"] != "https://img.example/1.jpg" || m.got.Key == "" || m.got.Tenant != "default" {
		t.Errorf("the call was %+v", m.got)
	}
	for _, m := range []*model{{status: dialogue.CallFailed}, {status: dialogue.CallOK, data: `{"caption": 7}`}, {status: dialogue.CallOK}, {status: dialogue.CallNotFound}} {
		r := media.New(media.Options{Captioner: media.CallCaptioner{Caller: m}})
		if out, err := r.Prepare(context.Background(), "default", in[:1]); err != nil || out[0].Caption != "" {
			t.Errorf("%+v: %+v, %v", m, out, err)
		}
	}
	var bad *dialogue.InputError
	if _, err := r.Prepare(context.Background(), "default", []dialogue.Attachment{{Type: "x"}}); !errors.As(err, &bad) {
		t.Errorf("error is %v", err)
	}
}

// slow never answers before its time is over.
type slow struct{}

func (slow) Caption(ctx context.Context, _ string, _ dialogue.Attachment) (string, error) {
	<-ctx.Done()
	return "", ctx.Err()
}

func TestPrepareInTime(t *testing.T) {
	r := media.New(media.Options{Captioner: slow{}, Timeout: 50 * time.Millisecond})
	start := time.Now()
	out, err := r.Prepare(context.Background(), "default", []dialogue.Attachment{{Type: dialogue.Image, URL: "https://x.example/1"}, {Type: dialogue.Image, URL: "https://x.example/2"}})
	if err != nil || len(out) != 2 || time.Since(start) > 5*time.Second {
		t.Errorf("%+v, %v after %v", out, err, time.Since(start))
	}
}
