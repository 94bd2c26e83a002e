package enginetest

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/mechanism"
)

// Harness makes engines for the suite.
type Harness struct {
	// Open makes a new source, runs the statements on it with the right to write, and opens an engine on it. timeout
	// is the statement timeout, 0 for none. The engine is closed when the test ends.
	Open func(t testing.TB, setup []string, timeout time.Duration) engine.Engine
	// Schema is where the setup's tables are.
	Schema string
	// Busy counts the queries that the source runs now for engines of this harness.
	Busy func(t testing.TB) int
}

// Run runs the suite.
func Run(t *testing.T, h Harness) {
	t.Run("types", h.testTypes)
	t.Run("run", h.testRun)
	t.Run("salt", h.testSalt)
	t.Run("numbers", h.testNumbers)
	t.Run("faulty measurements", h.testFaultyMeasurements)
	t.Run("read-only", h.testReadOnly)
	t.Run("finish", h.testFinish)
	t.Run("finish with many rows", h.testManyInputs)
	t.Run("finish streams", h.testStream)
	t.Run("cancel", h.testCancel)
	t.Run("timeout", h.testTimeout)
	t.Run("closed context", h.testClosedContext)
	t.Run("schema", h.testSchema)
	t.Run("unique", h.testUnique)
	t.Run("parallel", h.testParallel)
}

// Values reads the true values: for each group the keys ("NULL" for NULL), the units if there are any, and the
// numbers. Nothing but a test may do this, and nothing but reflection can.
func Values(e *mechanism.Exact) [][]string {
	groups := reflect.ValueOf(e).Elem().FieldByName("groups")
	all := make([][]string, groups.Len())
	for i := range all {
		group := groups.Index(i)
		for j := range group.FieldByName("keys").Len() {
			all[i] = append(all[i], cellText(group.FieldByName("keys").Index(j)))
		}
		if units := group.FieldByName("units"); !units.IsNil() {
			all[i] = append(all[i], bigText(units))
		}
		for j := range group.FieldByName("values").Len() {
			all[i] = append(all[i], bigText(group.FieldByName("values").Index(j)))
		}
	}
	return all
}

func cellText(v reflect.Value) string {
	if v.FieldByName("Null").Bool() {
		return "NULL"
	}
	return v.FieldByName("Text").String()
}

// measure runs one query and returns its values.
func measure(t *testing.T, e engine.Engine, q engine.Query) [][]string {
	t.Helper()
	exact, err := e.Run(t.Context(), []engine.Query{q})
	if err != nil {
		t.Fatalf("%s: %v", q.SQL, err)
	}
	if len(exact) != 1 {
		t.Fatalf("%d results for one query", len(exact))
	}
	return Values(exact[0])
}

// finish runs an outer query and returns its rows, "NULL" for NULL.
func finish(t *testing.T, e engine.Engine, sql string, inputs []engine.Input, types ...catalog.Type) [][]string {
	t.Helper()
	rows, err := e.Finish(t.Context(), sql, inputs, types)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	defer rows.Close()
	var all [][]string
	for rows.Next() {
		var row []string
		for _, c := range rows.Values() {
			if c.Null {
				c.Text = "NULL"
			}
			row = append(row, c.Text)
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return all
}

func expect(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}

func of(kinds ...catalog.Kind) []catalog.Type {
	types := make([]catalog.Type, len(kinds))
	for i, k := range kinds {
		types[i] = catalog.Of(k)
	}
	return types
}

// idle waits until the source runs nothing for the engine.
func (h Harness) idle(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for h.Busy(t) > 0 {
		select {
		case <-ctx.Done():
			t.Fatal("the source still runs a query that was given up")
		case <-tick.C:
		}
	}
}
