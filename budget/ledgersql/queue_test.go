package ledgersql

import (
	"errors"
	"testing"
	"time"
)

// An entry for which there is no room waits for the writer; it is lost only where that does not come.
func TestSoonWaitsForRoom(t *testing.T) {
	t.Parallel()
	l := &Ledger{queue: newQueue(), quit: make(chan struct{})}
	for range maxLazy {
		if err := l.lazy(barrier{}, true); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.lazy(barrier{}, true); !errors.Is(err, errBehind) {
		t.Fatalf("a full queue says %v", err)
	}
	drained := time.AfterFunc(3*lazyDelay, func() { l.queue.take() })
	defer drained.Stop()
	if err := l.soon(barrier{}); err != nil {
		t.Errorf("an entry that came before its time was lost: %v", err)
	}
	for len(l.queue.lazy) < maxLazy {
		_ = l.lazy(barrier{}, true)
	}
	if err := l.soon(barrier{}); !errors.Is(err, errBehind) {
		t.Errorf("without a writer it ends with %v", err)
	}
	close(l.quit)
	if began := time.Now(); !errors.Is(l.soon(barrier{}), errBehind) || time.Since(began) > behindFor/2 {
		t.Error("it waits for a ledger that closes")
	}
}
