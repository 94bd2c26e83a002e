package expr

import (
	"regexp"
	"strings"
)

var timetzForm = regexp.MustCompile(`^(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?([+-](?:0[0-9]|1[0-5])(?::[0-5][0-9]){0,2})$`)

// plainTimetz reads the form in which times with a zone are printed, and prints it: 12:34:56.5+02. Other forms are not read; nothing
// is computed with such values.
func plainTimetz(text string) (string, bool) {
	text = strings.TrimSpace(text)
	m := timetzForm.FindStringSubmatch(text)
	if m == nil {
		return "", false
	}
	fraction := strings.TrimRight(strings.TrimRight(m[1], "0"), ".")
	return text[:len("12:34:56")] + fraction + m[2], true
}
