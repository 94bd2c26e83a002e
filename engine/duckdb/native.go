package duckdb

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	native "github.com/duckdb/duckdb-go-bindings"

	"github.com/dpproxy/dpproxy/engine"
)

// database is one open DuckDB instance and its idle connections.
type database struct {
	handle native.Database
	slots  chan struct{} // one token for each connection that may be in use
	wait   time.Duration // for a slot; 0 is for ever
	waits  atomic.Int64  // for a slot, and how long in all, in nanoseconds
	waited atomic.Int64

	mu     sync.Mutex
	idle   []native.Connection
	closed bool
}

// openDatabase opens a file, or a new database in memory if path is empty. config are DuckDB's settings.
func openDatabase(path string, config map[string]string, maxConns int) (*database, error) {
	var c native.Config
	if native.CreateConfig(&c) == native.StateError {
		return nil, errors.New("duckdb: out of memory")
	}
	defer native.DestroyConfig(&c)
	for name, value := range config {
		if native.SetConfig(c, name, value) == native.StateError {
			return nil, fmt.Errorf("duckdb: setting %s = %q is refused", name, value)
		}
	}
	db := &database{slots: make(chan struct{}, maxConns)}
	var message string
	if native.OpenExt(path, &db.handle, c, &message) == native.StateError {
		native.Close(&db.handle)
		return nil, fmt.Errorf("duckdb: %w: %s", engine.ErrUnavailable, message)
	}
	return db, nil
}

// close waits for the connections in use, and closes the database.
func (db *database) close() {
	db.mu.Lock()
	if db.closed {
		db.mu.Unlock()
		return
	}
	db.closed = true
	idle := db.idle
	db.idle = nil
	db.mu.Unlock()
	for range cap(db.slots) {
		db.slots <- struct{}{}
	}
	for _, c := range idle {
		native.Disconnect(&c)
	}
	native.Close(&db.handle)
	for range cap(db.slots) {
		<-db.slots // who waits now, or comes later, learns that it is closed
	}
}

var errClosed = errors.New("the engine is closed")

// connection is one that is in use. Cancelling its context interrupts whatever runs on it, again and again, as DuckDB
// forgets an interrupt when a statement starts.
type connection struct {
	db     *database
	handle native.Connection
	ctx    context.Context
	stop   chan struct{} // closed by release
	gone   chan struct{} // closed by the interrupter
}

const interruptEvery = 20 * time.Millisecond

// connect takes a connection for as long as ctx lives. Whatever fails here, nothing was asked.
func (db *database) connect(ctx context.Context) (*connection, error) {
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("duckdb: %w: %w", engine.ErrUnavailable, ctx.Err())
	default:
	}
	if err := db.slot(ctx); err != nil {
		return nil, fmt.Errorf("duckdb: %w", err)
	}
	handle, err := db.take()
	if err != nil {
		<-db.slots
		return nil, fmt.Errorf("duckdb: %w: %w", engine.ErrUnavailable, err)
	}
	c := &connection{db: db, handle: handle, ctx: ctx, stop: make(chan struct{}), gone: make(chan struct{})}
	go c.interrupt()
	return c, nil
}

// slot waits for the right to use a connection.
func (db *database) slot(ctx context.Context) error {
	select {
	case db.slots <- struct{}{}:
		return nil
	default:
	}
	start := time.Now()
	db.waits.Add(1)
	defer func() { db.waited.Add(int64(time.Since(start))) }()
	var late <-chan time.Time
	if db.wait > 0 {
		timer := time.NewTimer(db.wait)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case db.slots <- struct{}{}:
		return nil
	case <-late:
		return engine.ErrBusy
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", engine.ErrUnavailable, ctx.Err())
	}
}

// stat is the state of the connections.
func (db *database) stat() engine.PoolStat {
	db.mu.Lock()
	defer db.mu.Unlock()
	return engine.PoolStat{Busy: len(db.slots), Idle: len(db.idle), Most: cap(db.slots), Waits: db.waits.Load(),
		Waited: time.Duration(db.waited.Load())}
}

func (db *database) take() (native.Connection, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed {
		return native.Connection{}, errClosed
	}
	if last := len(db.idle) - 1; last >= 0 {
		handle := db.idle[last]
		db.idle = db.idle[:last]
		return handle, nil
	}
	var handle native.Connection
	if native.Connect(db.handle, &handle) == native.StateError {
		return handle, errors.New("no further connection")
	}
	return handle, nil
}

func (c *connection) interrupt() {
	defer close(c.gone)
	select {
	case <-c.stop:
		return
	case <-c.ctx.Done():
	}
	tick := time.NewTicker(interruptEvery)
	defer tick.Stop()
	for {
		native.Interrupt(c.handle)
		select {
		case <-c.stop:
			return
		case <-tick.C:
		}
	}
}

// release gives the connection back; a clean one is used again. No interrupt can reach its next user.
func (c *connection) release(clean bool) {
	close(c.stop)
	<-c.gone
	c.db.mu.Lock()
	keep := clean && c.ctx.Err() == nil && !c.db.closed
	if keep {
		c.db.idle = append(c.db.idle, c.handle)
	}
	c.db.mu.Unlock()
	if !keep {
		native.Disconnect(&c.handle)
	}
	<-c.db.slots
}
