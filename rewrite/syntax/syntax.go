// Package syntax is PostgreSQL's own grammar (libpg_query, PostgreSQL 16): text in, syntax tree out.
//
//	text ──limits──► C parser ──► []*RawStmt
//
// It is the only package that imports the parser. Before any text reaches the C code it refuses what could exhaust the
// C stack or fool it: NUL bytes (the parser would stop there), invalid UTF-8, too many bytes, and chains of operators,
// casts, joins and set operations that nest one level each. It decides nothing about which SQL is allowed: package
// rewrite does, over the tree.
package syntax

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	pg "github.com/pganalyze/pg_query_go/v5"
	"github.com/pganalyze/pg_query_go/v5/parser"

	"github.com/dpproxy/dpproxy/refusal"
)

// Limits on one message's text. A chain of about 24,000 terms ends the C stack, and with it the process.
const (
	MaxBytes  = 256 << 10
	MaxTokens = 60_000
	MaxChain  = 2_000 // operators, casts, joins, set operations, commas excluded
	// MaxRun is the longest run of operator characters, in comments and literals too. The scanner reads a run to its
	// end to find its first operator, and begins again after it: 256 KiB of "+" keep it busy for minutes.
	MaxRun = 512
	// MaxDepth is how deep brackets and CASE may nest: each level is one of the tree, which everything after the parser
	// goes down recursively, a source's parser in this process too.
	MaxDepth = 300
)

// Parse parses a message of any number of statements. Errors are *refusal.Error, with Position in characters.
func Parse(sql string) ([]*RawStmt, error) {
	if err := Check(sql); err != nil {
		return nil, err
	}
	tree, err := pg.Parse(plainSettings(sql))
	if err != nil {
		return nil, syntaxError(sql, err)
	}
	return tree.Stmts, nil
}

// Check refuses text that must not reach the C parser.
func Check(sql string) error {
	switch {
	case len(sql) > MaxBytes:
		return refusal.New(refusal.ProgramLimitExceeded, "query text has %d bytes, the limit is %d", len(sql), MaxBytes)
	case strings.IndexByte(sql, 0) >= 0:
		return refusal.New(refusal.CharacterNotInRepertory, "invalid byte sequence for encoding \"UTF8\": 0x00")
	case !utf8.ValidString(sql):
		return refusal.New(refusal.CharacterNotInRepertory, "invalid byte sequence for encoding \"UTF8\"")
	}
	if longestRun(sql) > MaxRun {
		return refusal.New(refusal.StatementTooComplex, "query has more than %d operator characters in a row", MaxRun)
	}
	// Short text cannot hold a chain that hurts; only long text pays for the scan.
	if len(sql) <= MaxDepth {
		return nil
	}
	scan, err := pg.Scan(sql)
	if err != nil {
		return syntaxError(sql, err)
	}
	if len(scan.Tokens) > MaxTokens {
		return refusal.New(refusal.StatementTooComplex, "query has %d tokens, the limit is %d", len(scan.Tokens), MaxTokens)
	}
	if chain := countChains(scan); chain > MaxChain {
		return refusal.New(refusal.StatementTooComplex, "query has %d operators, casts and joins, the limit is %d", chain, MaxChain).
			WithHint("Split the query, or use IN (…) instead of a long chain of OR.")
	}
	if depth := countDepth(scan); depth > MaxDepth {
		return refusal.New(refusal.StatementTooComplex, "query is nested %d levels deep, the limit is %d", depth, MaxDepth)
	}
	return nil
}

// longestRun is the length of the longest run of characters that operators are made of.
func longestRun(sql string) int {
	longest, run := 0, 0
	for i := 0; i < len(sql); i++ {
		switch sql[i] {
		case '+', '-', '*', '/', '<', '>', '=', '~', '!', '@', '#', '%', '^', '&', '|', '`', '?':
			run++
			longest = max(longest, run)
		default:
			run = 0
		}
	}
	return longest
}

// countDepth is how deep brackets and CASE … END nest at most. It counts too much rather than too little: END may be a
// name too, which ends no CASE.
func countDepth(scan *pg.ScanResult) int {
	deepest := 0
	var open []pg.Token
	former := pg.Token_NUL
	for _, t := range scan.Tokens {
		switch t.Token {
		case pg.Token_ASCII_40, pg.Token_ASCII_91, pg.Token_CASE: // ( [
			open = append(open, t.Token)
			deepest = max(deepest, len(open))
		case pg.Token_ASCII_41, pg.Token_ASCII_93: // ) ]
			for len(open) > 0 && open[len(open)-1] == pg.Token_CASE {
				open = open[:len(open)-1]
			}
			open = open[:max(0, len(open)-1)]
		case pg.Token_END_P:
			named := former == pg.Token_ASCII_46 || former == pg.Token_AS // a.end, AS end
			if len(open) > 0 && open[len(open)-1] == pg.Token_CASE && !named {
				open = open[:len(open)-1]
			}
		}
		former = t.Token
	}
	return deepest
}

// countChains counts the tokens that can nest the tree without brackets: everything but names, constants, commas and
// the commonest keywords. It counts too many rather than too few.
func countChains(scan *pg.ScanResult) int {
	n := 0
	for _, t := range scan.Tokens {
		switch t.Token {
		case pg.Token_ICONST, pg.Token_FCONST, pg.Token_SCONST, pg.Token_IDENT, pg.Token_ASCII_44 /* , */, pg.Token_ASCII_59 /* ; */ :
			continue
		case pg.Token_ASCII_40, pg.Token_ASCII_41: // see countDepth
			continue
		case pg.Token_ASCII_46, pg.Token_CASE, pg.Token_WHEN, pg.Token_THEN, pg.Token_ELSE, pg.Token_END_P, pg.Token_AS: // do not nest
			continue
		}
		if t.Token == pg.Token_AT { // AT TIME ZONE chains, though its words are free
			n++
			continue
		}
		if t.KeywordKind == pg.KeywordKind_UNRESERVED_KEYWORD || t.KeywordKind == pg.KeywordKind_COL_NAME_KEYWORD {
			continue
		}
		n++
	}
	return n
}

func syntaxError(sql string, err error) error {
	var pe *parser.Error
	if !errors.As(err, &pe) {
		// The tree is too deep to be handed over.
		return refusal.New(refusal.StatementTooComplex, "the query is too complex")
	}
	code := refusal.SyntaxError
	if strings.Contains(pe.Message, "memory") || strings.Contains(pe.Message, "stack depth") {
		code = refusal.StatementTooComplex
	}
	// The parser's cursor is a 1-based position in bytes.
	return refusal.New(code, "%s", pe.Message).At(CharOffset(sql, pe.Cursorpos-1))
}

// CharOffset turns a 0-based byte offset into a 0-based character offset; negative stays negative.
func CharOffset(sql string, byteOffset int) int {
	if byteOffset < 0 {
		return -1
	}
	if byteOffset > len(sql) {
		byteOffset = len(sql)
	}
	return utf8.RuneCountInString(sql[:byteOffset])
}

// Deparse prints one statement as SQL.
func Deparse(stmt *Node) (string, error) {
	return pg.Deparse(&pg.ParseResult{Stmts: []*pg.RawStmt{{Stmt: stmt}}})
}

// Fingerprint names a statement's shape without its constants, for logs.
func Fingerprint(sql string) string {
	f, err := pg.Fingerprint(sql)
	if err != nil {
		return "unparsable"
	}
	return f
}

// QuoteWords puts quotes around the names among words (in lower case) in a text that Deparse made: an engine may keep words that
// PostgreSQL lets be names. AT in AT TIME ZONE, and BY after GROUP, ORDER and PARTITION, are no names.
func QuoteWords(sql string, words map[string]bool) (string, error) {
	scan, err := pg.Scan(sql)
	if err != nil {
		return "", fmt.Errorf("scan: %w", err)
	}
	var out strings.Builder
	at := 0
	for i, t := range scan.Tokens {
		word := sql[t.Start:t.End]
		if !words[word] || t.Token != pg.Token_IDENT && t.KeywordKind == pg.KeywordKind_NO_KEYWORD {
			continue
		}
		if next := i + 1; t.Token == pg.Token_AT && next < len(scan.Tokens) && scan.Tokens[next].Token == pg.Token_TIME {
			continue
		}
		if i > 0 && t.Token == pg.Token_BY {
			switch scan.Tokens[i-1].Token {
			case pg.Token_GROUP_P, pg.Token_ORDER, pg.Token_PARTITION:
				continue
			}
		}
		out.WriteString(sql[at:t.Start] + `"` + word + `"`)
		at = int(t.End)
	}
	return out.String() + sql[at:], nil
}
