// Package mechanismtest gives tests a repeatable source of randomness.
//
// It asks for a testing.TB, and a test in package mechanism checks that no production code imports it, so that no build of
// the product can have predictable noise.
package mechanismtest

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"sync"
	"testing"
)

// Source implements mechanism.Source from a seed.
type Source struct {
	mu     sync.Mutex
	stream cipher.Stream
}

// Seeded gives the same bytes for the same seed, for ever: AES-256 in counter mode under the seed, from 0.
func Seeded(t testing.TB, seed uint64) *Source {
	t.Helper()
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	block, err := aes.NewCipher(key[:])
	if err != nil {
		t.Fatal(err)
	}
	return &Source{stream: cipher.NewCTR(block, make([]byte, aes.BlockSize))}
}

// Fill overwrites p with the next bytes.
func (s *Source) Fill(p []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(p)
	s.stream.XORKeyStream(p, p)
}
