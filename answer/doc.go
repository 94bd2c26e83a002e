// Package answer is the order of the steps: what is parsed, limited, paid, measured, finished and recorded, and when.
//
//	Request ──Plan──► price ──ratelimit──► ──releases──► ──Reserve──► engine.Run ──Release──► Commit ──Finish──► Result
//
// Answer (answer.go) tells the whole story in one function. It owns no formula: packages rewrite, mechanism, budget,
// ratelimit and engine do the work. The proxy sees only the types of request.go.
package answer
