package library_test

import (
	"bytes"
	"strings"
	"testing"

	"yingda/models/ort/library"
)

func TestProgress_Plain(t *testing.T) {
	var out bytes.Buffer
	p := library.NewProgress(&out)
	b := p.Bar("thing", 2_000_000)
	b.Set(500_000)
	b.Set(2_000_000)
	b.End()
	b.End()
	got := out.String()
	if strings.ContainsAny(got, "\r\x1b") || !strings.HasPrefix(got, "Fetching thing (2.0 MB)\n") || strings.Count(got, "\n") != 2 ||
		!strings.Contains(got, "2.0 MB of 2.0 MB (100 %)") {
		t.Errorf("wrote %q", got)
	}
}

func TestProgress_Terminal(t *testing.T) {
	var out bytes.Buffer
	p := library.NewTerminalProgress(&out)
	b := p.Bar("thing", 2_000_000)
	b.Set(1_000_000)
	b.End()
	if got := out.String(); !strings.Contains(got, "\r\x1b[Kthing [############............] 1.0 MB/2.0 MB") || !strings.HasSuffix(got, "\n") {
		t.Errorf("wrote %q", got)
	}
}
