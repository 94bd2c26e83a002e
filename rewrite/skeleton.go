package rewrite

import "unicode/utf8"

// Dashboards and drivers without parameters send one text many times with another number or string in it. The skeleton of such
// a text is the text with its plain literals cut out: texts of one skeleton have one tree, but for the values of the literals.
// What is not certain by the few rules here has no skeleton, and is parsed.

// literal is a plain literal of a text.
type literal struct {
	at, end int    // bytes of the text, quotes included
	text    string // its value
	str     bool   // a string; else a whole number
}

// Marks stand for literals in a skeleton. No text that has a skeleton holds these bytes.
const (
	markNumber = 0x01
	markString = 0x02
)

// maxSkeleton is the longest text that has a skeleton, and maxLiterals the most literals in it.
const (
	maxSkeleton = 16 << 10
	maxLiterals = 64
	mostDigits  = 9   // of a whole number that is an int4 whatever its digits are
	mostString  = 256 // bytes of a string
)

// skeleton cuts the plain literals out of one statement: whole numbers of at most nine digits, and strings without
// escapes. ok is false for text with comments, dollar quotes, escapes, several statements, or anything else that a scanner needs
// to know more about. key is appended to buf.
func skeleton(sql string, buf []byte) (key []byte, found []literal, ok bool) {
	if len(sql) > maxSkeleton || !utf8.ValidString(sql) {
		return nil, nil, false
	}
	key = buf
	for i := 0; i < len(sql); {
		c := sql[i]
		switch {
		case isDigit(c):
			end := i + 1
			for end < len(sql) && (isWord(sql[end]) || sql[end] == '.') {
				end++
			}
			text := sql[i:end]
			switch kind := numberKind(text); {
			case kind == notPlain || i > 0 && sql[i-1] == '.':
				return nil, nil, false
			case kind == fractional:
				key = append(key, text...)
			default:
				key = append(key, markNumber)
				found = append(found, literal{at: i, end: end, text: text})
			}
			i = end
		case isWord(c):
			end := i + 1
			for end < len(sql) && isWord(sql[end]) {
				end++
			}
			key = append(key, sql[i:end]...)
			i = end
			if i < len(sql) && sql[i] == '\'' { // E'…', B'…', X'…', N'…'
				return nil, nil, false
			}
		case c == '\'':
			end, plain := stringEnd(sql, i)
			if !plain {
				return nil, nil, false
			}
			key = append(key, markString)
			found = append(found, literal{at: i, end: end, text: sql[i+1 : end-1], str: true})
			i = end
		case c == '"':
			end := i + 1
			for end < len(sql) && sql[end] != '"' && sql[end] >= ' ' {
				end++
			}
			if end == len(sql) || sql[end] != '"' {
				return nil, nil, false
			}
			key = append(key, sql[i:end+1]...)
			i = end + 1
		case c == '$':
			end := i + 1
			for end < len(sql) && isDigit(sql[end]) {
				end++
			}
			if end == i+1 || end < len(sql) && (isWord(sql[end]) || sql[end] == '.') {
				return nil, nil, false
			}
			key = append(key, sql[i:end]...)
			i = end
		case !isPlainByte(sql, i):
			return nil, nil, false
		default:
			key = append(key, c)
			i++
		}
		if len(found) > maxLiterals {
			return nil, nil, false
		}
	}
	return key, found, true
}

// isPlainByte tells that a byte outside of words, numbers and quotes stands for itself. A semicolon may only end the text.
func isPlainByte(sql string, i int) bool {
	next := byte(0)
	if i+1 < len(sql) {
		next = sql[i+1]
	}
	switch c := sql[i]; c {
	case '-':
		return next != '-'
	case '/':
		return next != '*'
	case '&':
		return next != '\'' && next != '"' // U&'…'
	case ';':
		for _, rest := range []byte(sql[i+1:]) {
			if !isBlank(rest) {
				return false
			}
		}
		return true
	case '\\':
		return false
	default:
		return c >= ' ' && c < 0x7f || isBlank(c)
	}
}

// stringEnd finds the end of a string that begins at i. It is plain if its text stands between the quotes as it is, and no
// further string continues it.
func stringEnd(sql string, i int) (end int, plain bool) {
	for end = i + 1; end < len(sql) && sql[end] != '\''; end++ {
		if sql[end] == '\\' || sql[end] < ' ' {
			return 0, false
		}
	}
	if end == len(sql) || end-i > mostString {
		return 0, false
	}
	end++
	for next := end; next < len(sql); next++ {
		if !isBlank(sql[next]) {
			return end, sql[next] != '\'' && (next > end || !isWord(sql[next]))
		}
	}
	return end, true
}

type numberKinds int

const (
	notPlain   numberKinds = iota
	fractional             // digits and points, or too many digits: a literal that stays where it is
	whole
)

func numberKind(text string) numberKinds {
	for i := range len(text) {
		switch {
		case text[i] == '.':
			if len(text) == i+1 {
				return notPlain
			}
			for _, c := range []byte(text[i+1:]) {
				if !isDigit(c) {
					return notPlain
				}
			}
			return fractional
		case !isDigit(text[i]):
			return notPlain // 1e5, 0x1f, 1_000
		}
	}
	switch {
	case len(text) > mostDigits:
		return fractional
	case text[0] == '0' && len(text) > 1:
		return notPlain
	}
	return whole
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isWord tells the bytes that a name may go on with.
func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80 || isDigit(c) || c == '$'
}

func isBlank(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'
}
