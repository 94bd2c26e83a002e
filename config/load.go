package config

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/dpproxy/dpproxy/catalog"
)

// Load reads a configuration with everything that it includes. env looks an environment variable up (os.LookupEnv).
// It returns all faults that it finds, in the order of files and lines; the configuration is nil if one of them is
// more than a warning. Nothing is opened but the configuration's own files.
func Load(path string, env func(string) (string, bool)) (*Config, []Fault) {
	config, faults := Inspect(path, env)
	if catalog.Blocking(faults) {
		return nil, faults
	}
	return config, faults
}

// Inspect is Load for who looks for further faults: it returns what could be read even of a configuration with
// faults, with which nobody may be served.
func Inspect(path string, env func(string) (string, bool)) (*Config, []Fault) {
	return (&loader{env: env, config: defaults(), given: map[string]catalog.Position{}, rank: map[string]int{}}).load(path)
}

func (l *loader) load(path string) (*Config, []Fault) {
	l.config.Path = path
	l.config.Ledger.SQLite = resolve(path, l.config.Ledger.SQLite)
	l.file(path, path, catalog.Position{File: path, Line: 1, Column: 1}, nil)
	l.finish(path)
	l.config.rank = l.rank
	l.faults = l.config.SortFaults(l.faults)
	return l.config, l.faults
}

// SortFaults puts faults in the order of files and lines, and drops those that were found twice.
func (c *Config) SortFaults(faults []Fault) []Fault {
	slices.SortStableFunc(faults, func(a, b Fault) int {
		return cmp.Or(c.rank[a.File]-c.rank[b.File], a.Line-b.Line, a.Column-b.Column)
	})
	var out []Fault
	for _, f := range faults {
		if !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out
}

// loader collects one configuration from its files.
type loader struct {
	env    func(string) (string, bool)
	config *Config
	faults []Fault
	given  map[string]catalog.Position // top-level keys that were read, apart from lists
	rank   map[string]int              // files in the order in which they were read
	texts  map[string][]byte           // of files that are not read from the disk, by absolute path; may be nil

	// What is finished when all files have been read.
	defaults budgetText
	datasets []datasetText
	classes  classesText
	rules    []ruleText
	users    []userText
	tokens   []grantText
	named    []value // names of query classes that limits are about
}

func (l *loader) add(f Fault) *Fault {
	l.faults = append(l.faults, f)
	return &l.faults[len(l.faults)-1]
}

// file reads one file. name is what faults call it; from is the include that asked for it, and chain the files that
// are being read, for cycles.
func (l *loader) file(name, path string, from catalog.Position, chain []string) {
	absolute, err := filepath.Abs(path)
	if err == nil {
		absolute, err = filepath.EvalSymlinks(absolute)
	}
	if slices.Contains(chain, absolute) {
		l.add(from.Fault("includes", "%s includes itself", name))
		return
	}
	if slices.Contains(l.config.Files, absolute) {
		l.add(from.Fault("includes", "%s is included twice", name))
		return
	}
	var text []byte
	if err == nil {
		var ok bool
		if text, ok = l.texts[absolute]; !ok {
			text, err = readFile(absolute)
		}
	}
	if err != nil {
		l.add(from.Fault("", "cannot read %s: %v", name, withoutPath(err)))
		return
	}
	l.rank[name] = len(l.config.Files)
	l.config.Files = append(l.config.Files, absolute)
	root := l.parseFile(name, text)
	if root == nil {
		return
	}
	if root.Kind == yaml.AliasNode {
		root = root.Alias
	}
	l.top(value{l: l, file: name, node: root}, append(chain, absolute))
}

// maxFile keeps a path to something else (a disk, a log) from filling memory. A configuration of a thousand tables has
// less than 1 MiB.
const maxFile = 16 * mib

// readFile reads a regular file; from a pipe or a device it might wait for ever.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errors.New("it is a directory")
	case !info.Mode().IsRegular():
		return nil, errors.New("it is no regular file")
	case info.Size() > maxFile:
		return nil, errors.New("it is larger than 16 MiB")
	}
	return os.ReadFile(path)
}

// withoutPath is the cause of a file system error without the path, which the message has already.
func withoutPath(err error) error {
	if p, ok := err.(*os.PathError); ok {
		return p.Err
	}
	return err
}

// include reads the files that one entry of `includes:` names, relative to the including file; a glob may name none.
func (l *loader) include(v value, chain []string) {
	pattern, ok := v.text()
	if !ok {
		return
	}
	full := resolve(v.file, pattern)
	if !strings.ContainsAny(pattern, "*?[") {
		l.file(displayName(v.file, full), full, v.position(), chain)
		return
	}
	matches, err := filepath.Glob(full)
	if err != nil {
		v.fault("%q is no pattern of files", pattern)
		return
	}
	if len(matches) == 0 {
		v.l.add(v.position().Fault(v.path, "no file matches %q", pattern).AsWarning())
	}
	slices.Sort(matches)
	for _, match := range matches {
		l.file(displayName(v.file, match), match, v.position(), chain)
	}
}

// resolve makes a path that is written in a file absolute: relative paths are relative to that file.
func resolve(file, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	full := filepath.Join(filepath.Dir(file), path)
	if absolute, err := filepath.Abs(full); err == nil {
		return absolute
	}
	return full
}

// displayName is an included file's name as it reads from where the including file's name is written from.
func displayName(from, path string) string {
	dir, err := filepath.Abs(filepath.Dir(from))
	if err != nil || filepath.IsAbs(from) {
		return path
	}
	if !strings.HasPrefix(path, dir) {
		return path // shorter and clearer than a way up and down again
	}
	relative, err := filepath.Rel(dir, path)
	if err != nil {
		return path
	}
	return filepath.Join(filepath.Dir(from), relative)
}
