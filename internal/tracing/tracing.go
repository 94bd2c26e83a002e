package tracing

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/dpproxy/dpproxy/answer"
)

// Tracer implements answer.Tracer.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

// FromEnvironment makes a Tracer as the environment says, or nil where it says nothing. lookup is os.LookupEnv.
func FromEnvironment(ctx context.Context, version string, lookup func(string) (string, bool)) (*Tracer, error) {
	set := func(name string) string { v, _ := lookup(name); return v }
	if strings.EqualFold(set("OTEL_SDK_DISABLED"), "true") || strings.EqualFold(set("OTEL_TRACES_EXPORTER"), "none") {
		return nil, nil
	}
	if set("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "" {
		return nil, nil
	}
	protocol := set("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
	if protocol == "" {
		protocol = set("OTEL_EXPORTER_OTLP_PROTOCOL")
	}
	if protocol != "" && protocol != "http/protobuf" {
		return nil, fmt.Errorf("tracing: OTEL_EXPORTER_OTLP_PROTOCOL is %q, and only http/protobuf is supported (the collector's port 4318)", protocol)
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("tracing: %w", err)
	}
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "dpproxy"), attribute.String("service.version", version)),
		resource.WithFromEnv(), resource.WithTelemetrySDK())
	if err != nil && !errors.Is(err, resource.ErrPartialResource) {
		return nil, fmt.Errorf("tracing: %w", err)
	}
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about))
	return &Tracer{provider: provider, tracer: provider.Tracer("github.com/dpproxy/dpproxy")}, nil
}

// Close sends what waits.
func (t *Tracer) Close(ctx context.Context) error { return t.provider.Shutdown(ctx) }

// Query begins a query's span, below the client's where it gave a traceparent that can be read.
func (t *Tracer) Query(parent string, started time.Time, dataset, user, application string) answer.Trace {
	ctx := context.Background()
	if parent != "" {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": parent})
	}
	ctx, span := t.tracer.Start(ctx, "query", trace.WithTimestamp(started), trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("db.system.name", "dpproxy"), attribute.String("db.namespace", dataset),
		attribute.String("user.name", user), attribute.String("client.application", application)))
	return &query{tracer: t.tracer, ctx: ctx, span: span}
}

// query is a query's span.
type query struct {
	tracer trace.Tracer
	ctx    context.Context
	span   trace.Span
}

// Stage is a span below the query's. Those that ask a source are a client's.
func (q *query) Stage(name string, from, to time.Time) {
	kind := trace.SpanKindInternal
	if name == "engine" {
		kind = trace.SpanKindClient
	}
	_, span := q.tracer.Start(q.ctx, name, trace.WithTimestamp(from), trace.WithSpanKind(kind))
	span.End(trace.WithTimestamp(to))
}

// End ends the query's span.
func (q *query) End(outcome, sqlState string, at time.Time) {
	q.span.SetAttributes(attribute.String("dpproxy.outcome", outcome))
	if sqlState != "" {
		q.span.SetAttributes(attribute.String("db.response.status_code", sqlState))
	}
	if outcome == "failed" {
		q.span.SetStatus(codes.Error, "")
	}
	q.span.End(trace.WithTimestamp(at))
}
