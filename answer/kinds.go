package answer

import "github.com/dpproxy/dpproxy/rewrite"

// The kinds of statements, as package rewrite names them: the proxy dispatches on them without importing rewrite.
const (
	Select      = rewrite.Select
	Explain     = rewrite.Explain
	Set         = rewrite.Set
	Show        = rewrite.Show
	Reset       = rewrite.Reset
	Discard     = rewrite.Discard
	Begin       = rewrite.Begin
	Commit      = rewrite.Commit
	Rollback    = rewrite.Rollback
	Savepoint   = rewrite.Savepoint
	ReleaseSave = rewrite.ReleaseSave
	RollbackTo  = rewrite.RollbackTo
	SetTransact = rewrite.SetTransact
	Prepare     = rewrite.Prepare
	Execute     = rewrite.Execute
	Deallocate  = rewrite.Deallocate
	Declare     = rewrite.Declare
	Fetch       = rewrite.Fetch
	Move        = rewrite.Move
	ClosePortal = rewrite.ClosePortal
	CopyOut     = rewrite.CopyOut
	Listen      = rewrite.Listen
)
