//go:build !unix

package proxy

// direct is nothing here: the connection writes.
type direct struct{}

func (w *wire) writeNow([]byte) int { return 0 }
