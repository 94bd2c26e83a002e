package ledgersql

import (
	"context"
	"errors"
	"fmt"

	"github.com/dpproxy/dpproxy/budget"
)

// countClass counts a query in its class, or tells which limit it has reached. A limit that is added later counts what
// was asked before, so counting does not wait for one.
func (b *batch) countClass(a budget.Account, s budget.State, class string, most int64) (*shortage, error) {
	if class == "" {
		return nil, nil
	}
	k := a.Key
	if most > 0 {
		queries := int64(0)
		err := b.tx.each(b.ctx, classQueries, []any{k.Analyst, k.Dataset, class}, func(r row) error { return r.Scan(&queries) })
		if err != nil {
			return nil, err
		}
		if queries >= most {
			return &shortage{account: a, state: s, maxQueries: most, queries: queries, class: class}, nil
		}
	}
	return nil, b.tx.queue(b.ctx, `INSERT INTO query_counts (analyst, dataset, class, queries) VALUES ($1, $2, $3, 1)
	  ON CONFLICT (analyst, dataset, class) DO UPDATE SET queries = query_counts.queries + 1`, k.Analyst, k.Dataset, class)
}

const classQueries = `SELECT queries FROM query_counts WHERE analyst = $1 AND dataset = $2 AND class = $3`

// uncountClass takes a query's count back with its charge.
func (b *batch) uncountClass(f funds) error {
	if f.class == "" {
		return nil
	}
	return b.tx.queue(b.ctx, `UPDATE query_counts SET queries = queries - 1
	  WHERE analyst = $1 AND dataset = $2 AND class = $3 AND queries > 0`, f.analyst.Analyst, f.analyst.Dataset, f.class)
}

// ClassQueries reads a counter.
func (l *Ledger) ClassQueries(ctx context.Context, k budget.Key, class string) (queries int64, err error) {
	if err := l.flush(ctx); err != nil {
		return 0, err
	}
	err = l.store.read(ctx, func(r reader) error {
		return r.each(ctx, classQueries, []any{cleanName(k.Analyst), cleanName(k.Dataset), cleanName(class)}, func(row row) error {
			return row.Scan(&queries)
		})
	})
	return queries, err
}

// CountQuery counts a query that is not charged.
func (l *Ledger) CountQuery(ctx context.Context, c budget.Count) error {
	if c.Key.Analyst == "" || c.Key.Dataset == "" || !storable(c.Key.Analyst) || !storable(c.Key.Dataset) || !storable(c.Class) {
		return errors.New("ledger: a count needs an analyst and a dataset")
	}
	o := &countOp{count: c}
	if err := l.do(ctx, o); err != nil {
		return fmt.Errorf("ledger: count: %w", err)
	}
	if o.short != nil {
		return &budget.Exhausted{
			Key: o.short.account.Key, Balance: budget.Balance{Account: o.short.account, Queries: o.short.queries},
			MaxQueries: o.short.maxQueries, Queries: o.short.queries, Class: o.short.class,
		}
	}
	return nil
}

type countOp struct {
	count budget.Count
	short *shortage
}

func (o *countOp) keys(add func(budget.Key)) {
	add(o.count.Key)
	add(budget.Key{Dataset: o.count.Key.Dataset})
}
func (*countOp) ids(func(int64)) {}
func (*countOp) settle(error)    {}

func (o *countOp) apply(b *batch) error {
	o.short = nil
	analyst, err := b.account(o.count.Key)
	if err != nil {
		return err
	}
	dataset, err := b.account(budget.Key{Dataset: o.count.Key.Dataset})
	if err != nil {
		return err
	}
	for _, of := range []struct {
		row  *account
		most int64
	}{{analyst, o.count.Limits.Analyst}, {dataset, o.count.Limits.Dataset}} {
		if of.most > 0 && of.row.Queries >= of.most {
			o.short = &shortage{account: budget.Account{Key: of.row.Key}, maxQueries: of.most, queries: of.row.Queries}
			return nil
		}
	}
	o.short, err = b.countClass(budget.Account{Key: o.count.Key}, analyst.State, o.count.Class, o.count.Limits.Class)
	if err != nil || o.short != nil {
		return err
	}
	for _, row := range []*account{analyst, dataset} {
		s := row.State
		s.Queries++
		row.set(s)
	}
	return nil
}
