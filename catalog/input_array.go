package catalog

import (
	"errors"
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/refusal"
)

// maxDims is PostgreSQL's MAXDIM.
const maxDims = 6

var errArray = errors.New("is no array")

// Array is the content of an array in text form.
type Array struct {
	Dims  []int // how long each dimension is; none of an empty array
	Lower []int // the first subscript of each
	Items []Item
}

// Item is one value of an array, in row order.
type Item struct {
	Text string
	Null bool
}

// ParseArray reads an array's text: {1,NULL,"a b"}, {{1,2},{3,4}}, [0:1]={1,2}.
func ParseArray(text string) (Array, error) {
	p := arrayParser{text: strings.TrimFunc(text, isSpace)}
	lower, dims, err := p.bounds()
	if err != nil {
		return Array{}, err
	}
	if err := p.level(1); err != nil {
		return Array{}, err
	}
	if p.at != len(p.text) {
		return Array{}, errArray
	}
	if len(p.items) == 0 {
		return Array{}, nil
	}
	a := Array{Dims: p.dims, Lower: lower, Items: p.items}
	if lower == nil {
		for range p.dims {
			a.Lower = append(a.Lower, 1)
		}
		return a, nil
	}
	if len(dims) != len(p.dims) {
		return Array{}, errArray
	}
	for i, n := range dims {
		if n != p.dims[i] {
			return Array{}, errArray
		}
	}
	return a, nil
}

// String prints an array as PostgreSQL does.
func (a Array) String() string {
	if len(a.Items) == 0 {
		return "{}"
	}
	var out strings.Builder
	for _, l := range a.Lower {
		if l == 1 {
			continue
		}
		for i, l := range a.Lower {
			out.WriteString("[" + strconv.Itoa(l) + ":" + strconv.Itoa(l+a.Dims[i]-1) + "]")
		}
		out.WriteByte('=')
		break
	}
	rest := a.Items
	a.level(&out, a.Dims, &rest)
	return out.String()
}

func (a Array) level(out *strings.Builder, dims []int, rest *[]Item) {
	out.WriteByte('{')
	for i := range dims[0] {
		if i > 0 {
			out.WriteByte(',')
		}
		if len(dims) > 1 {
			a.level(out, dims[1:], rest)
			continue
		}
		item := (*rest)[0]
		*rest = (*rest)[1:]
		if item.Null {
			out.WriteString("NULL")
		} else {
			out.WriteString(quoteItem(item.Text))
		}
	}
	out.WriteByte('}')
}

// quoteItem quotes an array's item where PostgreSQL does.
func quoteItem(s string) string {
	if s != "" && !strings.EqualFold(s, "NULL") && !strings.ContainsAny(s, "{}\",\\ \t\n\r\v\f") {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// inputArray reads each item as the input function of its type.
func inputArray(t Type, text string) (string, error) {
	a, err := ParseArray(text)
	if err != nil {
		return "", refusal.New(refusal.InvalidTextRepresent, "malformed array literal: \"%s\"", shorten(text))
	}
	for i, item := range a.Items {
		if item.Null {
			continue
		}
		if a.Items[i].Text, err = Input(Of(t.Kind), item.Text); err != nil {
			return "", err
		}
	}
	return a.String(), nil
}

type arrayParser struct {
	text  string
	at    int
	dims  []int
	items []Item
}

func (p *arrayParser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *arrayParser) blanks() {
	for p.at < len(p.text) && isSpace(rune(p.text[p.at])) {
		p.at++
	}
}

// bounds reads "[0:1][2:3]=", if it is there: the first subscripts, and how long the dimensions are.
func (p *arrayParser) bounds() (lower, dims []int, err error) {
	for p.peek() == '[' {
		part, rest, ok := strings.Cut(p.text[p.at+1:], "]")
		if !ok || len(lower) == maxDims {
			return nil, nil, errArray
		}
		from, to, ok := strings.Cut(part, ":")
		if !ok {
			from, to = "1", part
		}
		low, err1 := strconv.ParseInt(from, 10, 32)
		high, err2 := strconv.ParseInt(to, 10, 32)
		if err1 != nil || err2 != nil || high < low {
			return nil, nil, errArray
		}
		lower, dims = append(lower, int(low)), append(dims, int(high-low+1))
		p.at = len(p.text) - len(rest)
	}
	if lower == nil {
		return nil, nil, nil
	}
	p.blanks()
	if p.peek() != '=' {
		return nil, nil, errArray
	}
	p.at++
	p.blanks()
	return lower, dims, nil
}

func (p *arrayParser) level(depth int) error {
	if depth > maxDims || p.peek() != '{' {
		return errArray
	}
	p.at++
	known := len(p.dims) >= depth
	if !known {
		if len(p.items) > 0 {
			return errArray // items and arrays beside each other
		}
		p.dims = append(p.dims, 0)
	}
	count := 0
	for p.blanks(); p.peek() != '}'; p.blanks() {
		if count > 0 {
			if p.peek() != ',' {
				return errArray
			}
			p.at++
			p.blanks()
		}
		if p.peek() == '{' {
			if err := p.level(depth + 1); err != nil {
				return err
			}
		} else {
			if depth != len(p.dims) {
				return errArray
			}
			if err := p.item(); err != nil {
				return err
			}
		}
		count++
	}
	p.at++
	if known && p.dims[depth-1] != count {
		return errArray // ragged
	}
	p.dims[depth-1] = count
	return nil
}

// item reads one value. In quotes or behind a backslash a character stands for itself, and the word NULL is text.
func (p *arrayParser) item() error {
	var b strings.Builder
	quoted, plain := false, false
	end := 0 // of what a blank at the end does not belong to
	if p.peek() == '"' {
		for p.at++; p.peek() != '"'; p.at++ {
			if p.peek() == '\\' {
				p.at++
			}
			if p.at >= len(p.text) {
				return errArray
			}
			b.WriteByte(p.text[p.at])
		}
		p.at++
		p.items = append(p.items, Item{Text: b.String()})
		return nil
	}
	for {
		if p.at >= len(p.text) {
			return errArray
		}
		c := p.text[p.at]
		switch {
		case c == ',' || c == '}':
			text := b.String()[:end]
			if !plain {
				return errArray
			}
			p.items = append(p.items, Item{Text: text, Null: !quoted && strings.EqualFold(text, "NULL")})
			return nil
		case c == '{' || c == '"':
			return errArray
		case c == '\\':
			if p.at++; p.at >= len(p.text) {
				return errArray
			}
			b.WriteByte(p.text[p.at])
			quoted, plain, end = true, true, b.Len()
		default:
			b.WriteByte(c)
			if plain = true; !isSpace(rune(c)) {
				end = b.Len()
			}
		}
		p.at++
	}
}
