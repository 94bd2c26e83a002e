package metrics

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestMetricsCountByOutcome(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	m := New(registry)
	m.Query("census", "answered", "", time.Millisecond)
	m.Query("census", "answered", "", time.Millisecond)
	m.Query("census", "refused", "53400", time.Millisecond)
	m.Serve("census")
	if got := testutil.CollectAndCount(m.limited); got != 4 {
		t.Errorf("%d limits are counted from the start, want 4", got)
	}
	m.EngineError("census")
	m.Limited("census", "rate")
	m.Stage("engine", time.Second)
	for outcome, want := range map[[2]string]float64{{"answered", ""}: 2, {"refused", "53400"}: 1} {
		if got := testutil.ToFloat64(m.queries.WithLabelValues("census", outcome[0], outcome[1])); got != want {
			t.Errorf("%v: counted %v, want %v", outcome, got, want)
		}
	}
	if got := testutil.ToFloat64(m.engineErrors.WithLabelValues("census")); got != 1 {
		t.Errorf("counted %v engine errors, want 1", got)
	}
	families, err := registry.Gather()
	if err != nil || len(families) != 5 {
		t.Errorf("gathered %d families (%v), want 5", len(families), err)
	}
}
