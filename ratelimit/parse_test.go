package ratelimit

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"5/60 seconds":                         "5 in 1m0s",
		"8 per 2 minutes":                      "8 in 2m0s",
		"100/hour":                             "100 in 1h0m0s",
		"10 per 1 day; 5/minute | 2/second":    "2 in 1s, 5 in 1m0s, 10 in 24h0m0s",
		"5/60 seconds, 8/2 minutes":            "5 in 1m0s, 8 in 2m0s",
		" 1 / MONTH ":                          "1 in 720h0m0s",
		"1per2years":                           "1 in 17280h0m0s",
		"3/minute,2/60 seconds":                "2 in 1m0s, 3 in 1m0s",
		"7\tper\n1 second":                     "7 in 1s",
		"4611686018427387903 per 200 years":    "4611686018427387903 in 1728000h0m0s",
		"1/hours;1/days;1/minutes;1/12 months": "1 in 1m0s, 1 in 1h0m0s, 1 in 24h0m0s, 1 in 8640h0m0s",
	} {
		limits, err := Parse(text)
		if err != nil {
			t.Errorf("Parse(%q): %v", text, err)
			continue
		}
		var got []string
		for _, l := range limits {
			got = append(got, fmt.Sprintf("%d in %s", l.N, l.Period))
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("Parse(%q) = %s, want %s", text, strings.Join(got, ", "), want)
		}
	}
}

func TestParseKeepsTheOwnersText(t *testing.T) {
	limits, err := Parse("5/60 seconds,  8 per 2 minutes ")
	if err != nil || limits[0].Text != "5/60 seconds" || limits[1].Text != "8 per 2 minutes" {
		t.Errorf("got %+v, %v", limits, err)
	}
}

func TestParseErrorsSayWhere(t *testing.T) {
	for text, want := range map[string]string{
		"":                            `expected a number of requests at character 1 of ""`,
		"5":                           `expected "/" or "per" at character 2 of "5"`,
		"5/":                          `expected second, minute, hour, day, month or year at character 3 of "5/"`,
		"5/week":                      `expected second, minute, hour, day, month or year at character 3 of "5/week"`,
		"0/second":                    `a limit must allow at least 1 request at character 1 of "0/second"`,
		"1/0 seconds":                 `a window must be at least 1 unit long at character 3 of "1/0 seconds"`,
		"-1/second":                   `expected a number of requests at character 1 of "-1/second"`,
		"1.5/second":                  `expected "/" or "per" at character 2 of "1.5/second"`,
		"5/second,":                   `expected a number of requests at character 10 of "5/second,"`,
		"5/second 6/minute":           `expected the end of the limit at character 10 of "5/second 6/minute"`,
		"5 each second":               `expected "/" or "per" at character 3 of "5 each second"`,
		"5/second; x":                 `expected a number of requests at character 11 of "5/second; x"`,
		"1/201 years":                 `the window is longer than 200 years at character 7 of "1/201 years"`,
		"99999999999999999999/second": `the number is too large at character 1 of "99999999999999999999/second"`,
		"1/secondss":                  `expected second, minute, hour, day, month or year at character 3 of "1/secondss"`,
	} {
		_, err := Parse(text)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || err.Error() != want {
			t.Errorf("Parse(%q) fails with %v, want %s", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"5/60 seconds, 8/2 minutes", "10 per 1 day; 5/minute | 2/second", "1/201 years", "5/ä"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		limits, err := Parse(text)
		if err != nil {
			_ = err.Error()
			return
		}
		for i, l := range limits {
			if l.N < 1 || l.Period < time.Second || i > 0 && limits[i-1].Period > l.Period {
				t.Fatalf("Parse(%q) = %+v", text, limits)
			}
			again, err := Parse(l.Text)
			if err != nil || len(again) != 1 || again[0] != l {
				t.Fatalf("Parse(%q) = %+v, %v; want %+v", l.Text, again, err, l)
			}
		}
	})
}
