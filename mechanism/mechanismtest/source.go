// Package mechanismtest gives tests a repeatable source of randomness.
//
// It asks for a testing.TB, and a test in package mechanism checks that no production code imports it, so that no build of
// the product can have predictable noise.
package mechanismtest

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"testing"
)

// Source implements mechanism.Source from a seed.
type Source struct {
	mu  sync.Mutex
	rng *rand.ChaCha8
}

// Seeded gives the same bytes for the same seed, for ever: ChaCha8's output is part of Go's promise.
func Seeded(t testing.TB, seed uint64) *Source {
	t.Helper()
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	return &Source{rng: rand.NewChaCha8(key)}
}

// Fill overwrites p with the next bytes.
func (s *Source) Fill(p []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = s.rng.Read(p)
}
