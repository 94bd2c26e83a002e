package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"
)

// canceller ends the query of a connection whose context is over. The server drops a cancel request that comes before
// the query that it means, and both travel on connections of their own; so the request is sent again until the server
// has answered on the first. Whoever waits for the query waits for that answer, which takes a round trip or two.
type canceller struct {
	conn *pgconn.PgConn
	stop context.CancelFunc
	gone chan struct{}
}

const (
	cancelAgain  = 50 * time.Millisecond // after the first request; doubled each time, up to
	cancelMost   = time.Second
	cancelGiveUp = 10 * time.Second // then the connection is closed over a server that does not answer
	closeWithin  = time.Second
)

func newCanceller(conn *pgconn.PgConn) ctxwatch.Handler { return &canceller{conn: conn} }

// HandleCancel is called once, when the context is over.
func (c *canceller) HandleCancel(context.Context) {
	deadline := time.Now().Add(cancelGiveUp)
	_ = c.conn.Conn().SetDeadline(deadline)
	ctx, stop := context.WithDeadline(context.Background(), deadline)
	c.stop, c.gone = stop, make(chan struct{})
	go func() {
		defer close(c.gone)
		for pause := cancelAgain; ; pause = min(2*pause, cancelMost) {
			_ = c.conn.CancelRequest(ctx) // what counts is whether the query ends
			timer := time.NewTimer(pause)
			select {
			case <-ctx.Done():
				timer.Stop()
				return
			case <-timer.C:
			}
		}
	}()
}

// HandleUnwatchAfterCancel is called when the server has answered, or the connection is given up.
func (c *canceller) HandleUnwatchAfterCancel() {
	c.stop()
	<-c.gone
	_ = c.conn.Conn().SetDeadline(time.Time{})
}

// release gives a connection back. One that saw a cancelled context is closed, as a request that is still on its way
// would hit its next query. So is, by the pool itself, one whose transaction did not end well.
func release(ctx context.Context, conn *pgxpool.Conn) {
	if ctx.Err() != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
		defer cancel()
		_ = conn.Conn().Close(ctx)
	}
	conn.Release()
}
