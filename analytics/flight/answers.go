package flight

import (
	"context"
	"crypto/rand"
	"errors"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// idSize is the length of what begins a query's handle, by which it can be cancelled. The statement follows: the server keeps nothing of a query
// before it is fetched.
const idSize = 16

// answers is the endpoint in the words of Flight SQL. What it does not have is unimplemented: there is nothing to write to.
type answers struct {
	flightsql.BaseServer
	s        *Server
	prepared *statements
	told     []uint32 // what describe says, in order
}

var _ flightsql.Server = (*answers)(nil)

// admit checks a statement for who asks.
func (a *answers) admit(ctx context.Context, query string) (Caller, statement, error) {
	c, err := callerOf(ctx)
	if err != nil {
		return c, statement{}, err
	}
	ctx, stop := context.WithTimeoutCause(ctx, a.s.o.Time, errTime)
	defer stop()
	st, err := a.s.gate.admit(ctx, c.Tenant, query)
	if err != nil {
		a.s.o.Log.InfoContext(ctx, "query refused", "by", c.Name, "tenant", c.Tenant, "error", err)
		var refusal *Refusal
		if !errors.As(err, &refusal) && ctx.Err() == nil {
			a.s.o.Log.ErrorContext(ctx, "a statement could not be checked", "error", err)
		}
		err = a.s.run.fault(ctx, err)
	}
	return c, st, err
}

// GetFlightInfoStatement tells the columns of a query and how to fetch its rows.
func (a *answers) GetFlightInfoStatement(ctx context.Context, cmd flightsql.StatementQuery, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	columns, err := a.columns(ctx, cmd.GetQuery())
	if err != nil {
		return nil, err
	}
	handle := make([]byte, idSize, idSize+len(cmd.GetQuery()))
	if _, err := rand.Read(handle); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	ticket, err := flightsql.CreateStatementQueryTicket(append(handle, cmd.GetQuery()...))
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return a.info(desc, ticket, columns), nil
}

func (a *answers) columns(ctx context.Context, query string) (*arrow.Schema, error) {
	c, st, err := a.admit(ctx, query)
	if err != nil {
		return nil, err
	}
	if st.params > 0 {
		return nil, status.Error(codes.InvalidArgument, "the statement has parameters: prepare it and bind their values")
	}
	return a.s.run.columns(ctx, c, st)
}

// info describes an answer that is fetched from here with the ticket.
func (a *answers) info(desc *flight.FlightDescriptor, ticket []byte, columns *arrow.Schema) *flight.FlightInfo {
	i := &flight.FlightInfo{
		Endpoint:         []*flight.FlightEndpoint{{Ticket: &flight.Ticket{Ticket: ticket}}},
		FlightDescriptor: desc, TotalRecords: -1, TotalBytes: -1,
	}
	if columns != nil {
		i.Schema = flight.SerializeSchema(columns, a.Alloc)
	}
	return i
}

// GetSchemaStatement tells the columns of a query.
func (a *answers) GetSchemaStatement(ctx context.Context, cmd flightsql.StatementQuery, _ *flight.FlightDescriptor) (*flight.SchemaResult, error) {
	columns, err := a.columns(ctx, cmd.GetQuery())
	return a.schemaResult(columns, err)
}

func (a *answers) schemaResult(columns *arrow.Schema, err error) (*flight.SchemaResult, error) {
	if err != nil {
		return nil, err
	}
	if columns == nil {
		return nil, status.Error(codes.FailedPrecondition, "the columns of this statement are known only once it is asked")
	}
	return &flight.SchemaResult{Schema: flight.SerializeSchema(columns, a.Alloc)}, nil
}

// DoGetStatement answers a query.
func (a *answers) DoGetStatement(ctx context.Context, ticket flightsql.StatementQueryTicket) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	handle := ticket.GetStatementHandle()
	if len(handle) < idSize {
		return nil, nil, status.Error(codes.InvalidArgument, "the ticket is not one of this server")
	}
	c, st, err := a.admit(ctx, string(handle[idSize:])) // again: whoever has the ticket may be another caller
	if err != nil {
		return nil, nil, err
	}
	return a.s.run.ask(ctx, c, string(handle[:idSize]), st, nil)
}

// CancelFlightInfo stops the caller's query that the info is of.
func (a *answers) CancelFlightInfo(ctx context.Context, req *flight.CancelFlightInfoRequest) (flight.CancelFlightInfoResult, error) {
	c, err := callerOf(ctx)
	if err != nil {
		return flight.CancelFlightInfoResult{}, err
	}
	for _, e := range req.GetInfo().GetEndpoint() {
		if key, ok := keyOf(e.GetTicket().GetTicket()); ok && a.s.run.cancel(c.Tenant, key) {
			return flight.CancelFlightInfoResult{Status: flight.CancelStatusCancelled}, nil
		}
	}
	return flight.CancelFlightInfoResult{Status: flight.CancelStatusNotCancellable}, nil
}

// keyOf reads from a ticket what its query is known by while it runs.
func keyOf(ticket []byte) (string, bool) {
	var wrapped anypb.Any
	if err := proto.Unmarshal(ticket, &wrapped); err != nil {
		return "", false
	}
	cmd, err := wrapped.UnmarshalNew()
	if err != nil {
		return "", false
	}
	switch cmd := cmd.(type) {
	case flightsql.PreparedStatementQuery:
		return string(cmd.GetPreparedStatementHandle()), true
	case flightsql.StatementQueryTicket:
		h := cmd.GetStatementHandle()
		return string(h[:min(idSize, len(h))]), len(h) >= idSize
	}
	return "", false
}
