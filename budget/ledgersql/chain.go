package ledgersql

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/dpproxy/dpproxy/budget"
)

// link is a row of the history: an entry, or (ref > 0) the outcome of one.
type link struct {
	ref   int64
	entry budget.Entry
}

// append writes the next row of the chain, and returns its number. A pack has raised headID before it (pack.go).
func (b *batch) append(ref int64, e budget.Entry) (int64, error) {
	if err := b.packs.write(b); err != nil { // what was called before stands before
		return 0, err
	}
	e.ID = b.headID + 1
	if e.Time.IsZero() {
		e.Time = b.now
	}
	cleanEntry(&e)
	l := link{ref, e}
	if need := 256 + len(e.SQL) + len(e.Plan) + len(e.Application) + len(e.Client) + len(e.Note); cap(b.scratch) < need {
		b.scratch = make([]byte, 0, need)
	}
	digest := l.digest(b.scratch)
	hash := l.hash(b.scratch, b.headHash, digest)
	b.headID, b.headHash, b.appended = e.ID, hash, true
	if e.Loss.IsZero() && e.DatasetLoss.IsZero() && e.SQLState == "" && e.By == "" { // fewer values to hand over
		return e.ID, b.tx.queue(b.ctx, `INSERT INTO history (`+historyColumns+`, digest, hash)
		  VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0, 0, 0, 0, $8, '', $9, $10, $11, '', $12, $13, $14)`,
			e.ID, ref, e.Time.UnixNano(), e.Analyst, e.Dataset, e.SQL, e.Plan, e.Outcome, int64(e.Duration), e.Application, e.Client, e.Note,
			digest[:], hash[:])
	}
	return e.ID, b.tx.queue(b.ctx, `INSERT INTO history (`+historyColumns+`, digest, hash)
	  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)`,
		e.ID, ref, e.Time.UnixNano(), e.Analyst, e.Dataset, e.SQL, e.Plan,
		int64(e.Loss.Epsilon), int64(e.Loss.Delta), int64(e.Loss.Rho),
		int64(e.DatasetLoss.Epsilon), int64(e.DatasetLoss.Delta), int64(e.DatasetLoss.Rho),
		e.Outcome, e.SQLState, int64(e.Duration), e.Application, e.Client, e.By, e.Note, digest[:], hash[:])
}

func cleanEntry(e *budget.Entry) {
	e.Analyst, e.Dataset = cleanName(e.Analyst), cleanName(e.Dataset)
	for _, s := range [...]*string{&e.SQL, &e.Plan, &e.Outcome, &e.SQLState, &e.Application, &e.Client, &e.By, &e.Note} {
		*s = clean(*s)
	}
}

// digest is SHA-256 over the texts that may be erased one day: each with its length before it.
func (l *link) digest(buf []byte) [32]byte {
	e := &l.entry
	for _, s := range [...]string{e.SQL, e.Plan, e.Application, e.Client, e.Note} {
		buf = appendText(buf, s)
	}
	return sha256.Sum256(buf)
}

// hash is SHA-256 over the former row's hash and this row: numbers as 8 bytes, big endian, texts with their length
// before them, in a fixed order.
func (l *link) hash(buf []byte, former, digest [32]byte) [32]byte {
	e := &l.entry
	buf = append(append(buf, "dpproxy history 1\n"...), former[:]...)
	for _, n := range [...]int64{
		e.ID, l.ref, e.Time.UnixNano(),
		int64(e.Loss.Epsilon), int64(e.Loss.Delta), int64(e.Loss.Rho),
		int64(e.DatasetLoss.Epsilon), int64(e.DatasetLoss.Delta), int64(e.DatasetLoss.Rho), int64(e.Duration),
	} {
		buf = binary.BigEndian.AppendUint64(buf, uint64(n))
	}
	for _, s := range [...]string{e.Analyst, e.Dataset, e.Outcome, e.SQLState, e.By} {
		buf = appendText(buf, s)
	}
	return sha256.Sum256(append(buf, digest[:]...))
}

// appendText adds a text with its length before it.
func appendText(buf []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint64(buf, uint64(len(s))), s...)
}

// Verify recomputes the chain from its first row to the head, on one snapshot. A cut tail shows in the head, or, where
// the head was forged with it, only against a Verified.Head that was noted elsewhere.
func (l *Ledger) Verify(ctx context.Context) (budget.Verified, error) {
	if err := l.flush(ctx); err != nil {
		return budget.Verified{}, err
	}
	var v budget.Verified
	err := l.store.read(ctx, func(r reader) error {
		for {
			before := v.Entries
			if err := verifyPage(ctx, r, &v); err != nil {
				return err
			}
			if v.Entries == before {
				break
			}
		}
		return verifyHead(ctx, r, v)
	})
	return v, err
}

// HashAt is the hash of an entry of the chain, and false where the history has no such entry. After Verify, it is the hash
// of everything up to there: compare it with one that was noted elsewhere.
func (l *Ledger) HashAt(ctx context.Context, id int64) (hash [32]byte, ok bool, err error) {
	err = l.store.read(ctx, func(r reader) error {
		return r.each(ctx, `SELECT hash FROM history WHERE id = $1`, []any{id}, func(row row) error {
			var raw []byte
			if err := row.Scan(&raw); err != nil {
				return err
			}
			ok = copy(hash[:], raw) == len(hash)
			return nil
		})
	})
	return hash, ok, err
}

// verifyPage checks the next thousand rows.
func verifyPage(ctx context.Context, r reader, v *budget.Verified) error {
	return r.each(ctx, `SELECT `+historyColumns+`, digest, hash, packs.entries, COALESCE(packs.first_id, 0) FROM history LEFT JOIN packs ON last_id = id
		WHERE id > $1 ORDER BY id LIMIT 1000`,
		[]any{v.Entries}, func(row row) error {
			var l link
			var digest, hash, packed []byte
			var first int64
			if err := scanEntry(row, &l, &digest, &hash, &packed, &first); err != nil {
				return err
			}
			n, err := packedEntries(&l.entry)
			if err != nil {
				return err
			}
			want := v.Entries + n
			if l.entry.ID != want {
				return &budget.Tampered{ID: v.Entries + 1, Reason: fmt.Sprintf("entry %d is missing", v.Entries+1)}
			}
			if n > 1 && (first != v.Entries+1 || !packMatches(&l.entry, packed)) { // History pages by first_id
				return &budget.Tampered{ID: v.Entries + 1, Reason: fmt.Sprintf("entries %d to %d differ", v.Entries+1, want)}
			}
			d := l.digest(nil)
			if string(digest) != string(d[:]) {
				return &budget.Tampered{ID: want, Reason: fmt.Sprintf("the texts of entry %d differ", want)}
			}
			h := l.hash(nil, v.Head, d)
			if string(hash) != string(h[:]) {
				return &budget.Tampered{ID: want, Reason: fmt.Sprintf("the hash of entry %d differs", want)}
			}
			v.Entries, v.Head = want, h
			return nil
		})
}

// verifyHead checks that the chain ends where it should.
func verifyHead(ctx context.Context, r reader, v budget.Verified) error {
	seen := false
	err := r.each(ctx, `SELECT id, hash FROM head WHERE one = 1`, nil, func(row row) error {
		var id int64
		var hash []byte
		if err := row.Scan(&id, &hash); err != nil {
			return err
		}
		seen = true
		if id != v.Entries || string(hash) != string(v.Head[:]) {
			return &budget.Tampered{ID: v.Entries + 1, Reason: fmt.Sprintf("the history ends at entry %d, and should end at %d", v.Entries, id)}
		}
		return nil
	})
	if err == nil && !seen {
		return &budget.Tampered{ID: v.Entries + 1, Reason: "the head of the history is missing"}
	}
	return err
}

const historyColumns = `id, ref, made, analyst, dataset, query, plan, epsilon, delta, rho,
  dataset_epsilon, dataset_delta, dataset_rho, outcome, sqlstate, duration, application, client, actor, note`

// scanEntry reads a row of historyColumns, and what follows.
func scanEntry(r row, l *link, more ...any) error {
	e := &l.entry
	var made, duration int64
	err := r.Scan(append([]any{&e.ID, &l.ref, &made, &e.Analyst, &e.Dataset, &e.SQL, &e.Plan,
		&e.Loss.Epsilon, &e.Loss.Delta, &e.Loss.Rho, &e.DatasetLoss.Epsilon, &e.DatasetLoss.Delta, &e.DatasetLoss.Rho,
		&e.Outcome, &e.SQLState, &duration, &e.Application, &e.Client, &e.By, &e.Note}, more...)...)
	e.Time, e.Duration = time.Unix(0, made).UTC(), time.Duration(duration)
	return err
}
