package answer

import (
	"context"

	"github.com/dpproxy/dpproxy/approval"
	"github.com/dpproxy/dpproxy/budget"
)

// Approvals replays the acts that a ledger holds on a data set's approvals, from the approvers of the configuration on; acts is how
// many there are.
func Approvals(ctx context.Context, ledger interface {
	Acts(ctx context.Context, dataset string) ([]budget.Act, error)
}, dataset string, configured approval.Approvers) (state *approval.State, acts int, err error) {
	list, err := ledger.Acts(ctx, dataset)
	if err != nil {
		return nil, 0, err
	}
	replay := make([]approval.Act, len(list))
	for i, a := range list {
		replay[i] = approval.Act{Kind: a.Kind, Body: a.Body}
	}
	return approval.Replay(dataset, configured, replay), len(list), nil
}
