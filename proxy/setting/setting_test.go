package setting

import (
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/refusal"
)

func store(t *testing.T) *Store {
	t.Helper()
	r := NewRegistry(Fixed{ServerVersion: "16.4 (dpproxy test)", ServerVersionNum: "160004", ScramIterations: 4096})
	return NewStore(r, func(name, value string) error {
		if name != "dp.epsilon" {
			return refusal.New(refusal.UndefinedObject, "unrecognized configuration parameter %q", name)
		}
		if value == "99" {
			return refusal.New(refusal.InvalidParameterValue, "dp.epsilon is at most 2")
		}
		return nil
	})
}

func codeOf(err error) string {
	if r, ok := refusal.As(err); ok {
		return string(r.Code)
	}
	if err != nil {
		return "another error"
	}
	return ""
}

func (s *Store) must(t *testing.T, name, want string) {
	t.Helper()
	if got, _ := s.Get(name); got != want {
		t.Errorf("%s = %q, want %q", name, got, want)
	}
}

// What SHOW prints after SET; values and codes as PostgreSQL 16 has them, but for what is not supported here.
func TestValues(t *testing.T) {
	for _, c := range []struct{ name, in, out, code string }{
		{"extra_float_digits", "3", "3", ""}, {"extra_float_digits", "4", "", "22023"}, {"extra_float_digits", "x", "", "22023"},
		{"application_name", "psql", "psql", ""}, {"application_name", "é", `\xc3\xa9`, ""},
		{"datestyle", "iso", "ISO, MDY", ""}, {"DateStyle", "ISO, dmy", "ISO, DMY", ""}, {"datestyle", "German", "German, DMY", ""}, {"datestyle", "x", "", "22023"},
		{"client_encoding", "utf-8", "UTF8", ""}, {"client_encoding", "UNICODE", "UNICODE", ""}, {"client_encoding", "latin-1", "LATIN1", ""}, {"client_encoding", "EUC_JP", "", "22023"},
		{"TimeZone", "utc", "UTC", ""}, {"timezone", "america/new_york", "America/New_York", ""}, {"timezone", "5", "<+05>-05", ""},
		{"timezone", "-3.5", "<-03:30>+03:30", ""}, {"timezone", "<+05:30>-05:30", "<+05:30>-05:30", ""}, {"timezone", "Mars/Base", "", "22023"}, {"timezone", "GMT-02:00", "GMT-02:00", ""}, {"timezone", "X5", "", "22023"},
		{"timezone", "../../etc/passwd", "", "22023"}, {"timezone", "200", "", "22023"}, {"timezone", "", "", "22023"},
		{"statement_timeout", "1500", "1500ms", ""}, {"statement_timeout", "2 min", "2min", ""}, {"statement_timeout", "-1", "", "22023"},
		{"statement_timeout", "1e300", "", "22023"}, {"statement_timeout", "1 parsec", "", "22023"}, {"statement_timeout", "0", "0", ""},
		{"standard_conforming_strings", "off", "", "0A000"}, {"standard_conforming_strings", "1", "on", ""},
		{"jit", "of", "off", ""}, {"jit", "o", "", "22023"}, {"client_min_messages", "WARNING", "warning", ""}, {"client_min_messages", "loud", "", "22023"},
		{"server_version", "9", "", "55P02"}, {"is_superuser", "on", "", "55P02"}, {"no_such_thing", "1", "", "42704"},
		{"my.setting", "anything", "anything", ""}, {"dp.epsilon", "0.1", "0.1", ""}, {"dp.epsilon", "99", "", "22023"}, {"dp.typo", "1", "", "42704"},
		{"search_path", "a, b", "a, b", ""}, {"role", "postgres", "", "22023"}, {"role", "none", "none", ""}, {"IntervalStyle", "iso_8601", "iso_8601", ""},
	} {
		s := store(t)
		err := s.Set(c.name, c.in, false)
		if codeOf(err) != c.code {
			t.Errorf("SET %s = %q: %v, want code %q", c.name, c.in, err, c.code)
			continue
		}
		if c.code == "" {
			s.must(t, c.name, c.out)
		}
	}
}

func TestTransactions(t *testing.T) {
	s := store(t)
	s.Begin()
	for _, set := range []struct {
		value string
		local bool
	}{{"a", false}, {"b", true}} {
		if err := s.Set("application_name", set.value, set.local); err != nil {
			t.Fatal(err)
		}
	}
	s.must(t, "application_name", "b")
	s.Commit()
	s.must(t, "application_name", "a") // SET LOCAL ended, SET stays

	s.Begin()
	if err := s.Set("application_name", "c", false); err != nil {
		t.Fatal(err)
	}
	s.Savepoint("one")
	if err := s.Set("application_name", "d", false); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.RollbackTo("none"); ok {
		t.Fatal("rolled back to a savepoint that is none")
	}
	if left, ok := s.RollbackTo("one"); !ok || left != 1 {
		t.Fatal("the savepoint went with the roll-back to it")
	}
	s.must(t, "application_name", "c")
	if left, ok := s.Release("one"); !ok || left != 0 {
		t.Fatal("the savepoint was not released")
	}
	if _, ok := s.Release("one"); ok {
		t.Fatal("a released savepoint is still there")
	}
	s.Rollback()
	s.must(t, "application_name", "a")
}

func TestResetGoesToStart(t *testing.T) {
	s := store(t)
	if err := s.SetStart("DateStyle", "ISO, DMY"); err != nil {
		t.Fatal(err)
	}
	if err := s.Set("datestyle", "ISO, YMD", false); err != nil {
		t.Fatal(err)
	}
	if err := s.Reset("datestyle"); err != nil {
		t.Fatal(err)
	}
	s.must(t, "datestyle", "ISO, DMY")
	if err := s.Reset("nonsense"); codeOf(err) != "42704" {
		t.Fatalf("RESET nonsense: %v", err)
	}
	if err := s.Set("my.own", "1", false); err != nil {
		t.Fatal(err)
	}
	s.ResetAll()
	if _, _, err := s.Show("my.own"); codeOf(err) != "42704" {
		t.Fatalf("SHOW my.own after RESET ALL: %v", err)
	}
}

func TestMapFollowsVersion(t *testing.T) {
	s := store(t)
	before, v := s.Map(), s.Version()
	if err := s.Set("dp.epsilon", "0.5", false); err != nil {
		t.Fatal(err)
	}
	if s.Version() == v || before["dp.epsilon"] != "" || s.Map()["dp.epsilon"] != "0.5" {
		t.Fatal("a change does not show, or changed a map that was handed out")
	}
}

func FuzzValues(f *testing.F) {
	f.Add("TimeZone", "<+05>-05")
	f.Add("statement_timeout", "1.5s")
	f.Add("a.b", "c")
	r := NewRegistry(Fixed{})
	f.Fuzz(func(t *testing.T, name, value string) {
		s := NewStore(r, func(string, string) error { return nil })
		if err := s.Set(name, value, false); err != nil {
			if codeOf(err) == "another error" {
				t.Fatalf("SET %q = %q: %v is no refusal", name, value, err)
			}
			return
		}
		// What SHOW prints can be set again and prints the same.
		shown, _ := s.Get(name)
		if err := s.Set(name, shown, false); err != nil {
			t.Fatalf("SET %q = %q prints %q, which is refused: %v", name, value, shown, err)
		}
		if again, _ := s.Get(name); again != shown && name != "application_name" {
			t.Fatalf("SET %q = %q prints %q, then %q", name, value, shown, again)
		}
	})
}

func TestPosixOffsetsCountWest(t *testing.T) {
	for in, want := range map[string]int{"GMT-02:00": 7200, "UTC+3": -10800, "<+05:30>-05:30": 19800, "5": 18000, "-3.5": -12600} {
		_, zone, err := Zone(in)
		if err != nil {
			t.Fatalf("%s: %v", in, err)
		}
		if _, got := time.Unix(0, 0).In(zone).Zone(); got != want {
			t.Errorf("%s is %d seconds east, want %d", in, got, want)
		}
	}
}
