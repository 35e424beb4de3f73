package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"regexp"

	"modernc.org/sqlite"
)

// open opens a database whose connections reuse their prepared statements. The same few
// statements run again and again, and preparing them took a quarter of all CPU time.
func open(dsn string) (*sql.DB, error) {
	c, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return sql.OpenDB(connector{c}), nil
}

type connector struct{ driver.Connector }

// Connect implements [driver.Connector].
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	able, ok := conn.(driverConn)
	if !ok {
		return nil, errors.Join(errors.New("the driver's connections cannot do what is needed"), conn.Close())
	}
	return &connection{driverConn: able, idle: map[string]driverStmt{}}, nil
}

// driverConn is what the wrapper needs of the driver's connections.
type driverConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// driverStmt is what the wrapper needs of the driver's statements.
type driverStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// limit matches a LIMIT that is a parameter alone. SQLite uses its value to make a plan, and
// prepares the statement again whenever it changes. The queue changes it for almost every
// fetch of jobs, which took 15 times as long for it. SQLite does not look into a sum.
var limit = regexp.MustCompile(`\bLIMIT [?$]\d+`)

// maxIdle is how many statements a connection keeps. The service uses fewer.
const maxIdle = 200

// connection keeps idle statements. Like every connection it is used by one goroutine at a
// time.
type connection struct {
	driverConn
	idle map[string]driverStmt
}

// PrepareContext implements [driver.ConnPrepareContext].
func (c *connection) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	return c.prepare(ctx, query)
}

func (c *connection) prepare(ctx context.Context, query string) (*prepared, error) {
	if s, ok := c.idle[query]; ok {
		delete(c.idle, query)
		return &prepared{driverStmt: s, of: c, query: query}, nil
	}
	s, err := c.driverConn.PrepareContext(ctx, limit.ReplaceAllString(query, "$0+0"))
	if err != nil {
		return nil, err
	}
	able, ok := s.(driverStmt)
	if !ok {
		return nil, errors.Join(errors.New("the driver's statements cannot do what is needed"), s.Close())
	}
	return &prepared{driverStmt: able, of: c, query: query}, nil
}

// ExecContext implements [driver.ExecerContext].
func (c *connection) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	defer s.Close() // an error of Close is also returned by ExecContext
	return s.ExecContext(ctx, args)
}

// QueryContext implements [driver.QueryerContext].
func (c *connection) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	found, err := s.QueryContext(ctx, args)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return &rows{found, s}, nil
}

// Close implements [driver.Conn].
func (c *connection) Close() error {
	var failed []error
	for _, s := range c.idle {
		failed = append(failed, s.Close())
	}
	return errors.Join(append(failed, c.driverConn.Close())...)
}

// prepared is a statement that returns to its connection when it is closed.
type prepared struct {
	driverStmt
	of     *connection
	query  string
	failed bool
}

// ExecContext implements [driver.StmtExecContext].
func (s *prepared) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	result, err := s.driverStmt.ExecContext(ctx, args)
	s.failed = s.failed || err != nil
	return result, err
}

// QueryContext implements [driver.StmtQueryContext].
func (s *prepared) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	found, err := s.driverStmt.QueryContext(ctx, args)
	s.failed = s.failed || err != nil
	return found, err
}

// Close implements [driver.Stmt]. A failed statement, and one for which there is no room,
// is closed for real.
func (s *prepared) Close() error {
	_, another := s.of.idle[s.query]
	if s.failed || another || len(s.of.idle) >= maxIdle {
		return s.driverStmt.Close()
	}
	s.of.idle[s.query] = s.driverStmt
	return nil
}

// rows are the rows of a statement that is closed with them.
type rows struct {
	driver.Rows
	by *prepared
}

// Next implements [driver.Rows].
func (r *rows) Next(into []driver.Value) error {
	err := r.Rows.Next(into)
	r.by.failed = r.by.failed || err != nil && !errors.Is(err, io.EOF)
	return err
}

// Close implements [driver.Rows].
func (r *rows) Close() error {
	return errors.Join(r.Rows.Close(), r.by.Close())
}
