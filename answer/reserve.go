package answer

import (
	"context"
	"errors"
	"fmt"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/refusal"
)

// reserve puts the query's price aside in both accounts, or in neither. It is on disk when reserve returns.
func (s *Service) reserve(ctx context.Context, q *query, o *order) error {
	defer s.stage(q, "reserve", s.Clock())
	analyst, dataset := q.accounts()
	entry := q.entry()
	entry.Loss, entry.DatasetLoss = o.analystLoss, o.datasetLoss
	r, err := s.Ledger.Reserve(ctx, budget.Charge{
		Analyst: analyst, Dataset: dataset, AnalystLoss: o.analystLoss, DatasetLoss: o.datasetLoss,
		Class: q.class(), Limits: q.queryLimits(), Entry: entry,
	})
	if exhausted := (*budget.Exhausted)(nil); errors.As(err, &exhausted) {
		return s.usedUp(q, exhausted)
	}
	if err != nil {
		return s.ledgerFailed(ctx, "reserve", err)
	}
	o.reservation, q.charged = r, true
	return nil
}

// enabled refuses an analyst whom the owner has banned since the log-in.
func (s *Service) enabled(ctx context.Context, q *query) error {
	banned, err := s.Ledger.Disabled(ctx, q.request.Identity.User)
	if err != nil {
		return s.ledgerFailed(ctx, "user", err)
	}
	if banned {
		return refusal.New(refusal.InsufficientPrivilege, "user %q is disabled", q.request.Identity.User).
			WithHint("The owner of the data can enable it again.")
	}
	return nil
}

// usedUp tells an analyst which account refused, what was asked, what is left, and when it comes back.
func (s *Service) usedUp(q *query, e *budget.Exhausted) error {
	name := q.dataset.Catalog.Name
	limit := "budget"
	switch {
	case e.MaxQueries > 0:
		limit = "queries"
	case e.Key.Analyst == "":
		limit = "dataset budget"
	}
	s.Observer.Limited(name, limit)
	if e.MaxQueries > 0 {
		return q.queriesUsedUp(e)
	}
	a := s.accountant(q)
	whose := fmt.Sprintf("of %s on data set %q", q.payer(), name)
	if e.Key.Analyst == "" {
		whose = fmt.Sprintf("of data set %q, over all analysts,", name)
	}
	return refusal.New(refusal.BudgetExceeded, "the privacy budget %s does not allow this query", whose).
		WithDetail("Asked: %s. Left: %s. %s Nothing was charged.", lossText(a, e.Asked), leftText(e.Balance), comesBack(e.Balance)).
		WithHint("%s", cheaper(e.Balance))
}

// queriesUsedUp tells that a lifetime limit of queries is reached, in the owner's words if he has some.
func (q *query) queriesUsedUp(e *budget.Exhausted) error {
	name := q.dataset.Catalog.Name
	of := "to " + q.payer()
	if e.Key.Analyst == "" {
		of = "to all users together"
	}
	if e.Class != "" {
		of += fmt.Sprintf(" in class %q", e.Class)
	}
	message := fmt.Sprintf("the limit of %d queries on data set %q is used up", e.MaxQueries, name)
	for _, own := range []string{q.dataset.MaxQueriesMessage, q.access.MaxQueriesMessage} {
		if own != "" {
			message = own
			break
		}
	}
	return refusal.New(refusal.BudgetExceeded, "%s", message).
		WithDetail("%d of %d queries were charged %s. The limit is for ever. Nothing was charged now.", e.Queries, e.MaxQueries, of).
		WithHint("Answers that you have paid for can be read again for free, with the same query and settings.")
}

// leftText is what is left of an account, and of how much: "ε = 0.2 of 10"; ρ is told as ε at the budget's δ too.
func leftText(b budget.Balance) string {
	limit := b.Effective
	switch limit.Accountant {
	case privacy.ZCDP:
		return fmt.Sprintf("%s of %s, which is about ε = %s of %s at δ = %s", lossText(privacy.ZCDP, b.Left), lossText(privacy.ZCDP, b.Limit),
			b.LeftEpsilon, limit.Epsilon, limit.Delta)
	case privacy.Approx:
		return fmt.Sprintf("%s of %s", lossText(privacy.Approx, b.Left), lossText(privacy.Approx, b.Limit))
	}
	return fmt.Sprintf("ε = %s of %s", b.Left.Epsilon, b.Limit.Epsilon)
}

func comesBack(b budget.Balance) string {
	if b.WindowEnds.IsZero() {
		return "It does not come back."
	}
	return "It comes back at " + moment(b.WindowEnds) + "."
}

func cheaper(b budget.Balance) string {
	if b.Left.Epsilon <= 0 && b.Left.Rho <= 0 {
		return "Answers that you have paid for can be read again for free, with the same query and settings."
	}
	return "Ask with a smaller dp.epsilon, or for fewer columns; EXPLAIN shows the price of a query. " +
		"Answers that you have paid for can be read again for free."
}
