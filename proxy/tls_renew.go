package proxy

import (
	"fmt"
	"os"
	"strings"
)

// A certificate is renewed by replacing its files: the next handshake uses what is there then, and no signal is needed. Files that
// cannot be used (a certificate whose key is not there yet) leave the old certificate in use, and are tried again once they
// change.

// stamp names the state of the files: their times, sizes and identity, also behind symbolic links.
func (c TLS) stamp() string {
	var b strings.Builder
	for _, name := range []string{c.Cert, c.Key, c.ClientCA} {
		if name == "" {
			continue
		}
		info, err := os.Stat(name)
		if err != nil {
			fmt.Fprintf(&b, "%q is missing\n", name)
			continue
		}
		fmt.Fprintf(&b, "%q %d %d %v\n", name, info.ModTime().UnixNano(), info.Size(), fileIdentity(info))
	}
	return b.String()
}

// currentTLS is the certificate for the next handshake; nil if there is none.
func (s *Server) currentTLS() *tlsState {
	old := s.tls.Load()
	if old == nil {
		return nil
	}
	now := old.files.stamp()
	if tried := old.tried.Load(); now == old.stamp || tried != nil && *tried == now {
		return old
	}
	old.tried.Store(&now)
	state, err := loadTLS(old.files)
	if err != nil {
		s.log.Warn("the changed TLS certificate cannot be used, the old one stays", "error", err.Error())
		return old
	}
	if s.tls.CompareAndSwap(old, state) {
		s.log.Info("the TLS certificate was replaced", "file", old.files.Cert)
	}
	return s.tls.Load()
}
