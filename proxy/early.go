package proxy

import (
	"context"
	"net"
	"net/netip"
)

// early is a connection that has not logged in.
type early struct {
	conn   net.Conn
	addr   netip.Addr
	number uint64 // in the order of arrival
	ctx    context.Context
	cancel context.CancelFunc
}

func newEarly(base context.Context, conn net.Conn) *early {
	e := &early{conn: conn, addr: network(remoteAddr(conn))}
	e.ctx, e.cancel = context.WithCancel(base)
	return e
}

// evict ends a connection without a word.
func (e *early) evict() {
	e.cancel()
	e.conn.Close()
}

// makeRoom ends a connection that has not logged in: the oldest of the address that has most of them. So thousands of
// connections that say nothing keep nobody out: they make room for each other, and a client that logs in at once has done
// so before it is the oldest. The caller holds mu.
func (s *Server) makeRoom() {
	count := make(map[netip.Addr]int, len(s.conns))
	for _, e := range s.conns {
		count[e.addr]++
	}
	var oldest *early
	for _, e := range s.conns {
		if oldest == nil || count[e.addr] > count[oldest.addr] || count[e.addr] == count[oldest.addr] && e.number < oldest.number {
			oldest = e
		}
	}
	if oldest != nil {
		delete(s.conns, oldest.conn)
		oldest.evict()
	}
}

// network is what counts as one address: of IPv6 its /64, as one host has at least that.
func network(addr netip.Addr) netip.Addr {
	if addr.Is6() && !addr.Is4In6() {
		if p, err := addr.Prefix(64); err == nil {
			addr = p.Addr()
		}
	}
	return addr.Unmap()
}
