package ledgersql

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/dpproxy/dpproxy/budget"
)

// FuzzLedgerFile: whatever became of a ledger's file, opening it, verifying it and charging it give an error or work; a
// charge that is acknowledged is there after the file is opened again.
func FuzzLedgerFile(f *testing.F) {
	path := filepath.Join(f.TempDir(), "ledger.db")
	l, err := Open(context.Background(), "sqlite:"+path, Options{})
	if err != nil {
		f.Fatal(err)
	}
	r, err := l.Reserve(context.Background(), small())
	if err == nil {
		err = r.Commit(context.Background(), nil, budget.Outcome{})
	}
	if err != nil || l.Close() != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(0), []byte{}, uint32(0))
	f.Add(uint32(100), []byte("\xff\xff\xff\xff"), uint32(0))
	f.Add(uint32(4096), []byte("\x00\x00\x00\x00"), uint32(1000))
	f.Add(uint32(18), []byte("\x01\x01"), uint32(len(whole)-4096))
	f.Fuzz(func(t *testing.T, at uint32, bytes []byte, cut uint32) {
		broken := append([]byte(nil), whole...)
		copy(broken[int(at)%len(broken):], bytes)
		broken = broken[:len(broken)-int(cut)%(len(broken)+1)]
		file := filepath.Join(t.TempDir(), "ledger.db")
		if err := os.WriteFile(file, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		charged := func() (ok bool) {
			l, err := Open(context.Background(), "sqlite:"+file, Options{})
			if err != nil {
				return false
			}
			defer l.Close()
			_, _ = l.Verify(context.Background())
			r, err := l.Reserve(context.Background(), small())
			return err == nil && r.Fail(context.Background(), budget.Outcome{}) == nil
		}()
		if !charged {
			return
		}
		l, err := Open(context.Background(), "sqlite:"+file, Options{})
		if err != nil {
			t.Fatalf("a ledger that took a charge does not open: %v", err)
		}
		defer l.Close()
		b, err := l.Balance(context.Background(), small().Analyst)
		if err != nil || b.Spent.Epsilon+b.Reserved.Epsilon < small().AnalystLoss.Epsilon {
			t.Errorf("a charge is gone: %v, %v", b.Spent, err)
		}
	})
}
