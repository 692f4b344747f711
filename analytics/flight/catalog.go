package flight

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql/schema_ref"
)

// describe says what the server is and can, for clients that ask (SqlInfo).
func (a *answers) describe() error {
	info := map[flightsql.SqlInfo]any{
		flightsql.SqlInfoFlightSqlServerName: "yingda", flightsql.SqlInfoFlightSqlServerVersion: "1", flightsql.SqlInfoFlightSqlServerArrowVersion: arrow.PkgVersion,
		flightsql.SqlInfoFlightSqlServerReadOnly: true, flightsql.SqlInfoFlightSqlServerSql: true, flightsql.SqlInfoFlightSqlServerSubstrait: false,
		flightsql.SqlInfoFlightSqlServerTransaction: int32(flightsql.SqlTransactionNone), flightsql.SqlInfoFlightSqlServerCancel: true,
		flightsql.SqlInfoFlightSqlServerBulkIngestion:    false,
		flightsql.SqlInfoFlightSqlServerStatementTimeout: int32(min(a.s.o.Time.Milliseconds(), 1<<31-1)), flightsql.SqlInfoFlightSqlServerTransactionTimeout: int32(0),
		flightsql.SqlInfoDDLCatalog: false, flightsql.SqlInfoDDLSchema: false, flightsql.SqlInfoDDLTable: false,
		flightsql.SqlInfoIdentifierCase: int64(flightsql.SqlCaseSensitivityCaseInsensitive), flightsql.SqlInfoIdentifierQuoteChar: `"`,
		flightsql.SqlInfoQuotedIdentifierCase: int64(flightsql.SqlCaseSensitivityCaseInsensitive), flightsql.SqlInfoAllTablesAreASelectable: true,
		flightsql.SqlInfoNullOrdering: int64(flightsql.SqlNullOrderingSortAtEnd), flightsql.SqlInfoSupportsColumnAliasing: true,
		flightsql.SqlInfoMaxStatementLen: int64(maxSQL),
	}
	for _, id := range slices.Sorted(maps.Keys(info)) {
		if err := a.RegisterSqlInfo(id, info[id]); err != nil {
			return err
		}
		a.told = append(a.told, uint32(id))
	}
	return nil
}

// asked is a request for some of what describe says.
type asked []uint32

// GetInfo returns which.
func (a asked) GetInfo() []uint32 { return a }

// DoGetSqlInfo tells what is known of what a client asks for, and leaves out the rest: a client that asks for more than a server knows still works.
func (a *answers) DoGetSqlInfo(ctx context.Context, cmd flightsql.GetSqlInfo) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	var known asked
	for _, id := range cmd.GetInfo() {
		if slices.Contains(a.told, id) {
			known = append(known, id)
		}
	}
	switch {
	case len(cmd.GetInfo()) == 0:
		known = a.told
	case len(known) == 0:
		return stream(schema_ref.SqlInfo)
	}
	return a.BaseServer.DoGetSqlInfo(ctx, known)
}

// GetFlightInfoCatalogs and its like say how to fetch a list, which is small: the ticket is the request itself.
func (a *answers) GetFlightInfoCatalogs(_ context.Context, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return a.info(desc, desc.Cmd, schema_ref.Catalogs), nil
}

// GetFlightInfoSchemas says how to fetch the schemas.
func (a *answers) GetFlightInfoSchemas(_ context.Context, _ flightsql.GetDBSchemas, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return a.info(desc, desc.Cmd, schema_ref.DBSchemas), nil
}

// GetFlightInfoTables says how to fetch the tables.
func (a *answers) GetFlightInfoTables(_ context.Context, cmd flightsql.GetTables, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	if cmd.GetIncludeSchema() {
		return a.info(desc, desc.Cmd, schema_ref.TablesWithIncludedSchema), nil
	}
	return a.info(desc, desc.Cmd, schema_ref.Tables), nil
}

// GetFlightInfoTableTypes says how to fetch the kinds of tables.
func (a *answers) GetFlightInfoTableTypes(_ context.Context, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return a.info(desc, desc.Cmd, schema_ref.TableTypes), nil
}

// GetFlightInfoPrimaryKeys says how to fetch the keys of a table.
func (a *answers) GetFlightInfoPrimaryKeys(_ context.Context, _ flightsql.TableRef, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return a.info(desc, desc.Cmd, schema_ref.PrimaryKeys), nil
}

// GetFlightInfoImportedKeys says how to fetch what a table refers to.
func (a *answers) GetFlightInfoImportedKeys(_ context.Context, _ flightsql.TableRef, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return a.info(desc, desc.Cmd, schema_ref.ImportedKeys), nil
}

// GetFlightInfoExportedKeys says how to fetch what refers to a table.
func (a *answers) GetFlightInfoExportedKeys(_ context.Context, _ flightsql.TableRef, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return a.info(desc, desc.Cmd, schema_ref.ExportedKeys), nil
}

// DoGetCatalogs lists the one catalog.
func (a *answers) DoGetCatalogs(context.Context) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return stream(schema_ref.Catalogs, []any{Catalog})
}

// DoGetDBSchemas lists the one schema.
func (a *answers) DoGetDBSchemas(_ context.Context, cmd flightsql.GetDBSchemas) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	if !isCatalog(cmd.GetCatalog()) || !like(Schema, cmd.GetDBSchemaFilterPattern()) {
		return stream(schema_ref.DBSchemas)
	}
	return stream(schema_ref.DBSchemas, []any{Catalog, Schema})
}

// tableType is what all tables are to clients.
const tableType = "TABLE"

// DoGetTables lists the tables, with their columns if asked to.
func (a *answers) DoGetTables(ctx context.Context, cmd flightsql.GetTables) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	columns := schema_ref.Tables
	if cmd.GetIncludeSchema() {
		columns = schema_ref.TablesWithIncludedSchema
	}
	types := cmd.GetTableTypes()
	if !isCatalog(cmd.GetCatalog()) || !like(Schema, cmd.GetDBSchemaFilterPattern()) || len(types) > 0 && !slices.Contains(types, tableType) {
		return stream(columns)
	}
	var rows [][]any
	for _, name := range slices.Sorted(slices.Values(Tables())) {
		if !like(name, cmd.GetTableNameFilterPattern()) {
			continue
		}
		row := []any{Catalog, Schema, name, tableType}
		if cmd.GetIncludeSchema() {
			of, err := a.columns(ctx, "SELECT * FROM "+name)
			if err != nil {
				return nil, nil, err
			}
			row = append(row, flight.SerializeSchema(of, a.Alloc))
		}
		rows = append(rows, row)
	}
	return stream(columns, rows...)
}

// DoGetTableTypes lists the one kind of tables.
func (a *answers) DoGetTableTypes(context.Context) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return stream(schema_ref.TableTypes, []any{tableType})
}

// DoGetPrimaryKeys lists none: the tables have no declared keys.
func (a *answers) DoGetPrimaryKeys(context.Context, flightsql.TableRef) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return stream(schema_ref.PrimaryKeys)
}

// DoGetImportedKeys lists none.
func (a *answers) DoGetImportedKeys(context.Context, flightsql.TableRef) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return stream(schema_ref.ImportedKeys)
}

// DoGetExportedKeys lists none.
func (a *answers) DoGetExportedKeys(context.Context, flightsql.TableRef) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return stream(schema_ref.ExportedKeys)
}

// stream sends rows of strings and bytes, all in one batch.
func stream(columns *arrow.Schema, rows ...[]any) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	chunks := make(chan flight.StreamChunk, 1)
	defer close(chunks)
	if len(rows) == 0 {
		return columns, chunks, nil
	}
	b := array.NewRecordBuilder(alloc, columns)
	defer b.Release()
	for _, row := range rows {
		for i, v := range row {
			switch v := v.(type) {
			case string:
				b.Field(i).(*array.StringBuilder).Append(v)
			case []byte:
				b.Field(i).(*array.BinaryBuilder).Append(v)
			}
		}
	}
	chunks <- flight.StreamChunk{Data: b.NewRecordBatch()}
	return columns, chunks, nil
}

// isCatalog says whether a filter lets the one catalog through. Without a catalog is none of ours.
func isCatalog(filter *string) bool { return filter == nil || *filter == Catalog }

// like matches a pattern of SQL: % is any text, _ any character. nil matches all.
func like(s string, pattern *string) bool {
	if pattern == nil {
		return true
	}
	return matches(strings.ToLower(s), strings.ToLower(*pattern))
}

// matches backs up to the last % only, so it takes time in the product of the lengths at most.
func matches(s, pattern string) bool {
	i, j, star, mark := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case j < len(pattern) && pattern[j] == '%':
			star, mark = j, i
			j++
		case j < len(pattern) && (pattern[j] == '_' || pattern[j] == s[i]):
			i++
			j++
		case star >= 0:
			mark++
			i, j = mark, star+1
		default:
			return false
		}
	}
	return strings.Trim(pattern[j:], "%") == ""
}
