package catalog

import (
	"slices"
	"testing"
)

// TestHiddenColumnsLeaveRules: what a user may not see is in none of the rules that he is shown, and what is left holds as before.
func TestHiddenColumnsLeaveRules(t *testing.T) {
	rules := []Exclusion{{Columns: []string{"age", "sex", "persons.ward"}, Max: 1}, {Columns: []string{"age", "ward"}, Max: 1}}
	d := &Dataset{Tables: []*Table{{Name: "persons", Columns: []*Column{{Name: "age"}, {Name: "sex"}, {Name: "ward"}}}}}
	d.Policy.Exclusions = rules
	d.Policy.Classes = []QueryClass{{Name: "a", Exclusions: rules}}
	v := d.View(Narrowing{Hidden: []string{"ward"}})
	for name, got := range map[string][]Exclusion{"data set": v.Policy.Exclusions, "class": v.Policy.Classes[0].Exclusions} {
		if len(got) != 1 || !slices.Equal(got[0].Columns, []string{"age", "sex"}) || got[0].Max != 1 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if len(d.Policy.Exclusions) != 2 || len(d.Policy.Exclusions[0].Columns) != 3 || len(d.Policy.Classes[0].Exclusions) != 2 {
		t.Errorf("the data set itself was changed: %+v", d.Policy)
	}
}
