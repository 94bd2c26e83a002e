package main

import (
	"compress/gzip"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// receiver is an OTLP collector.
type receiver struct {
	mu    sync.Mutex
	spans []*spans.Span
	raw   []byte
	err   error
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	body := io.Reader(q.Body)
	if q.Header.Get("Content-Encoding") == "gzip" {
		if body, r.err = gzip.NewReader(q.Body); r.err != nil {
			return
		}
	}
	var raw []byte
	if raw, r.err = io.ReadAll(body); r.err != nil {
		return
	}
	var m collector.ExportTraceServiceRequest
	if r.err = proto.Unmarshal(raw, &m); r.err != nil {
		return
	}
	r.raw = append(r.raw, raw...)
	for _, resource := range m.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			r.spans = append(r.spans, scope.Spans...)
		}
	}
}

// A client's trace goes on through the proxy to the engine, whichever way the client names it, and holds nothing of the
// query but names.
func TestTraces(t *testing.T) {
	r := &receiver{}
	server := httptest.NewServer(r)
	defer server.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	s := newSite(t)
	log, address, stop := s.start(t)
	conn, err := connect(t, address, "alice", "secret")
	if err != nil {
		t.Fatal(err)
	}
	const literal = 41973
	ids := []string{strings.Repeat("a1", 16), strings.Repeat("b2", 16), strings.Repeat("c3", 16)}
	parent := func(i int) string { return "00-" + ids[i] + "-" + strings.Repeat("d4", 8) + "-01" }
	for _, sql := range []string{
		fmt.Sprintf("SELECT count(*) FROM persons WHERE age < %d /*traceparent='%s'*/", literal, parent(0)),
		"SET traceparent = '" + parent(1) + "'", fmt.Sprintf("SELECT count(*) FROM persons WHERE age < %d", literal+1), "RESET traceparent",
		"SET otel.traceparent = '" + parent(2) + "'", fmt.Sprintf("SELECT age FROM persons WHERE age < %d", literal), "RESET otel.traceparent",
		"SELECT 1",
	} {
		_, err := conn.PgConn().Exec(t.Context(), sql).ReadAll()
		if refused := strings.HasPrefix(sql, "SELECT age"); (err != nil) != refused {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	if code := stop(); code != 0 {
		t.Fatalf("exit code %d\n%s", code, log)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		t.Fatal(r.err)
	}
	names := map[string][]string{} // by trace
	for _, span := range r.spans {
		id := hex.EncodeToString(span.TraceId)
		names[id] = append(names[id], span.Name)
		if span.Name == "query" && slices.Contains(ids, id) && hex.EncodeToString(span.ParentSpanId) != strings.Repeat("d4", 8) {
			t.Errorf("the query's span has parent %x", span.ParentSpanId)
		}
	}
	for i, want := range []string{"query plan releases reserve engine noise commit finish", "query plan releases reserve engine noise commit finish", "query plan"} {
		for _, name := range strings.Fields(want) {
			if !slices.Contains(names[ids[i]], name) {
				t.Errorf("trace %d lacks %s: %v", i, name, names[ids[i]])
			}
		}
	}
	if len(names) != 4 {
		t.Errorf("%d traces of 4 queries: %v", len(names), names)
	}
	if text := string(r.raw); strings.Contains(text, "4197") || strings.Contains(text, "SELECT") || strings.Contains(text, "persons") {
		t.Error("a span holds SQL")
	}
}

// Every metric that the dashboard and the alerts name is on the metrics page, once a query of each kind was asked.
func TestDashboardAndAlertsNameRealMetrics(t *testing.T) {
	s := newSite(t)
	log, address, _ := s.start(t)
	conn, err := connect(t, address, "alice", "secret")
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{"SELECT count(*) FROM persons", "SELECT count(*) FROM persons", "SELECT age FROM persons", "SELECT 1",
		"SET dp.epsilon = 2", "SELECT count(*), avg(age) FROM persons WHERE age > 2"} { // the last is more than is left
		_, _ = conn.PgConn().Exec(t.Context(), sql).ReadAll() // refusals are counted too
	}
	page := func() string {
		r, err := http.Get("http://" + log.await(t, `msg="admin pages" address=(\S+)`) + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}()
	for _, want := range []string{
		`dpproxy_queries_total{dataset="census",outcome="answered",sqlstate=""} 1`, `outcome="reused"`, `outcome="refused",sqlstate="42501"`,
		`dpproxy_sessions 1`, `dpproxy_ledger_up 1`, `dpproxy_budget_epsilon_limit{analyst="alice",dataset="census"} 10`,
		`dpproxy_budget_queries{analyst="",dataset="census"} 1`, `dpproxy_limited_total{dataset="census",limit="budget"} 1`, `dpproxy_pool_connections_max{dataset="census"} 20`, `dpproxy_stage_seconds_bucket{stage="engine"`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s:\n%s", want, page)
		}
	}
	described := regexp.MustCompile(`(?m)^# TYPE (\S+)`).FindAllStringSubmatch(page, -1)
	known := map[string]bool{"dpproxy_engine_errors_total": true} // none happened
	for _, d := range described {
		for _, suffix := range []string{"", "_bucket", "_sum", "_count"} {
			known[d[1]+suffix] = true
		}
	}
	files, err := filepath.Glob("../../deploy/*/*")
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, file := range files {
		if ext := filepath.Ext(file); ext != ".json" && ext != ".yml" && ext != ".yaml" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range regexp.MustCompile(`\bdpproxy_[a-z_]+`).FindAllString(string(text), -1) {
			if named++; !known[name] {
				t.Errorf("%s names %s, which is no metric", file, name)
			}
		}
	}
	if named < 10 {
		t.Errorf("only %d metrics are named in %v", named, files)
	}
}
