package sqltest

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/rewrite"
)

// spelling is one query of a group of testdata/sql/identity.
type spelling struct {
	group, sql string
	params     []rewrite.Param
}

// readSpellings reads a file of groups: "-- name:" opens one, and its queries have an empty line between them.
func readSpellings(t testing.TB, file string) [][]spelling {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "identity", file))
	if err != nil {
		t.Fatal(err)
	}
	var groups [][]spelling
	name := ""
	for _, block := range strings.Split(string(text), "\n\n") {
		s := spelling{}
		for _, line := range strings.Split(block, "\n") {
			if head, ok := strings.CutPrefix(line, "-- name: "); ok {
				name = head
				groups = append(groups, nil)
			} else if words, ok := strings.CutPrefix(line, "-- p1="); ok {
				value, typ, _ := strings.Cut(words, " ")
				s.params = append(s.params, rewrite.Param{Type: parameterType(t, typ), Cell: mechanism.Cell{Text: value}})
			} else if !strings.HasPrefix(line, "-- #") {
				s.sql += line + "\n"
			}
		}
		s.group, s.sql = name, strings.TrimSpace(s.sql)
		if s.sql != "" {
			groups[len(groups)-1] = append(groups[len(groups)-1], s)
		}
	}
	return groups
}

func parameterType(t testing.TB, name string) catalog.Type {
	t.Helper()
	kinds := map[string]catalog.Kind{"": catalog.Unknown, "int2": catalog.Int2, "int4": catalog.Int4, "int8": catalog.Int8, "numeric": catalog.Numeric,
		"text": catalog.Text, "varchar": catalog.Varchar, "timestamp": catalog.Timestamp, "date": catalog.Date, "float8": catalog.Float8}
	k, ok := kinds[name]
	if !ok {
		t.Fatalf("no type %q", name)
	}
	return catalog.Of(k)
}

// identityOf names the releases of a query.
func identityOf(t testing.TB, p *rewrite.Planner, ds *catalog.Dataset, s spelling) string {
	t.Helper()
	st, err := parseOne(s.sql)
	if err != nil {
		t.Fatalf("%s: %v\n%s", s.group, err, s.sql)
	}
	plan, err := p.Plan(st, ds, settings(tight), s.params)
	if err != nil {
		t.Errorf("%s: %s\n%s", s.group, describeError(err), s.sql)
		return ""
	}
	return identitiesOf(plan)
}

// identitiesOf joins the names of a plan's releases, sorted: their order is that of the sub-queries.
func identitiesOf(plan *rewrite.Plan) string {
	var names []string
	for _, b := range plan.Blocks {
		names = append(names, b.Identity)
	}
	sort.Strings(names)
	return strings.Join(names, "\n\n")
}

// TestSameRelease: all spellings of a group name one release, on both engines.
func TestSameRelease(t *testing.T) {
	groups := readSpellings(t, "same.sql")
	if len(groups) < 40 {
		t.Errorf("%d groups", len(groups))
	}
	for _, source := range newSources(t, cleanRows()) {
		_, loaded := load(t, source)
		planner := rewrite.NewPlanner(1)
		for _, group := range groups {
			if len(group) < 2 {
				t.Errorf("%v has no two spellings", group)
				continue
			}
			first := identityOf(t, planner, loaded.Catalog, group[0])
			for _, s := range group[1:] {
				if got := identityOf(t, planner, loaded.Catalog, s); got != first {
					t.Errorf("%s, %s: another release\n%s\n%s\n%s", source.name, s.group, group[0].sql, s.sql, firstDifference(first, got))
				}
			}
		}
	}
}

// TestDifferentReleases: no two queries of a group name one release, on either engine.
func TestDifferentReleases(t *testing.T) {
	groups := readSpellings(t, "different.sql")
	pairs := 0
	for _, source := range newSources(t, cleanRows()) {
		_, loaded := load(t, source)
		planner := rewrite.NewPlanner(1)
		for _, group := range groups {
			seen := map[string]string{}
			for _, s := range group {
				id := identityOf(t, planner, loaded.Catalog, s)
				if other, ok := seen[id]; ok {
					t.Errorf("%s, %s: one release\n%s\n%s\n%s", source.name, s.group, other, s.sql, id)
				}
				seen[id] = s.sql
			}
			pairs += len(group) - 1
		}
	}
	if pairs < 2*40 {
		t.Errorf("%d near misses", pairs)
	}
}

// TestNamesStaySmall: statements that nest and repeat have names of a size like their own, and are named soon.
func TestNamesStaySmall(t *testing.T) {
	_, loaded := load(t, newSources(t, cleanRows())[1])
	planner := rewrite.NewPlanner(1)
	exists, perUnit, wrapped, joined := "", "SELECT patient_id, count(*) AS n FROM visits GROUP BY patient_id", "SELECT age AS a FROM patients", "visits v0"
	for i := range 20 {
		exists += fmt.Sprintf(" AND EXISTS (SELECT 1 FROM visits w%d, visits x%d WHERE w%[1]d.patient_id = p.patient_id AND x%[1]d.patient_id = w%[1]d.patient_id", i, i)
		perUnit = fmt.Sprintf("SELECT patient_id, max(least(n, 5)) AS n FROM (%s) AS t%d GROUP BY patient_id", perUnit, i)
		wrapped = fmt.Sprintf("SELECT a FROM (%s) AS t%d WHERE a <> %d", wrapped, i, i)
		if i < 7 {
			joined += fmt.Sprintf(", visits v%d", i+1)
		}
	}
	equal := "v1.patient_id = v0.patient_id"
	for i := 2; i <= 7; i++ {
		equal += fmt.Sprintf(" AND v%d.patient_id = v0.patient_id", i)
	}
	doubled := wrapped
	for i := range 7 {
		doubled = fmt.Sprintf("SELECT a + a AS a FROM (%s) AS d%d", doubled, i)
	}
	for _, sql := range []string{
		"SELECT count(*) FROM patients p WHERE true" + exists + strings.Repeat(")", 20),
		"SELECT avg(n) FROM (" + perUnit + ") AS t",
		"SELECT sum(a) FROM (" + wrapped + ") AS t",
		"SELECT sum(least(a, 9)) FROM (" + doubled + ") AS t",
		"SELECT count(*) FROM " + joined + " WHERE " + equal,
	} {
		if got := len(identityOf(t, planner, loaded.Catalog, spelling{group: "large", sql: sql})); got == 0 || got > 50*len(sql) {
			t.Errorf("a name of %d bytes for %d: %.200s", got, len(sql), sql)
		}
	}
}
