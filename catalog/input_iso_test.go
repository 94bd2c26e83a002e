package catalog

import "testing"

// What PostgreSQL 16 reads with DateStyle ISO and TimeZone UTC, and what is not read here.
func TestInputOfMoments(t *testing.T) {
	const no = ""
	for _, c := range []struct{ text, date, timestamp, timestamptz string }{
		{"1950-01-01 +00", "1950-01-01", "1950-01-01 00:00:00", "1950-01-01 00:00:00+00"}, // pgjdbc's setDate
		{"1950-01-01 -05", "1950-01-01", "1950-01-01 00:00:00", "1950-01-01 05:00:00+00"},
		{"1950-01-01+05:30", "1950-01-01", "1950-01-01 00:00:00", "1949-12-31 18:30:00+00"},
		{"2024-02-29 12:34:56.789+01", "2024-02-29", "2024-02-29 12:34:56.789", "2024-02-29 11:34:56.789+00"},
		{"2024-02-29T12:34:56Z", "2024-02-29", "2024-02-29 12:34:56", "2024-02-29 12:34:56+00"},
		{"20240229", "2024-02-29", "2024-02-29 00:00:00", "2024-02-29 00:00:00+00"},
		{"2024/02/29 01:02", "2024-02-29", "2024-02-29 01:02:00", "2024-02-29 01:02:00+00"},
		{"Feb 29, 2024", "2024-02-29", "2024-02-29 00:00:00", "2024-02-29 00:00:00+00"},
		{"29-Feb-2024", "2024-02-29", "2024-02-29 00:00:00", "2024-02-29 00:00:00+00"},
		{"infinity", "infinity", "infinity", "infinity"},
		{"1950-02-30 +00", no, no, no}, {"1950-01-01 +", no, no, no}, {"1950-01-01 +99", no, no, no}, {"+00", no, no, no},
		{"1/2/2023", no, no, no}, {"today", no, no, no}, {"", no, no, no},
	} {
		for kind, want := range map[Kind]string{Date: c.date, Timestamp: c.timestamp, Timestamptz: c.timestamptz} {
			got, err := Input(Of(kind), c.text)
			if got != want || (err != nil) != (want == no) {
				t.Errorf("%q as %v: %q, %v; want %q", c.text, Of(kind), got, err, want)
			}
		}
	}
}
