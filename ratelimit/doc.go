// Package ratelimit limits requests, not privacy loss: its windows expire, so budgets never go through it.
//
//	"5/60 seconds, 8/2 minutes" ──Parse──► []Limit ─┐
//	key (user × dataset × scope) ───────────────────┴─► Limiter.Allow ──► Decision{Allowed, Limit, RetryIn}
//	Rules (by class, by message) ──For──► Counter: which scopes a query counts in
//
// Stores are memory and Redis: fixed windows in Redis through ulule/limiter, moving ones by hits that are remembered one by one. One
// suite passes over all four. It imports nothing of ours.
package ratelimit
