package proxy

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"math"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/jackc/pgx/v5/pgproto3"
)

// Codes that only the wire uses.
const (
	codeObjectNotInState refusal.Code = "55000"
	codeIdleSession      refusal.Code = "57P05"
	codeIdleTransaction  refusal.Code = "25P03"
)

// Reasons for which a query's context ends.
var (
	errCanceled  = refusal.New(refusal.QueryCanceled, "canceling statement due to user request")
	errTimeout   = refusal.New(refusal.QueryCanceled, "canceling statement due to statement timeout")
	errShutdown  = refusal.New(refusal.AdminShutdown, "terminating connection due to administrator command")
	errIdle      = refusal.New(codeIdleSession, "terminating connection due to idle-session timeout")
	errIdleInTx  = refusal.New(codeIdleTransaction, "terminating connection due to idle-in-transaction timeout")
	errAborted   = refusal.New(refusal.InFailedTransaction, "current transaction is aborted, commands ignored until end of transaction block")
	errNoPortal  = "portal %q does not exist"
	errNoCursor  = "cursor %q does not exist"
	errNoPrepare = "prepared statement %q does not exist"
)

// errorMessage is an error as the client may see it. Anything but a refusal becomes an incident: the client gets its
// number, and the log the rest.
func errorMessage(err error, fatal bool, random io.Reader, log *slog.Logger) *pgproto3.ErrorResponse {
	severity := "ERROR"
	if fatal {
		severity = "FATAL"
	}
	r, ok := refusal.As(err)
	if !ok {
		number := incident(random)
		log.Error("internal error", "incident", number, "error", err.Error())
		r = refusal.New(refusal.InternalError, "internal error").
			WithDetail("Incident %s.", number).WithHint("Tell the owner of the database the incident's number.")
	}
	position := int32(0)
	if r.Position > 0 && r.Position <= math.MaxInt32 {
		position = int32(r.Position)
	}
	return &pgproto3.ErrorResponse{Severity: severity, SeverityUnlocalized: severity, Code: string(r.Code),
		Message: clean(r.Message), Detail: clean(r.Detail), Hint: clean(r.Hint), Position: position}
}

// clean takes NULs out, which would end a field early.
func clean(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] == 0 {
			b := []byte(s)
			for j := range b {
				if b[j] == 0 {
					b[j] = '?'
				}
			}
			return string(b)
		}
	}
	return s
}

func incident(random io.Reader) string {
	var b [6]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "unknown"
	}
	return hex.EncodeToString(b[:])
}

// whyEnded turns the error of an answer whose context ended into the reason for that. Refusals that say something else
// stay: the answer was quicker than the cancel.
func whyEnded(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	r, isRefusal := refusal.As(err)
	if isRefusal && r.Code != refusal.QueryCanceled {
		return err
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return errCanceled
}

// levels of client_min_messages that let a notice pass.
func noticePasses(severity, level string) bool {
	rank := map[string]int{"DEBUG": 0, "debug5": 0, "debug4": 0, "debug3": 0, "debug2": 0, "debug1": 0, "debug": 0,
		"log": 1, "LOG": 1, "notice": 2, "NOTICE": 2, "warning": 3, "WARNING": 3, "error": 4}
	return severity == "INFO" || rank[severity] >= rank[level]
}

func noticeMessage(n answer.Notice) *pgproto3.NoticeResponse {
	code := n.Code
	if code == "" {
		code = "00000"
	}
	return &pgproto3.NoticeResponse{Severity: n.Severity, SeverityUnlocalized: n.Severity, Code: code,
		Message: clean(n.Message), Detail: clean(n.Detail), Hint: clean(n.Hint)}
}
