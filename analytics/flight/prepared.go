package flight

import (
	"container/list"
	"context"
	"crypto/rand"
	"fmt"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// statements keeps prepared statements, the last used ones.
type statements struct {
	mu     sync.Mutex
	most   int
	byKey  map[string]*list.Element
	recent *list.List // of *preparedStatement, the last used first
}

// preparedStatement is one of a caller. It is replaced when values are bound, never changed.
type preparedStatement struct {
	key, tenant, query string
	columns            *arrow.Schema
	params             int
	args               []any
	bound              bool
}

func newStatements(most int) *statements {
	return &statements{most: most, byKey: map[string]*list.Element{}, recent: list.New()}
}

func (s *statements) put(p *preparedStatement) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.byKey[p.key]; e != nil {
		e.Value = p
		s.recent.MoveToFront(e)
		return
	}
	s.byKey[p.key] = s.recent.PushFront(p)
	for s.recent.Len() > s.most {
		e := s.recent.Back()
		delete(s.byKey, e.Value.(*preparedStatement).key)
		s.recent.Remove(e)
	}
}

// get returns a statement of the tenant.
func (s *statements) get(tenant string, handle []byte) (*preparedStatement, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.byKey[string(handle)]; e != nil && e.Value.(*preparedStatement).tenant == tenant {
		s.recent.MoveToFront(e)
		return e.Value.(*preparedStatement), nil
	}
	return nil, status.Error(codes.NotFound, "the prepared statement is not known any more: prepare it again")
}

func (s *statements) drop(tenant string, handle []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.byKey[string(handle)]; e != nil && e.Value.(*preparedStatement).tenant == tenant {
		delete(s.byKey, string(handle))
		s.recent.Remove(e)
	}
}

// CreatePreparedStatement checks a statement and keeps it.
func (a *answers) CreatePreparedStatement(ctx context.Context, req flightsql.ActionCreatePreparedStatementRequest) (res flightsql.ActionCreatePreparedStatementResult, err error) {
	c, st, err := a.admit(ctx, req.GetQuery())
	if err != nil {
		return res, err
	}
	p := &preparedStatement{tenant: c.Tenant, query: req.GetQuery(), params: st.params}
	if p.columns, err = a.s.run.columns(ctx, c, st); err != nil {
		return res, err
	}
	var key [idSize]byte
	if _, err := rand.Read(key[:]); err != nil {
		return res, status.Error(codes.Internal, err.Error())
	}
	p.key = string(key[:])
	a.prepared.put(p)
	res.Handle, res.DatasetSchema = key[:], p.columns
	isUpdate := false
	res.IsUpdate = &isUpdate
	if p.params > 0 {
		fields := make([]arrow.Field, p.params)
		for i := range fields {
			fields[i] = arrow.Field{Name: fmt.Sprint(i + 1), Type: arrow.BinaryTypes.String, Nullable: true} // any type may be bound
		}
		res.ParameterSchema = arrow.NewSchema(fields, nil)
	}
	return res, nil
}

// ClosePreparedStatement forgets a statement.
func (a *answers) ClosePreparedStatement(ctx context.Context, req flightsql.ActionClosePreparedStatementRequest) error {
	c, err := callerOf(ctx)
	if err == nil {
		a.prepared.drop(c.Tenant, req.GetPreparedStatementHandle())
	}
	return err
}

// DoPutPreparedStatementQuery binds values: one row.
func (a *answers) DoPutPreparedStatementQuery(ctx context.Context, cmd flightsql.PreparedStatementQuery, r flight.MessageReader, _ flight.MetadataWriter) ([]byte, error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	p, err := a.prepared.get(c.Tenant, cmd.GetPreparedStatementHandle())
	if err != nil {
		return nil, err
	}
	changed := *p
	if changed.args, err = values(r); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	if len(changed.args) != p.params {
		return nil, status.Errorf(codes.InvalidArgument, "the statement has %d parameters, %d values were bound", p.params, len(changed.args))
	}
	changed.bound = true
	a.prepared.put(&changed)
	return cmd.GetPreparedStatementHandle(), nil
}

// GetFlightInfoPreparedStatement tells how to fetch the rows of a prepared statement.
func (a *answers) GetFlightInfoPreparedStatement(ctx context.Context, cmd flightsql.PreparedStatementQuery, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	p, err := a.prepared.get(c.Tenant, cmd.GetPreparedStatementHandle())
	if err != nil {
		return nil, err
	}
	return a.info(desc, desc.Cmd, p.columns), nil
}

// GetSchemaPreparedStatement tells the columns of a prepared statement.
func (a *answers) GetSchemaPreparedStatement(ctx context.Context, cmd flightsql.PreparedStatementQuery, _ *flight.FlightDescriptor) (*flight.SchemaResult, error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	p, err := a.prepared.get(c.Tenant, cmd.GetPreparedStatementHandle())
	if err != nil {
		return nil, err
	}
	return a.schemaResult(p.columns, nil)
}

// DoGetPreparedStatement answers a prepared statement with the values bound last.
func (a *answers) DoGetPreparedStatement(ctx context.Context, cmd flightsql.PreparedStatementQuery) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, nil, err
	}
	p, err := a.prepared.get(c.Tenant, cmd.GetPreparedStatementHandle())
	if err != nil {
		return nil, nil, err
	}
	if p.params > 0 && !p.bound {
		return nil, nil, status.Errorf(codes.FailedPrecondition, "the statement has %d parameters and no values are bound", p.params)
	}
	c, st, err := a.admit(ctx, p.query)
	if err != nil {
		return nil, nil, err
	}
	return a.s.run.ask(ctx, c, p.key, st, p.args)
}

// values reads the one row that is bound.
func values(r flight.MessageReader) ([]any, error) {
	var args []any
	rows := int64(0)
	for r.Next() {
		batch := r.RecordBatch()
		if rows += batch.NumRows(); rows > 1 {
			return nil, fmt.Errorf("more than one row of values is bound: ask for each by itself")
		}
		if batch.NumRows() == 0 {
			continue
		}
		for i, col := range batch.Columns() {
			v, err := value(col)
			if err != nil {
				return nil, fmt.Errorf("parameter %d: %w", i+1, err)
			}
			args = append(args, v)
		}
	}
	return args, r.Err()
}

// value reads the first value of a column.
func value(col arrow.Array) (any, error) {
	if col.IsNull(0) {
		return nil, nil
	}
	switch col := col.(type) {
	case *array.Boolean:
		return col.Value(0), nil
	case *array.Int8:
		return int64(col.Value(0)), nil
	case *array.Int16:
		return int64(col.Value(0)), nil
	case *array.Int32:
		return int64(col.Value(0)), nil
	case *array.Int64:
		return col.Value(0), nil
	case *array.Uint8:
		return int64(col.Value(0)), nil
	case *array.Uint16:
		return int64(col.Value(0)), nil
	case *array.Uint32:
		return int64(col.Value(0)), nil
	case *array.Float32:
		return float64(col.Value(0)), nil
	case *array.Float64:
		return col.Value(0), nil
	case *array.Date32:
		return col.Value(0).ToTime(), nil
	case *array.Date64:
		return col.Value(0).ToTime(), nil
	case *array.Timestamp:
		return col.Value(0).ToTime(col.DataType().(*arrow.TimestampType).Unit), nil
	case array.StringLike:
		return string([]byte(col.Value(0))), nil // a copy: the batch is released
	}
	return nil, fmt.Errorf("values of type %s cannot be bound: send text", col.DataType())
}
