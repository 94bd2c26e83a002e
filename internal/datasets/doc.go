// Package datasets opens what a configuration describes: one engine for each dataset, the catalog built from the
// declaration and the source's schema, and the claims of the owner checked on the live source.
//
//	config.Dataset ──source──► engine.Engine ──Schema──► catalog.Build ──► Loaded{Catalog, Engine}
//	                               └──IsUnique──► key claims
//
// `dpproxy serve` and `dpproxy check` share it, so that what passes the check can be served. It reads schemas and asks
// whether columns are unique; it never reads rows, except for `version: {from: …}`, over public tables.
package datasets
