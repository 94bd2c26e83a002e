package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/dpproxy/dpproxy/catalog"
)

// maxNesting of JSON; no key of ours is deeper than a dozen.
const maxNesting = 100

// parseFile turns a file's bytes into its root node; nil with a fault if it has none. Names that end in .json are
// read as JSON, all others as YAML.
func (l *loader) parseFile(file string, text []byte) *yaml.Node {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if !utf8.Valid(text) {
		l.add(catalog.Position{File: file, Line: 1, Column: 1}.Fault("", "the file is not in UTF-8"))
		return nil
	}
	if strings.HasSuffix(strings.ToLower(file), ".json") {
		return l.parseJSON(file, text)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, next yaml.Node
	if err := decoder.Decode(&document); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("yaml: line 1: the file is empty")
		}
		l.add(yamlFault(file, text, err))
		return nil
	}
	if err := decoder.Decode(&next); err == nil {
		l.add(catalog.Position{File: file, Line: next.Line, Column: next.Column}.Fault("", "a second document begins here").
			WithHint("one file holds one document; use `includes`"))
	} else if !errors.Is(err, io.EOF) {
		l.add(yamlFault(file, text, err))
		return nil
	}
	return document.Content[0]
}

// yamlFault reads the line out of the YAML library's message, which knows no column: the first character of the line
// stands for it.
func yamlFault(file string, text []byte, err error) Fault {
	p := catalog.Position{File: file, Line: 1, Column: 1}
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	if m := regexp.MustCompile(`^line (\d+): `).FindStringSubmatch(message); m != nil {
		message = strings.TrimPrefix(message, m[0])
		p.Line, _ = strconv.Atoi(m[1])
	}
	lines := strings.Split(string(text), "\n")
	if p.Line >= 1 && p.Line <= len(lines) {
		line := lines[p.Line-1]
		p.Column = 1 + len(line) - len(strings.TrimLeft(line, " \t"))
	}
	f := p.Fault("", "%s", message)
	if strings.Contains(lines[min(p.Line, len(lines))-1], "${") {
		f.Hint = "write quotes around a value with ${…} that stands inside { } or [ ]"
	}
	return f
}

// parseJSON reads JSON into the same nodes as YAML. It keeps keys that occur twice, so that they are found later.
func (l *loader) parseJSON(file string, text []byte) *yaml.Node {
	r := jsonReader{text: text, decoder: json.NewDecoder(bytes.NewReader(text))}
	r.decoder.UseNumber()
	node, err := r.value(0)
	if err == nil {
		if _, extra := r.decoder.Token(); !errors.Is(extra, io.EOF) {
			err = errors.New("there is more after the end of the document")
		}
	}
	if err == nil {
		return node
	}
	offset := int(r.decoder.InputOffset())
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		offset = max(int(syntax.Offset)-1, 0)
	}
	line, column := r.place(offset)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the file ends too early")
	}
	l.add(catalog.Position{File: file, Line: line, Column: column}.Fault("", "%s", strings.TrimPrefix(err.Error(), "json: ")))
	return nil
}

type jsonReader struct {
	text    []byte
	decoder *json.Decoder
}

// place turns a byte offset into line and column.
func (r *jsonReader) place(offset int) (line, column int) {
	before := r.text[:min(offset, len(r.text))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return 1 + bytes.Count(before, []byte("\n")), 1 + utf8.RuneCount(before[start:])
}

// value reads the next value.
func (r *jsonReader) value(depth int) (*yaml.Node, error) {
	if depth > maxNesting {
		return nil, errors.New("the document is nested too deeply")
	}
	start := int(r.decoder.InputOffset())
	for start < len(r.text) && strings.IndexByte(" \t\r\n,:", r.text[start]) >= 0 {
		start++
	}
	token, err := r.decoder.Token()
	if err != nil {
		return nil, err
	}
	node := &yaml.Node{Kind: yaml.ScalarNode}
	node.Line, node.Column = r.place(start)
	switch token := token.(type) {
	case nil:
		node.Tag, node.Value = "!!null", "null"
	case bool:
		node.Tag, node.Value = "!!bool", strconv.FormatBool(token)
	case json.Number:
		node.Tag, node.Value = "!!float", token.String()
	case string:
		node.Tag, node.Value = "!!str", token
	case json.Delim:
		node.Kind = yaml.MappingNode
		if token == '[' {
			node.Kind = yaml.SequenceNode
		}
		return node, r.content(node, depth)
	default:
		return nil, fmt.Errorf("unexpected %v", token)
	}
	return node, nil
}

func (r *jsonReader) content(node *yaml.Node, depth int) error {
	for r.decoder.More() {
		item, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		node.Content = append(node.Content, item)
	}
	_, err := r.decoder.Token() // the closing bracket
	return err
}
