package server_test

import (
	"strings"
	"testing"

	"yingda/server"
)

// TestBounded decodes requests with fields of all kinds that are too long; each is named, and what is short passes.
func TestBounded(t *testing.T) {
	type inner struct {
		Title string   `json:"title"`
		List  []string `json:"list" most:"4"`
	}
	type request struct {
		Name   string            `json:"name" most:"5"`
		Plain  string            `json:"plain"`
		Source string            `json:"source" most:"-"`
		Vars   map[string]string `json:"vars" most:"3"`
		Items  []inner           `json:"items"`
		Deep   *inner            `json:"deep"`
		Count  int               `json:"count"`
	}
	long := strings.Repeat("x", 9000)
	for _, tt := range []struct {
		name string
		q    request
		want string // part of the error; "" = none
	}{
		{"empty", request{}, ""},
		{"within", request{Name: "12345", Plain: long[:8192], Source: long, Vars: map[string]string{"a": "123"}, Items: []inner{{"t", []string{"1234"}}}}, ""},
		{"tag", request{Name: "123456"}, "name has 6 bytes, at most 5"},
		{"default", request{Plain: long}, "plain has 9000 bytes, at most 8192"},
		{"value of a map", request{Vars: map[string]string{"a": "1234"}}, "vars.a has 4 bytes"},
		{"name in a map", request{Vars: map[string]string{long[:200]: ""}}, "a name of 200 bytes"},
		{"element", request{Items: []inner{{}, {List: []string{"", "12345"}}}}, "items[1].list[1] has 5 bytes"},
		{"behind a pointer", request{Deep: &inner{Title: long}}, "deep.title has 9000 bytes"},
		{"many", request{Items: make([]inner, 257)}, "items has 257 entries, at most 256"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := server.Bounded(&tt.q)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}
