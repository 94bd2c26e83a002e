package postgres

import (
	"context"
	"fmt"
	"hash/maphash"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
)

// statement is one SQL statement with its parameters in text format.
type statement struct {
	sql    string
	params [][]byte
	oids   []uint32
}

const (
	beginSnapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	beginReadOnly = "BEGIN READ ONLY"
)

// transaction is a read-only transaction that is sent as a whole, in one round trip, and whose results are then read in
// order.
type transaction struct {
	ctx      context.Context
	pipeline *pgconn.Pipeline
	waiting  []pending // results that are still to come
	begun    bool      // BEGIN was answered
}

// pending is one message group whose answer is expected: a prepare, or a statement of ours or of the caller.
type pending int

const (
	pendingPrepare pending = iota
	pendingOwn             // BEGIN, settings, COMMIT, DEALLOCATE: no rows that matter
	pendingRows
)

// start sends BEGIN, the statements and COMMIT. keep is how many prepared statements the connection may hold. Without
// begin, the statements run in the transaction that the server makes of them.
func start(ctx context.Context, conn *pgconn.PgConn, begin string, statements []statement, keep int) (*transaction, error) {
	t := &transaction{ctx: ctx, pipeline: conn.StartPipeline(ctx)}
	if begin != "" {
		t.sendOwn(begin)
	}
	if prologue, ok := conn.CustomData()[prologueKey].(string); ok {
		t.sendOwn(prologue)
	}
	for _, s := range statements {
		t.send(preparedOf(conn, keep), s)
	}
	if begin != "" {
		t.sendOwn("COMMIT")
	}
	if err := t.pipeline.Sync(); err != nil {
		return t, t.fail(err)
	}
	return t, nil
}

func (t *transaction) sendOwn(sql string) {
	t.pipeline.SendQueryParams(sql, nil, nil, nil, nil)
	t.waiting = append(t.waiting, pendingOwn)
}

func (t *transaction) send(p *prepared, s statement) {
	if p == nil {
		t.pipeline.SendQueryParams(s.sql, s.params, s.oids, nil, nil)
		t.waiting = append(t.waiting, pendingRows)
		return
	}
	name, known, evicted := p.name(s.sql)
	if name == "" { // it may never come again
		t.pipeline.SendQueryParams(s.sql, s.params, s.oids, nil, nil)
		t.waiting = append(t.waiting, pendingRows)
		return
	}
	if evicted != "" {
		t.pipeline.SendDeallocate(evicted)
		t.waiting = append(t.waiting, pendingOwn)
	}
	if !known {
		t.pipeline.SendPrepare(name, s.sql, s.oids)
		t.waiting = append(t.waiting, pendingPrepare)
	}
	t.pipeline.SendQueryPrepared(name, s.params, nil, nil)
	t.waiting = append(t.waiting, pendingRows)
}

// next skips to the result of the next statement of the caller's.
func (t *transaction) next() (*pgconn.ResultReader, error) {
	for len(t.waiting) > 0 {
		kind := t.waiting[0]
		t.waiting = t.waiting[1:]
		results, err := t.pipeline.GetResults()
		if err != nil {
			return nil, t.fail(err)
		}
		rows, isRows := results.(*pgconn.ResultReader)
		switch {
		case kind == pendingRows && isRows:
			return rows, nil
		case kind == pendingRows:
			return nil, t.fail(fmt.Errorf("unexpected %T", results))
		case isRows:
			if _, err := rows.Close(); err != nil {
				return nil, t.fail(err)
			}
		}
		t.begun = true
	}
	return nil, nil
}

// end reads the answer of COMMIT, after the last result was read to its end.
func (t *transaction) end() error {
	rows, err := t.next()
	if err != nil {
		return err
	}
	if rows != nil {
		return t.fail(fmt.Errorf("a result was left unread"))
	}
	if err := t.pipeline.Close(); err != nil {
		return failure(t.ctx, err, t.begun)
	}
	return nil
}

// fail ends the pipeline and gives the error its meaning. The connection's state then tells the pool whether to keep it:
// inside a failed transaction, or with a query still running, it is dropped.
func (t *transaction) fail(err error) error {
	err = failure(t.ctx, err, t.begun)
	_ = t.pipeline.Close()
	return err
}

// prepared is what a connection has prepared, oldest first.
type prepared struct {
	seen  [seenBefore]uint64 // hashes of statements that came once, lately
	names map[string]string  // by SQL
	order []string           // SQL
	count int                // of names ever given
	seed  maphash.Seed
	keep  int
}

const preparedKey = "dpproxy.prepared"

// preparedOf returns the connection's prepared statements; nil if it is to have none.
func preparedOf(conn *pgconn.PgConn, keep int) *prepared {
	if keep <= 0 {
		return nil
	}
	if p, ok := conn.CustomData()[preparedKey].(*prepared); ok {
		return p
	}
	p := &prepared{names: map[string]string{}, keep: keep, seed: maphash.MakeSeed()}
	conn.CustomData()[preparedKey] = p
	return p
}

// seenBefore is how many statements that came once are remembered.
const seenBefore = 256

// again says whether a statement came before, lately; most that look something up by a constant never do.
func (p *prepared) again(sql string) bool {
	h := maphash.String(p.seed, sql)
	slot := &p.seen[h%seenBefore]
	if *slot == h {
		return true
	}
	*slot = h
	return false
}

// name returns the statement's name ("" for one that is not to be prepared yet), whether the server knows it, and the name of one that has to go for it. A
// connection on which preparing fails is in a failed transaction, and dropped with all its statements.
func (p *prepared) name(sql string) (name string, known bool, evicted string) {
	if name, ok := p.names[sql]; ok {
		return name, true, ""
	}
	if !p.again(sql) {
		return "", false, ""
	}
	if len(p.order) >= p.keep {
		evicted = p.names[p.order[0]]
		delete(p.names, p.order[0])
		p.order = p.order[1:]
	}
	p.count++
	name = "dpproxy_" + strconv.Itoa(p.count)
	p.names[sql] = name
	p.order = append(p.order, sql)
	return name, false, evicted
}
