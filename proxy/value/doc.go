// Package value turns cells (PostgreSQL's output text) into the bytes of DataRow and the bytes of Bind into cells, in
// text and in binary format.
//
//	Cell ──AppendText / AppendBinary──► DataRow          Bind ──Param──► Cell
//
// The common types have codecs of their own that write into the caller's buffer; the rest goes through pgx's pgtype.
// Every function is total: bytes from outside give an error, never a panic. It reads no socket and knows no session
// but for a Style, which says how the session wants text to look.
package value
