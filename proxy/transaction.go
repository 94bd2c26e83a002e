package proxy

import (
	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/refusal"
)

// The states that ReadyForQuery tells.
const (
	idle   byte = 'I'
	active byte = 'T'
	failed byte = 'E'
)

// transaction is the state that clients expect of one. It moves settings and cursors only: what an answer cost is never
// given back.
type transaction struct {
	status   byte
	implicit bool // statements since the last end run in a transaction that nobody began
	block    bool // the implicit transaction is that of a message with several statements
	marks    int  // savepoints
	asked    bool // a query ran: it is too late for another isolation level
}

// enter is called before each statement. It refuses what a failed transaction cannot do.
func (s *session) enter(st *answer.Statement) error {
	if s.tx.status == failed && !exits(st) {
		return errAborted
	}
	if s.tx.status == idle && !s.tx.implicit {
		s.tx.implicit = true
		s.settings.Begin()
	}
	return nil
}

// exits says whether a statement is one of those that a failed transaction waits for.
func exits(st *answer.Statement) bool {
	if st == nil {
		return true // an empty query does nothing
	}
	switch st.Kind {
	case answer.Commit, answer.Rollback, answer.RollbackTo:
		return true
	}
	return false
}

// inBlock says whether there is a transaction that outlives the statement.
func (s *session) inBlock() bool { return s.tx.status != idle || s.tx.implicit && s.tx.block }

// finish ends what is open, if it is implicit: at Sync, and at the end of a simple query.
func (s *session) finish() {
	if s.tx.status == idle {
		s.end(true)
	}
}

// end ends a transaction. Cursors go, but for those WITH HOLD if it is a commit.
func (s *session) end(commit bool) {
	if commit {
		s.settings.Commit()
	} else {
		s.settings.Rollback()
	}
	s.tx = transaction{status: idle, block: s.tx.block}
	for name, p := range s.portals {
		switch {
		case p.kept:
		case commit && p.hold:
			p.kept = true
		default:
			s.dropPortal(name)
		}
	}
}

// abort is what an error does.
func (s *session) abort() {
	switch s.tx.status {
	case idle:
		s.end(false)
	case active:
		s.tx.status = failed
		s.settings.Fail()
		s.dropSince(s.tx.marks)
	}
}

// dropSince drops the portals made when there were at least this many savepoints.
func (s *session) dropSince(marks int) {
	for name, p := range s.portals {
		if !p.kept && p.marks >= marks {
			s.dropPortal(name)
		}
	}
}

func (s *session) begin(st *answer.Statement) error {
	if s.tx.status == active {
		s.warn(refusal.ActiveTransaction, "there is already a transaction in progress")
		return nil
	}
	s.settings.Begin()
	s.tx.status, s.tx.implicit = active, false
	return s.modes(st, false)
}

// modes sets isolation, read-only and deferrable, for the transaction or for the session's next ones.
func (s *session) modes(st *answer.Statement, session bool) error {
	for option, name := range map[string]string{"isolation": "transaction_isolation", "read_only": "transaction_read_only",
		"deferrable": "transaction_deferrable"} {
		v, ok := st.Options[option]
		if !ok {
			continue
		}
		if session {
			name = "default_" + name
		} else if err := s.late(option, v); err != nil {
			return err
		}
		if err := s.settings.Set(name, v, false); err != nil {
			return err
		}
	}
	return nil
}

// late refuses another isolation level after a query of the transaction, or within a savepoint.
func (s *session) late(option, level string) error {
	now, _ := s.settings.Get("transaction_isolation")
	switch {
	case option != "isolation" || level == now:
		return nil
	case s.tx.asked:
		return refusal.New(refusal.ActiveTransaction, "SET TRANSACTION ISOLATION LEVEL must be called before any query")
	case s.tx.marks > 0:
		return refusal.New(refusal.ActiveTransaction, "SET TRANSACTION ISOLATION LEVEL must not be called in a subtransaction")
	}
	return nil
}

// commitOrRollback ends a block. COMMIT of a failed transaction rolls back, and says so.
func (s *session) commitOrRollback(st *answer.Statement) (tag string, err error) {
	chain := st.Options["chain"] == "true"
	commit := st.Kind == answer.Commit && s.tx.status != failed
	if s.tx.status == idle {
		if chain {
			return "", refusal.New(refusal.NoActiveTransaction, "%s AND CHAIN can only be used in transaction blocks", st.Kind)
		}
		s.warn(refusal.NoActiveTransaction, "there is no transaction in progress")
	}
	isolation, _ := s.settings.Get("transaction_isolation")
	s.end(commit)
	if chain {
		s.settings.Begin()
		s.tx.status = active
		if err := s.settings.Set("transaction_isolation", isolation, false); err != nil {
			return "", err
		}
	}
	if commit {
		return "COMMIT", nil
	}
	return "ROLLBACK", nil
}

func (s *session) savepoint(st *answer.Statement) (tag string, err error) {
	names := map[answer.StatementKind]string{answer.Savepoint: "SAVEPOINT", answer.ReleaseSave: "RELEASE SAVEPOINT",
		answer.RollbackTo: "ROLLBACK TO SAVEPOINT"}
	if s.tx.status == idle {
		return "", refusal.New(refusal.NoActiveTransaction, "%s can only be used in transaction blocks", names[st.Kind])
	}
	left, ok := 0, true
	switch st.Kind {
	case answer.Savepoint:
		const maxSavepoints = 1000
		if s.tx.marks >= maxSavepoints {
			return "", refusal.New(refusal.ProgramLimitExceeded, "too many savepoints")
		}
		s.settings.Savepoint(st.Name)
		s.tx.marks++
		return "SAVEPOINT", nil
	case answer.ReleaseSave:
		left, ok = s.settings.Release(st.Name)
	case answer.RollbackTo:
		left, ok = s.settings.RollbackTo(st.Name)
	}
	if !ok {
		return "", refusal.New(refusal.InvalidSavepoint, "savepoint %q does not exist", st.Name)
	}
	s.tx.marks = left
	if st.Kind == answer.ReleaseSave {
		for _, p := range s.portals { // they belong to the transaction around it now
			p.marks = min(p.marks, left)
		}
		return "RELEASE", nil
	}
	s.tx.status = active
	s.dropSince(left)
	return "ROLLBACK", nil
}
