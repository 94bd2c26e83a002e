//go:build unix

package proxy

import "syscall"

// direct writes to a socket as long as that takes no time: no timer and no deadline need watch it then, which cost more than
// the write of a short answer.
type direct struct {
	raw   syscall.RawConn // nil: there is no socket to be written past its connection
	write func(fd uintptr) (done bool)
	bytes []byte // to be written by write
	wrote int
}

func newDirect(conn any) *direct {
	d := &direct{}
	if c, ok := conn.(syscall.Conn); ok {
		if raw, err := c.SyscallConn(); err == nil {
			d.raw, d.write = raw, d.once
		}
	}
	return d
}

func (d *direct) once(fd uintptr) bool {
	n, err := syscall.Write(int(fd), d.bytes)
	if err == nil {
		d.wrote = n
	}
	return true // whatever went wrong, the connection itself meets it too
}

// writeNow writes what the socket takes at once, and says how much that was.
func (w *wire) writeNow(b []byte) int {
	if w.direct == nil {
		w.direct = newDirect(w.conn)
	}
	d := w.direct
	if d.raw == nil {
		return 0
	}
	d.bytes, d.wrote = b, 0
	err := d.raw.Write(d.write)
	d.bytes = nil
	if err != nil {
		return 0
	}
	return d.wrote
}
