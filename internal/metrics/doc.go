// Package metrics counts, for the owner's Prometheus, what package answer tells its Observer.
//
//	answer.Service ──Query, Stage, EngineError──► Metrics ──/metrics──► Prometheus
//
// Labels are data sets, outcomes, SQLSTATEs and stages: names that the owner wrote or closed lists. No label holds an
// analyst's SQL, and no number depends on private values but the durations, which only the owner sees.
package metrics
