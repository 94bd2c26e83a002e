package answer

import (
	"fmt"
	"strings"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/privacy"
)

// littleLeft is the part of an account below which analysts are warned: a tenth.
const littleLeft = 10

// notices tell what a private answer cost, what is left, and how wide the error is; and of every answer what is left of
// its rate limits, if the owner wants that.
func (s *Service) notices(q *query, o *order) ([]Notice, error) {
	out, err := s.lossNotices(q, o)
	if err == nil && q.access.RateNotices {
		out = append(out, q.rateNotices...)
	}
	return out, err
}

func (s *Service) lossNotices(q *query, o *order) ([]Notice, error) {
	if q.designed != nil && !q.plan.Reads {
		return nil, nil
	}
	if q.designed != nil {
		return []Notice{q.designed.notice(q)}, nil
	}
	if q.preview {
		return []Notice{previewNotice()}, nil
	}
	if len(o.blocks) == 0 {
		return nil, nil
	}
	if q.dataset.Catalog.CellKey != nil {
		return cellNotices(q.plan), nil
	}
	expected, err := q.plan.Once(func() (string, error) {
		list, err := expectedErrors(q.plan, confidenceShown)
		return errorsText(list), err
	})
	if err != nil {
		return nil, s.internal("expected error", err)
	}
	if o.reservation == nil {
		return []Notice{{
			Severity: "NOTICE", Code: "00000", Message: o.free(),
			Detail: expected,
		}}, nil
	}
	balance, _ := o.reservation.Balances()
	a := s.accountant(q)
	out := []Notice{{
		Severity: "NOTICE", Code: "00000",
		Message: fmt.Sprintf("spent %s; left %s", lossText(a, o.analystLoss), leftText(balance)),
		Detail:  expected,
	}}
	if low(balance, o.analystLoss) {
		out = append(out, Notice{
			Severity: "WARNING", Code: "01000",
			Message: fmt.Sprintf("little is left of the privacy budget of %s on data set %q", q.payer(), q.dataset.Catalog.Name),
			Detail:  "Left: " + leftText(balance) + ". " + comesBack(balance),
			Hint:    "EXPLAIN shows the price of a query. Answers that you have paid for can be read again for free.",
		})
	}
	return out, nil
}

// low tells that less than a tenth of an account is left, or less than this query cost.
func low(b budget.Balance, cost privacy.Loss) bool {
	switch b.Account.Budget.Accountant {
	case privacy.ZCDP:
		if b.Left.Rho < cost.Rho || b.Left.Rho < b.Limit.Rho/littleLeft {
			return true
		}
	default:
		if b.Left.Epsilon < cost.Epsilon || b.Left.Epsilon < b.Limit.Epsilon/littleLeft {
			return true
		}
	}
	return b.Account.Budget.Accountant != privacy.Pure && cost.Delta > 0 &&
		(b.Left.Delta < cost.Delta || b.Left.Delta < b.Limit.Delta/littleLeft)
}

// errorsText is "Expected error (95 %): count ± 6; avg ± 1240/n, n being the rows of the group."
func errorsText(expected []expectedError) string {
	var parts []string
	perRow := ""
	for _, e := range expected {
		parts = append(parts, e.Column+" "+e.text())
		if e.PerRow {
			perRow = ", n being the rows of the group"
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return fmt.Sprintf("Expected error (95 %%): %s%s.", strings.Join(parts, "; "), perRow)
}

// free says why an answer costs nothing.
func (o *order) free() string {
	for _, b := range o.blocks {
		if b.plan.Asks() {
			return "spent nothing: this answer was paid for before"
		}
	}
	return "spent nothing: this answer is the same whatever the private rows are"
}
