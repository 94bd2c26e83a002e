package budget

import "context"

// Answer is what an analyst was given, as the archive keeps it: published values, so that reading them again costs nothing.
type Answer struct {
	Entry Entry // of the history; with ID 0 the entry itself is recorded together with the answer
	Rows  int64
	Body  []byte // the columns and rows, encoded by the caller; nil where they are not kept
}

// Archive keeps answers beside the history. The chain holds each answer's hash, so that it stays verifiable when answers
// are pruned, and a changed answer is found.
type Archive interface {
	// Archive keeps an answer, soon; the caller does not change its Body any more. It fails if the store has been away for long, or if the entry to be recorded has a loss.
	Archive(ctx context.Context, a Answer) error
	// Archived reads an answer by its entry. ok is false where none is kept (any more). A body that is not what the chain
	// says is a *Tampered.
	Archived(ctx context.Context, entry int64) (a Answer, ok bool, err error)
}

// Pruned says what Prune took away.
type Pruned struct{ Answers, Releases int64 }
