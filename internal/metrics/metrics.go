package metrics

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics implements answer.Observer.
type Metrics struct {
	queries      *prometheus.CounterVec
	took         *prometheus.HistogramVec
	stages       *prometheus.HistogramVec
	engineErrors *prometheus.CounterVec
	limited      *prometheus.CounterVec

	known      sync.Map // queryLabels → *queryCounters, so that their labels are looked up once
	knownStage sync.Map // stage → prometheus.Observer
}

type queryLabels struct{ dataset, outcome, sqlState string }

type queryCounters struct {
	queries prometheus.Counter
	took    prometheus.Observer
}

// buckets go from 50 µs (a plan from the cache) to 100 s.
func buckets() []float64 { return prometheus.ExponentialBuckets(50e-6, 3, 14) }

// New makes the metrics and registers them.
func New(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		queries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dpproxy_queries_total", Help: "Queries by data set, outcome and SQLSTATE.",
		}, []string{"dataset", "outcome", "sqlstate"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "dpproxy_query_seconds", Help: "Time from a query to its answer, by data set and outcome.", Buckets: buckets(),
		}, []string{"dataset", "outcome"}),
		stages: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "dpproxy_stage_seconds", Help: "Time of each stage of answering.", Buckets: buckets(),
		}, []string{"stage"}),
		engineErrors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dpproxy_engine_errors_total", Help: "Errors of the source of a data set.",
		}, []string{"dataset"}),
		limited: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dpproxy_limited_total", Help: "Queries that a limit refused: rate, budget, dataset budget, queries.",
		}, []string{"dataset", "limit"}),
	}
	r.MustRegister(m.queries, m.took, m.stages, m.engineErrors, m.limited)
	return m
}

// Query counts a query that ended.
func (m *Metrics) Query(dataset, outcome, sqlState string, took time.Duration) {
	labels := queryLabels{dataset, outcome, sqlState}
	c, ok := m.known.Load(labels)
	if !ok {
		c, _ = m.known.LoadOrStore(labels, &queryCounters{m.queries.WithLabelValues(dataset, outcome, sqlState), m.took.WithLabelValues(dataset, outcome)})
	}
	counters := c.(*queryCounters)
	counters.queries.Inc()
	counters.took.Observe(took.Seconds())
}

// Stage counts the time of one stage.
func (m *Metrics) Stage(stage string, took time.Duration) {
	o, ok := m.knownStage.Load(stage)
	if !ok {
		o, _ = m.knownStage.LoadOrStore(stage, m.stages.WithLabelValues(stage))
	}
	o.(prometheus.Observer).Observe(took.Seconds())
}

// Serve has the counters of a data set's failures begin at 0, so that the first one is seen as a rise.
func (m *Metrics) Serve(dataset string) {
	m.engineErrors.WithLabelValues(dataset)
	for _, limit := range []string{"rate", "budget", "dataset budget", "queries"} {
		m.limited.WithLabelValues(dataset, limit)
	}
}

// EngineError counts an error of a source.
func (m *Metrics) EngineError(dataset string) { m.engineErrors.WithLabelValues(dataset).Inc() }

// Limited counts a query that a limit refused.
func (m *Metrics) Limited(dataset, limit string) { m.limited.WithLabelValues(dataset, limit).Inc() }
