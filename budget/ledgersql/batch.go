package ledgersql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dpproxy/dpproxy/budget"
)

// batch is one write transaction with the rows that its operations work on.
type batch struct {
	ctx    context.Context
	tx     tx
	ledger *Ledger
	now    time.Time

	headID   int64
	headHash [32]byte
	appended bool
	scratch  []byte // to hash rows in

	accounts map[budget.Key]*account
	open     map[int64]bool // reservations asked for: whether they have not ended
	done     []func()       // after the commit
	packs    packs          // what may share rows of the history
}

// account is a row of accounts, or one to be.
type account struct {
	budget.State
	dirty bool
}

// run applies operations in order in one transaction.
func (l *Ledger) run(ctx context.Context, ops []op) error {
	var done []func()
	err := l.store.write(ctx, func(t tx) error {
		b := &batch{ctx: ctx, tx: t, ledger: l, now: l.clock(), accounts: map[budget.Key]*account{}, open: map[int64]bool{}}
		if err := b.begin(ops); err != nil {
			return err
		}
		for _, o := range ops {
			if err := o.apply(b); err != nil {
				return err
			}
		}
		done = b.done
		return b.finish()
	})
	if err != nil {
		return err
	}
	for _, f := range done {
		f()
	}
	return nil
}

// begin locks the head and reads what the operations name.
func (b *batch) begin(ops []op) error {
	found := false
	err := b.tx.head(b.ctx, func(r row) error {
		var hash []byte
		if err := r.Scan(&b.headID, &hash); err != nil {
			return err
		}
		if len(hash) != len(b.headHash) {
			return errors.New("the head of the history has no hash")
		}
		copy(b.headHash[:], hash)
		found = true
		return nil
	})
	if err != nil {
		return err
	}
	if !found {
		return invalid(errors.New("the head of the history is missing"))
	}
	var keys []budget.Key
	var ids []int64
	for _, o := range ops {
		o.keys(func(k budget.Key) {
			if _, ok := b.accounts[k]; !ok {
				b.accounts[k] = &account{State: budget.State{Key: k}}
				keys = append(keys, k)
			}
		})
		o.ids(func(id int64) {
			if _, ok := b.open[id]; !ok {
				b.open[id] = false
				ids = append(ids, id)
			}
		})
	}
	return b.load(keys, ids)
}

func (b *batch) load(keys []budget.Key, ids []int64) error {
	if len(keys) > 0 {
		slices.SortFunc(keys, compareKeys)
		err := b.tx.accounts(b.ctx, keys, func(r row) error {
			s, err := scanAccount(r)
			if err != nil {
				return err
			}
			b.accounts[s.Key] = &account{State: s}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return b.tx.open(b.ctx, ids, func(r row) error {
		var id int64
		if err := r.Scan(&id); err != nil {
			return err
		}
		b.open[id] = true
		return nil
	})
}

func compareKeys(a, b budget.Key) int {
	if c := strings.Compare(a.Analyst, b.Analyst); c != 0 {
		return c
	}
	return strings.Compare(a.Dataset, b.Dataset)
}

// account is the row of an account, read if no operation named it ahead.
func (b *batch) account(k budget.Key) (*account, error) {
	if a, ok := b.accounts[k]; ok {
		return a, nil
	}
	b.accounts[k] = &account{State: budget.State{Key: k}}
	if err := b.load([]budget.Key{k}, nil); err != nil {
		return nil, err
	}
	return b.accounts[k], nil
}

// set changes an account's row.
func (a *account) set(s budget.State) { a.State, a.dirty = s, true }

// finish writes the rows that changed.
func (b *batch) finish() error {
	if err := b.packs.write(b); err != nil {
		return err
	}
	for _, k := range b.sortedKeys() {
		a := b.accounts[k]
		if !a.dirty {
			continue
		}
		if err := b.tx.queue(b.ctx, putAccount, accountValues(a.State)...); err != nil {
			return fmt.Errorf("account: %w", err)
		}
	}
	if !b.appended {
		return nil
	}
	return b.tx.queue(b.ctx, `UPDATE head SET id = $1, hash = $2 WHERE one = 1`, b.headID, b.headHash[:])
}

func (b *batch) sortedKeys() []budget.Key {
	keys := make([]budget.Key, 0, len(b.accounts))
	for k := range b.accounts {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, compareKeys)
	return keys
}
