package answer

import (
	"testing"

	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite"
)

func TestCheckSetting(t *testing.T) {
	f := newFixture(t)
	id := Identity{User: "alice", Dataset: "census"}
	for _, c := range []struct {
		name, value string
		code        refusal.Code // "" is accepted
	}{
		{"dp.epsilon", "0.1", ""},
		{"dp.epsilon", " 200 ", ""}, // the owner's most
		{"dp.epsilon", "200.000000001", "22023"},
		{"dp.epsilon", "0", "22023"},
		{"dp.epsilon", "-1", "22023"},
		{"dp.epsilon", "NaN", "22023"},
		{"dp.epsilon", "1e999999999", "22023"},
		{"dp.epsilon", "1/3", "22023"},
		{"DP.Epsilon", "0.1", ""},
		{"dp.delta", "0", ""},
		{"dp.delta", "1e-9", "22023"}, // the owner's most is 0
		{"dp.max_groups", "1", ""},
		{"dp.max_groups", "0", "22023"},
		{"dp.max_groups", "1000001", "22023"},
		{"dp.max_rows", "99999999999999999999", "22023"},
		{"dp.max_unit_rows", "7", ""},
		{"dp.mechanism", "Laplace", ""},
		{"dp.mechanism", "gaussian", "22023"}, // a pure account
		{"dp.mechanism", "none", "22023"},
		{"dp.intervals", "on", ""},
		{"dp.intervals", "maybe", "22023"},
		{"dp.confidence", "0.99", ""},
		{"dp.confidence", "1", "22023"},
		{"dp.confidence", "nan", "22023"},
		{"dp.reuse", "off", ""},
		{"dp.mode", "live", ""},
		{"dp.mode", "design", ""},
		{"dp.mode", "dream", "22023"},
		{"dp.design_rows", "0", "22023"},
		{"dp.design_seed", "-1", "22023"},
		{"dp.noise", "off", "42704"},
		{"application_name", "anything", ""},
	} {
		err := f.CheckSetting(id, c.name, c.value)
		if c.code == "" {
			if err != nil {
				t.Errorf("%s = %q: %v", c.name, c.value, err)
			}
			continue
		}
		if r, ok := refusal.As(err); !ok || r.Code != c.code || r.Hint == "" {
			t.Errorf("%s = %q: %v, want %s with a hint", c.name, c.value, err, c.code)
		}
	}
}

// TestSettingsReachThePlanner: what a session sets is what is planned, and a setting out of range stops the query.
func TestSettingsReachThePlanner(t *testing.T) {
	d := &Dataset{Catalog: census(), Reuse: Reuse{}}
	d.Catalog.Query.Bounds = privacy.Contribution{UnitRows: 9}
	in := func(settings map[string]string) rewrite.Settings {
		t.Helper()
		c, err := choose(d, Grant{AllowedFunctions: []string{"count", "median"}}, Request{Settings: settings}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return c.Settings
	}
	if s := in(nil); s.Epsilon != privacy.EpsilonUnits || s.Bounds.UnitRows != 9 || len(s.AllowedFunctions) != 1 || s.AllowedFunctions[0] != "count" {
		t.Errorf("defaults are %+v", s)
	}
	if s := in(map[string]string{"dp.epsilon": "1e-10"}); s.Epsilon != 1 {
		t.Errorf("ε of less than a unit is %d units, want 1: what is spent rounds up", s.Epsilon)
	}
	if s := in(map[string]string{"dp.max_groups": "3"}); s.Bounds != (privacy.Contribution{Groups: 3, Rows: 1}) {
		t.Errorf("bounds are %+v", s.Bounds)
	}
	if s := in(map[string]string{"dp.max_unit_rows": "4", "dp.max_groups": "3", "dp.max_rows": "2"}); s.Bounds.UnitRows != 4 {
		t.Errorf("dp.max_unit_rows does not win: %+v", s.Bounds)
	}
	if _, err := choose(d, Grant{}, Request{Settings: map[string]string{"dp.epsilon": "1000"}}, nil); err == nil {
		t.Error("ε above the owner's most was planned")
	}
}

func TestDefaultSetting(t *testing.T) {
	f := newFixture(t)
	id := Identity{User: "alice", Dataset: "census"}
	for _, name := range settingNames() {
		value, ok := f.DefaultSetting(id, name)
		if !ok || value == "" {
			t.Errorf("SHOW %s has no answer", name)
		}
		if err := f.CheckSetting(id, name, value); err != nil && name != "dp.max_unit_rows" {
			t.Errorf("the default of %s, %q, cannot be set: %v", name, value, err)
		}
	}
	if _, ok := f.DefaultSetting(id, "dp.noise"); ok {
		t.Error("a setting that does not exist has a default")
	}
}
