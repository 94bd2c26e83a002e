// Package hostile makes texts that try to exhaust a parser: every construct of SQL that can be chained or nested, as long
// as one likes. Only tests import it.
package hostile
