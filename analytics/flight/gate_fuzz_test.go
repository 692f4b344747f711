package flight_test

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"yingda/analytics/flight"
)

// Whatever is asked, no word of another tenant is in the answer or in the refusal, and the server goes on.
func FuzzAsk(f *testing.F) {
	log, lines := logged()
	c := MustDial(f, MustServe(f, MustWarehouse(f), flight.Options{Time: time.Second, Rows: 1000, Log: log}))
	for _, query := range hostile {
		if len(query) < 1000 {
			f.Add(query)
		}
	}
	for _, query := range []string{
		"WITH turns AS (SELECT * FROM turns) SELECT * FROM turns t JOIN yingda.main.turns USING (seq)", "SELECT text FROM (FROM turns) UNION ALL SELECT id FROM main.ratings",
		"SELECT * FROM turns WHERE conversation IN (SELECT conversation FROM sessions) ORDER BY ALL LIMIT 3", "SUMMARIZE turns", "DESCRIBE SELECT * FROM hourly", "SELECT max(text) OVER (PARTITION BY lang) FROM turns",
	} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		got, err := ask(as(t, "n.secret"), c, query)
		told := got
		if err != nil {
			told += status.Convert(err).Message()
		}
		for word := range strings.FieldsSeq("秘密 south-0 south-1 tenant='south'") {
			if strings.Contains(told, word) && !strings.Contains(query, word) {
				t.Errorf("%q tells of another tenant: %.300q", query, told)
			}
		}
		switch status.Code(err) {
		case codes.Internal, codes.Unauthenticated, codes.Unavailable:
			t.Errorf("%q: %v", query, err)
		}
		if s := lines.String(); strings.Contains(s, "stack=") || strings.Contains(s, "could not be checked") {
			t.Errorf("%q: the server failed: %s", query, s)
		}
	})
}
