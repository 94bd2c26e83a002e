package proxy

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// Sizes of the read buffer. Idle connections keep at most keepRead bytes.
const (
	firstRead  = 512
	keepRead   = 2048
	headerSize = 5 // type and length of a message
)

// Errors that end a connection.
var (
	errTooLong     = errors.New("proxy: message longer than max_packet_size")
	errBadLength   = errors.New("proxy: invalid message length")
	errUnknownType = errors.New("proxy: unknown message type")
)

// wire is a connection's bytes: frames in, a buffer out. Only the session's goroutine uses it, but for wake, and for the
// helper that reads ahead while a write is stuck (see flush).
type wire struct {
	conn         net.Conn
	maxPacket    int
	maxPipeline  int
	writeTimeout time.Duration
	outs         *sync.Pool // of *[]byte

	buf []byte // unread bytes are buf[r:]
	r   int

	out      []byte // to be written; nil while idle
	outOwner *[]byte
	direct   *direct // nil until the first write, and where the connection is no socket of its own
	failed   bool    // a write failed: nothing more can be said

	unread bool // a message was refused of which the client still sends the rest

	ahead    []byte // read while a write was stuck; comes after buf
	aheadErr error

	deadlineMu sync.Mutex
	woken      bool
	deadline   time.Time
}

// wake ends a read that waits, now and from now on: the session looks why. No frame is given that comes after it.
func (w *wire) wake() {
	w.deadlineMu.Lock()
	defer w.deadlineMu.Unlock()
	w.woken = true
	w.conn.SetReadDeadline(time.Unix(1, 0))
}

// setReadDeadline sets when the next read gives up; zero is never. After wake it stays in the past.
func (w *wire) setReadDeadline(t time.Time) {
	w.deadlineMu.Lock()
	defer w.deadlineMu.Unlock()
	if w.woken || (t.IsZero() && w.deadline.IsZero()) {
		return
	}
	w.deadline = t
	w.conn.SetReadDeadline(t)
}

// frame reads one message. body is valid until the next call. known judges the type before the length is believed.
func (w *wire) frame(limit int, known func(byte) bool) (typ byte, body []byte, err error) {
	w.compact()
	if err := w.need(headerSize, headerSize); err != nil {
		return 0, nil, err
	}
	typ = w.buf[w.r]
	if !known(typ) {
		return typ, nil, errUnknownType
	}
	length := binary.BigEndian.Uint32(w.buf[w.r+1:])
	switch {
	case length < 4:
		return typ, nil, errBadLength
	case uint64(length) > uint64(limit):
		w.unread = true
		return typ, nil, errTooLong
	}
	total := int(length) + 1
	if err := w.need(total, total); err != nil {
		return typ, nil, err
	}
	if w.isWoken() {
		return typ, nil, os.ErrDeadlineExceeded
	}
	body = w.buf[w.r+headerSize : w.r+total : w.r+total]
	w.r += total
	return typ, body, nil
}

// The most that a client whose message is refused may still send before the connection is closed.
const (
	drainBytes = 64 << 20
	drainTime  = 2 * time.Second
)

// drain lets a client hear why its message is refused: a connection that is closed with bytes unread is reset, and takes what was
// written with it.
func (w *wire) drain() {
	if !w.unread || w.failed {
		return
	}
	if c, ok := w.conn.(interface{ CloseWrite() error }); ok && c.CloseWrite() != nil {
		return
	}
	w.conn.SetReadDeadline(time.Now().Add(drainTime))
	_, _ = io.CopyN(io.Discard, w.conn, drainBytes)
}

// isWoken tells that wake was called. The deadline alone does not keep out what comes later: Go's poller takes a reader
// for ready that the deadline has woken, if bytes come before it runs.
func (w *wire) isWoken() bool {
	w.deadlineMu.Lock()
	defer w.deadlineMu.Unlock()
	return w.woken
}

// compact makes room at the front, and gives a large buffer back once it is empty.
func (w *wire) compact() {
	switch {
	case w.r < len(w.buf):
		return
	case cap(w.buf) > keepRead:
		w.buf = nil
	default:
		w.buf = w.buf[:0]
	}
	w.r = 0
}

// need reads until n bytes are there. Memory grows with what has come, not with what a header promises.
func (w *wire) need(n, total int) error {
	for len(w.buf)-w.r < n {
		if len(w.ahead) > 0 {
			w.buf = append(w.buf[:len(w.buf):len(w.buf)], w.ahead...)
			w.ahead = nil
			continue
		}
		if w.aheadErr != nil {
			return w.aheadErr
		}
		w.room(total)
		got, err := w.conn.Read(w.buf[len(w.buf):cap(w.buf)])
		full := len(w.buf)+got == cap(w.buf)
		w.buf = w.buf[:len(w.buf)+got]
		if got == 0 && err != nil {
			if err == io.EOF && len(w.buf) > w.r {
				return io.ErrUnexpectedEOF
			}
			return err
		}
		if full && len(w.buf)-w.r < n {
			w.grow(min(total, 2*(len(w.buf)-w.r)))
		}
	}
	return nil
}

// room sees to it that at least one byte can be read.
func (w *wire) room(total int) {
	if len(w.buf) < cap(w.buf) {
		return
	}
	w.grow(min(total, max(firstRead, 2*(len(w.buf)-w.r))))
}

// grow moves the unread bytes into a buffer of at least size bytes.
func (w *wire) grow(size int) {
	unread := w.buf[w.r:]
	if size <= len(unread) {
		size = len(unread) + firstRead
	}
	next := make([]byte, len(unread), max(size, firstRead))
	copy(next, unread)
	w.buf, w.r = next, 0
}

// buffered says whether bytes are waiting to be read.
func (w *wire) buffered() bool { return w.r < len(w.buf) || len(w.ahead) > 0 }
