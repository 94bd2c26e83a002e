package sqltest

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/internal/datasets"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/proxy"
	"github.com/dpproxy/dpproxy/proxy/scram"
	"github.com/dpproxy/dpproxy/rewrite"
)

// victim is the unit that only one of the two databases has. Its rows hold everything that has ever made a query fail, be slow, or
// stand out: zeros, limits of types, text that is no number, a group of its own, many rows.
const victim = 100

func victimRows() string {
	var v, it []string
	ints := []string{"0", "2147483647", "-2147483648", "NULL", "-1"}
	texts := []string{"''", "'x'", "'99999999999999999999'", "'2020-13-45'", "'%_\\'", "'" + strings.Repeat("a", 5000) + "'"}
	numbers := []string{"0", "99999999.99", "-99999999.99", "NULL", "0.01"}
	for i := range 60 {
		v = append(v, fmt.Sprintf("(%d,%d,%d,DATE '%s',TIMESTAMP '%s 00:00:00',%s,%s,TRUE,%s,%s)", 5000+i, victim, []int{1, 2, 3, 77, 78, 79}[i%6],
			[]string{"0001-01-01", "9999-12-31", "2020-02-29"}[i%3], []string{"0001-01-01", "9999-12-31"}[i%2], numbers[i%5], ints[i%5], texts[i%6],
			[]string{"9223372036854775807", "-9223372036854775808", "0"}[i%3]))
		it = append(it, fmt.Sprintf("(%d,%d,'%s',%s,%s)", 5000+i, 5000+i, []string{"heroin", "aspirin"}[i%2], ints[i%5], []string{"'NaN'", "'Infinity'", "1e308", "-1e308", "0"}[i%5]))
	}
	return insert("patients", []string{fmt.Sprintf("(%d,'only',0,'alone','NaN',999.99,TRUE,DATE '0001-01-01',-32768,'Infinity')", victim)}) + insert("visits", v) + insert("items", it)
}

// site is one database behind a complete proxy, with a client that reads every message.
type site struct {
	t       *testing.T
	front   *pgproto3.Frontend
	conn    net.Conn
	catalog *catalog.Dataset
}

func newSite(t *testing.T, s *source) *site {
	t.Helper()
	cfg, loaded := load(t, s)
	return serveSite(t, cfg, loaded)
}

func serveSite(t *testing.T, cfg *config.Config, loaded *datasets.Loaded) *site {
	t.Helper()
	verifier, err := scram.NewVerifier("secret", []byte("salt of 16 bytes"), 4096)
	if err != nil {
		t.Fatal(err)
	}
	ledger, limits := stores(t)
	grant, _ := cfg.Users[0].Grant(loaded.Catalog.Name)
	service, err := answer.New(answer.Options{
		Datasets: []*answer.Dataset{{Catalog: loaded.Catalog, Engine: loaded.Engine, Budget: loaded.Config.Budget, Reuse: answer.Reuse{Off: true}}},
		Users:    []*answer.User{{Name: "alice", Verifier: verifier.String(), MayQuery: true, Datasets: map[string]answer.Grant{loaded.Catalog.Name: {Budget: grant.Budget}}}},
		Ledger:   ledger, Limiter: limits, Planner: rewrite.NewPlanner(1000), Random: mechanism.NewCryptoSource(),
		Clock: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	server, err := proxy.New(proxy.Config{}, service, nil, slog.New(slog.NewTextHandler(t.Output(), nil)), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(t.Context(), l)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		server.Shutdown(ctx)
	})
	pg, err := pgconn.Connect(t.Context(), fmt.Sprintf("postgres://alice:secret@%s/%s?sslmode=disable", l.Addr(), loaded.Catalog.Name))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := pg.Hijack()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { raw.Conn.Close() })
	return &site{t: t, front: raw.Frontend, conn: raw.Conn, catalog: loaded.Catalog}
}

// talk sends messages and returns what comes back, to the end, one line a message. keep tells which columns are no noise;
// rows is false where the number of rows is noise too.
func (s *site) talk(messages []pgproto3.FrontendMessage, keep []bool, rows bool) string {
	s.t.Helper()
	s.conn.SetDeadline(time.Now().Add(time.Minute))
	for _, m := range messages {
		s.front.Send(m)
	}
	if err := s.front.Flush(); err != nil {
		s.t.Fatal(err)
	}
	var out strings.Builder
	for {
		m, err := s.front.Receive()
		if err != nil {
			s.t.Fatalf("%+v: %v after\n%s", messages[0], err, &out)
		}
		switch m := m.(type) {
		case *pgproto3.DataRow:
			if rows {
				fmt.Fprintf(&out, "row %s\n", masked(m.Values, keep))
			}
		case *pgproto3.CopyData:
			if rows {
				fmt.Fprintf(&out, "copy %s\n", masked(bytes.Split(bytes.TrimRight(m.Data, "\n"), []byte("\t")), keep))
			}
		case *pgproto3.CommandComplete:
			tag := string(m.CommandTag)
			if rows {
				fmt.Fprintf(&out, "complete %s\n", tag)
			} else if !strings.HasPrefix(tag, "SELECT") { // in pieces, the number of rows decides where the last one ends
				fmt.Fprintf(&out, "complete %s\n", strings.TrimRight(tag, "0123456789"))
			}
		case *pgproto3.PortalSuspended:
			if rows {
				out.WriteString("suspended\n")
			}
		case *pgproto3.ReadyForQuery:
			fmt.Fprintf(&out, "ready %c\n", m.TxStatus)
			return out.String()
		default:
			fmt.Fprintf(&out, "%T %+v\n", m, m)
		}
	}
}

// masked keeps what is no noise. (Whether an estimate is NULL is computed from noisy numbers.)
func masked(values [][]byte, keep []bool) string {
	var parts []string
	for i, v := range values {
		if keep == nil || i < len(keep) && keep[i] {
			parts = append(parts, fmt.Sprintf("%q", v))
		} else {
			parts = append(parts, "noise")
		}
	}
	return strings.Join(parts, " ")
}

// visible tells which columns of a query's answer are no noise, and whether its number of rows is none.
func visible(ds *catalog.Dataset, sql string, params []rewrite.Param) (keep []bool, rows bool) {
	st, err := parseOne(sql)
	if err != nil {
		return nil, true
	}
	s := settings(privacy.Contribution{Groups: 2, Rows: 2})
	s.AllowedFunctions = everyFunction()
	plan, err := rewrite.NewPlanner(1).Plan(st, ds, s, params)
	if err != nil || len(plan.Blocks) == 0 {
		return nil, true
	}
	rows = plan.Post.SQL == "" // HAVING and LIMIT choose rows by noise
	for _, b := range plan.Blocks {
		rows = rows && b.Selection.Kind == mechanism.PublicKeys
	}
	keep = make([]bool, len(plan.Columns))
	for i, src := range plan.Sources {
		keep[i] = src.Block >= 0 && plan.Blocks[src.Block].Outputs[src.Output].Key >= 0
	}
	return keep, rows
}

func simple(sql string) []pgproto3.FrontendMessage {
	return []pgproto3.FrontendMessage{&pgproto3.Query{String: sql}}
}

// paths are the ways on which a query can reach the data.
func paths(sql string, params []string) map[string][]pgproto3.FrontendMessage {
	var values [][]byte
	for _, p := range params {
		values = append(values, []byte(p))
	}
	parse, describe := &pgproto3.Parse{Query: sql}, &pgproto3.Describe{ObjectType: 'S'}
	bind, portal := &pgproto3.Bind{Parameters: values}, &pgproto3.Describe{ObjectType: 'P'}
	out := map[string][]pgproto3.FrontendMessage{
		"extended": {parse, describe, bind, portal, &pgproto3.Execute{}, &pgproto3.Sync{}},
		"pieces":   {parse, bind, &pgproto3.Execute{MaxRows: 1}, &pgproto3.Execute{MaxRows: 1}, &pgproto3.Execute{}, &pgproto3.Sync{}},
	}
	if len(params) > 0 {
		return out
	}
	out["simple"] = simple(sql)
	out["explain"] = simple("EXPLAIN " + sql)
	out["copy"] = simple("COPY (" + sql + ") TO STDOUT")
	out["cursor"] = simple("BEGIN; DECLARE c CURSOR FOR " + sql + "; FETCH 1 FROM c; FETCH ALL FROM c; CLOSE c; COMMIT")
	out["prepared"] = simple("PREPARE s AS " + sql + "; EXECUTE s; DEALLOCATE s")
	out["twice"] = simple(sql + "; " + sql)
	return out
}

// TestAlike: on two databases that differ in one unit, everything that an analyst sees is the same, noise aside: messages, types, tags,
// SQLSTATEs, texts, positions, notices with what is left, the number of rows where keys are public. Attacks go over every path,
// the whole corpus of accepted and refused queries over one.
func TestAlike(t *testing.T) {
	attacks, corpus := readCases(t, "attacks/*.sql"), append(readCases(t, "queries/*.sql"), readCases(t, "refusals/*.sql")...)
	with := newSources(t, cleanRows()+victimRows())
	without := newSources(t, cleanRows())
	for i := range with {
		t.Run(with[i].name, func(t *testing.T) {
			a, b := newSite(t, with[i]), newSite(t, without[i])
			for _, c := range attacks {
				keep, rows := visible(a.catalog, c.sql, c.params())
				var params []string
				for _, p := range c.params() {
					params = append(params, p.Cell.Text)
				}
				for name, messages := range paths(c.sql, params) {
					if name == "explain" {
						compare(t, a, b, c, name, messages, nil, true)
						continue
					}
					compare(t, a, b, c, name, messages, keep, rows)
				}
			}
			for _, c := range corpus {
				if len(c.params()) > 0 || with[i].name == "postgres" {
					continue
				}
				keep, rows := visible(a.catalog, c.sql, nil)
				compare(t, a, b, c, "simple", simple(c.sql), keep, rows)
			}
			compare(t, a, b, sqlCase{name: "what is left"}, "simple", simple("SELECT * FROM dp.budget"), nil, true)
		})
	}
}

// compare sends the same to both sites.
func compare(t *testing.T, a, b *site, c sqlCase, path string, messages []pgproto3.FrontendMessage, keep []bool, rows bool) {
	t.Helper()
	x, y := a.talk(messages, keep, rows), b.talk(messages, keep, rows)
	if strings.HasSuffix(x, "ready E\n") || strings.HasSuffix(x, "ready T\n") {
		a.talk(simple("ROLLBACK"), nil, true)
		b.talk(simple("ROLLBACK"), nil, true)
	}
	if x != y {
		t.Errorf("%s/%s, %s: not alike\n%s", c.file, c.name, path, firstDifference(x, y))
	}
	if strings.Contains(x, "XX000") {
		t.Errorf("%s/%s, %s: the engine failed\n%s", c.file, c.name, path, x)
	}
}
