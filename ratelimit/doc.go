// Package ratelimit limits requests, not privacy loss: its windows expire, so budgets never go through it.
//
//	"5/60 seconds, 8/2 minutes" ──Parse──► []Limit ─┐
//	key (user × dataset) ───────────────────────────┴─► Limiter.Allow ──► Decision{Allowed, Limit, RetryIn}
//
// Stores are memory and Redis, both through ulule/limiter; one suite passes over both. It imports nothing of ours.
package ratelimit
