package expr

import "testing"

func TestPlainTimetz(t *testing.T) {
	for text, want := range map[string]string{
		"12:34:56+02": "12:34:56+02", " 12:34:56.500-03:30 ": "12:34:56.5-03:30", "00:00:00.000+00": "00:00:00+00", "23:59:59.123456+15:59:59": "23:59:59.123456+15:59:59",
		"24:00:00+00": "", "12:34": "", "12:34:56": "", "12:34:60+01": "", "1:2:3+4": "", "12:34:56.1234567+00": "", "x": "",
	} {
		if got, ok := plainTimetz(text); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %t", text, got, ok)
		}
	}
}
