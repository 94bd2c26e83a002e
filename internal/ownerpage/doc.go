// Package ownerpage is the owner's web page on `admin.listen`: data sets, analysts and what they have left, history with
// search, limits and who hit them, bans, health.
//
//	browser ──► log-in (SCRAM verifier of the configuration) ──► session cookie ──► pages (html/template, embedded)
//	                                                                   └─ POST: same origin, and the session's own token
//
// It reads the configuration and the ledger, and changes one thing alone: bans, which are entries of the history. It shows
// no value of data and no password; the history holds analysts' SQL and what was released to them. Pages load nothing from
// elsewhere and need no script. Health and metrics are served beside it, without a log-in.
package ownerpage
