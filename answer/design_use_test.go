package answer

import (
	"context"
	"testing"

	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/refusal"
)

// closing counts the generated sets of rows that exist.
type closing struct {
	engine.Engine
	alive *int
}

func (c closing) Close() error { *c.alive--; return nil }

// TestDesignsAreBounded: sets of rows that are in use are not many, the default one is always to be had, and each is closed once.
func TestDesignsAreBounded(t *testing.T) {
	alive := 0
	broken := false
	d := NewDesign(func(context.Context, DesignRows) (engine.Engine, error) {
		if broken {
			panic("no rows")
		}
		alive++
		return closing{alive: &alive}, nil
	})
	use := func(seed uint64) (func(), error) {
		_, done, err := d.use(t.Context(), DesignRows{designUnits, seed})
		return done, err
	}
	var open []func()
	for seed := range uint64(maxDesigns) {
		done, err := use(seed)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, done)
	}
	if r, ok := refusal.As(second(use(99))); !ok || r.Code != refusal.SourceUnavailable {
		t.Errorf("one more set of rows was made, and %d exist", alive)
	}
	done, err := use(designSeed)
	if err != nil {
		t.Fatalf("the default rows were refused: %v", err)
	}
	open = append(open, done)
	if again, err := use(2); err != nil { // rows that exist are shared
		t.Error(err)
	} else {
		again()
	}
	for _, done := range open {
		done()
	}
	broken = true
	for range 3 * maxDesigns {
		if second(use(99)) == nil {
			t.Error("rows that could not be made were given")
		}
	}
	broken = false
	for seed := range uint64(3 * maxDesigns) {
		done, err := use(1000 + seed)
		if err != nil {
			t.Fatal(err)
		}
		done()
		if alive > maxDesigns+1 {
			t.Fatalf("%d sets of rows exist", alive)
		}
	}
	d.Close()
	if alive != 0 || d.alive != 0 {
		t.Errorf("%d of %d sets of rows were not closed", alive, d.alive)
	}
}

func second(_ func(), err error) error { return err }
