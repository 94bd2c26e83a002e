package login

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/answer"
)

// PermissionKeys name the parts of a permission that is an object: {"op": "aggregation", "dataset": "census", "limit": 100}.
type PermissionKeys struct{ Operation, Dataset, Limit string }

// DefaultPermissionKeys are op, dataset and limit.
func DefaultPermissionKeys() PermissionKeys { return PermissionKeys{"op", "dataset", "limit"} }

// maxPermissions of one credential; more would only be a way to use up memory.
const maxPermissions = 1000

var errTooMany = fmt.Errorf("it holds more than %d permissions", maxPermissions)

// permissions reads a claim: a text of permissions with blanks between them (as `scope` has it), or a list of texts and
// objects. Texts without a separator are other systems' scopes, and say nothing.
func permissions(claim any, keys PermissionKeys) ([]answer.Permission, error) {
	var items []any
	switch c := claim.(type) {
	case nil:
		return nil, nil
	case string:
		for _, word := range strings.Fields(c) {
			items = append(items, word)
		}
	case []any:
		items = c
	default:
		return nil, errors.New("its permissions are neither a text nor a list")
	}
	if len(items) > maxPermissions {
		return nil, errTooMany
	}
	var out []answer.Permission
	for _, item := range items {
		var p answer.Permission
		var err error
		switch item := item.(type) {
		case string:
			if !strings.Contains(item, ":") {
				continue
			}
			p, err = fromText(item)
		case map[string]any:
			p, err = fromObject(item, keys)
		default:
			err = errors.New("a permission is neither a text nor an object")
		}
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// fromText reads op:dataset or op:dataset:limit. A data set that holds a colon is written with one more at its end: op:a:b: .
func fromText(text string) (answer.Permission, error) {
	op, rest, _ := strings.Cut(text, ":")
	dataset, limit := rest, ""
	if i := strings.LastIndexByte(rest, ':'); i >= 0 {
		dataset, limit = rest[:i], rest[i+1:]
	}
	p := answer.Permission{Operation: op, Dataset: dataset}
	if dataset == "" {
		return p, errors.New("a permission names no data set")
	}
	if limit == "" {
		return p, nil
	}
	n, err := strconv.ParseInt(limit, 10, 64)
	if err != nil {
		return p, errors.New("the limit of a permission is no whole number")
	}
	return limited(p, n)
}

func fromObject(o map[string]any, keys PermissionKeys) (answer.Permission, error) {
	var p answer.Permission
	for key, to := range map[string]*string{keys.Operation: &p.Operation, keys.Dataset: &p.Dataset} {
		switch v := o[key].(type) {
		case nil:
		case string:
			*to = v
		default:
			return p, fmt.Errorf("the %q of a permission is no text", key)
		}
	}
	if p.Dataset == "" {
		return p, errors.New("a permission names no data set")
	}
	switch v := o[keys.Limit].(type) {
	case nil:
		return p, nil
	case float64:
		if v != math.Trunc(v) || math.Abs(v) > 1<<53 {
			return p, errors.New("the limit of a permission is no whole number")
		}
		return limited(p, int64(v))
	case string:
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return p, errors.New("the limit of a permission is no whole number")
		}
		return limited(p, n)
	}
	return p, errors.New("the limit of a permission is no whole number")
}

// limited sets a limit. One of 0 leaves the metadata.
func limited(p answer.Permission, n int64) (answer.Permission, error) {
	switch {
	case n < 0:
		return p, errors.New("the limit of a permission is below 0")
	case n == 0:
		p.Operation = ""
	}
	p.Limit = n
	return p, nil
}

// claim finds a claim by its exact name, or by a path of names with dots between them.
func claim(claims map[string]any, name string) any {
	if v, ok := claims[name]; ok {
		return v
	}
	first, rest, nested := strings.Cut(name, ".")
	inner, ok := claims[first].(map[string]any)
	if !nested || !ok {
		return nil
	}
	return claim(inner, rest)
}
