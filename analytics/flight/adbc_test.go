package flight_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"

	"yingda/analytics/flight"
)

// adbcJob and adbcAnswer are what testdata/adbc.py reads and writes.
type adbcJob struct {
	URI         string   `json:"uri"`
	Token       string   `json:"token"`
	Certificate string   `json:"certificate,omitempty"`
	Queries     []string `json:"queries"`
	Timed       string   `json:"timed,omitempty"`
	Rounds      int      `json:"rounds,omitempty"`
}

type adbcAnswer struct {
	Rows    [][][]any `json:"rows"`
	Pandas  int       `json:"pandas"`
	Polars  int       `json:"polars"`
	Bound   int       `json:"bound"`
	Objects []string  `json:"objects"`
	Refused string    `json:"refused"`
	Seconds []float64 `json:"seconds"`
	Count   int       `json:"count"`
}

// askPython runs testdata/adbc.py, or skips.
func askPython(tb testing.TB, job adbcJob) adbcAnswer {
	tb.Helper()
	python := os.Getenv("YINGDA_ANALYTICS_PYTHON")
	if python == "" {
		tb.Skip("YINGDA_ANALYTICS_PYTHON names no Python with adbc-driver-flightsql, pandas and polars: `make oracle` makes one and runs this")
	}
	in, err := json.Marshal(job)
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.CommandContext(tb.Context(), python, "testdata/adbc.py")
	cmd.Stdin = bytes.NewReader(in)
	var faults bytes.Buffer
	cmd.Stderr = &faults
	out, err := cmd.Output()
	if err != nil {
		tb.Fatalf("%v\n%s", err, faults.String())
	}
	var a adbcAnswer
	if err := json.Unmarshal(out, &a); err != nil {
		tb.Fatalf("%v in %s", err, out)
	}
	return a
}

// What Python gets is what the warehouse itself answers when the tenant is written into the question.
func TestOracleADBC(t *testing.T) {
	w := MustWarehouse(t)
	cert, root := MustCertificate(t)
	for _, secure := range []bool{false, true} {
		job := adbcJob{URI: "grpc://", Token: "s.secret", Queries: []string{
			"SELECT count(*), min(ts), max(ms_total) FROM %sturns%s", "SELECT conversation, count(*) AS n FROM %sturns%s GROUP BY conversation ORDER BY conversation",
			"SELECT id, text, intents, p1, p2, fallback, dt FROM %sturns%s ORDER BY seq", "SELECT sessions, turns, score_sum FROM %sdaily_sessions%s", "SELECT hour, turns, ms_sum FROM %shourly%s ORDER BY hour",
		}}
		o := flight.Options{}
		if secure {
			o.TLS, job.URI, job.Certificate = &tls.Config{Certificates: []tls.Certificate{cert}}, "grpc+tls://", root
		}
		job.URI += MustServe(t, w, o)
		var direct []string
		for i, q := range job.Queries {
			direct = append(direct, fmt.Sprintf(q, "main.", " WHERE tenant = 'south'"))
			job.Queries[i] = fmt.Sprintf(q, "", "")
		}
		got := askPython(t, job)
		for i, q := range direct {
			if want := MustRows(t, w, q); !reflect.DeepEqual(got.Rows[i], want) {
				t.Errorf("%s\n\tPython got %v\n\tthe warehouse %v", q, got.Rows[i], want)
			}
		}
		if got.Pandas != southTurns || got.Polars != southTurns || got.Bound != 0 || !reflect.DeepEqual(got.Objects, sorted(flight.Tables())) || !strings.Contains(got.Refused, "changes nothing") {
			t.Errorf("pandas %d, polars %d, bound %d, objects %v, refused %q", got.Pandas, got.Polars, got.Bound, got.Objects, got.Refused)
		}
	}
}

// MustRows asks the warehouse itself and returns rows as testdata/adbc.py writes them.
func MustRows(tb testing.TB, w flight.Warehouse, query string) [][]any {
	tb.Helper()
	rows, err := w.Query(tb.Context(), query)
	if err != nil {
		tb.Fatal(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		tb.Fatal(err)
	}
	out := [][]any{}
	for rows.Next() {
		row, into := make([]any, len(names)), make([]any, len(names))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			tb.Fatal(err)
		}
		for i, v := range row {
			row[i] = asJSON(v)
			if at, ok := v.(time.Time); ok && names[i] == "dt" {
				row[i] = at.Format(time.DateOnly)
			}
		}
		out = append(out, row)
	}
	if err := rows.Err(); err != nil {
		tb.Fatal(err)
	}
	return out
}

// asJSON is v as encoding/json reads it back.
func asJSON(v any) any {
	switch v := v.(type) {
	case int32:
		return float64(v)
	case int64:
		return float64(v)
	case time.Time:
		return v.UTC().Format("2006-01-02 15:04:05")
	}
	return v
}

func sorted(names []string) []string {
	out := append([]string(nil), names...)
	for i := range out {
		for j := i; j > 0 && out[j] < out[j-1]; j-- {
			out[j], out[j-1] = out[j-1], out[j]
		}
	}
	return out
}

// MustCertificate makes a certificate for this machine; root is it in PEM.
func MustCertificate(tb testing.TB) (_ tls.Certificate, root string) {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		tb.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// wide makes rows as turns have them, as many as are asked for.
const wide = `SELECT range AS seq, 'conversation-' || (range %% 100000) AS conversation, TIMESTAMP '2026-01-01' + to_seconds(range) AS ts, range %% 2 = 0 AS fallback,
	(range %% 1000) / 1000 AS p1, 12.5::DOUBLE + range %% 50 AS ms_total, 'order.track' AS intent, 'zh' AS lang FROM range(%d)`

// BenchmarkLoopback measures rows a second of wide answers over the loopback address, by a client in Go and by Python's ADBC driver.
func BenchmarkLoopback(b *testing.B) {
	const rows = 2_000_000
	addr := MustServe(b, MustWarehouse(b), flight.Options{})
	query := fmt.Sprintf(wide, rows)
	b.Run("go", func(b *testing.B) {
		c := MustDial(b, addr)
		for b.Loop() {
			info, err := c.Execute(as(b, "n.secret"), query)
			if err != nil {
				b.Fatal(err)
			}
			r, err := c.DoGet(as(b, "n.secret"), info.Endpoint[0].Ticket)
			if err != nil {
				b.Fatal(err)
			}
			n := int64(0)
			for r.Next() {
				n += r.RecordBatch().NumRows()
			}
			if r.Err() != nil || n != rows {
				b.Fatalf("%d rows, %v", n, r.Err())
			}
			r.Release()
		}
		b.ReportMetric(float64(b.N)*rows/b.Elapsed().Seconds(), "rows/s")
	})
	b.Run("python-adbc", func(b *testing.B) {
		got := askPython(b, adbcJob{URI: "grpc://" + addr, Token: "n.secret", Timed: query, Rounds: 5})
		best := got.Seconds[0]
		for _, s := range got.Seconds {
			best = min(best, s)
		}
		if got.Count != rows {
			b.Fatalf("%d rows", got.Count)
		}
		for b.Loop() { // Python has measured
		}
		b.ReportMetric(rows/best, "rows/s")
		b.ReportMetric(0, "ns/op")
	})
}
