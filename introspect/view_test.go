package introspect

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
)

var numberMark = regexp.MustCompile(catalog.NumberMark + `[0-9;]+`)

// shown is a cell as text format has it: names of objects without their numbers.
func shown(c Cell) string { return numberMark.ReplaceAllString(c.Text, "") }

// ask returns an answer as lines of cells.
func ask(t testing.TB, s *Service, v View, sql string) string {
	t.Helper()
	r, err := s.Answer(context.Background(), v, sql, nil)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	var lines []string
	for _, row := range r.Rows {
		var cells []string
		for _, c := range row {
			if c.Null {
				c.Text = "NULL"
			}
			cells = append(cells, shown(c))
		}
		lines = append(lines, strings.Join(cells, "|"))
	}
	return strings.Join(lines, "\n")
}

// TestViewsAreApart: a session sees its own user, its data sets as databases, and the tables of the current one alone.
func TestViewsAreApart(t *testing.T) {
	s := testService(t)
	census, other := testDataset(), &catalog.Dataset{Name: "secret", Tables: []*catalog.Table{{Name: "plans", Public: true,
		Columns: []*catalog.Column{{Name: "x", Type: catalog.Of(catalog.Int4)}}}}}
	alice := View{User: "alice", Database: "census", Datasets: []*catalog.Dataset{census}, Current: census, Users: []string{"alice"}}
	bob := View{User: "bob", Database: "secret", Datasets: []*catalog.Dataset{census, other}, Current: other, Users: []string{"bob"}}
	const tables = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1"
	for range 2 { // the second round comes from the kept plans
		for _, c := range []struct {
			v         View
			sql, want string
		}{
			{alice, tables, "cities\npersons\nvisits"},
			{bob, tables, "plans"},
			{alice, "SELECT datname FROM pg_database ORDER BY 1", "census"},
			{bob, "SELECT datname FROM pg_database ORDER BY 1", "census\nsecret"},
			{alice, "SELECT rolname, rolsuper FROM pg_roles ORDER BY 1", "alice|f\ndpproxy|f"},
			{bob, "SELECT usename FROM pg_user", "bob"},
			{alice, "SELECT to_regclass('plans'), to_regclass('persons')", "NULL|persons"},
			{alice, "SELECT count(*) FROM information_schema.columns WHERE table_name = 'plans'", "0"},
			{bob, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'", "plans"},
			{alice, "SELECT current_user, current_database(), current_schema()", "alice|census|public"},
			{bob, "SELECT current_user, current_database(), current_schemas(true)", "bob|secret|{pg_catalog,public}"},
			{bob, "SELECT obj_description('plans'::regclass)", "Public: rows may be read."},
		} {
			if got := ask(t, s, c.v, c.sql); got != c.want {
				t.Errorf("%s as %s:\n%s\nwant\n%s", c.sql, c.v.User, got, c.want)
			}
		}
	}
}

// TestNothingOfTheSource: where a table lives, row counts, sizes and statistics are not in the catalog.
func TestNothingOfTheSource(t *testing.T) {
	s, v := testService(t), testView()
	v.Current.Tables[0].Schema, v.Current.Tables[0].SourceName = "hidden_schema", "hidden_table"
	v.Current.Tables[0].Columns[2].SourceName = "hidden_column"
	hidden := &catalog.Column{Name: "shape", Type: catalog.Of(catalog.Unsupported)}
	v.Current.Tables[0].Columns = append(v.Current.Tables[0].Columns, hidden)
	for _, relation := range []string{"pg_class", "pg_attribute", "pg_namespace", "pg_tables", "pg_description",
		"information_schema.tables", "information_schema.columns"} {
		got := ask(t, s, v, "SELECT * FROM "+relation)
		if strings.Contains(got, "hidden_") || strings.Contains(got, "shape") {
			t.Errorf("%s tells of the source", relation)
		}
	}
	for sql, want := range map[string]string{
		"SELECT DISTINCT reltuples, relpages, relallvisible FROM pg_class WHERE relkind <> 'i'": "-1|0|0",
		"SELECT DISTINCT reltuples, relpages, relallvisible FROM pg_class WHERE relkind = 'i'":  "0|0|0",
		"SELECT count(*) FROM pg_stats": "0", "SELECT count(*) FROM pg_statistic": "0",
		"SELECT count(*) FROM pg_stat_user_tables": "0", "SELECT count(*) FROM pg_stat_activity": "0",
		"SELECT count(*) FROM pg_authid": "0", "SELECT count(*) FROM pg_shadow": "0",
		"SELECT pg_relation_size('persons'), pg_total_relation_size('persons'), pg_database_size('census')": "0|0|0",
		"SELECT count(*) FROM pg_settings WHERE setting LIKE '%/%' AND name <> 'search_path'":               "0",
	} {
		if got := ask(t, s, v, sql); got != want {
			t.Errorf("%s: %s, want %s", sql, got, want)
		}
	}
}

func TestPrivileges(t *testing.T) {
	s, v := testService(t), testView()
	for sql, want := range map[string]string{
		"SELECT has_table_privilege('persons', 'select')":                                                        "t",
		"SELECT has_table_privilege('alice', 'persons', 'INSERT')":                                               "f",
		"SELECT has_table_privilege('persons'::regclass, 'INSERT, SELECT')":                                      "t",
		"SELECT has_table_privilege(oid, 'SELECT') FROM pg_class WHERE relname = 'visits'":                       "t",
		"SELECT has_table_privilege(12345678, 'SELECT')":                                                         "f",
		"SELECT has_table_privilege('persons', 'SELECT WITH GRANT OPTION')":                                      "f",
		"SELECT has_any_column_privilege('persons', 'SELECT'), has_column_privilege('persons', 'age', 'UPDATE')": "t|f",
		"SELECT has_schema_privilege('public', 'USAGE'), has_schema_privilege('public', 'CREATE')":               "t|f",
		"SELECT has_database_privilege('census', 'CONNECT'), has_database_privilege('census', 'TEMP')":           "t|f",
		"SELECT pg_has_role('alice', 'MEMBER'), pg_has_role('dpproxy', 'USAGE')":                                 "t|f",
		"SELECT relacl FROM pg_class WHERE relname = 'persons'":                                                  "{alice=r/dpproxy}",
	} {
		if got := ask(t, s, v, sql); got != want {
			t.Errorf("%s: %s, want %s", sql, got, want)
		}
	}
}

// TestStableNumbers: object identifiers depend on names alone.
func TestStableNumbers(t *testing.T) {
	a, b := testService(t), testService(t)
	const sql = "SELECT oid, relname FROM pg_class WHERE oid >= 16384 ORDER BY 2"
	second := testView()
	second.Current.Tables[0], second.Current.Tables[2] = second.Current.Tables[2], second.Current.Tables[0]
	if x, y := ask(t, a, testView(), sql), ask(t, b, second, sql); x != y || x == "" {
		t.Errorf("numbers differ:\n%s\n%s", x, y)
	}
}

// TestSystemTables: the proxy's own tables stand in schema dp.
func TestSystemTables(t *testing.T) {
	s, v := testService(t), testView()
	v.System = []*catalog.Table{{Name: "budget", Public: true, Description: "what is left", Columns: []*catalog.Column{
		{Name: "epsilon_left", Type: catalog.Of(catalog.Numeric)}}}}
	got := ask(t, s, v, `SELECT c.oid::regclass, n.nspname, a.attname, pg_table_is_visible(c.oid), obj_description(c.oid, 'pg_class')
	  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid WHERE n.nspname = 'dp' AND a.attnum > 0`)
	if got != "dp.budget|dp|epsilon_left|f|what is left." {
		t.Error(got)
	}
}

// TestSettings: pg_settings, current_setting and version agree with the session, also from one session to the next.
func TestSettings(t *testing.T) {
	s, v := testService(t), testView()
	for _, name := range []string{"first", "second"} {
		v.PID++
		v.Settings = func(setting string) (string, bool) {
			value, ok := map[string]string{"application_name": name, "server_version": "16.4 (dpproxy)", "timezone": "Europe/Berlin"}[setting]
			return value, ok
		}
		sql := `SELECT setting, current_setting('application_name'), current_setting(name), version(), pg_backend_pid(),
		  current_setting('server_version_num'), current_setting('TimeZone'), current_setting('no.such', true)
		  FROM pg_settings WHERE name = 'application_name'`
		want := fmt.Sprintf("%s|%s|%s|PostgreSQL 16.4 (dpproxy)|%d|160004|Europe/Berlin|NULL", name, name, name, v.PID)
		if got := ask(t, s, v, sql); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}

// TestParameters: types come from the statement unless the client names them, and values in text, arrays too.
func TestParameters(t *testing.T) {
	s, v := testService(t), testView()
	const sql = `SELECT relname FROM pg_class WHERE relname = ANY($1) AND relnamespace = $2::regnamespace AND oid > $3
	  AND ($4 OR relkind = $5) ORDER BY 1`
	types, _, err := s.Describe(context.Background(), v, sql, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range types {
		got = append(got, typeText(p))
	}
	if want := "name[] regnamespace oid bool char"; strings.Join(got, " ") != want {
		t.Errorf("parameter types %v, want %s", got, want)
	}
	text := func(s string) Param { return Param{Cell: Cell{Text: s}} }
	r, err := s.Answer(context.Background(), v, sql, []Param{text(`{persons,"cities",x\"y}`), text("public"), text("100"), text("f"), text("r")})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Rows) != 2 || r.Rows[0][0].Text != "cities" || r.Rows[1][0].Text != "persons" {
		t.Errorf("rows %v", r.Rows)
	}
	if _, err := s.Answer(context.Background(), v, sql, nil); err == nil {
		t.Error("missing parameters are no error")
	}
	types, _, err = s.Describe(context.Background(), v, "SELECT relname FROM pg_class WHERE oid = $1", []catalog.Type{catalog.Of(catalog.Int8)})
	if err != nil || typeText(types[0]) != "int8" {
		t.Errorf("named type: %v %v", types, err)
	}
}

// TestManyViews: views beyond the limit push out the oldest, and an old one is built again.
func TestManyViews(t *testing.T) {
	s := testService(t)
	first := testView()
	if got := ask(t, s, first, "SELECT 'persons'::regclass::text"); got != "persons" {
		t.Fatal(got)
	}
	d := &catalog.Dataset{Name: "small", Tables: []*catalog.Table{{Name: "t", Public: true, Columns: []*catalog.Column{
		{Name: "x", Type: catalog.Of(catalog.Int4)}}}}}
	for i := range maxViews + 3 {
		v := View{User: fmt.Sprintf("user%d", i), Database: "small", Datasets: []*catalog.Dataset{d}, Current: d}
		if got := ask(t, s, v, "SELECT attname FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0"); got != "x" {
			t.Fatalf("view %d: %s", i, got)
		}
	}
	if got := ask(t, s, first, "SELECT attname FROM pg_attribute WHERE attrelid = 'persons'::regclass AND attnum = 1"); got != "person_id" {
		t.Error(got)
	}
}

func TestConcurrent(t *testing.T) {
	s, v := testService(t), testView()
	var all sync.WaitGroup
	for i := range 8 {
		all.Add(1)
		go func() {
			defer all.Done()
			for j := range 10 {
				sql := fmt.Sprintf("SELECT %d, relname, format_type(reltype, NULL) FROM pg_class WHERE oid = 'persons'::regclass", i*j%7)
				r, err := s.Answer(context.Background(), v, sql, nil)
				if err != nil || len(r.Rows) != 1 || shown(r.Rows[0][1]) != "persons" {
					t.Errorf("%v %v", r, err)
				}
			}
		}()
	}
	all.Wait()
}
