package ledgersql

import (
	"bytes"
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/dpproxy/dpproxy/budget"
)

var errName = errors.New("a name is not valid text")

// maxDraws is the number of releases that one reservation may store: a draw's number is made of the entry's and its place.
const maxDraws = 1 << 16

// putRelease stores a release, if this very draw is not stored yet, and that the analyst has paid for it.
func (b *batch) putRelease(f funds, place int, r budget.Release) error {
	if place >= maxDraws {
		return invalid(errors.New("too many releases in one query"))
	}
	draw := f.id*maxDraws + int64(place)
	made, body := r.Made.UnixNano(), notNil(r.Body)
	err := b.tx.queue(b.ctx, `INSERT INTO releases (draw, dataset, id, made, body)
	  SELECT $1, $2, $3, $4, $5
	  WHERE NOT EXISTS (SELECT 1 FROM releases WHERE dataset = $2 AND id = $3 AND made = $4 AND body = $5)`,
		draw, r.Dataset, r.ID[:], made, body)
	if err != nil {
		return err
	}
	return b.tx.queue(b.ctx, `INSERT INTO release_payers (draw, analyst, entry)
	  SELECT draw, $1, $2 FROM releases WHERE dataset = $3 AND id = $4 AND made = $5 AND body = $6
	  ON CONFLICT DO NOTHING`, f.analyst.Analyst, f.id, r.Dataset, r.ID[:], made, body)
}

func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// Releases finds the stored draws of the releases asked for, in the order of ids, leaving out what there is none of. Of
// several draws it takes one that the account has paid for, and then the latest. The dataset has paid for all of them.
func (l *Ledger) Releases(ctx context.Context, account budget.Key, ids []budget.ReleaseID, maxAge time.Duration) ([]budget.FoundRelease, error) {
	oldest := time.Time{}
	if maxAge > 0 {
		oldest = l.clock().Add(-maxAge)
	}
	// What waits to be written is looked at first: what is written in between is then in the store.
	best := l.pending.find(account, ids, oldest)
	// A draw that another process pays for between the two statements of a look-up counts as unpaid, as it was a moment before.
	err := l.store.lookup(ctx, func(r reader) error {
		for _, id := range ids {
			if err := readDraws(ctx, r, account, id, oldest, best); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var found []budget.FoundRelease
	for _, id := range ids {
		if f, ok := best[id]; ok {
			found = append(found, f)
		}
	}
	return found, nil
}

// The two ways to a draw, in the order of the index, so that neither sorts: the latest one that the analyst has paid
// for, and the latest one.
const (
	paidDraw = `SELECT r.made, r.body FROM releases r WHERE r.dataset = $1 AND r.id = $2 AND r.made >= $3
	  AND EXISTS (SELECT 1 FROM release_payers p WHERE p.draw = r.draw AND p.analyst = $4) ORDER BY r.made DESC LIMIT 1`
	lastDraw = `SELECT r.made, r.body FROM releases r WHERE r.dataset = $1 AND r.id = $2 AND r.made >= $3
	  ORDER BY r.made DESC LIMIT 1`
)

func readDraws(ctx context.Context, r reader, account budget.Key, id budget.ReleaseID, oldest time.Time, best map[budget.ReleaseID]budget.FoundRelease) error {
	after := int64(math.MinInt64)
	if !oldest.IsZero() {
		after = oldest.UnixNano()
	}
	args := []any{account.Dataset, id[:], after}
	found, paid := false, account.Analyst == ""
	take := func(row row) error {
		var made int64
		f := budget.FoundRelease{Release: budget.Release{ID: id, Dataset: account.Dataset}, Paid: paid}
		if err := row.Scan(&made, &f.Release.Body); err != nil {
			return err
		}
		found, f.Release.Made = true, time.Unix(0, made).UTC()
		consider(best, f)
		return nil
	}
	if !paid {
		paid = true
		if err := r.each(ctx, paidDraw, append(args, account.Analyst), take); err != nil || found {
			return err
		}
		paid = false
	}
	return r.each(ctx, lastDraw, args, take)
}

// consider keeps the better of two draws.
func consider(best map[budget.ReleaseID]budget.FoundRelease, f budget.FoundRelease) {
	old, ok := best[f.Release.ID]
	if !ok || f.Paid && !old.Paid || f.Paid == old.Paid && f.Release.Made.After(old.Release.Made) {
		best[f.Release.ID] = f
	}
}

// overlay holds the releases of reservations whose end is not on the store yet.
type overlay struct {
	mu   sync.Mutex
	draw map[budget.ReleaseID][]overlaid
}

type overlaid struct {
	release budget.Release
	payer   string
	from    *endOp
}

func (v *overlay) init() { v.draw = map[budget.ReleaseID][]overlaid{} }

func (v *overlay) add(o *endOp) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, r := range o.releases {
		v.draw[r.ID] = append(v.draw[r.ID], overlaid{r, o.funds.analyst.Analyst, o})
	}
}

func (v *overlay) remove(o *endOp) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, r := range o.releases {
		var rest []overlaid
		for _, d := range v.draw[r.ID] {
			if d.from != o {
				rest = append(rest, d)
			}
		}
		if v.draw[r.ID] = rest; len(rest) == 0 {
			delete(v.draw, r.ID)
		}
	}
}

func (v *overlay) find(account budget.Key, ids []budget.ReleaseID, oldest time.Time) map[budget.ReleaseID]budget.FoundRelease {
	best := map[budget.ReleaseID]budget.FoundRelease{}
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, id := range ids {
		for _, d := range v.draw[id] {
			if d.release.Dataset != account.Dataset || d.release.Made.Before(oldest) {
				continue
			}
			f := budget.FoundRelease{Release: d.release, Paid: account.Analyst == "" || d.payer == account.Analyst}
			f.Release.Body = bytes.Clone(f.Release.Body)
			consider(best, f)
		}
	}
	return best
}
