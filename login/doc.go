// Package login judges credentials that are offered as a password: JSON Web Tokens, and keys in a database table.
//
//	secret ─┬─ looks like a token ─► Tokens: signature (key, key set, jwks_url) ─► claims ─┬─► answer.Principal
//	        └─ anything else ──────► Keys:   one look-up in the owner's table ─────────────┘   name and permissions
//
// What is offered and wrong is refused, with a reason that only the operator's log holds. How long that takes does not
// depend on who exists: nothing here knows the list of users. What a person may do with a permission is package
// answer's business. Signatures and key sets are github.com/go-jose/go-jose's.
package login
