// Package tracing sends OpenTelemetry traces: one span for each query, below the client's own where it gave one, and one
// below it for each stage. A span holds names (data set, user, application, outcome, SQLSTATE) and times: no SQL, no value.
//
// It is off unless the environment has OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT; the SDK's other
// variables count too (OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_HEADERS, OTEL_SDK_DISABLED …).
//
// The times of spans are as true as those of the log: whoever may read them is outside of the promise.
package tracing
