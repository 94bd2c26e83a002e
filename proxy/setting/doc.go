// Package setting is the session's settings: which names exist, what values they take, and what SET, RESET, SET LOCAL,
// set_config, start-up options and roll-backs do to them, in one place so that they agree.
//
//	Registry (immutable, one for the process) ──► Store (one for each session)
//
// A Registry knows PostgreSQL's settings that clients use; `dp.*` names are checked by a function that the session
// gives; other names with a dot are accepted as they are; the rest is 42704. Nothing here is passed to a data source.
package setting
