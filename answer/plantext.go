package answer

import "github.com/dpproxy/dpproxy/rewrite"

// maxPlanText bounds a plan's text in the history, in bytes.
const maxPlanText = 64 << 10

// planText is a plan's printed form, cut where it is longer than anybody reads.
func planText(p *rewrite.Plan) string {
	text := p.String()
	if len(text) > maxPlanText {
		text = text[:maxPlanText] + "…"
	}
	return text
}
