package value

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/dpproxy/dpproxy/refusal"
)

// Encoding is a client's character set (client_encoding) that is not UTF-8: one byte a character, ASCII below 128. All texts
// inside are UTF-8; a session reads and writes its messages through this. nil is UTF-8, and changes nothing.
type Encoding struct {
	name string // as SHOW prints it
	set  *charmap.Charmap
}

// Name is PostgreSQL's name of the encoding.
func (e *Encoding) Name() string {
	if e == nil {
		return "UTF8"
	}
	return e.name
}

// FindEncoding finds an encoding by any name that PostgreSQL takes: letters and digits count, in any case. known is false where
// there is none, or none that is supported.
func FindEncoding(name string) (e *Encoding, known bool) {
	key := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(name))
	if key == "utf8" || key == "unicode" {
		return nil, true
	}
	for _, c := range charsets() {
		for _, alias := range strings.Fields(c.names) {
			if alias == key {
				return &Encoding{c.name, c.set}, true
			}
		}
	}
	return nil, false
}

type charset struct {
	name  string
	names string
	set   *charmap.Charmap
}

func charsets() []charset {
	return []charset{
		{"LATIN1", "latin1 iso88591", charmap.ISO8859_1}, {"LATIN2", "latin2 iso88592", charmap.ISO8859_2}, {"LATIN3", "latin3 iso88593", charmap.ISO8859_3},
		{"LATIN4", "latin4 iso88594", charmap.ISO8859_4}, {"LATIN5", "latin5 iso88599", charmap.ISO8859_9}, {"LATIN6", "latin6 iso885910", charmap.ISO8859_10},
		{"LATIN7", "latin7 iso885913", charmap.ISO8859_13}, {"LATIN8", "latin8 iso885914", charmap.ISO8859_14}, {"LATIN9", "latin9 iso885915", charmap.ISO8859_15},
		{"LATIN10", "latin10 iso885916", charmap.ISO8859_16}, {"ISO_8859_5", "iso88595", charmap.ISO8859_5}, {"ISO_8859_6", "iso88596", charmap.ISO8859_6},
		{"ISO_8859_7", "iso88597", charmap.ISO8859_7}, {"ISO_8859_8", "iso88598", charmap.ISO8859_8}, {"WIN1250", "win1250 windows1250", charmap.Windows1250},
		{"WIN1251", "win1251 windows1251 win", charmap.Windows1251}, {"WIN1252", "win1252 windows1252", charmap.Windows1252},
		{"WIN1253", "win1253 windows1253", charmap.Windows1253}, {"WIN1254", "win1254 windows1254", charmap.Windows1254},
		{"WIN1255", "win1255 windows1255", charmap.Windows1255}, {"WIN1256", "win1256 windows1256", charmap.Windows1256},
		{"WIN1257", "win1257 windows1257", charmap.Windows1257}, {"WIN1258", "win1258 windows1258 abc tcvn tcvn5712 vscii", charmap.Windows1258},
		{"WIN866", "win866 windows866 alt", charmap.CodePage866}, {"WIN874", "win874 windows874", charmap.Windows874},
		{"KOI8R", "koi8r koi8", charmap.KOI8R}, {"KOI8U", "koi8u", charmap.KOI8U},
	}
}

// Decode reads a client's text: 22021 for bytes that are no characters.
func (e *Encoding) Decode(text string) (string, error) {
	if e == nil || isASCII(text) {
		return text, nil
	}
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		r := e.set.DecodeByte(text[i])
		if r == utf8.RuneError {
			return "", refusal.New(refusal.UntranslatableCharacter, "character with byte sequence %s in encoding \"%s\" has no equivalent in encoding \"UTF8\"",
				shownBytes(text[i:i+1]), e.name)
		}
		out.WriteRune(r)
	}
	return out.String(), nil
}

// Encode writes a text for the client: 22P05 for characters that its set has not.
func (e *Encoding) Encode(text string) (string, error) {
	if e == nil || isASCII(text) {
		return text, nil
	}
	out := make([]byte, 0, len(text))
	for _, r := range text {
		b, ok := e.set.EncodeRune(r)
		if !ok {
			return "", refusal.New(refusal.UntranslatableCharacter, "character with byte sequence %s in encoding \"UTF8\" has no equivalent in encoding \"%s\"",
				shownBytes(string(r)), e.name)
		}
		out = append(out, b)
	}
	return string(out), nil
}

// Lossy is Encode for texts that must be said whatever happens, as errors are: '?' stands for what the set has not.
func (e *Encoding) Lossy(text string) string {
	if e == nil || isASCII(text) {
		return text
	}
	out := make([]byte, 0, len(text))
	for _, r := range text {
		b, ok := e.set.EncodeRune(r)
		if !ok {
			b = '?'
		}
		out = append(out, b)
	}
	return string(out)
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func shownBytes(s string) string {
	var out []string
	for i := 0; i < len(s); i++ {
		out = append(out, fmt.Sprintf("0x%02x", s[i]))
	}
	return strings.Join(out, " ")
}
