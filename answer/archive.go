package answer

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strconv"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

// Archiving says which answers are kept beside the history. The zero value keeps none.
type Archiving struct {
	Answers  bool // of queries over private tables
	Public   bool // entries and answers of queries over public tables alone
	MaxBytes int  // of one answer's text; larger ones are noted without their rows
}

// archived is an answer as it was given. Its stored form is JSON, compressed: {"v":1,"c":[["sex","text"],…],"r":[["f","12"],[null,"3"],…]}.
type archived struct {
	Columns []Column
	cells   [][]Cell
}

// ArchivedAnswer is a kept answer for the owner's eyes.
type ArchivedAnswer struct {
	Columns []Column
	Rows    [][]Cell
}

type archivedJSON struct {
	Version int          `json:"v"`
	Columns [][2]string  `json:"c"`
	Rows    [][]*jsonRaw `json:"r"`
}

// jsonRaw is a cell's text; values are PostgreSQL's output text, which is UTF-8.
type jsonRaw string

func (a archived) rows() [][]Cell { return a.cells }

func (a archived) encode(z *gzip.Writer) ([]byte, error) {
	var b bytes.Buffer
	z.Reset(&b)
	_, err := z.Write(a.json())
	if err := errors.Join(err, z.Close()); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// maxArchived bounds what a kept answer is unpacked to.
const maxArchived = MaxAnswerBytes * 2

// DecodeArchived reads a kept answer's body.
func DecodeArchived(body []byte) (ArchivedAnswer, error) {
	var out ArchivedAnswer
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return out, err
	}
	var in archivedJSON
	if err := json.NewDecoder(io.LimitReader(z, maxArchived)).Decode(&in); err != nil {
		return out, err
	}
	if in.Version != 1 {
		return out, errors.New("answer: a kept answer is of another version")
	}
	for _, c := range in.Columns {
		t, err := catalog.ParseType(c[1])
		if err != nil {
			return out, err
		}
		out.Columns = append(out.Columns, Column{Name: c[0], Type: t})
	}
	for _, row := range in.Rows {
		if len(row) != len(out.Columns) {
			return out, errors.New("answer: a kept answer has rows of another shape")
		}
		line := make([]Cell, len(row))
		for j, text := range row {
			if text == nil {
				line[j] = null()
			} else {
				line[j].Text = string(*text)
			}
		}
		out.Rows = append(out.Rows, line)
	}
	return out, nil
}

// keep puts a private answer, which is whole in memory, into the archive. An answer is not lost because the archive is away.
func (s *Service) keep(ctx context.Context, q *query, o *order, result *Result) {
	rows, ok := result.Rows.(*memoryRows)
	if !ok || len(q.plan.Blocks) == 0 || !s.archiving().Answers {
		return
	}
	e := q.entry()
	if o.reservation != nil {
		e.ID = o.reservation.ID()
	} else {
		e.Outcome, e.Duration = "reused", s.Clock().Sub(q.started)
		q.charged = true // the entry is recorded here
	}
	s.store(ctx, e, archived{result.Columns, rows.rows})
}

// store encodes and keeps an answer; one that is too large is noted without its rows.
func (s *Service) store(ctx context.Context, e budget.Entry, a archived) {
	answer := budget.Answer{Entry: e, Rows: int64(len(a.cells))}
	if size(a.cells) <= s.archiving().MaxBytes {
		body, err := s.pack(a)
		if err != nil {
			s.Logger.Error("an answer was not archived", "dataset", e.Dataset, "error", err)
		}
		answer.Body = body
	}
	if answer.Body == nil && e.ID != 0 {
		return // its entry exists
	}
	if err := s.Ledger.Archive(context.WithoutCancel(ctx), answer); err != nil {
		s.Logger.Error("an answer was not archived", "dataset", e.Dataset, "error", err)
	}
}

func size(rows [][]Cell) int {
	n := 0
	for _, row := range rows {
		for _, c := range row {
			n += len(c.Text) + cellOverhead
		}
	}
	return n
}

// keptRows pass rows over public tables on, and keep them for the archive while they are few enough.
type keptRows struct {
	Rows
	service *Service
	entry   budget.Entry
	columns []Column
	rows    [][]Cell
	size    int
	most    int
	ended   bool // all rows were read
	closed  bool
}

// Next goes to the next row.
func (k *keptRows) Next() bool {
	if !k.Rows.Next() {
		k.ended = true
		return false
	}
	if k.size <= k.most {
		row := append([]Cell(nil), k.Values()...)
		k.size += size([][]Cell{row})
		k.rows = append(k.rows, row)
	}
	return true
}

// Close ends the rows, and archives what was read whole.
func (k *keptRows) Close() {
	failed := k.Err() != nil
	k.Rows.Close()
	if k.closed {
		return
	}
	k.closed = true
	k.entry.Duration = k.service.Clock().Sub(k.entry.Time)
	if failed {
		k.entry.Outcome = "failed"
	}
	a := archived{k.columns, k.rows}
	if failed || !k.ended || k.size > k.most {
		if err := k.service.Ledger.Record(context.Background(), k.entry); err != nil {
			k.service.Logger.Error("history entry was not written", "dataset", k.entry.Dataset, "error", err)
		}
		return
	}
	k.service.store(context.Background(), k.entry, a)
}

// keepPublic archives a query over public tables when its rows have been read.
func (s *Service) keepPublic(q *query, result *Result) {
	if !result.Public || q.preview || q.designed != nil || !q.plan.Reads || !s.archiving().Public {
		return
	}
	e := q.entry()
	e.Outcome = "public"
	result.Rows = &keptRows{Rows: result.Rows, service: s, entry: e, columns: result.Columns, most: s.archiving().MaxBytes}
}

// replayed reads one of the analyst's own answers on this data set again. Others' do not exist for him, and to those who are
// anonymous every answer is another's. A credential that permits no queries permits none of their answers.
func (s *Service) replayed(ctx context.Context, q *query, id Cell) (archived, error) {
	if q.onlyMetadata() {
		return archived{}, refusal.New(refusal.InsufficientPrivilege, "your credential does not permit to read answers on data set %q", q.dataset.Catalog.Name).
			WithDetail("It permits metadata only.")
	}
	none := refusal.New(refusal.InvalidParameterValue, "there is no kept answer %s of yours on data set %q", id.Text, q.dataset.Catalog.Name).
		WithHint("SELECT id, rows, sql FROM dp.history WHERE rows IS NOT NULL lists those that are kept.")
	n, err := strconv.ParseInt(id.Text, 10, 64)
	if err != nil || n <= 0 || q.anonymous() {
		return archived{}, none
	}
	a, ok, err := s.Ledger.Archived(ctx, n)
	if err != nil {
		return archived{}, s.ledgerFailed(ctx, "archive", err)
	}
	if !ok || a.Entry.Analyst != q.user.account() || a.Entry.Dataset != q.dataset.Catalog.Name {
		return archived{}, none
	}
	kept, err := DecodeArchived(a.Body)
	if err != nil {
		return archived{}, s.internal("archive", err)
	}
	return archived{kept.Columns, kept.Rows}, nil
}
