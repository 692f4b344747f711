//go:build duckdb_arrow

package warehouse

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"testing"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"yingda/analytics"
)

// boundTurn is a row as a shop's turn makes one; every fifth begins a conversation.
func boundTurn(i int) (analytics.Turn, analytics.Exposure) {
	p, q, zero, ms := 0.91, 0.04, 0.03, 29.4
	f := analytics.Fact{Tenant: "shop", Conversation: fmt.Sprintf("c-%d", i/5), Seq: int64(i + 1), ID: fmt.Sprintf("m-c-%d-%d", i/5, i%5), Time: time.UnixMilli(1_790_000_000_000 + 10*int64(i)).UTC(),
		Customer: fmt.Sprintf("%032x", i/5), Channel: "web"}
	return analytics.Turn{Fact: f, Lang: "zh", Tier: "gold", Owner: "robot", Text: "你好，帮我查一下 <order_id> 这个订单到哪里了，已经等了三天", Intent: "order.status",
		Intents: []string{"order.status"}, Recognised: []string{"order.status"}, Top1: "order.status", P1: &p, Top2: "order.delivery", P2: &q, OOS: &zero, Emotion: "worried", Intensity: &zero,
		Entities: []string{"order_id", "duration"}, Action: "answer", Reason: "intent_known", Task: "order.status", Scripts: []string{"soothe.worried@3", "order.status.sent#short@2"},
		Calls: []string{"order.get"}, Bundle: "default-2026.11.1-3fa9c2", Total: &ms, Parse: &p, CallsTime: &q}, analytics.Exposure{Fact: f, Experiment: "greeting-tone", Variant: "warm"}
}

// BenchmarkBound is what taking in cannot be faster than: the same rows and columns, ready in memory as Arrow has them, inserted and committed. With
// 20,000 rows in a transaction, what is committed goes to the write-ahead log and is stored later, which is counted too; 122,880 are stored at once.
func BenchmarkBound(b *testing.B) {
	for _, size := range []int{20_000, 122_880} {
		b.Run(fmt.Sprint(size), func(b *testing.B) { benchBound(b, size) })
	}
}

func benchBound(b *testing.B, size int) {
	w, err := Open(b.Context(), Options{Dir: b.TempDir(), Threads: 1})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	n, used := 0, time.Duration(0)
	for b.Loop() {
		b.StopTimer()
		turns, exposures := make([]analytics.Turn, size), make([]analytics.Exposure, size)
		for i := range turns {
			turns[i], exposures[i] = boundTurn(n + i)
		}
		t, err := recordOf(turns, turnColumns)
		if err != nil {
			b.Fatal(err)
		}
		e, err := recordOf(exposures, exposureColumns)
		if err != nil {
			b.Fatal(err)
		}
		since := processorTime()
		b.StartTimer()
		err = w.transact(b.Context(), func(conn *sql.Conn) error {
			return conn.Raw(func(c any) error {
				a, err := duckdb.NewArrowFromConn(c.(driver.Conn))
				if err == nil {
					err = insertRecord(b.Context(), c.(driver.ExecerContext), a, "turns", t)
				}
				if err == nil {
					err = insertRecord(b.Context(), c.(driver.ExecerContext), a, "exposures", e)
				}
				return err
			})
		})
		if err != nil {
			b.Fatal(err)
		}
		used += processorTime() - since
		n += size
		t.Release()
		e.Release()
	}
	since := processorTime()
	if _, err := w.db.write.ExecContext(b.Context(), "CHECKPOINT"); err != nil {
		b.Fatal(err)
	}
	used += processorTime() - since
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "turns/s")
	b.ReportMetric(float64(used.Nanoseconds())/1e3/float64(n), "cpu-µs/turn")
	b.ReportMetric(0, "ns/op")
}
