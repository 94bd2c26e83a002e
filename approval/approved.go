package approval

import (
	"fmt"
	"time"
)

// Approved is a script with the signatures of approvers: what `dpproxy approve` writes.
type Approved struct {
	Script    Script      `json:"script"`
	Approvals []Signature `json:"approvals"`
}

// Signature is an approver's yes.
type Signature struct {
	Approver  string `json:"approver"`
	Key       Key    `json:"key"`
	Signature string `json:"signature"`
}

// signedApproval is what an approver signs.
type signedApproval struct {
	Script   string `json:"script"` // its ID
	Key      Key    `json:"key"`
	Decision string `json:"decision"`
}

func approvalMessage(id string, key Key) []byte {
	return message("approval", signedApproval{Script: id, Key: key, Decision: "approve"})
}

// ReadApproved decodes a script with its signatures strictly; it checks none of them.
func ReadApproved(data []byte) (*Approved, error) {
	a := new(Approved)
	if err := decode(data, a); err != nil {
		return nil, fmt.Errorf("the approved script %w", err)
	}
	return a, a.Script.Check()
}

// Sign adds an approver's signature. One who has signed already is not added twice.
func (a *Approved) Sign(by *Secret) {
	key := by.Public()
	for _, s := range a.Approvals {
		if s.Key == key {
			return
		}
	}
	a.Approvals = append(a.Approvals, Signature{Approver: by.Name, Key: key, Signature: by.sign(approvalMessage(a.Script.ID(), key))})
}

// Approvers are who must sign for a data set: all of them, or Required of them.
type Approvers struct {
	Parties  []Party `json:"approvers"`
	Required int     `json:"required"` // 0: all
}

// Needed is how many of the approvers must sign.
func (p Approvers) Needed() int {
	if p.Required == 0 {
		return len(p.Parties)
	}
	return p.Required
}

// Check tells what makes the set impossible.
func (p Approvers) Check() error {
	if len(p.Parties) == 0 {
		return fmt.Errorf("there is no approver")
	}
	if p.Required < 0 || p.Required > len(p.Parties) {
		return fmt.Errorf("%d of %d approvers cannot sign", p.Required, len(p.Parties))
	}
	for i, a := range p.Parties {
		if _, err := a.Key.Public(); err != nil {
			return fmt.Errorf("the key of %q %w", a.Name, err)
		}
		for _, b := range p.Parties[:i] {
			if a.Name == b.Name || a.Key == b.Key {
				return fmt.Errorf("%q is an approver twice", a.Name)
			}
		}
	}
	return nil
}

// find is an approver by key.
func (p Approvers) find(k Key) (Party, bool) {
	for _, a := range p.Parties {
		if a.Key == k {
			return a, true
		}
	}
	return Party{}, false
}

// signed counts the approvers who signed a message, each once, and fails at the first signature that is none. Who somebody is, is
// decided by his key; names are for people.
func (p Approvers) signed(signatures []Signature, msg func(key Key) []byte) (int, error) {
	seen := map[Key]bool{}
	for _, s := range signatures {
		who, ok := p.find(s.Key)
		switch {
		case !ok:
			continue // somebody who is no approver, or none any more: it counts for nothing
		case seen[s.Key]:
			return 0, fmt.Errorf("approver %q signed twice", who.Name)
		case !s.Key.verify(msg(s.Key), s.Signature):
			return 0, fmt.Errorf("the signature of approver %q is wrong", who.Name)
		}
		seen[s.Key] = true
	}
	return len(seen), nil
}

// Verify checks that enough of the present approvers have signed the script.
func (a *Approved) Verify(p Approvers) error {
	if err := a.Script.Check(); err != nil {
		return err
	}
	id := a.Script.ID()
	n, err := p.signed(a.Approvals, func(key Key) []byte { return approvalMessage(id, key) })
	if err != nil {
		return err
	}
	if n < p.Needed() {
		return fmt.Errorf("%d of %d required approvers have signed", n, p.Needed())
	}
	return nil
}

// InForce checks the script's dates.
func (s *Script) InForce(now time.Time) error {
	from, err1 := time.Parse(time.RFC3339, s.NotBefore)
	until, err2 := time.Parse(time.RFC3339, s.Expires)
	switch {
	case err1 != nil || err2 != nil:
		return fmt.Errorf("the script's dates cannot be read")
	case now.Before(from):
		return fmt.Errorf("the approval is not valid before %s", s.NotBefore)
	case !now.Before(until):
		return fmt.Errorf("the approval expired at %s", s.Expires)
	}
	return nil
}
