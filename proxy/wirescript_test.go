package proxy

import (
	"encoding/hex"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/dpproxy/dpproxy/internal/testservers"
	"github.com/jackc/pgx/v5/pgproto3"
)

var rewriteScripts = flag.Bool("rewrite", false, "write what a real PostgreSQL answers into the wire scripts")

// live runs the scripts' proxy side against the whole product, which a client test starts: see internal/clienttest.
var live = flag.Bool("live", false, "run the wire scripts against the proxy that libpq's variables name, and no other")

const scriptDir = "../testdata/sql/wire"

// step is one exchange of a script: messages of the client, and what the server must say to them.
type step struct {
	only string // "", "proxy" or "postgres"
	line int
	send []string
	want string
}

// The scripts run against the proxy and against a PostgreSQL, and give the same on both, unless a step says otherwise.
func TestWireScripts(t *testing.T) {
	files, err := filepath.Glob(scriptDir + "/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts in %s: %v", scriptDir, err)
	}
	targets := map[string]string{"proxy": ""}
	if !*live {
		private, public := newThroughBackend(t), newThroughBackend(t)
		public.public.Store(true)
		targets["postgres"], targets["proxy"] = testservers.Postgres(t), serveTest(t, private, nil).url("")
		targets["proxy, rows streamed"] = serveTest(t, public, nil).url("")
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			if *rewriteScripts {
				rewriteScript(t, file, targets)
				return
			}
			steps, _ := readScript(t, file)
			for target, url := range targets {
				t.Run(target, func(t *testing.T) {
					client := hijack(t, url)
					for _, st := range steps {
						if st.only != "" && st.only != strings.TrimSuffix(target, ", rows streamed") {
							continue
						}
						if got := client.exchange(t, st); got != st.want {
							t.Fatalf("%s:%d\n%s\ngot:\n%swant:\n%s", file, st.line, strings.Join(st.send, "\n"), got, st.want)
						}
					}
				})
			}
		})
	}
}

// readScript cuts a script into steps. Between them, and kept for rewriting, stand comments and blank lines.
func readScript(t *testing.T, file string) (steps []step, between []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	var gap strings.Builder
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		if !strings.HasPrefix(line, "exchange") {
			gap.WriteString(line + "\n")
			continue
		}
		st := step{only: strings.TrimSpace(strings.TrimPrefix(line, "exchange")), line: i + 1}
		for i++; i < len(lines) && lines[i] != "----"; i++ {
			st.send = append(st.send, lines[i])
		}
		var want strings.Builder
		for i++; i < len(lines) && lines[i] != ""; i++ {
			want.WriteString(lines[i] + "\n")
		}
		i-- // the blank line belongs to what follows
		st.want = want.String()
		steps, between = append(steps, st), append(between, gap.String())
		gap.Reset()
	}
	return steps, append(between, gap.String())
}

func rewriteScript(t *testing.T, file string, urls map[string]string) {
	steps, between := readScript(t, file)
	clients := map[string]*scriptClient{}
	for target, url := range urls {
		clients[target] = hijack(t, url)
	}
	var out strings.Builder
	for i, st := range steps {
		var got string
		for _, target := range []string{"proxy", "postgres"} { // PostgreSQL's word is the last
			if st.only == "" || st.only == target {
				got = clients[target].exchange(t, st)
			}
		}
		head := "exchange"
		if st.only != "" {
			head += " " + st.only
		}
		fmt.Fprintf(&out, "%s%s\n%s\n----\n%s", between[i], head, strings.Join(st.send, "\n"), got)
	}
	out.WriteString(strings.TrimSuffix(between[len(steps)], "\n"))
	if err := os.WriteFile(file, []byte(strings.TrimRight(out.String(), "\n")+"\n\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// scriptClient is a connection after log-in, message by message.
type scriptClient struct {
	conn  net.Conn
	front *pgproto3.Frontend
}

func hijack(t testing.TB, url string) *scriptClient {
	t.Helper()
	h, err := connect(t, url).Hijack()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Conn.Close() })
	return &scriptClient{conn: h.Conn, front: h.Frontend}
}

// exchange sends a step's messages and prints what comes back, up to the last ReadyForQuery that they ask for.
func (c *scriptClient) exchange(t testing.TB, st step) string {
	t.Helper()
	c.conn.SetDeadline(time.Now().Add(20 * time.Second))
	ready := 0
	for _, line := range st.send {
		m := parseMessage(t, line)
		switch m.(type) {
		case *pgproto3.Query, *pgproto3.Sync, *pgproto3.FunctionCall:
			ready++
		}
		c.front.Send(m)
	}
	if err := c.front.Flush(); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for ready > 0 {
		m, err := c.front.Receive()
		if err != nil {
			fmt.Fprintf(&out, "(the connection ends: %v)\n", err)
			break
		}
		if text := printMessage(m); text != "" {
			out.WriteString(text + "\n")
		}
		if _, ok := m.(*pgproto3.ReadyForQuery); ok {
			ready--
		}
	}
	return out.String()
}

// parseMessage reads a line of a script; see the README of the scripts.
func parseMessage(t testing.TB, line string) pgproto3.FrontendMessage {
	t.Helper()
	w := words(t, line)
	arg := func(i int) string {
		if i >= len(w) {
			return ""
		}
		return w[i]
	}
	switch w[0] {
	case "Query":
		return &pgproto3.Query{String: arg(1)}
	case "Parse":
		m := &pgproto3.Parse{Name: arg(1), Query: arg(2)}
		for _, oid := range w[3:] {
			n, err := strconv.ParseUint(oid, 10, 32)
			if err != nil {
				t.Fatal(err)
			}
			m.ParameterOIDs = append(m.ParameterOIDs, uint32(n))
		}
		return m
	case "Bind":
		return parseBind(t, w)
	case "Describe":
		return &pgproto3.Describe{ObjectType: arg(1)[0], Name: arg(2)}
	case "Close":
		return &pgproto3.Close{ObjectType: arg(1)[0], Name: arg(2)}
	case "Execute":
		n, err := strconv.Atoi("0" + arg(2))
		if err != nil {
			t.Fatal(err)
		}
		return &pgproto3.Execute{Portal: arg(1), MaxRows: uint32(n)}
	case "Sync":
		return &pgproto3.Sync{}
	case "Flush":
		return &pgproto3.Flush{}
	case "FunctionCall":
		return &pgproto3.FunctionCall{Function: 1}
	case "CopyData":
		return &pgproto3.CopyData{Data: []byte(arg(1))}
	}
	t.Fatalf("no message %q", line)
	return nil
}

// parseBind reads: Bind portal statement [in=codes] [out=codes] params…; NULL is null, \x… is bytes.
func parseBind(t testing.TB, w []string) *pgproto3.Bind {
	t.Helper()
	m := &pgproto3.Bind{DestinationPortal: w[1], PreparedStatement: w[2]}
	codes := func(list string) (out []int16) {
		for _, c := range strings.Split(list, ",") {
			n, err := strconv.Atoi(c)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, int16(n))
		}
		return out
	}
	for _, p := range w[3:] {
		switch {
		case strings.HasPrefix(p, "in="):
			m.ParameterFormatCodes = codes(p[3:])
		case strings.HasPrefix(p, "out="):
			m.ResultFormatCodes = codes(p[4:])
		case p == "NULL":
			m.Parameters = append(m.Parameters, nil)
		case strings.HasPrefix(p, `\x`):
			raw, err := hex.DecodeString(p[2:])
			if err != nil {
				t.Fatal(err)
			}
			m.Parameters = append(m.Parameters, raw)
		default:
			m.Parameters = append(m.Parameters, []byte(p))
		}
	}
	return m
}

// words splits a line at blanks; "…" holds together and takes Go's escapes.
func words(t testing.TB, line string) (out []string) {
	t.Helper()
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		if line[0] == '"' {
			quoted, err := strconv.QuotedPrefix(line)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			text, err := strconv.Unquote(quoted)
			if err != nil {
				t.Fatal(err)
			}
			out, line = append(out, text), line[len(quoted):]
			continue
		}
		word, rest, _ := strings.Cut(line, " ")
		out, line = append(out, word), rest
	}
	return out
}

// printMessage prints what of a message must be the same on both servers.
func printMessage(m pgproto3.BackendMessage) string {
	switch m := m.(type) {
	case *pgproto3.RowDescription:
		var fields []string
		for _, f := range m.Fields {
			fields = append(fields, fmt.Sprintf("%s:%d/%d/%d/%d", printable(string(f.Name)), f.DataTypeOID, f.DataTypeSize, f.TypeModifier, f.Format))
		}
		return "RowDescription " + strings.Join(fields, " ")
	case *pgproto3.DataRow:
		var cells []string
		for _, v := range m.Values {
			cells = append(cells, printValue(v))
		}
		return "DataRow " + strings.Join(cells, " ")
	case *pgproto3.CommandComplete:
		return "CommandComplete " + string(m.CommandTag)
	case *pgproto3.ReadyForQuery:
		return "ReadyForQuery " + string(m.TxStatus)
	case *pgproto3.ErrorResponse:
		return printError("ErrorResponse", m)
	case *pgproto3.NoticeResponse:
		e := pgproto3.ErrorResponse(*m)
		return printError("NoticeResponse", &e)
	case *pgproto3.ParameterStatus:
		return fmt.Sprintf("ParameterStatus %s=%s", m.Name, m.Value)
	case *pgproto3.ParameterDescription:
		return fmt.Sprintf("ParameterDescription %v", m.ParameterOIDs)
	case *pgproto3.CopyData:
		return "CopyData " + strconv.Quote(string(m.Data))
	case *pgproto3.CopyOutResponse:
		return fmt.Sprintf("CopyOutResponse %d %v", m.OverallFormat, m.ColumnFormatCodes)
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", m), "*pgproto3.")
}

func printValue(v []byte) string {
	if v == nil {
		return "NULL"
	}
	for _, b := range v {
		if b < 0x20 || b > 0x7e {
			return `\x` + hex.EncodeToString(v)
		}
	}
	return strconv.Quote(string(v))
}

// printable is a text as it is, or with Go's escapes if it is not UTF-8.
func printable(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.Trim(strconv.Quote(s), `"`)
}

func printError(kind string, e *pgproto3.ErrorResponse) string {
	text := fmt.Sprintf("%s %s %s %s", kind, e.SeverityUnlocalized, e.Code, printable(e.Message))
	if e.Position != 0 {
		text += fmt.Sprintf(" @%d", e.Position)
	}
	return text
}
