package ratelimit

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	day   = 24 * time.Hour
	month = 30 * day
	year  = 360 * day // twelve months

	// maxPeriod keeps a window in what a time.Duration and a Redis expiry hold.
	maxPeriod = 200 * year
)

// SyntaxError tells where the text of a limit stops to make sense.
type SyntaxError struct {
	Text    string
	Offset  int // bytes from the start of Text
	Message string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s at character %d of %q", e.Message, len([]rune(e.Text[:e.Offset]))+1, e.Text)
}

// Parse reads one limit or several in the grammar of flask-limiter, and returns them shortest window first:
//
//	limits = limit { ("," | ";" | "|") limit }
//	limit  = N ( "/" | "per" ) [ M ] unit
//	unit   = "second" | "minute" | "hour" | "day" | "month" | "year", or with an "s"; case does not matter
//
// "8 per 2 minutes" is 8 requests in a window of two minutes. A month is 30 days, and a year 360. Errors are *SyntaxError.
func Parse(text string) ([]Limit, error) {
	var limits []Limit
	start := 0
	for {
		end := start + strings.IndexAny(text[start:], ",;|")
		last := end < start
		if last {
			end = len(text)
		}
		limit, err := parseOne(text, start, end)
		if err != nil {
			return nil, err
		}
		limits = append(limits, limit)
		if last {
			return Sort(limits), nil
		}
		start = end + 1
	}
}

// Sort puts limits in the order in which they count: shortest window first, the tighter of two equal windows first.
func Sort(limits []Limit) []Limit {
	slices.SortStableFunc(limits, func(a, b Limit) int {
		if a.Period != b.Period {
			return int(min(max(a.Period-b.Period, -1), 1))
		}
		return int(min(max(a.N-b.N, -1), 1))
	})
	return limits
}

// parseOne reads the limit in text[start:end].
func parseOne(text string, start, end int) (Limit, error) {
	s := scanner{text: text, pos: start, end: end}
	n, err := s.number("a number of requests")
	if err != nil {
		return Limit{}, err
	}
	if n < 1 {
		return Limit{}, &SyntaxError{text, s.last, "a limit must allow at least 1 request"}
	}
	if !s.take("/") && !s.takeWord("per") {
		return Limit{}, s.wants(`"/" or "per"`)
	}
	multiple := int64(1)
	s.skipSpaces()
	if s.pos < end && isDigit(text[s.pos]) {
		if multiple, err = s.number("a number"); err != nil {
			return Limit{}, err
		}
		if multiple < 1 {
			return Limit{}, &SyntaxError{text, s.last, "a window must be at least 1 unit long"}
		}
	}
	unit, err := s.unit()
	if err != nil {
		return Limit{}, err
	}
	if multiple > int64(maxPeriod/unit) {
		return Limit{}, &SyntaxError{text, s.last, "the window is longer than 200 years"}
	}
	if s.skipSpaces(); s.pos < end {
		return Limit{}, s.wants("the end of the limit")
	}
	return Limit{N: n, Period: time.Duration(multiple) * unit, Text: strings.TrimSpace(text[start:end])}, nil
}

// scanner walks over the text of one limit.
type scanner struct {
	text     string
	pos, end int
	last     int // where the token that was read last began
}

func (s *scanner) skipSpaces() {
	for s.pos < s.end && (s.text[s.pos] == ' ' || s.text[s.pos] == '\t' || s.text[s.pos] == '\n') {
		s.pos++
	}
}

func (s *scanner) wants(what string) error {
	s.skipSpaces()
	return &SyntaxError{s.text, s.pos, "expected " + what}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func (s *scanner) number(what string) (int64, error) {
	s.skipSpaces()
	s.last = s.pos
	for s.pos < s.end && isDigit(s.text[s.pos]) {
		s.pos++
	}
	if s.pos == s.last {
		return 0, s.wants(what)
	}
	n, err := strconv.ParseInt(s.text[s.last:s.pos], 10, 64)
	if err != nil || n > math.MaxInt64/2 {
		return 0, &SyntaxError{s.text, s.last, "the number is too large"}
	}
	return n, nil
}

func (s *scanner) take(token string) bool {
	if s.skipSpaces(); strings.HasPrefix(s.text[s.pos:s.end], token) {
		s.pos += len(token)
		return true
	}
	return false
}

// word reads letters, in lower case.
func (s *scanner) word() string {
	s.skipSpaces()
	s.last = s.pos
	for s.pos < s.end && (s.text[s.pos]|0x20 >= 'a' && s.text[s.pos]|0x20 <= 'z') {
		s.pos++
	}
	return strings.ToLower(s.text[s.last:s.pos])
}

func (s *scanner) takeWord(want string) bool {
	before := s.pos
	if s.word() == want {
		return true
	}
	s.pos = before
	return false
}

func (s *scanner) unit() (time.Duration, error) {
	switch word := s.word(); strings.TrimSuffix(word, "s") {
	case "second":
		return time.Second, nil
	case "minute":
		return time.Minute, nil
	case "hour":
		return time.Hour, nil
	case "day":
		return day, nil
	case "month":
		return month, nil
	case "year":
		return year, nil
	}
	s.pos = s.last
	return 0, s.wants("second, minute, hour, day, month or year")
}
