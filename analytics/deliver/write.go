package deliver

import (
	"encoding/csv"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// column is a column of exports. Values: string, []string, int64, float64, bool, time.Time; nil = none.
type column struct {
	name  string
	typ   arrow.DataType
	value func(r *Record) any
}

var (
	tString = arrow.BinaryTypes.String
	tList   = arrow.ListOf(arrow.BinaryTypes.String)
	tInt    = arrow.PrimitiveTypes.Int64
	tFloat  = arrow.PrimitiveTypes.Float64
	tBool   = arrow.FixedWidthTypes.Boolean
	tTime   = &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
)

// columns are those of a record, in order. New ones are added at the end.
var columns = []column{
	{"id", tString, func(r *Record) any { return r.ID }},
	{"revision", tString, func(r *Record) any { return r.Revision }},
	{"tenant", tString, func(r *Record) any { return r.Tenant }},
	{"conversation", tString, func(r *Record) any { return r.Conversation }},
	{"session", tInt, func(r *Record) any { return int64(r.Session) }},
	{"customer", tString, func(r *Record) any { return r.Customer }},
	{"channel", tString, func(r *Record) any { return r.Channel }},
	{"lang", tString, func(r *Record) any { return r.Lang }},
	{"tier", tString, func(r *Record) any { return r.Tier }},
	{"started", tTime, func(r *Record) any { return r.Started }},
	{"ended", tTime, func(r *Record) any { return r.Ended }},
	{"outcome", tString, func(r *Record) any { return string(r.Outcome) }},
	{"summary_zh", tString, func(r *Record) any { return r.Summary.ZH }},
	{"summary_en", tString, func(r *Record) any { return r.Summary.EN }},
	{"intents", tList, func(r *Record) any { return r.Intents }},
	{"entities", tList, func(r *Record) any { return r.Entities }},
	{"emotions", tList, func(r *Record) any { return r.Emotions }},
	{"angry", tBool, func(r *Record) any { return r.Angry }},
	{"demand", tList, func(r *Record) any { return r.Demand }},
	{"turns", tInt, func(r *Record) any { return int64(r.Turns) }},
	{"fallbacks", tInt, func(r *Record) any { return int64(r.Fallbacks) }},
	{"agent_messages", tInt, func(r *Record) any { return int64(r.AgentMessages) }},
	{"score", tInt, func(r *Record) any {
		if r.Satisfaction == nil || r.Satisfaction.Score == nil {
			return nil
		}
		return int64(*r.Satisfaction.Score)
	}},
	{"resolved", tBool, func(r *Record) any {
		if r.Satisfaction == nil || r.Satisfaction.Resolved == nil {
			return nil
		}
		return *r.Satisfaction.Resolved
	}},
	{"handover_reason", tString, hand(func(h *Handover) any { return h.Reason })},
	{"handover_queue", tString, hand(func(h *Handover) any { return h.Queue })},
	{"handover_agent", tString, hand(func(h *Handover) any { return h.Agent })},
	{"handover_wait_seconds", tFloat, hand(func(h *Handover) any {
		if h.Wait == nil {
			return nil
		}
		return *h.Wait
	})},
	{"texts", tList, func(r *Record) any { return r.Texts }},
	{"nps", tInt, func(r *Record) any {
		if r.Satisfaction == nil || r.Satisfaction.NPS == nil {
			return nil
		}
		return int64(*r.Satisfaction.NPS)
	}},
}

func hand(fn func(*Handover) any) func(*Record) any {
	return func(r *Record) any {
		if r.Handover == nil {
			return nil
		}
		return fn(r.Handover)
	}
}

// csvWriter writes CSV with a header, lists divided by bars, times as RFC 3339.
type csvWriter struct{ w *csv.Writer }

func newCSVWriter(w io.Writer) (*csvWriter, error) {
	c := &csvWriter{csv.NewWriter(w)}
	names := make([]string, len(columns))
	for i, col := range columns {
		names[i] = col.name
	}
	return c, c.w.Write(names)
}

func (c *csvWriter) write(rs []Record) error {
	cells := make([]string, len(columns))
	for i := range rs {
		for j, col := range columns {
			cells[j] = cellText(col.value(&rs[i]))
		}
		if err := c.w.Write(cells); err != nil {
			return err
		}
	}
	return nil
}

func (c *csvWriter) close() error {
	c.w.Flush()
	return c.w.Error()
}

// cellText writes a value so that no spreadsheet takes it for a formula.
func cellText(v any) string {
	s := ""
	switch v := v.(type) {
	case string:
		s = v
	case []string:
		s = strings.Join(v, "|")
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	}
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		s = "'" + s
	}
	return s
}

// parquetWriter writes Parquet, a row group some ten thousand records.
type parquetWriter struct {
	b *array.RecordBuilder
	w *pqarrow.FileWriter
}

func newParquetWriter(f *os.File) (*parquetWriter, error) {
	fields := make([]arrow.Field, len(columns))
	for i, col := range columns {
		fields[i] = arrow.Field{Name: col.name, Type: col.typ, Nullable: true}
	}
	schema := arrow.NewSchema(fields, nil)
	props := parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Zstd), parquet.WithMaxRowGroupLength(50_000))
	w, err := pqarrow.NewFileWriter(schema, keepOpen{f}, props, pqarrow.DefaultWriterProps())
	if err != nil {
		return nil, err
	}
	return &parquetWriter{array.NewRecordBuilder(memory.DefaultAllocator, schema), w}, nil
}

// keepOpen hides that the file can be closed: the writer would.
type keepOpen struct{ io.Writer }

func (p *parquetWriter) write(rs []Record) error {
	for i := range rs {
		for j, col := range columns {
			appendValue(p.b.Field(j), col.value(&rs[i]))
		}
	}
	rec := p.b.NewRecordBatch()
	defer rec.Release()
	return p.w.WriteBuffered(rec)
}

func appendValue(b array.Builder, v any) {
	switch v := v.(type) {
	case string:
		b.(*array.StringBuilder).Append(v)
	case []string:
		l := b.(*array.ListBuilder)
		l.Append(true)
		for _, s := range v {
			l.ValueBuilder().(*array.StringBuilder).Append(s)
		}
	case int64:
		b.(*array.Int64Builder).Append(v)
	case float64:
		b.(*array.Float64Builder).Append(v)
	case bool:
		b.(*array.BooleanBuilder).Append(v)
	case time.Time:
		b.(*array.TimestampBuilder).Append(arrow.Timestamp(v.UnixMicro()))
	default:
		b.AppendNull()
	}
}

func (p *parquetWriter) close() error {
	p.b.Release()
	return p.w.Close()
}
