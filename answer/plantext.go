package answer

import (
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/rewrite"
)

// maxPlanText bounds a plan's text in the history, in bytes.
const maxPlanText = 64 << 10

// shown is the query's plan as it is told: with the declared names, but for the owner.
func (q *query) shown() *rewrite.Plan {
	if q.request.Owner {
		return q.plan
	}
	return q.plan.Shown(q.catalog())
}

// catalog is what the query was planned over.
func (q *query) catalog() *catalog.Dataset {
	if q.preview {
		return q.dataset.Preview.catalogOf(q.dataset.Catalog)
	}
	if q.designed != nil {
		return q.dataset.Design.made.catalogOf(q.dataset.Catalog)
	}
	return q.dataset.Catalog
}

// planText is a plan's printed form, cut where it is longer than anybody reads.
func planText(p *rewrite.Plan) string { return cutPlan(p.String()) }

// planText is the printed form of the plan as it is told.
func (q *query) planText() string {
	if q.request.Owner {
		return planText(q.plan)
	}
	return cutPlan(q.plan.ShownText(q.catalog()))
}

func cutPlan(text string) string {
	if len(text) > maxPlanText {
		text = text[:maxPlanText] + "…"
	}
	return text
}
