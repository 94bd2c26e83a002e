package approval

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
)

// The kinds of acts.
const (
	ActSubmit    = "submit"    // an analyst hands a script in
	ActApprove   = "approve"   // an approver signs it
	ActRefuse    = "refuse"    // an approver says no, and why
	ActRevoke    = "revoke"    // one approver ends an approval, at once
	ActApprovers = "approvers" // the present approvers replace themselves
)

// Act is an entry of a data set's approvals, as the ledger keeps it. Its body is JSON; who may write it is decided by
// the signatures in it, not by who could reach the ledger.
type Act struct {
	Kind string
	Body json.RawMessage
}

// Revocation ends an approval or refuses a script.
type Revocation struct {
	Dataset   string `json:"dataset"`
	Script    string `json:"script"` // its ID
	Why       string `json:"why"`
	Kind      string `json:"kind"` // refuse or revoke
	Approver  string `json:"approver"`
	Key       Key    `json:"key"`
	Signature string `json:"signature"`
}

func (r Revocation) message() []byte {
	r.Signature = ""
	return message("revocation", r)
}

// Sign signs a revocation or a refusal.
func (r *Revocation) Sign(by *Secret) {
	r.Approver, r.Key = by.Name, by.Public()
	r.Signature = by.sign(r.message())
}

// Change replaces the approvers of a data set. Number is how many changes there were before, so that none can be replayed.
type Change struct {
	Dataset    string      `json:"dataset"`
	Number     int         `json:"number"`
	Approvers  Approvers   `json:"new"`
	Signatures []Signature `json:"signatures"`
}

type signedChange struct {
	Dataset   string    `json:"dataset"`
	Number    int       `json:"number"`
	Approvers Approvers `json:"new"`
	Key       Key       `json:"key"`
}

func (c *Change) message(key Key) []byte {
	return message("change of approvers", signedChange{c.Dataset, c.Number, c.Approvers, key})
}

// Sign adds a present approver's signature.
func (c *Change) Sign(by *Secret) {
	key := by.Public()
	for _, s := range c.Signatures {
		if s.Key == key {
			return
		}
	}
	c.Signatures = append(c.Signatures, Signature{Approver: by.Name, Key: key, Signature: by.sign(c.message(key))})
}

// ReadChange decodes a change strictly.
func ReadChange(data []byte) (*Change, error) {
	c := new(Change)
	if err := decode(data, c); err != nil {
		return nil, fmt.Errorf("the change of approvers %w", err)
	}
	return c, c.Approvers.Check()
}

// ReadRevocation decodes a revocation strictly.
func ReadRevocation(data []byte) (*Revocation, error) {
	r := new(Revocation)
	if err := decode(data, r); err != nil {
		return nil, fmt.Errorf("the revocation %w", err)
	}
	return r, nil
}

// State is where the approvals of a data set stand: the configuration's approvers, and what the acts made of it.
type State struct {
	Dataset   string
	Approvers Approvers
	Changes   int
	Scripts   []*Waiting
	revoked   map[string]string // script → who revoked it
}

// Waiting is a script that was handed in.
type Waiting struct {
	Approved Approved
	Refused  []Revocation
}

// NewState begins with the approvers of the configuration.
func NewState(dataset string, p Approvers) *State {
	return &State{Dataset: dataset, Approvers: p, revoked: map[string]string{}}
}

// Apply replays an act. An act that is not valid changes nothing: its error is for who wants to write it.
func (s *State) Apply(a Act) error {
	switch a.Kind {
	case ActSubmit:
		return s.submit(a.Body)
	case ActApprove:
		return s.approve(a.Body)
	case ActRefuse, ActRevoke:
		return s.revoke(a)
	case ActApprovers:
		return s.change(a.Body)
	}
	return fmt.Errorf("unknown act %q", a.Kind)
}

// errAlready is in the error of an act that the state has already.
var errAlready = errors.New("already")

// HandIn applies the acts of one document, and gives those that are new. What the state has already is left out where the
// document brings something else beside it. An act that is not valid fails the document: nothing of it may be kept then.
func (s *State) HandIn(acts []Act) (fresh []Act, err error) {
	for _, a := range acts {
		switch err := s.Apply(a); {
		case err == nil:
			fresh = append(fresh, a)
		case !errors.Is(err, errAlready) || len(acts) == 1:
			return nil, err
		}
	}
	return fresh, nil
}

func (s *State) submit(body []byte) error {
	script, err := ReadScript(body)
	if err != nil {
		return err
	}
	if script.Dataset != s.Dataset {
		return fmt.Errorf("the script is for data set %q", script.Dataset)
	}
	if s.Find(script.ID()) != nil {
		return fmt.Errorf("the script has been handed in %w", errAlready)
	}
	s.Scripts = append(s.Scripts, &Waiting{Approved: Approved{Script: *script}})
	return nil
}

// Grant is the body of ActApprove.
type Grant struct {
	Script    string    `json:"script"`
	Signature Signature `json:"signature"`
}

// ReadGrant decodes an approval of a script that was handed in.
func ReadGrant(data []byte) (*Grant, error) {
	g := new(Grant)
	if err := decode(data, g); err != nil {
		return nil, fmt.Errorf("the approval %w", err)
	}
	return g, nil
}

func (s *State) approve(body []byte) error {
	g, err := ReadGrant(body)
	if err != nil {
		return err
	}
	w := s.Find(g.Script)
	if w == nil {
		return fmt.Errorf("no such script was handed in")
	}
	who, ok := s.Approvers.find(g.Signature.Key)
	if !ok {
		return fmt.Errorf("the key is no approver's")
	}
	for _, have := range w.Approved.Approvals {
		if have.Key == g.Signature.Key {
			return fmt.Errorf("approver %q has signed %w", who.Name, errAlready)
		}
	}
	if !g.Signature.Key.verify(approvalMessage(g.Script, who.Key), g.Signature.Signature) {
		return fmt.Errorf("the signature of approver %q is wrong", who.Name)
	}
	g.Signature.Approver = who.Name // the name in the document is not signed
	w.Approved.Approvals = append(w.Approved.Approvals, g.Signature)
	return nil
}

func (s *State) revoke(a Act) error {
	r, err := ReadRevocation(a.Body)
	if err != nil {
		return err
	}
	who, ok := s.Approvers.find(r.Key)
	switch {
	case !ok:
		return fmt.Errorf("the key is no approver's")
	case r.Dataset != s.Dataset || r.Kind != a.Kind:
		return fmt.Errorf("the revocation is of another data set or kind")
	case !r.Key.verify(r.message(), r.Signature):
		return fmt.Errorf("the signature of approver %q is wrong", who.Name)
	}
	if a.Kind == ActRevoke {
		s.revoked[r.Script] = who.Name
		return nil
	}
	w := s.Find(r.Script)
	if w == nil {
		return fmt.Errorf("no such script was handed in")
	}
	r.Approver = who.Name // whatever he calls himself
	w.Refused = append(w.Refused, *r)
	return nil
}

func (s *State) change(body []byte) error {
	c, err := ReadChange(body)
	if err != nil {
		return err
	}
	if c.Dataset != s.Dataset || c.Number != s.Changes {
		return fmt.Errorf("the change is of another data set, or not the next one (number %d)", s.Changes)
	}
	n, err := s.Approvers.signed(c.Signatures, c.message)
	if err != nil {
		return err
	}
	if n < s.Approvers.Needed() {
		return fmt.Errorf("%d of %d required approvers have signed the change", n, s.Approvers.Needed())
	}
	s.Approvers, s.Changes = c.Approvers, s.Changes+1
	return nil
}

// Find is a script that was handed in; nil if there is none.
func (s *State) Find(id string) *Waiting {
	for _, w := range s.Scripts {
		if w.Approved.Script.ID() == id {
			return w
		}
	}
	return nil
}

// Revoked lists the scripts whose approval was ended, by who ended it.
func (s *State) Revoked() map[string]string { return maps.Clone(s.revoked) }

// RevokedBy names who ended the approval of a script.
func (s *State) RevokedBy(id string) (string, bool) {
	who, ok := s.revoked[id]
	return who, ok
}
