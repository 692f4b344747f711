package render

import (
	"io"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"yingda/analytics"
)

// arrowSchema is the schema of the flat columns; titles and definitions travel with them.
func arrowSchema(r *analytics.Report, cols []field) *arrow.Schema {
	out := make([]arrow.Field, len(cols))
	for i, c := range cols {
		from := &r.Columns[c.from]
		out[i] = arrow.Field{
			Name: c.name, Type: arrowType(c.kind), Nullable: true,
			Metadata: arrow.NewMetadata([]string{"title_zh", "title_en", "definition_zh", "definition_en"}, []string{from.Title.ZH, from.Title.EN, from.Definition.ZH, from.Definition.EN}),
		}
	}
	meta := arrow.NewMetadata([]string{"report", "tenant", "from", "to", "zone", "through"},
		[]string{r.Name, r.Filter.Tenant, stamp(r.Filter.From), stamp(r.Filter.To), zone(r).String(), stamp(r.Through)})
	return arrow.NewSchema(out, &meta)
}

func arrowType(k analytics.Kind) arrow.DataType {
	switch k {
	case analytics.Label:
		return arrow.BinaryTypes.String
	case analytics.Count:
		return arrow.PrimitiveTypes.Int64
	case analytics.Day:
		return arrow.FixedWidthTypes.Date32
	case analytics.Moment:
		return arrow.FixedWidthTypes.Timestamp_us
	}
	return arrow.PrimitiveTypes.Float64
}

// record makes one batch of the rows. The caller releases it.
func record(r *analytics.Report) arrow.RecordBatch {
	cols := fields(r)
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrowSchema(r, cols))
	defer b.Release()
	for _, row := range r.Rows {
		for i, c := range cols {
			appendCell(b.Field(i), c.part(row[c.from]))
		}
	}
	return b.NewRecordBatch()
}

func appendCell(b array.Builder, v any) {
	switch b := b.(type) {
	case *array.StringBuilder:
		if s, ok := v.(string); ok {
			b.Append(strings.ToValidUTF8(s, "�"))
			return
		}
	case *array.Int64Builder:
		if n, ok := v.(int64); ok {
			b.Append(n)
			return
		}
	case *array.Float64Builder:
		if x, ok := v.(float64); ok {
			b.Append(x)
			return
		}
	case *array.Date32Builder:
		if t, ok := v.(time.Time); ok {
			b.Append(arrow.Date32FromTime(t))
			return
		}
	case *array.TimestampBuilder:
		if t, ok := v.(time.Time); ok {
			b.Append(arrow.Timestamp(t.UnixMicro()))
			return
		}
	}
	b.AppendNull()
}

// writeArrow writes an Arrow IPC stream.
func writeArrow(w io.Writer, r *analytics.Report) error {
	rec := record(r)
	defer rec.Release()
	out := ipc.NewWriter(w, ipc.WithSchema(rec.Schema()))
	if err := out.Write(rec); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

// writeParquet writes a Parquet file.
func writeParquet(w io.Writer, r *analytics.Report) error {
	rec := record(r)
	defer rec.Release()
	props := parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Zstd))
	out, err := pqarrow.NewFileWriter(rec.Schema(), keepOpen{w}, props, pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema()))
	if err != nil {
		return err
	}
	if err := out.WriteBuffered(rec); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

// keepOpen hides Close from the Parquet writer, which closes what it writes to: that is the caller's to do.
type keepOpen struct{ io.Writer }
