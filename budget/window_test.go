package budget

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func TestFirstWindow(t *testing.T) {
	for _, c := range []struct {
		now     int64
		refresh time.Duration
		want    Window
	}{
		{0, 0, Window{0, Forever}},
		{12345, 0, Window{0, Forever}},
		{0, 10, Window{0, 10}},
		{9, 10, Window{0, 10}},
		{10, 10, Window{10, 20}},
		{-1, 10, Window{-10, 0}},
		{-10, 10, Window{-10, 0}},
		{math.MaxInt64 - 3, 10, Window{math.MaxInt64 - 7, Forever}},
		{5, math.MaxInt64, Window{0, Forever}},
	} {
		if got := firstWindow(c.now, c.refresh); got != c.want {
			t.Errorf("firstWindow(%d, %d) = %v, want %v", c.now, c.refresh, got, c.want)
		}
	}
}

func TestWindowAt(t *testing.T) {
	for _, c := range []struct {
		name    string
		w       Window
		now     int64
		refresh time.Duration
		want    Window
		moved   bool
	}{
		{"inside", Window{10, 20}, 15, 10, Window{10, 20}, false},
		{"last moment", Window{10, 20}, 19, 10, Window{10, 20}, false},
		{"edge", Window{10, 20}, 20, 10, Window{20, 30}, true},
		{"far ahead", Window{10, 20}, 99, 10, Window{90, 100}, true},
		{"clock back", Window{10, 20}, 3, 10, Window{10, 20}, false},
		{"longer, inside", Window{10, 20}, 15, 30, Window{10, 30}, false},
		{"longer, after the short one", Window{10, 20}, 29, 30, Window{10, 30}, false},
		{"longer, after both", Window{10, 20}, 30, 30, Window{30, 60}, true},
		{"shorter, inside", Window{0, 30}, 15, 10, Window{0, 30}, false},
		{"shorter, after", Window{0, 30}, 35, 10, Window{30, 40}, true},
		{"no multiple", Window{0, 30}, 33, 7, Window{0, 35}, false},
		{"to never", Window{10, 20}, 15, 0, Window{10, Forever}, false},
		{"to never, after", Window{10, 20}, 25, 0, Window{10, Forever}, false},
		{"from never", Window{0, Forever}, 25, 10, Window{0, Forever}, false},
	} {
		if got, moved := c.w.at(c.now, c.refresh); got != c.want || moved != c.moved {
			t.Errorf("%s: got %v, %v; want %v, %v", c.name, got, moved, c.want, c.moved)
		}
	}
}

// Over any steps of the clock and changes of the refresh, a window never starts or ends earlier than one before it, and
// windows do not overlap.
func TestWindowsMoveForward(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		now := random.Int64N(1000)
		w := firstWindow(now, time.Duration(random.IntN(50)))
		for range 100 {
			now += random.Int64N(200) - 80
			next, moved := w.at(now, time.Duration(1+random.IntN(50)))
			if next.End < w.End || moved && next.Start < w.End || !moved && next.Start != w.Start {
				t.Fatalf("seed %d: %v was followed by %v", seed, w, next)
			}
			if moved && (now < next.Start || now >= next.End) {
				t.Fatalf("seed %d: %v was opened at %d", seed, next, now)
			}
			w = next
		}
	}
}
