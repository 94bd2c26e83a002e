package sqltest

import (
	"context"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/refusal"
)

// spied is an engine that tells when a query over public tables runs, and does something between it and what comes next.
type spied struct {
	engine.Engine
	read  int
	after func()
}

func (s *spied) Finish(ctx context.Context, sql string, inputs []engine.Input, types []catalog.Type) (engine.Rows, error) {
	rows, err := s.Engine.Finish(ctx, sql, inputs, types)
	if err != nil || len(inputs) > 0 {
		return rows, err
	}
	s.read++
	defer rows.Close()
	kept := &keptRows{}
	for rows.Next() {
		kept.rows = append(kept.rows, append([]mechanism.Cell{}, rows.Values()...))
	}
	if s.after != nil {
		s.after()
	}
	return kept, rows.Err()
}

type keptRows struct {
	rows [][]mechanism.Cell
	at   int
}

func (k *keptRows) Next() bool               { k.at++; return k.at <= len(k.rows) }
func (k *keptRows) Values() []mechanism.Cell { return k.rows[k.at-1] }
func (k *keptRows) Err() error               { return nil }
func (k *keptRows) Close()                   {}

const titles = "SELECT g.title, count(p.patient_id) FROM districts g LEFT JOIN patients p ON p.region = g.code GROUP BY g.title"

// TestReadKeysWhileTheTableChanges: what is in the public table when its keys are read is what is reported, once each, whatever it
// holds a moment later; the next query sees the change.
func TestReadKeysWhileTheTableChanges(t *testing.T) {
	s := newSources(t, cleanRows())[0]
	_, loaded := load(t, s)
	spy := &spied{Engine: loaded.Engine}
	loaded.Engine = spy
	service := newService(t, loaded)
	c := sqlCase{sql: titles, options: map[string]string{"delta": "0"}}
	shown := func() string {
		var out []string
		for _, row := range ask(t, service, c).rows {
			out = append(out, row[0])
		}
		return strings.Join(out, "|")
	}
	before := shown()
	spy.after = func() {
		s.exec(t, "UPDATE districts SET title = 'renamed' WHERE code = 'north'; DELETE FROM districts WHERE code = 'far'; INSERT INTO districts (code, title) VALUES ('new', 'New')")
		spy.after = nil
	}
	if during := shown(); during != before {
		t.Errorf("while the table changes: %q, want %q", during, before)
	}
	if after, want := shown(), "|New|renamed|Ünter'n Süden|NULL"; after != want {
		t.Errorf("after the change: %q, want %q", after, want)
	}
}

// TestReadKeysAreReadForThoseWhoMay: nothing is read for a query that is refused, nor for design mode.
func TestReadKeysAreReadForThoseWhoMay(t *testing.T) {
	_, loaded := load(t, newSources(t, cleanRows())[1])
	spy := &spied{Engine: loaded.Engine}
	loaded.Engine = spy
	service := newService(t, loaded)
	for _, c := range []struct {
		sql  string
		set  map[string]string
		code refusal.Code
		want int
	}{
		{titles, nil, "", 1},
		{"EXPLAIN " + titles, nil, "", 1},
		{"SELECT * FROM dp.estimate('" + strings.ReplaceAll(titles, "'", "''") + "')", nil, "", 1},
		{titles, map[string]string{"dp.mode": "design"}, "", 0},
		{"EXPLAIN " + titles, map[string]string{"dp.mode": "design"}, "", 0},
		{strings.Replace(titles, "p.patient_id)", "p.nothing)", 1), nil, refusal.UndefinedColumn, 0},
	} {
		spy.read = 0
		list, err := service.Parse(c.sql)
		if err != nil {
			t.Fatal(err)
		}
		result, err := service.Answer(context.Background(), answer.Request{Identity: answer.Identity{User: "alice", Dataset: "clinic"}, Statement: list[0], Settings: c.set})
		if err == nil {
			result.Rows.Close()
		} else if r, ok := refusal.As(err); !ok || r.Code != c.code {
			t.Errorf("%s: %v", c.sql, err)
		}
		if spy.read != c.want {
			t.Errorf("%s under %v: %d queries over public tables, want %d", c.sql, c.set, spy.read, c.want)
		}
	}
}

// TestReadKeysAndFingerprints: a new row of a public table is a new release of the same question, whose approval still holds.
func TestReadKeysAndFingerprints(t *testing.T) {
	s := newSources(t, cleanRows())[0]
	_, loaded := load(t, s)
	service := newService(t, loaded)
	fingerprint := func() (plan, groups string) {
		rows := ask(t, service, sqlCase{sql: "EXPLAIN (FORMAT JSON) " + titles}).rows
		at := strings.Index(rows[0][0], `"fingerprint"`)
		_, groups, _ = strings.Cut(rows[0][0], "Groups: ")
		groups, _, _ = strings.Cut(groups, ";")
		return rows[0][0][at : at+90], groups
	}
	before, five := fingerprint()
	s.exec(t, "INSERT INTO districts (code, title) VALUES ('new', 'New')")
	after, six := fingerprint()
	if before != after || five != "5 public combinations, all reported" || six != "6 public combinations, all reported" {
		t.Errorf("fingerprints %s and %s, groups %q and %q", before, after, five, six)
	}
}
