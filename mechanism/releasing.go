package mechanism

import (
	"errors"
	"reflect"
)

// releasing is the noise and the selection of a measurement with private keys, applied to each group as it comes.
type releasing struct {
	*releaser
	specs []Spec
	kept  []exactGroup // the visible ones; values are noisy
}

// errReleasing says that noise was drawn for another plan than is released.
var errReleasing = errors.New("mechanism: noise was drawn for another plan")

// Releases makes an Exact that draws the noise of each group and decides whether it is seen when the group is added. What Release
// gives is distributed as that of an Exact which holds everything: a group's draws are its own, and groups are sorted afterwards. It
// is for private keys; public ones need noise for groups that the engine does not have.
func Releases(src Source, width int, specs []Spec, sel Selection) (*Exact, error) {
	if sel.Kind == PublicKeys {
		return nil, errReleasing
	}
	r, err := newReleaser(src, width, specs, sel)
	if err != nil {
		return nil, err
	}
	return &Exact{width: width, releasing: &releasing{releaser: r, specs: specs}}, nil
}

func (r *releasing) add(g exactGroup) {
	noisy := r.noise(g.values)
	if r.keep(g.units, noisy) {
		r.kept = append(r.kept, exactGroup{keys: g.keys, values: noisy})
	}
}

// finish hands out what is seen.
func (r *releasing) finish(specs []Spec, sel Selection) (*Noisy, error) {
	defer r.stream.close()
	if !reflect.DeepEqual(specs, r.specs) || sel != r.selection {
		return nil, errReleasing
	}
	kept, err := sorted(r.kept)
	if err != nil {
		return nil, err
	}
	noisy := &Noisy{Groups: make([]NoisyGroup, 0, len(kept))}
	for _, g := range kept {
		noisy.Groups = append(noisy.Groups, NoisyGroup{Keys: g.keys, Values: g.values})
	}
	return noisy, nil
}

// Among makes an Exact that holds, of what is added, the rows of groups that first will show; first has all of its groups by
// then. A row's keys are the group's and one more, the point of a histogram. What is left out would be dropped by ReleaseQuantiles.
func Among(first *Exact, width int) *Exact { return &Exact{width: width, among: first} }

func (e *Exact) isAmong(keys []Cell) bool {
	if e.among.releasing == nil || len(keys) == 0 {
		return true
	}
	if e.seen == nil {
		e.seen = map[string]bool{}
		for _, g := range e.among.releasing.kept {
			e.seen[name(g.keys)] = true
		}
	}
	return e.seen[name(keys[:len(keys)-1])]
}

// Restart forgets what was added, as an engine that asks again has to. Nothing of it has left.
func (e *Exact) Restart() {
	e.groups, e.seen = nil, nil
	if e.releasing != nil {
		e.releasing.kept = nil
	}
}
