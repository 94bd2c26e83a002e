package ledgersql

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/dpproxy/dpproxy/budget"
)

// archiveOp keeps an answer, and puts its hash into the chain: as the note of the entry that is recorded with it, or, where
// the entry is there already, as a row whose ref is minus the entry's number.
type archiveOp struct {
	plain
	answer budget.Answer
}

func (o *archiveOp) settle(error) {}

func (o *archiveOp) apply(b *batch) error {
	if b.packs.add(&o.answer) {
		return nil
	}
	return b.appendAnswer(&o.answer)
}

func (b *batch) appendAnswer(a *budget.Answer) error {
	e := a.Entry
	id, noted := e.ID, false
	if id == 0 {
		if noted = e.Note == "" && a.Body != nil; noted {
			e.Note = answerNote(*a)
		}
		var err error
		if id, err = b.append(0, e); err != nil {
			return err
		}
	}
	if a.Body == nil {
		return nil
	}
	if err := b.tx.queue(b.ctx, `INSERT INTO answers (entry, analyst, dataset, made, size, body) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
		id, cleanName(e.Analyst), cleanName(e.Dataset), b.now.UnixNano(), a.Rows, a.Body); err != nil {
		return err
	}
	if noted {
		return nil
	}
	_, err := b.append(-id, budget.Entry{Analyst: e.Analyst, Dataset: e.Dataset, Outcome: "archived", Note: answerNote(*a)})
	return err
}

// answerNote is what the chain says of an answer.
func answerNote(a budget.Answer) string {
	sum := sha256.Sum256(a.Body)
	return "rows " + strconv.FormatInt(a.Rows, 10) + ", sha256 " + hex.EncodeToString(sum[:])
}

// Archive keeps an answer, soon.
func (l *Ledger) Archive(_ context.Context, a budget.Answer) error {
	if a.Entry.ID == 0 && (!a.Entry.Loss.IsZero() || !a.Entry.DatasetLoss.IsZero()) {
		return errors.New("ledger: only a reservation can record a loss")
	}
	if a.Entry.Time.IsZero() {
		a.Entry.Time = l.clock()
	}
	return l.soon(&archiveOp{answer: a})
}

// Archived reads an answer, and compares it with its hash in the chain.
func (l *Ledger) Archived(ctx context.Context, entry int64) (a budget.Answer, ok bool, err error) {
	if err := l.flush(ctx); err != nil {
		return a, false, err
	}
	note, packed := "", false
	err = l.store.read(ctx, func(r reader) error {
		err := r.each(ctx, `SELECT analyst, dataset, made, size, body FROM answers WHERE entry = $1`, []any{entry}, func(row row) error {
			var made int64
			ok, a.Entry.ID = true, entry
			err := row.Scan(&a.Entry.Analyst, &a.Entry.Dataset, &made, &a.Rows, &a.Body)
			a.Entry.Time = time.Unix(0, made).UTC()
			return err
		})
		if err != nil {
			return err
		}
		if !ok {
			packed = true
			a, ok, err = archivedInPack(ctx, r, entry)
			return err
		}
		return r.each(ctx, `SELECT note FROM history WHERE ref = $1 OR id = $2 ORDER BY ref DESC`, []any{-entry, entry},
			func(row row) error { return row.Scan(&note) }) // the last is that of the answer alone, where there is one
	})
	if err == nil && ok && !packed && note != answerNote(a) {
		err = &budget.Tampered{ID: entry, Reason: fmt.Sprintf("the answer of entry %d is not what was given", entry)}
	}
	return a, ok && err == nil, err
}

// Prune takes answers and releases away that were made before a time, and records who did it. What was spent, and the
// history with the answers' hashes, stay.
func (l *Ledger) Prune(ctx context.Context, before time.Time, by string) (budget.Pruned, error) {
	if by == "" {
		return budget.Pruned{}, errors.New("ledger: pruning needs to know who does it")
	}
	o := &pruneOp{before: before, by: by}
	err := l.do(ctx, o)
	return o.pruned, err
}

type pruneOp struct {
	plain
	before time.Time
	by     string
	pruned budget.Pruned
}

func (o *pruneOp) settle(error) {}

func (o *pruneOp) apply(b *batch) error {
	o.pruned = budget.Pruned{}
	at := o.before.UnixNano()
	var packed int64
	for text, to := range map[string]*int64{
		`SELECT count(*) FROM answers WHERE made < $1`:                                                          &o.pruned.Answers,
		`SELECT count(*) FROM releases WHERE made < $1`:                                                         &o.pruned.Releases,
		`SELECT CAST(COALESCE(sum(kept), 0) AS BIGINT) FROM packs WHERE packed_at < $1 AND answers IS NOT NULL`: &packed,
	} {
		if err := b.tx.each(b.ctx, text, []any{at}, func(r row) error { return r.Scan(to) }); err != nil {
			return err
		}
	}
	o.pruned.Answers += packed
	if o.pruned == (budget.Pruned{}) {
		return nil
	}
	for _, text := range []string{
		`DELETE FROM answers WHERE made < $1`,
		`UPDATE packs SET answers = NULL WHERE packed_at < $1 AND answers IS NOT NULL`,
		`DELETE FROM release_payers WHERE draw IN (SELECT draw FROM releases WHERE made < $1)`,
		`DELETE FROM releases WHERE made < $1`,
	} {
		if err := b.tx.queue(b.ctx, text, at); err != nil {
			return err
		}
	}
	_, err := b.append(0, budget.Entry{Outcome: "pruned", By: o.by, Note: fmt.Sprintf("%d answers and %d releases from before %s",
		o.pruned.Answers, o.pruned.Releases, o.before.UTC().Format(time.RFC3339))})
	return err
}
