package budget

import (
	"context"
	"errors"
	"time"
)

// Approvals is the part of a ledger that approved queries need: the acts of approvers, and the runs of scripts. What acts mean
// is the caller's: the ledger keeps them in one order for all processes, and each is an entry of the history.
type Approvals interface {
	// Acts lists a dataset's acts, oldest first.
	Acts(ctx context.Context, dataset string) ([]Act, error)
	// AddAct appends an act whose author has seen `seen` acts of the dataset. If there are more by now it fails with
	// ErrActsMoved, and changes nothing.
	AddAct(ctx context.Context, a Act, seen int) error
	// Advance takes the next execution of a script's run, durably and once for all processes, or fails with a *RunRefused.
	Advance(ctx context.Context, e Execution) error
	// StopRun ends a run for good.
	StopRun(ctx context.Context, script, run [32]byte) error
	// Runs lists a script's runs, oldest first.
	Runs(ctx context.Context, script [32]byte) ([]Run, error)
}

// Act is one act on the approvals of a dataset.
type Act struct {
	Dataset string
	Kind    string
	Body    []byte
	By      string // who, for the history
	Note    string // what, for the history
	Made    time.Time
}

// ErrActsMoved says that somebody else acted in between.
var ErrActsMoved = errors.New("budget: another act on these approvals came in between; read them and try again")

// Execution asks to run one step of an approved script.
type Execution struct {
	Script, Run [32]byte
	Analyst     string
	Dataset     string
	Step        int // from 1
	Linear      bool
	MaxRuns     int64
	// Labels are values that must be the same throughout the run.
	Labels map[string]string
}

// Run is where a run of a script stands.
type Run struct {
	Run     [32]byte
	Begun   time.Time
	Done    int // executions; in a linear script the last step
	Stopped bool
	Labels  map[string]string
}

// RunRefused says why a run does not go on. Its text names no data.
type RunRefused struct{ Reason string }

func (e *RunRefused) Error() string { return e.Reason }
