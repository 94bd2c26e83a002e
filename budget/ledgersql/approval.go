package ledgersql

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/dpproxy/dpproxy/budget"
)

// Acts lists a dataset's acts, oldest first.
func (l *Ledger) Acts(ctx context.Context, dataset string) (acts []budget.Act, err error) {
	err = l.store.read(ctx, func(r reader) error {
		return r.each(ctx, `SELECT a.kind, a.made, a.body, h.actor, h.note FROM approval_acts a JOIN history h ON h.id = a.entry
		  WHERE a.dataset = $1 ORDER BY a.number`, []any{cleanName(dataset)}, func(row row) error {
			a := budget.Act{Dataset: dataset}
			var made int64
			if err := row.Scan(&a.Kind, &made, &a.Body, &a.By, &a.Note); err != nil {
				return err
			}
			a.Made = time.Unix(0, made).UTC()
			acts = append(acts, a)
			return nil
		})
	})
	return acts, err
}

// AddAct appends an act, durably, and records it in the history with its body's hash.
func (l *Ledger) AddAct(ctx context.Context, a budget.Act, seen int) error {
	if a.Dataset == "" || !storable(a.Dataset) || a.Kind == "" {
		return errors.New("ledger: an act needs a dataset and a kind")
	}
	o := &actOp{act: a, seen: int64(seen)}
	if err := l.do(ctx, o); err != nil {
		return err
	}
	return o.refused
}

type actOp struct {
	plain
	act     budget.Act
	seen    int64
	refused error
}

func (o *actOp) settle(error) {}

func (o *actOp) apply(b *batch) error {
	o.refused = nil
	var have int64
	err := b.tx.each(b.ctx, `SELECT count(*) FROM approval_acts WHERE dataset = $1`, []any{o.act.Dataset}, func(r row) error { return r.Scan(&have) })
	if err != nil {
		return err
	}
	if have != o.seen {
		o.refused = budget.ErrActsMoved
		return nil
	}
	sum := sha256.Sum256(o.act.Body)
	note := fmt.Sprintf("%s (sha256 %s)", o.act.Note, hex.EncodeToString(sum[:]))
	id, err := b.append(0, budget.Entry{Dataset: o.act.Dataset, Outcome: "approval-" + o.act.Kind, By: o.act.By, Note: note})
	if err != nil {
		return err
	}
	return b.tx.queue(b.ctx, `INSERT INTO approval_acts (dataset, number, kind, made, body, entry) VALUES ($1, $2, $3, $4, $5, $6)`,
		o.act.Dataset, have+1, o.act.Kind, b.now.UnixNano(), notNil(o.act.Body), id)
}

// Advance takes the next execution of a run.
func (l *Ledger) Advance(ctx context.Context, e budget.Execution) error {
	o := &advanceOp{e: e}
	if err := l.do(ctx, o); err != nil {
		return err
	}
	return o.refused
}

type advanceOp struct {
	plain
	e       budget.Execution
	refused error
}

func (o *advanceOp) settle(error) {}

func (o *advanceOp) apply(b *batch) error {
	o.refused = nil
	run, known, err := readRun(b.ctx, b.tx, o.e.Script, o.e.Run)
	if err != nil {
		return err
	}
	if !known {
		var runs int64
		err := b.tx.each(b.ctx, `SELECT count(*) FROM script_runs WHERE script = $1`, []any{o.e.Script[:]}, func(r row) error { return r.Scan(&runs) })
		if err != nil {
			return err
		}
		if runs >= o.e.MaxRuns {
			o.refused = &budget.RunRefused{Reason: fmt.Sprintf("the script has had its %d runs", o.e.MaxRuns)}
			return nil
		}
		run.Labels = map[string]string{}
	}
	if o.refused = refuseRun(run, o.e); o.refused != nil {
		if run.Stopped || !known {
			return nil
		}
		if o.e.Linear {
			return stop(b, o.e.Script, o.e.Run) // out of its order: the run ends here
		}
		return nil
	}
	maps.Copy(run.Labels, o.e.Labels)
	labels, err := json.Marshal(run.Labels)
	if err != nil {
		return invalid(err)
	}
	if !known {
		_, err := b.append(0, budget.Entry{Analyst: o.e.Analyst, Dataset: o.e.Dataset, Outcome: "approval-run", By: o.e.Analyst,
			Note: fmt.Sprintf("run %x of script %x begins", o.e.Run[:8], o.e.Script[:8])})
		if err != nil {
			return err
		}
	}
	return b.tx.queue(b.ctx, `INSERT INTO script_runs (script, run, begun, done, stopped, labels) VALUES ($1, $2, $3, $4, 0, $5)
	  ON CONFLICT (script, run) DO UPDATE SET done = excluded.done, labels = excluded.labels`,
		o.e.Script[:], o.e.Run[:], b.now.UnixNano(), run.Done+1, string(labels))
}

// refuseRun tells why an execution cannot be the next of its run.
func refuseRun(run budget.Run, e budget.Execution) error {
	switch {
	case run.Stopped:
		return &budget.RunRefused{Reason: "the run has ended: an error stops a linear script for good"}
	case e.Linear && e.Step <= run.Done:
		return &budget.RunRefused{Reason: fmt.Sprintf("step %d was executed already in this run", e.Step)}
	case e.Linear && e.Step != run.Done+1:
		return &budget.RunRefused{Reason: fmt.Sprintf("step %d comes next in this run, not step %d", run.Done+1, e.Step)}
	}
	for label, v := range e.Labels {
		if have, ok := run.Labels[label]; ok && have != v {
			return &budget.RunRefused{Reason: fmt.Sprintf("the label %q has had another value in this run", label)}
		}
	}
	return nil
}

func readRun(ctx context.Context, r reader, script, run [32]byte) (out budget.Run, known bool, err error) {
	out.Run = run
	err = r.each(ctx, `SELECT begun, done, stopped, labels FROM script_runs WHERE script = $1 AND run = $2`, []any{script[:], run[:]}, func(row row) error {
		known = true
		return scanRun(row, &out)
	})
	return out, known, err
}

func scanRun(row row, out *budget.Run, first ...any) error {
	var begun, done, stopped int64
	var labels string
	if err := row.Scan(append(first, &begun, &done, &stopped, &labels)...); err != nil {
		return err
	}
	out.Begun, out.Done, out.Stopped = time.Unix(0, begun).UTC(), int(done), stopped != 0
	return json.Unmarshal([]byte(labels), &out.Labels)
}

// StopRun ends a run for good; one that never began is begun and ended.
func (l *Ledger) StopRun(ctx context.Context, script, run [32]byte) error {
	return l.do(ctx, &stopOp{script: script, run: run})
}

type stopOp struct {
	plain
	script, run [32]byte
}

func (o *stopOp) settle(error)         {}
func (o *stopOp) apply(b *batch) error { return stop(b, o.script, o.run) }

func stop(b *batch, script, run [32]byte) error {
	return b.tx.queue(b.ctx, `INSERT INTO script_runs (script, run, begun, done, stopped, labels) VALUES ($1, $2, $3, 0, 1, '{}')
	  ON CONFLICT (script, run) DO UPDATE SET stopped = 1`, script[:], run[:], b.now.UnixNano())
}

// Runs lists a script's runs, oldest first.
func (l *Ledger) Runs(ctx context.Context, script [32]byte) (runs []budget.Run, err error) {
	err = l.store.read(ctx, func(r reader) error {
		return r.each(ctx, `SELECT run, begun, done, stopped, labels FROM script_runs WHERE script = $1 ORDER BY begun, run`, []any{script[:]}, func(row row) error {
			var tag []byte
			var out budget.Run
			if err := scanRun(row, &out, &tag); err != nil {
				return err
			}
			copy(out.Run[:], tag)
			runs = append(runs, out)
			return nil
		})
	})
	return runs, err
}
