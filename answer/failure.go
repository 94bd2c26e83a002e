package answer

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/dpproxy/dpproxy/refusal"
)

// Internal is a failure that is nobody's business but the operator's. Its text holds no value of data: of an engine's
// error it keeps the SQLSTATE, as engines put values into their messages.
type Internal struct {
	Stage string // where it happened: "engine", "ledger reserve", "noise", …
	Cause string
}

func (e *Internal) Error() string { return "answer: " + e.Stage + ": " + e.Cause }

// internal makes an Internal of an error whose text holds no data (a ledger's, a mechanism's).
func (s *Service) internal(stage string, err error) error {
	return &Internal{Stage: stage, Cause: err.Error()}
}

// engineFailed makes an Internal of an engine's error, and tells the operator.
func (s *Service) engineFailed(q *query, stage string, err error) error {
	failure := &Internal{Stage: stage, Cause: "the engine failed"}
	if state := sqlState(err); state != "" {
		failure.Cause += " with SQLSTATE " + state
	}
	name := q.dataset.Catalog.Name
	s.Observer.EngineError(name)
	s.Logger.Error("engine error", "dataset", name, "user", q.request.Identity.User, "stage", stage, "sqlstate", sqlState(err),
		"kind", fmt.Sprintf("%T", err))
	return failure
}

func sqlState(err error) string {
	var coded interface{ SQLState() string }
	if errors.As(err, &coded) {
		return coded.SQLState()
	}
	return ""
}

// panicked makes an Internal of a panic. Its value is not printed, as it may hold data; the stack tells where.
func (s *Service) panicked(value any) error {
	s.Logger.Error("panic while answering", "kind", fmt.Sprintf("%T", value), "stack", string(debug.Stack()))
	return &Internal{Stage: "panic", Cause: fmt.Sprintf("%T", value)}
}

// interrupted is what a query that was cancelled, timed out or shut down gives; err otherwise. The proxy tells which
// it was by the context's cause, where that is a refusal.
func (s *Service) interrupted(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	if r, ok := refusal.As(context.Cause(ctx)); ok {
		return r
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return refusal.New(refusal.QueryCanceled, "canceling statement due to statement timeout")
	}
	return refusal.New(refusal.QueryCanceled, "canceling statement due to user request")
}

// ledgerFailed: without a ledger nothing is answered.
func (s *Service) ledgerFailed(ctx context.Context, stage string, err error) error {
	if ctx.Err() != nil {
		return s.interrupted(ctx, err)
	}
	return s.internal("ledger "+stage, err)
}
