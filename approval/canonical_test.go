package approval

import (
	"strings"
	"testing"
)

// TestKeysThatFoldTogether: encoding/json takes a long s for an s, so that both keys would be one field.
func TestKeysThatFoldTogether(t *testing.T) {
	for _, body := range []string{`{"script":"a","ſcript":"b"}`, `{"key":"a","\u212aey":"b"}`, `{"a":1,"A":2}`} {
		var v map[string]any
		if err := decode([]byte(body), &v); err == nil || !strings.Contains(err.Error(), "twice") {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// TestSettingsAreSettings: programs write SET with a step's settings, so that they hold nothing else.
func TestSettingsAreSettings(t *testing.T) {
	for name, ok := range map[string]bool{
		"dp.epsilon": true, "dp.max_unit_rows": true, "dp.": false, "dp.mode": false, "dp.authorization": false, "search_path": false,
		"dp.x = '1'; SELECT count(*) FROM t; --": false, "DP.EPSILON": false, "dp.epsilon ": false,
	} {
		if settingName(name) != ok {
			t.Errorf("%q: %t", name, !ok)
		}
	}
}
