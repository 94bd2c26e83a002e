package proxy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/dpproxy/dpproxy/refusal"
)

// The numbers that stand where a version does.
const (
	protocol30       = 3 << 16
	protocol32       = 3<<16 | 2
	sslRequestCode   = 1234<<16 | 5679
	gssRequestCode   = 1234<<16 | 5680
	cancelCode       = 1234<<16 | 5678
	maxStartup       = 10_000 // bytes of a start-up frame, as in PostgreSQL
	minCancelKey     = 4
	maxCancelKey     = 256
	longCancelKey    = 32 // what we hand out from protocol 3.2 on
	protocolMajor    = 3
	latestMinor      = 2
	pqOptionPrefix   = "_pq_."
	maxStartupParams = 200
)

var errPacket = errors.New("proxy: malformed start-up packet")

// startup is a StartupMessage as we understand it.
type startup struct {
	version     uint32      // as the client said
	user        string      // never empty
	database    string      // user if the client named none; of a design database the data set's
	design      bool        // the client named the design database of a data set
	named       string      // as the client wrote it
	settings    [][2]string // in order: `options` first, then the packet's own, which win
	unknown     []string    // _pq_. options, none of which we know
	replication string
}

// negotiated is the version to go on with.
func (s startup) negotiated() uint32 { return min(s.version, protocol32) }

// mustNegotiate says whether the client has to be told that it gets less than it asked for.
func (s startup) mustNegotiate() bool { return s.version > protocol32 || len(s.unknown) > 0 }

// parseStartup reads the frame's body: version, then pairs of strings up to an empty name.
func parseStartup(body []byte) (startup, error) {
	s := startup{version: binary.BigEndian.Uint32(body)}
	rest := body[4:]
	if !utf8.Valid(rest) {
		return s, errPacket
	}
	var own [][2]string
	var options string
	for n := 0; ; n++ {
		name, after, ok := cutString(rest)
		if !ok || n > maxStartupParams {
			return s, errPacket
		}
		if name == "" {
			if len(after) != 0 {
				return s, errPacket
			}
			break
		}
		value, after, ok := cutString(after)
		if !ok {
			return s, errPacket
		}
		rest = after
		switch {
		case name == "user":
			s.user = value
		case name == "database":
			s.database = value
		case name == "options":
			options = value
		case name == "replication":
			s.replication = value
		case strings.HasPrefix(name, pqOptionPrefix):
			s.unknown = append(s.unknown, name)
		default:
			own = append(own, [2]string{name, value})
		}
	}
	if s.database == "" {
		s.database = s.user
	}
	var err error
	s.settings, err = parseOptions(options)
	s.settings = append(s.settings, own...)
	return s, err
}

func cutString(b []byte) (string, []byte, bool) {
	i := bytes.IndexByte(b, 0)
	if i < 0 {
		return "", nil, false
	}
	return string(b[:i]), b[i+1:], true
}

// parseOptions reads `-c name=value`, `-cname=value` and `--name=value`, separated by blanks; a backslash takes the next
// character as it is. In names, '-' stands for '_'.
func parseOptions(text string) ([][2]string, error) {
	words := splitOptions(text)
	var out [][2]string
	for i := 0; i < len(words); i++ {
		w := words[i]
		switch {
		case w == "-c":
			i++
			if i == len(words) {
				return nil, badOption(w)
			}
			w = words[i]
		case strings.HasPrefix(w, "--"):
			w = w[2:]
		case strings.HasPrefix(w, "-c"):
			w = w[2:]
		default:
			return nil, badOption(w)
		}
		name, value, ok := strings.Cut(w, "=")
		if !ok || name == "" {
			return nil, refusal.New(refusal.SyntaxError, "-c %s requires a value", w)
		}
		out = append(out, [2]string{strings.ReplaceAll(name, "-", "_"), value})
	}
	return out, nil
}

func badOption(word string) error {
	return refusal.New(refusal.SyntaxError, "invalid command-line argument for server process: %s", word)
}

func splitOptions(text string) []string {
	var words []string
	var word strings.Builder
	in := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f':
			if in {
				words = append(words, word.String())
				word.Reset()
			}
			in = false
			continue
		case c == '\\' && i+1 < len(text):
			i++
			word.WriteByte(text[i])
		case c == '\\':
		default:
			word.WriteByte(c)
		}
		in = true
	}
	if in {
		words = append(words, word.String())
	}
	return words
}
