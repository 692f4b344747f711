package profile

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	_ "github.com/go-sql-driver/mysql" // the drivers an operator may name
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"yingda/dialogue"
	"yingda/nlu"
)

// SQLOptions describe a database of the operator.
type SQLOptions struct {
	Driver string // pgx (PostgreSQL), mysql or sqlite
	DSN    string // as the driver wants it; use an account that may only read
	// Query returns at most one row for :tenant and :customer, none for an unknown customer. Columns, any of them, in any order: name,
	// tier, lang, preference_<name> (e.g. preference_carrier), consent_<category> (e.g. consent_marketing).
	Query string
	// History returns rows for the customer, oldest first; empty = no history. Columns as in dialogue.HistoryItem: kind, time, date,
	// order_id, ticket_id, product, attribute, plan, topic, status, text. The newest 50 are used.
	History string
	// Timeout bounds one customer's queries. Default 2 s.
	Timeout time.Duration
	// MaxOpen bounds the connections. Default 8.
	MaxOpen int
}

// SQL asks a database, in a read-only transaction. Close it after use.
type SQL struct {
	db      *sql.DB
	o       SQLOptions
	query   statement
	history statement
}

var _ Provider = (*SQL)(nil)

// Drivers are the names that SQLOptions.Driver may have.
func Drivers() []string { return []string{"mysql", "pgx", "sqlite"} }

// OpenSQL checks the options. It does not connect: a database that is down now may be up when it is needed. See [SQL.Check].
func OpenSQL(o SQLOptions) (*SQL, error) {
	if !slices.Contains(Drivers(), o.Driver) {
		return nil, fmt.Errorf("profile database: driver %q is not one of %s", o.Driver, strings.Join(Drivers(), ", "))
	}
	q, err := parseStatement(o.Driver, o.Query)
	if err == nil && !slices.Contains(q.params, "customer") {
		err = errors.New("it has no :customer, every customer would have the same profile")
	}
	if err != nil {
		return nil, fmt.Errorf("profile query: %w", err)
	}
	s := &SQL{o: o, query: q}
	if strings.TrimSpace(o.History) != "" {
		if s.history, err = parseStatement(o.Driver, o.History); err == nil && !slices.Contains(s.history.params, "customer") {
			err = errors.New("it has no :customer, every customer would have the same history")
		}
		if err != nil {
			return nil, fmt.Errorf("history query: %w", err)
		}
	}
	if s.o.Timeout <= 0 {
		s.o.Timeout = 2 * time.Second
	}
	if s.db, err = sql.Open(o.Driver, o.DSN); err != nil {
		return nil, fmt.Errorf("profile database: %w", err)
	}
	open := o.MaxOpen
	if open <= 0 {
		open = 8
	}
	s.db.SetMaxOpenConns(open)
	s.db.SetMaxIdleConns(open)
	s.db.SetConnMaxIdleTime(5 * time.Minute)
	return s, nil
}

// Close closes the connections.
func (s *SQL) Close() error { return s.db.Close() }

// Check runs the queries for a customer that nobody is: it tells whether the database answers and the columns have names that are known.
func (s *SQL) Check(ctx context.Context) error {
	if _, err := s.Fetch(ctx, "default", "\x7fnobody"); err != nil && !errors.Is(err, dialogue.ErrUnknown) {
		return err
	}
	return nil
}

// Fetch implements Provider.
func (s *SQL) Fetch(ctx context.Context, tenant, customer string) (dialogue.Profile, error) {
	ctx, cancel := context.WithTimeout(ctx, s.o.Timeout)
	defer cancel()
	tx, err := s.begin(ctx)
	if err != nil {
		return dialogue.Profile{}, fmt.Errorf("ask the profile database: %w", err)
	}
	defer tx.Rollback()
	args := map[string]string{"tenant": tenant, "customer": customer}
	var p dialogue.Profile
	found := false
	err = each(ctx, tx, s.query, args, func(column string, v any) error { return setColumn(&p, column, v) }, func() { found = true })
	if err == nil && found && s.history.text != "" {
		var item dialogue.HistoryItem
		err = each(ctx, tx, s.history, args, func(column string, v any) error { return setItem(&item, column, v) }, func() {
			p.History = append(p.History, item)
			item = dialogue.HistoryItem{}
			if len(p.History) > 4*maxHistory { // a query without LIMIT must not fill the memory
				p.History = slices.Clone(p.History[len(p.History)-maxHistory:])
			}
		})
	}
	switch {
	case err != nil:
		return dialogue.Profile{}, fmt.Errorf("ask the profile database: %w", err)
	case !found:
		return dialogue.Profile{}, fmt.Errorf("customer: %w", dialogue.ErrUnknown)
	}
	return tidy(p), nil
}

// begin starts a transaction that cannot write. SQLite has no such transactions: there the statement itself was checked, and the
// connection is told to refuse writes.
func (s *SQL) begin(ctx context.Context) (*sql.Tx, error) {
	if s.o.Driver != "sqlite" {
		return s.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	if _, err := tx.ExecContext(ctx, "PRAGMA query_only = 1"); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return tx, nil
}

// each calls set for every column of every row that is not NULL, and done after each row.
func each(ctx context.Context, tx *sql.Tx, st statement, args map[string]string, set func(string, any) error, done func()) error {
	rows, err := tx.QueryContext(ctx, st.text, st.bind(args)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	for _, c := range columns { // a wrong name must show without any row
		if err := set(strings.ToLower(c), nil); err != nil {
			return err
		}
	}
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, v := range values {
			if v == nil {
				continue
			}
			if err := set(strings.ToLower(columns[i]), v); err != nil {
				return err
			}
		}
		done()
	}
	return rows.Err()
}

// setColumn puts one column of a profile into p. A nil value asks only whether the column is known.
func setColumn(p *dialogue.Profile, column string, v any) error {
	name, preference := strings.CutPrefix(column, "preference_")
	category, consent := strings.CutPrefix(column, "consent_")
	switch {
	case column == "name":
		p.Name = text(v)
	case column == "tier":
		p.Tier = text(v)
	case column == "lang":
		p.Lang = nlu.Lang(text(v))
	case preference && name != "":
		if s := text(v); s != "" {
			set(&p.Preferences, name, s)
		}
	case consent && category != "":
		if v == nil {
			return nil
		}
		b, err := truth(v)
		if err != nil {
			return fmt.Errorf("column %s: %w", column, err)
		}
		set(&p.Consent, category, b)
	default:
		return fmt.Errorf("column %q is not known; name it name, tier, lang, preference_<name> or consent_<category> with AS", column)
	}
	return nil
}

func set[V any](m *map[string]V, k string, v V) {
	if *m == nil {
		*m = map[string]V{}
	}
	(*m)[k] = v
}

// setItem puts one column of a row of the history into h.
func setItem(h *dialogue.HistoryItem, column string, v any) error {
	if column == "time" {
		if v == nil {
			return nil
		}
		t, err := instant(v)
		h.Time = t
		return err
	}
	fields := map[string]*string{
		"kind": &h.Kind, "date": &h.Date, "order_id": &h.OrderID, "ticket_id": &h.TicketID, "product": &h.Product, "attribute": &h.Attribute,
		"plan": &h.Plan, "topic": &h.Topic, "status": &h.Status, "text": &h.Text,
	}
	f := fields[column]
	if f == nil {
		return fmt.Errorf("column %q is not known; a row of the history has kind, time, date, order_id, ticket_id, product, attribute, plan, topic, status and text", column)
	}
	if d, ok := v.(time.Time); ok && column == "date" {
		*f = d.Format(time.DateOnly)
		return nil
	}
	*f = text(v)
	return nil
}
