package mechanism

import (
	"crypto/rand"
	"encoding/binary"
	"math/bits"
)

// Source gives uniform random bytes. Implementations are safe for concurrent use and cannot fail: one that can has to
// end the process, because an answer without fresh randomness is not private.
type Source interface {
	// Fill overwrites p with independent uniform bytes.
	Fill(p []byte)
}

// NewCryptoSource is the operating system's generator, the only Source of a production build.
func NewCryptoSource() Source { return cryptoSource{} }

type cryptoSource struct{}

// Fill reads from crypto/rand, which since Go 1.24 never returns an error: it ends the process instead.
func (cryptoSource) Fill(p []byte) { _, _ = rand.Read(p) }

// maxBuffered is how many bytes a stream asks of its source at once, when it has asked before.
const maxBuffered = 4096

// stream buffers a Source for one call of Release. It is not shared and does not outlive the call, so that no two
// releases, threads or forked processes can read the same bytes; used bytes are wiped.
type stream struct {
	source Source
	buffer []byte
	at     int

	coins    uint64 // single bits left from one word
	coinBits int
}

// newStream starts with a small buffer: most releases need few numbers.
func newStream(source Source) *stream {
	return &stream{source: source, buffer: make([]byte, 0, maxBuffered)}
}

// uint64 gives 64 uniform bits.
func (s *stream) uint64() uint64 {
	if s.at == len(s.buffer) {
		s.refill()
	}
	word := s.buffer[s.at : s.at+8]
	v := binary.LittleEndian.Uint64(word)
	clear(word)
	s.at += 8
	return v
}

func (s *stream) refill() {
	size := min(max(2*len(s.buffer), 256), maxBuffered)
	s.buffer = s.buffer[:size]
	s.source.Fill(s.buffer)
	s.at = 0
}

// close wipes what was not used.
func (s *stream) close() { clear(s.buffer[:cap(s.buffer)]) }

// coin gives one uniform bit.
func (s *stream) coin() bool {
	if s.coinBits == 0 {
		s.coins, s.coinBits = s.uint64(), 64
	}
	bit := s.coins&1 == 1
	s.coins >>= 1
	s.coinBits--
	return bit
}

// below gives a uniform number in [0, n), n ≥ 1, without bias: Lemire, "Fast Random Integer Generation in an Interval",
// 2019. Of the 2⁶⁴ words, those whose product falls in the first 2⁶⁴ mod n places of an interval are rejected.
func (s *stream) below(n uint64) uint64 {
	high, low := bits.Mul64(s.uint64(), n)
	if low < n {
		for reject := -n % n; low < reject; {
			high, low = bits.Mul64(s.uint64(), n)
		}
	}
	return high
}
