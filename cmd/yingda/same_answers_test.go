package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	engines "yingda/bench/analytics"
)

// mustDemoData makes a small warehouse.
func mustDemoData(tb testing.TB) string {
	tb.Helper()
	dir := tb.TempDir()
	var out bytes.Buffer
	if err := run(tb.Context(), []string{"demo-data", "--dir", dir, "--days", "20", "--turns-per-day", "120"}, stdio{strings.NewReader(""), &out, &out}); err != nil {
		tb.Fatalf("%v\n%s", err, out.String())
	}
	return dir
}

// Other engines say what the warehouse says, over the same lake.
func TestOracleEngines(t *testing.T) {
	python := os.Getenv("YINGDA_ENGINES_PYTHON")
	if python == "" {
		t.Skip("YINGDA_ENGINES_PYTHON names no Python with pyspark and chdb: `make oracle` makes one and runs this")
	}
	dir := mustDemoData(t)
	for name, args := range map[string][]string{
		"clickhouse": {"--engine", "clickhouse"},
		"spark":      {"--engine", "spark", "--cluster", "--only", "containment,response_time,drift_scores,fcr"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := engines.FindJava(os.Getenv("JAVA_HOME")); name == "spark" && err != nil {
				t.Skip(err)
			}
			var out, faults bytes.Buffer
			err := run(t.Context(), append([]string{"same-answers", "--dir", dir, "--python", python, "--threads", "2"}, args...), stdio{strings.NewReader(""), &out, &faults})
			if err != nil || !strings.Contains(out.String(), "are the same") {
				t.Errorf("%v\n%s\n%s", err, out.String(), faults.String())
			}
		})
	}
}

func TestSameAnswersRefuses(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		name, says string
		args       []string
	}{
		{"an engine that there is not", "usage", []string{"--engine", "excel"}},
		{"an empty warehouse", "demo-data", []string{"--engine", "clickhouse", "--dir", dir}},
		{"a day that is none", "--from", []string{"--engine", "clickhouse", "--dir", dir, "--from", "yesterday"}},
	} {
		var out bytes.Buffer
		err := run(context.Background(), append([]string{"same-answers"}, tt.args...), stdio{strings.NewReader(""), &out, &out})
		if err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.says)
		}
	}
}
