package ledgersql

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dpproxy/dpproxy/budget"
)

// Packs: queries over public tables, and those that were paid for before, cost nothing and come by the thousand a second.
// Those that one batch records for one account share a row: a row of their own for each would cost more than the query.
//
//	history  …, 41, 42, 50 (outcome "packed", note: "8 entries, sha256 …, answers sha256 …"), 51 …
//	packs    last_id 50, first_id 43: the entries 43 to 50, and their answers
//
// Readers of the history meet the entries alone, under numbers of their own. The chain holds the hashes of both texts, and a
// gap in its numbers is one that a packed row tells of.
const (
	outcomePublic = "public" // of the entries that may share a row
	outcomeReused = "reused" // likewise
	outcomePacked = "packed"
	minPack       = 4       // fewer have rows of their own
	maxPack       = 1024    // entries of one row
	maxPackBytes  = 1 << 20 // of texts and answers of one row, and one entry more
)

// packKey is what the entries of a pack have in common, so that readers can leave whole packs out.
type packKey struct{ analyst, dataset, by string }

// packs are a batch's answers that may share rows.
type packs struct {
	keys []packKey
	of   map[packKey][]*budget.Answer
}

// add notes an answer that may share a row; false for all others.
func (p *packs) add(a *budget.Answer) bool {
	e := &a.Entry
	if e.ID != 0 || e.Outcome != outcomePublic && e.Outcome != outcomeReused || !e.Loss.IsZero() || !e.DatasetLoss.IsZero() || e.SQLState != "" || e.Note != "" || e.SQL == "" {
		return false
	}
	k := packKey{cleanName(e.Analyst), cleanName(e.Dataset), clean(e.By)}
	if p.of == nil {
		p.of = map[packKey][]*budget.Answer{}
	}
	if p.of[k] == nil {
		p.keys = append(p.keys, k)
	}
	p.of[k] = append(p.of[k], a)
	return true
}

// write writes the answers, in the order of their analysts' first ones, and forgets them.
func (p *packs) write(b *batch) error {
	all := *p
	*p = packs{}
	for _, k := range all.keys {
		for rest := all.of[k]; len(rest) > 0; {
			n := packLength(rest)
			if err := b.appendPack(k, rest[:n]); err != nil {
				return err
			}
			rest = rest[n:]
		}
	}
	return nil
}

// packLength is how many of the answers one row takes.
func packLength(list []*budget.Answer) int {
	size := 0
	for i, a := range list {
		if i == maxPack || size > maxPackBytes {
			return i
		}
		size += len(a.Body) + textBytes(&a.Entry)
	}
	return len(list)
}

// appendPack writes entries as one row, or, if they are few, each as its own.
func (b *batch) appendPack(k packKey, list []*budget.Answer) error {
	if len(list) < minPack {
		for _, a := range list {
			if err := b.appendAnswer(a); err != nil {
				return err
			}
		}
		return nil
	}
	entries, answers, kept := encodePack(list)
	first := b.headID + 1
	b.headID += int64(len(list)) - 1
	last, err := b.append(0, budget.Entry{
		Time: list[0].Entry.Time, Analyst: k.analyst, Dataset: k.dataset, By: k.by, Outcome: outcomePacked,
		Note: packNote(len(list), entries, answers),
	})
	if err != nil {
		return err
	}
	var stored any
	if kept > 0 {
		stored = answers
	}
	return b.tx.queue(b.ctx, `INSERT INTO packs (last_id, first_id, packed_at, entries, answers, kept) VALUES ($1, $2, $3, $4, $5, $6)`,
		last, first, b.now.UnixNano(), entries, stored, kept)
}

// packNote is what the chain says of a pack.
func packNote(n int, entries, answers []byte) string {
	of, with := sha256.Sum256(entries), sha256.Sum256(answers)
	return strconv.Itoa(n) + " entries, sha256 " + hex.EncodeToString(of[:]) + ", answers sha256 " + hex.EncodeToString(with[:])
}

// packedEntries is how many entries a row of the chain stands for: 1, or what a packed row's note says.
func packedEntries(e *budget.Entry) (int64, error) {
	if e.Outcome != outcomePacked {
		return 1, nil
	}
	count, _, _ := strings.Cut(e.Note, " ")
	n, err := strconv.ParseInt(count, 10, 64)
	if err != nil || n < minPack || n > maxPack {
		return 0, &budget.Tampered{ID: e.ID, Reason: fmt.Sprintf("entry %d is no pack", e.ID)}
	}
	return n, nil
}

// packMatches tells that a pack's text is the one that the chain has the hash of.
func packMatches(e *budget.Entry, entries []byte) bool {
	sum := sha256.Sum256(entries)
	return strings.Contains(e.Note, " entries, sha256 "+hex.EncodeToString(sum[:])+",")
}

// unpacked are a pack's entries, newest first, under their numbers. Where the pack is not what the chain says, the row itself
// is all there is to show.
func unpacked(row budget.Entry, entries []byte, hasAnswers bool) []budget.Entry {
	list, err := decodePack(entries)
	if n, bad := packedEntries(&row); err != nil || bad != nil || n != int64(len(list)) || !packMatches(&row, entries) {
		return []budget.Entry{row}
	}
	out := make([]budget.Entry, len(list))
	for i := range list {
		e := list[len(list)-1-i].Entry
		e.ID = row.ID - int64(i)
		e.Analyst, e.Dataset, e.By = row.Analyst, row.Dataset, row.By
		e.Archived = e.Archived && hasAnswers
		if !e.Archived {
			e.Rows = 0
		}
		out[i] = e
	}
	return out
}

// archivedInPack reads the answer of an entry that shares a row with others.
func archivedInPack(ctx context.Context, r reader, entry int64) (a budget.Answer, ok bool, err error) {
	var head budget.Entry
	var first int64
	var entries, answers []byte
	found := false
	err = r.each(ctx, `SELECT p.last_id, p.first_id, p.packed_at, p.entries, p.answers, h.analyst, h.dataset, h.actor, h.note
	  FROM packs p JOIN history h ON h.id = p.last_id WHERE p.last_id >= $1 ORDER BY p.last_id LIMIT 1`, []any{entry}, func(line row) error {
		var at int64
		err := line.Scan(&head.ID, &first, &at, &entries, &answers, &head.Analyst, &head.Dataset, &head.By, &head.Note)
		a.Entry.Time, head.Outcome, found = time.Unix(0, at).UTC(), outcomePacked, true
		return err
	})
	if err != nil || !found || entry < first || answers == nil {
		return a, false, err
	}
	list, err := decodePack(entries)
	if err == nil {
		err = decodePackAnswers(list, answers)
	}
	if err != nil || head.ID-first+1 != int64(len(list)) || head.Note != packNote(len(list), entries, answers) {
		return a, false, &budget.Tampered{ID: head.ID, Reason: fmt.Sprintf("the answers of entries %d to %d are not what was given", first, head.ID)}
	}
	at := list[entry-first]
	a.Entry.ID, a.Entry.Analyst, a.Entry.Dataset, a.Entry.By = entry, head.Analyst, head.Dataset, head.By
	a.Rows, a.Body = at.Rows, at.Body
	return a, at.Body != nil, nil
}
