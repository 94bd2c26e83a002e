package proxy

import (
	"strings"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/proxy/value"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/jackc/pgx/v5/pgproto3"
)

// copyFormat is how COPY (query) TO STDOUT writes rows.
type copyFormat struct {
	csv, header   bool
	binary        bool
	delimiter     byte
	null          string
	quote, escape byte
	force         map[string]bool // columns that are always quoted
	forceAll      bool
	named         bool // ENCODING was given, and is charset; else it is the session's
	charset       *value.Encoding
}

func (s *session) copyOut(st *answer.Statement, params []answer.Param) (*result, error) {
	f, err := newCopyFormat(st.Options)
	if err != nil {
		return nil, err
	}
	res, err := s.answer(s.request(st.Query, params))
	if err != nil {
		return nil, err
	}
	for name := range f.force {
		if !hasColumn(res.columns, name) {
			res.close()
			return nil, refusal.New(refusal.UndefinedColumn, "column %q does not exist", name)
		}
	}
	res.copy, res.tag, res.counted = f, "COPY", true
	return res, nil
}

func hasColumn(columns []answer.Column, name string) bool {
	for _, c := range columns {
		if c.Name == name {
			return true
		}
	}
	return false
}

// newCopyFormat reads COPY's options; the defaults are PostgreSQL's.
func newCopyFormat(options map[string]string) (*copyFormat, error) {
	f := &copyFormat{delimiter: '\t', null: `\N`}
	switch options["format"] {
	case "", "text":
	case "csv":
		f.csv, f.delimiter, f.null, f.quote = true, ',', "", '"'
	case "binary":
		return newBinaryCopy(options)
	default:
		return nil, refusal.New(refusal.InvalidParameterValue, "COPY format %q not recognized", options["format"])
	}
	if v, ok := options["null"]; ok {
		f.null = v
	}
	for name, to := range map[string]*byte{"delimiter": &f.delimiter, "quote": &f.quote, "escape": &f.escape} {
		v, ok := options[name]
		switch {
		case !ok:
			continue
		case name != "delimiter" && !f.csv:
			return nil, refusal.New(refusal.NotSupported, "COPY %s available only in CSV mode", name)
		case len(v) != 1:
			return nil, refusal.New(refusal.NotSupported, "COPY %s must be a single one-byte character", name)
		}
		*to = v[0]
	}
	if f.escape == 0 {
		f.escape = f.quote
	}
	return f, f.rest(options)
}

func (f *copyFormat) rest(options map[string]string) error {
	if v, ok := options["header"]; ok {
		switch strings.ToLower(v) {
		case "true", "on", "1", "":
			f.header = true
		case "false", "off", "0":
		default:
			return refusal.New(refusal.NotSupported, "cannot use %q with HEADER in COPY TO", v)
		}
	}
	if v, ok := options["encoding"]; ok {
		e, known := value.FindEncoding(v)
		if !known {
			return refusal.New(refusal.InvalidParameterValue, "argument to option \"encoding\" must be a valid encoding name").
				WithHint("UTF8, and the encodings of one byte a character.")
		}
		f.named, f.charset = true, e
	}
	if v, ok := options["force_quote"]; ok {
		if !f.csv {
			return refusal.New(refusal.NotSupported, "COPY force quote available only in CSV mode")
		}
		if f.forceAll = v == "*"; !f.forceAll {
			f.force = map[string]bool{}
			for _, name := range strings.Split(v, ",") {
				f.force[name] = true
			}
		}
	}
	if f.binary {
		return nil
	}
	switch {
	case f.delimiter == '\n' || f.delimiter == '\r':
		return refusal.New(refusal.InvalidParameterValue, "COPY delimiter cannot be newline or carriage return")
	case strings.ContainsAny(f.null, "\r\n"):
		return refusal.New(refusal.InvalidParameterValue, "COPY null representation cannot use newline or carriage return")
	case !f.csv && strings.IndexByte(`\.abcdefghijklmnopqrstuvwxyz0123456789`, f.delimiter) >= 0:
		return refusal.New(refusal.InvalidParameterValue, "COPY delimiter cannot be %q", string(f.delimiter))
	case f.csv && f.delimiter == f.quote:
		return refusal.New(refusal.InvalidParameterValue, "COPY delimiter and quote must be different")
	case strings.IndexByte(f.null, f.delimiter) >= 0:
		return refusal.New(refusal.InvalidParameterValue, "COPY delimiter character must not appear in the NULL specification")
	case f.csv && strings.IndexByte(f.null, f.quote) >= 0:
		return refusal.New(refusal.InvalidParameterValue, "CSV quote character must not appear in the NULL specification")
	}
	return nil
}

// copyRows writes the answer as CopyData, one message a row.
func (s *session) copyRows(res *result) (n int, err error) {
	if res.copy.binary {
		return s.copyBinary(res)
	}
	codes := make([]uint16, len(res.columns))
	if err := s.wire.send(&pgproto3.CopyOutResponse{ColumnFormatCodes: codes}); err != nil {
		return 0, err
	}
	f, style := res.copy, s.styleNow()
	if f.header {
		names := make([]answer.Cell, len(res.columns))
		for i, c := range res.columns {
			names[i].Text = s.encoding().Lossy(c.Name)
		}
		s.wire.message('d', func(dst []byte) ([]byte, error) { return f.row(dst, nil, names, style), nil })
	}
	for {
		row, ok, err := res.next()
		if err != nil {
			return n, err
		}
		if !ok {
			break
		}
		err = s.wire.message('d', func(dst []byte) ([]byte, error) { return f.row(dst, res.columns, row, style), nil })
		if err != nil {
			return n, err
		}
		n++
		if err := s.wire.piece(); err != nil {
			return n, err
		}
	}
	return n, s.wire.send(&pgproto3.CopyDone{})
}

// row appends one line. Without columns it is the header: names are text and nothing is forced.
func (f *copyFormat) row(dst []byte, columns []answer.Column, cells []answer.Cell, style value.Style) []byte {
	for i, c := range cells {
		if i > 0 {
			dst = append(dst, f.delimiter)
		}
		if c.Null {
			dst = append(dst, f.null...)
			continue
		}
		text, force := c.Text, false
		if columns != nil {
			force = f.forceAll || f.force[columns[i].Name]
			if style.Changes(columns[i].Type) {
				text = string(style.AppendText(nil, columns[i].Type, text))
			}
		}
		if f.csv {
			dst = f.field(dst, text, force, len(cells) == 1)
		} else {
			dst = f.escaped(dst, text)
		}
	}
	return append(dst, '\n')
}

// field appends a CSV field, quoted where it must be.
func (f *copyFormat) field(dst []byte, text string, force, alone bool) []byte {
	special := string([]byte{f.delimiter, f.quote, '\n', '\r'})
	if !force && text != f.null && !strings.ContainsAny(text, special) && !(alone && text == `\.`) {
		return append(dst, text...)
	}
	dst = append(dst, f.quote)
	for i := 0; i < len(text); i++ {
		if text[i] == f.quote || text[i] == f.escape {
			dst = append(dst, f.escape)
		}
		dst = append(dst, text[i])
	}
	return append(dst, f.quote)
}

// escaped appends a field of the text format.
func (f *copyFormat) escaped(dst []byte, text string) []byte {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if at := strings.IndexByte("\b\f\n\r\t\v\\", c); at >= 0 {
			dst = append(dst, '\\', `bfnrtv\`[at])
			continue
		}
		if c == f.delimiter {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return dst
}
