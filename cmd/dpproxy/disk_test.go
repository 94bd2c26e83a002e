package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A disk that is full: what cannot be charged is not answered, what was paid for before is still read back, and when there
// is room again the process goes on by itself.
func TestFullDisk(t *testing.T) {
	s := newSite(t)
	c := s.child(t)
	conn, err := connect(t, c.address, "alice", "secret")
	if err != nil {
		t.Fatal(err)
	}
	count := func(sql string) string {
		_, err := conn.PgConn().Exec(t.Context(), sql).ReadAll()
		if err == nil {
			return ""
		}
		return sqlState(err)
	}
	const paid = "SELECT count(*) FROM persons"
	if state := count(paid); state != "" {
		t.Fatal(state)
	}
	s.owner(t, 0, "history", "verify") // the end of the query is written, as it waits for the process's turn
	var former unix.Rlimit
	if err := unix.Prlimit(c.cmd.Process.Pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 4096, Max: unix.RLIM_INFINITY}, &former); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if state := count("SELECT count(*) FROM persons WHERE age > 3"); state != "XX000" {
			t.Errorf("a query on a full disk gave %q", state)
		}
	}
	if state := count(paid); state != "" {
		t.Errorf("an answer that was paid for gave %q on a full disk", state)
	}
	if err := unix.Prlimit(c.cmd.Process.Pid, unix.RLIMIT_FSIZE, &former, nil); err != nil {
		t.Fatal(err)
	}
	if state := count("SELECT count(*) FROM persons WHERE age > 4"); state != "" {
		t.Errorf("with room again it gave %q\n%s", state, c.log)
	}
	c.kill()
	s.owner(t, 0, "history", "verify")
	out := s.owner(t, 0, "budget", "list", "--output", "json")
	if n := strings.Count(out, `"queries": 2`); n != 2 {
		t.Errorf("2 queries were answered, and the accounts are\n%s", out)
	}
}

// A history that was cut off, or put back to an older copy, with everything else made to fit: only what was noted tells.
func TestVerifyAgainstWhatWasNoted(t *testing.T) {
	s := newSite(t)
	type verified struct {
		Entries int64  `json:"entries"`
		Head    string `json:"head"`
	}
	verify := func() (v verified) {
		var all []verified
		if err := json.Unmarshal([]byte(s.owner(t, 0, "history", "verify", "--output", "json")), &all); err != nil || len(all) != 1 {
			t.Fatalf("%v, %v", all, err)
		}
		return all[0]
	}
	for _, act := range []string{"disable", "enable"} {
		s.owner(t, 0, "user", act, "alice", "--by", "tester")
	}
	ledger := filepath.Join(filepath.Dir(s.config), "state", "ledger.db")
	older, err := os.ReadFile(ledger)
	if err != nil {
		t.Fatal(err)
	}
	s.owner(t, 0, "user", "disable", "alice", "--by", "tester")
	noted := verify()
	if noted.Entries != 3 {
		t.Fatalf("%+v", noted)
	}
	flag := fmt.Sprintf("%d:%s", noted.Entries, noted.Head)
	s.owner(t, 0, "user", "enable", "alice", "--by", "tester")
	s.owner(t, 0, "history", "verify", "--noted", flag)
	s.owner(t, exitFailed, "history", "verify", "--noted", fmt.Sprintf("%d:%s", noted.Entries, strings.Repeat("00", 32)))
	s.owner(t, exitUsage, "history", "verify", "--noted", "x")
	if err := os.WriteFile(ledger, older, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := verify(); got.Entries != 2 {
		t.Fatalf("%+v", got)
	}
	if out := s.owner(t, exitFailed, "history", "verify", "--noted", flag); !strings.Contains(out, "it has 2 entries, and had 3") {
		t.Error(out)
	}
}
