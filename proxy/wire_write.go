package proxy

import (
	"errors"
	"net"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// Sizes of the write buffer, and how long a write may be stuck before we read on behind its back.
const (
	firstWrite = 4 << 10
	pieceWrite = 64 << 10  // a result is written when this much is ready
	keepWrite  = 128 << 10 // larger buffers are not kept
	stuckAfter = 50 * time.Millisecond
	readAhead  = 16 << 10
)

// Errors of writing. errRow is a defect of who answered.
var (
	errWrite = errors.New("proxy: the client does not take what is sent")
	errRow   = errors.New("proxy: a row has another number of cells than its result has columns")
)

// buffer is where messages are appended. It is borrowed while there is something to say.
func (w *wire) buffer() []byte {
	if w.outOwner == nil {
		w.outOwner = w.outs.Get().(*[]byte)
		w.out = (*w.outOwner)[:0]
	}
	return w.out
}

// send appends a message. One that cannot be encoded (a text with a NUL inside) is left out and said so.
func (w *wire) send(m pgproto3.BackendMessage) error {
	out, err := m.Encode(w.buffer())
	if err != nil {
		return err
	}
	w.out = out
	return nil
}

// flush writes what is there in one write. While the client does not read, its own messages are read ahead, up to a
// limit: otherwise a pipeline of hundreds would have both sides wait for ever. A write that stays stuck ends the session.
func (w *wire) flush() error {
	if w.failed {
		return errWrite
	}
	if len(w.out) == 0 {
		return nil
	}
	var err error
	if rest := w.out[w.writeNow(w.out):]; len(rest) > 0 {
		err = w.writeSlowly(rest)
	}
	w.giveBack()
	if err != nil {
		w.failed = true
		return errWrite
	}
	return nil
}

// writeSlowly writes what the socket's buffer does not take at once, or what has to be encrypted.
func (w *wire) writeSlowly(b []byte) error {
	w.conn.SetWriteDeadline(time.Now().Add(w.writeTimeout))
	helper := &aheadReader{w: w, done: make(chan struct{})}
	timer := time.AfterFunc(stuckAfter, helper.run)
	_, err := w.conn.Write(b)
	if !timer.Stop() {
		helper.stop()
	}
	if err == nil && w.direct != nil {
		w.conn.SetWriteDeadline(time.Time{}) // writeNow must not meet one that has passed
	}
	return err
}

// giveBack returns the buffer, which is empty now.
func (w *wire) giveBack() {
	if w.outOwner != nil {
		if cap(w.out) <= keepWrite {
			*w.outOwner = w.out[:0]
		} else {
			*w.outOwner = make([]byte, 0, firstWrite)
		}
		w.outs.Put(w.outOwner)
	}
	w.out, w.outOwner = nil, nil
}

// aheadReader reads a client's messages while a write to it is stuck.
type aheadReader struct {
	w       *wire
	stopped atomic.Bool
	done    chan struct{}
}

func (a *aheadReader) run() {
	defer close(a.done)
	for !a.stopped.Load() && len(a.w.ahead) < a.w.maxPipeline {
		chunk := make([]byte, readAhead)
		n, err := a.w.conn.Read(chunk)
		a.w.ahead = append(a.w.ahead, chunk[:n]...)
		var timeout net.Error
		if err != nil && !(errors.As(err, &timeout) && timeout.Timeout()) {
			a.w.aheadErr = err
		}
		if err != nil {
			return
		}
	}
}

// stop ends run and gives the connection's reading side back.
func (a *aheadReader) stop() {
	a.stopped.Store(true)
	w := a.w
	w.deadlineMu.Lock()
	w.conn.SetReadDeadline(time.Unix(1, 0))
	w.deadlineMu.Unlock()
	<-a.done
	w.deadlineMu.Lock()
	defer w.deadlineMu.Unlock()
	if !w.woken {
		w.conn.SetReadDeadline(w.deadline)
	}
}
