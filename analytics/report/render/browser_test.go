package render_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/chromedp"

	"yingda/analytics/report/render"
)

// TestBrowser shows a page in headless Chromium under its policy: nothing is complained about, Chinese text in pictures is drawn with letters of
// its own, pictures fit, dark pages are dark. Without Chromium it is skipped, and says so.
func TestBrowser(t *testing.T) {
	path := os.Getenv("CHROMIUM")
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path == "" {
			path, _ = exec.LookPath(name)
		}
	}
	if path == "" {
		t.Skip("SKIPPED: there is no Chromium here (set CHROMIUM to its path); pages of reports are not tested in a browser")
	}
	page := mustWrite(t, render.HTML, sampleReport(), "zh")
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", render.HTML.ContentType())
		rw.Header().Set("Content-Security-Policy", render.Policy)
		rw.Write(page)
	}))
	defer srv.Close()
	alloc, stop := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WindowSize(1000, 1400), chromedp.Flag("disable-dev-shm-usage", true))...)
	defer stop()
	ctx, cancel := chromedp.NewContext(alloc)
	defer cancel()
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var complaints []string
	err := chromedp.Listen(ctx, func(ev any) {
		if ev, ok := ev.(*cdplog.EventEntryAdded); ok && ev.Entry.Source != cdplog.EntrySourceNetwork && ev.Entry.Source != cdplog.EntrySourceRecommendation {
			mu.Lock()
			defer mu.Unlock()
			complaints = append(complaints, ev.Entry.Text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	timed, cancelTimed := context.WithTimeout(ctx, 60*time.Second)
	defer cancelTimed()
	if err := chromedp.Do(timed, chromedp.Navigate(srv.URL+"/")); err != nil {
		t.Fatal(err)
	}
	eval := func(expression string) any {
		v, err := chromedp.Run(timed, chromedp.Evaluate[any](expression))
		if err != nil {
			t.Fatalf("%s: %v", expression, err)
		}
		return v
	}
	for what, expression := range map[string]string{
		"four pictures":                  "document.querySelectorAll('svg.chart').length === 4",
		"every picture has a title":      "[...document.querySelectorAll('svg.chart')].every((s) => s.querySelector('title').textContent && s.querySelector('desc').textContent)",
		"pictures are as wide as told":   "[...document.querySelectorAll('svg.chart')].every((s) => s.getBoundingClientRect().width > 600 && s.getBoundingClientRect().right <= innerWidth)",
		"texts of pictures stay inside":  "[...document.querySelectorAll('svg.chart text')].every((e) => { const b = e.getBBox(); return b.x >= -1 && b.x + b.width <= 721 })",
		"the style sheet is in force":    "getComputedStyle(document.querySelector('section')).borderRadius === '14px'",
		"Chinese letters are wide":       "[...document.querySelectorAll('svg.chart text')].some((e) => /[\\u4e00-\\u9fff]{4}/.test(e.textContent) && e.getComputedTextLength() > 0.85 * 12 * 4)",
		"the page does not scroll level": "document.documentElement.scrollWidth <= innerWidth",
	} {
		if eval(expression) != true {
			t.Errorf("not so: %s", what)
		}
	}
	light := eval("getComputedStyle(document.body).backgroundColor")
	shot(t, timed, "report_light.png")
	dark := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}}
	if _, err := chromedp.Call(timed, emulation.SetEmulatedMedia, dark); err != nil {
		t.Fatal(err)
	}
	if dark := eval("getComputedStyle(document.body).backgroundColor"); dark == light {
		t.Errorf("the dark page is as bright as the light one: %v", dark)
	}
	shot(t, timed, "report_dark.png")
	mu.Lock()
	defer mu.Unlock()
	if len(complaints) > 0 {
		t.Errorf("the browser complains: %s", strings.Join(complaints, "\n"))
	}
}

// shot keeps a picture of the page where YINGDA_SHOTS says.
func shot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	dir := os.Getenv("YINGDA_SHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), bytes.Clone(png), 0o644); err != nil {
		t.Fatal(err)
	}
}
