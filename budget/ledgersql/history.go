package ledgersql

import (
	"context"
	"fmt"

	"github.com/dpproxy/dpproxy/budget"
)

// recordOp appends an entry that costs nothing.
type recordOp struct {
	plain
	entry budget.Entry
}

func (o *recordOp) settle(error) {}
func (o *recordOp) apply(b *batch) error {
	if b.packs.add(&budget.Answer{Entry: o.entry}) {
		return nil
	}
	_, err := b.append(0, o.entry)
	return err
}

// Record appends an entry that costs nothing, soon. It fails if the store has been away for long.
func (l *Ledger) Record(_ context.Context, e budget.Entry) error {
	if !e.Loss.IsZero() || !e.DatasetLoss.IsZero() {
		return fmt.Errorf("ledger: only a reservation can record a loss")
	}
	if e.Time.IsZero() {
		e.Time = l.clock()
	}
	return l.soon(&recordOp{entry: e})
}

// History lists entries with their outcomes, newest first: queries, and the owner's acts.
func (l *Ledger) History(ctx context.Context, q budget.HistoryQuery) ([]budget.Entry, error) {
	if err := l.flush(ctx); err != nil {
		return nil, err
	}
	limit := int64(q.Limit)
	if limit <= 0 {
		limit = 1000
	}
	var list []budget.Entry
	err := l.store.read(ctx, func(r reader) error {
		return r.each(ctx, `SELECT h.id, h.ref, h.made, h.analyst, h.dataset, h.query, h.plan, h.epsilon, h.delta, h.rho,
		    h.dataset_epsilon, h.dataset_delta, h.dataset_rho, COALESCE(o.outcome, h.outcome),
		    COALESCE(o.sqlstate, h.sqlstate), COALESCE(o.duration, h.duration), h.application, h.client, h.actor, h.note, COALESCE(a.size, -1),
		    p.entries, CASE WHEN p.answers IS NULL THEN 0 ELSE 1 END
		  FROM history h
		  LEFT JOIN history o ON o.id = (SELECT max(x.id) FROM history x WHERE x.ref = h.id)
		  LEFT JOIN answers a ON a.entry = h.id
		  LEFT JOIN packs p ON p.last_id = h.id
		  WHERE h.ref = 0 AND ($1 = '' OR h.analyst = $1) AND ($2 = '' OR h.dataset = $2) AND ($3 = 0 OR COALESCE(p.first_id, h.id) < $3)
		    AND ($5 = '' OR (h.query <> '' OR p.last_id IS NOT NULL) AND (h.actor = $5 OR h.actor = '' AND h.analyst = $5))
		  ORDER BY h.id DESC LIMIT $4`, []any{q.Analyst, q.Dataset, q.Before, limit, q.User}, func(row row) error {
			if int64(len(list)) == limit { // a pack filled it
				return nil
			}
			var l link
			var rows, answers int64
			var packed []byte
			if err := scanEntry(row, &l, &rows, &packed, &answers); err != nil {
				return err
			}
			if l.entry.Outcome == outcomePacked {
				for _, e := range unpacked(l.entry, packed, answers != 0) {
					if int64(len(list)) < limit && (q.Before == 0 || e.ID < q.Before) {
						list = append(list, e)
					}
				}
				return nil
			}
			if rows >= 0 {
				l.entry.Archived, l.entry.Rows = true, rows
			}
			list = append(list, l.entry)
			return nil
		})
	})
	return list, err
}
