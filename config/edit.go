package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/dpproxy/dpproxy/catalog"
)

// Editor changes the lists `users:` and `datasets:` of a configuration in its files, includes among them. Only the lines
// of the items that change are written anew; comments and everything else stay as they are. Nothing is written before Save.
type Editor struct {
	path  string
	env   func(string) (string, bool)
	files []string // absolute, in the order in which they are read
	texts map[string][]byte
	was   map[string][]byte
}

// OpenEditor reads a configuration for changing. It may have faults: they may be what is to be mended.
func OpenEditor(path string, env func(string) (string, bool)) (*Editor, error) {
	c, _ := Inspect(path, env)
	if len(c.Files) == 0 {
		return nil, fmt.Errorf("cannot read %s", path)
	}
	e := &Editor{path: path, env: env, files: c.Files, texts: map[string][]byte{}, was: map[string][]byte{}}
	for _, f := range c.Files {
		text, err := readFile(f)
		if err != nil {
			return nil, err
		}
		e.texts[f], e.was[f] = text, text
	}
	return e, nil
}

// place is where an item of a list stands.
type place struct {
	file   string
	node   *yaml.Node
	indent int    // of its dash
	from   int    // first line of the item with the comment above it, from 0
	dash   int    // the line of its dash
	to     int    // the line after it
	flow   string // why it cannot be changed line by line; "" if it can
}

// Items lists the names of a list's items, in the order of the files.
func (e *Editor) Items(list string) []string {
	var out []string
	for _, f := range e.files {
		for _, p := range e.places(f, list) {
			out = append(out, itemName(p.node))
		}
	}
	return out
}

// Item is the node of an item as it is written.
func (e *Editor) Item(list, name string) (*yaml.Node, bool) {
	p, ok := e.find(list, name)
	return p.node, ok
}

func (e *Editor) find(list, name string) (place, bool) {
	for _, f := range e.files {
		for _, p := range e.places(f, list) {
			if itemName(p.node) == name {
				return p, true
			}
		}
	}
	return place{}, false
}

// Put adds an item, or replaces the one of its name. A nil item removes it.
func (e *Editor) Put(list, name string, item *yaml.Node) error {
	p, exists := e.find(list, name)
	switch {
	case exists && p.flow != "":
		return fmt.Errorf("%s: %s is written %s; change it by hand", p.file, name, p.flow)
	case exists:
		if item == nil {
			e.replace(p.file, p.from, p.to, "")
			return e.emptied(list, p.file)
		}
		if item.HeadComment = ""; len(item.Content) > 0 {
			item.Content[0].HeadComment = "" // it stands above the dash, and stays there
		}
		text, err := itemText(item, p.indent)
		if err != nil {
			return err
		}
		e.replace(p.file, p.dash, p.to, text)
		return nil
	case item == nil:
		return fmt.Errorf("the configuration has no %s %q", strings.TrimSuffix(list, "s"), name)
	}
	return e.add(list, item)
}

// add appends an item to the last file that has the list, or begins the list in the main file.
func (e *Editor) add(list string, item *yaml.Node) error {
	for _, f := range slices.Backward(e.files) {
		places := e.places(f, list)
		if len(places) == 0 || strings.HasSuffix(strings.ToLower(f), ".json") {
			continue
		}
		last := places[len(places)-1]
		if last.flow != "" {
			return fmt.Errorf("%s: %s is written %s; change it by hand", f, list, last.flow)
		}
		text, err := itemText(item, last.indent)
		if err != nil {
			return err
		}
		e.replace(f, last.to, last.to, text)
		return nil
	}
	f := e.files[0]
	if strings.HasSuffix(strings.ToLower(f), ".json") {
		return errors.New("a configuration in JSON is changed by hand")
	}
	text, err := itemText(item, 2)
	if err != nil {
		return err
	}
	lines := splitLines(e.texts[f])
	for i, line := range lines {
		if rest, ok := strings.CutPrefix(line, list+":"); ok { // an empty list
			if rest = strings.TrimSpace(strings.SplitN(rest, "#", 2)[0]); rest != "" && rest != "[]" && rest != "null" && rest != "~" {
				return fmt.Errorf("%s: %s is not written as a list; change it by hand", f, list)
			}
			e.replace(f, i, i+1, list+":\n"+text)
			return nil
		}
	}
	if n := len(lines); n > 0 && lines[n-1] != "" {
		text = "\n" + list + ":\n" + text
	} else {
		text = list + ":\n" + text
	}
	e.replace(f, len(lines), len(lines), text)
	return nil
}

// emptied leaves `list: []` where the last item of a file's list was removed.
func (e *Editor) emptied(list, file string) error {
	if len(e.places(file, list)) > 0 {
		return nil
	}
	lines := splitLines(e.texts[file])
	for i, line := range lines {
		if strings.TrimRight(line, " \t") == list+":" {
			e.replace(file, i, i+1, list+": []\n")
		}
	}
	return nil
}

// places finds the items of a list in one file.
func (e *Editor) places(file, list string) []place {
	var document yaml.Node
	if err := yaml.Unmarshal(e.texts[file], &document); err != nil || len(document.Content) == 0 {
		return nil
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if seq := root.Content[i+1]; root.Content[i].Value == list && seq.Kind == yaml.SequenceNode {
			return e.itemsOf(file, seq)
		}
	}
	return nil
}

func (e *Editor) itemsOf(file string, seq *yaml.Node) []place {
	lines := splitLines(e.texts[file])
	var out []place
	for _, item := range seq.Content {
		p := place{file: file, node: item, from: item.Line - 1, dash: item.Line - 1}
		switch {
		case strings.HasSuffix(strings.ToLower(file), ".json"):
			p.flow = "in JSON"
		case seq.Style&yaml.FlowStyle != 0:
			p.flow = "inside [ ]"
		case p.from >= len(lines) || !strings.HasPrefix(strings.TrimLeft(lines[p.from], " "), "- "):
			p.flow = "with its dash on a line of its own"
		default:
			p.indent = len(lines[p.from]) - len(strings.TrimLeft(lines[p.from], " "))
			p.to = itemEnd(lines, p.from, p.indent)
			for p.from > 0 && isComment(lines[p.from-1], p.indent) { // a comment just above is the item's
				p.from--
			}
		}
		out = append(out, p)
	}
	return out
}

// itemEnd is the line after an item that begins in a line: what is indented deeper belongs to it, blank lines and comments at its
// end do not.
func itemEnd(lines []string, from, indent int) int {
	end := from + 1
	for i := from + 1; i < len(lines); i++ {
		trimmed := strings.TrimLeft(lines[i], " ")
		if trimmed == "" {
			continue
		}
		if len(lines[i])-len(trimmed) <= indent {
			break
		}
		end = i + 1
	}
	return end
}

func isComment(line string, indent int) bool {
	trimmed := strings.TrimLeft(line, " ")
	return strings.HasPrefix(trimmed, "#") && len(line)-len(trimmed) == indent
}

func splitLines(text []byte) []string {
	s := strings.TrimSuffix(string(text), "\n")
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}

// replace puts text (whole lines, or nothing) in the place of lines.
func (e *Editor) replace(file string, from, to int, text string) {
	lines := splitLines(e.texts[file])
	var b strings.Builder
	for _, l := range lines[:from] {
		b.WriteString(l + "\n")
	}
	b.WriteString(text)
	for _, l := range lines[to:] {
		b.WriteString(l + "\n")
	}
	e.texts[file] = []byte(b.String())
}

// itemText writes an item as an entry of a list.
func itemText(item *yaml.Node, indent int) (string, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := errors.Join(enc.Encode(&yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{item}}), enc.Close()); err != nil {
		return "", err
	}
	var out strings.Builder
	for _, line := range splitLines(b.Bytes()) {
		if line != "" {
			line = strings.Repeat(" ", indent) + line
		}
		out.WriteString(line + "\n")
	}
	return out.String(), nil
}

// itemName is the value of an item's key `name`.
func itemName(n *yaml.Node) string {
	if v := Child(n, "name"); v != nil {
		return v.Value
	}
	return ""
}

// Child is the value of a key of a mapping; nil if there is none.
func Child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// Check loads what the files would say.
func (e *Editor) Check() (*Config, []Fault) {
	l := &loader{env: e.env, config: defaults(), given: map[string]catalog.Position{}, rank: map[string]int{}, texts: e.texts}
	return l.load(e.path)
}

// Changed lists the files that would be written, with what they said and what they would say.
func (e *Editor) Changed() (files []string, was, now map[string][]byte) {
	for _, f := range e.files {
		if !bytes.Equal(e.texts[f], e.was[f]) {
			files = append(files, f)
		}
	}
	return files, e.was, e.texts
}

// Save writes the changed files, each in one step. It fails where a file was changed by somebody else since it was read.
func (e *Editor) Save() error {
	files, _, _ := e.Changed()
	for _, f := range files {
		if now, err := readFile(f); err != nil || !bytes.Equal(now, e.was[f]) {
			return errors.Join(fmt.Errorf("%s was changed by somebody else meanwhile; nothing was written", f), err)
		}
	}
	for _, f := range files {
		if err := writeWhole(f, e.texts[f]); err != nil {
			return err
		}
		e.was[f] = e.texts[f]
	}
	return nil
}

// writeWhole replaces a file in one step, with its mode.
func writeWhole(path string, text []byte) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	t, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(t.Name()) // fails after the rename, as it should
	_, err = t.Write(text)
	err = errors.Join(err, t.Chmod(info.Mode().Perm()), t.Sync(), t.Close())
	if err != nil {
		return err
	}
	return os.Rename(t.Name(), path)
}
