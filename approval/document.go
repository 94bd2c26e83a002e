package approval

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// ActsOf finds out what a document is (a script, an approved script, a refusal, a revocation or a change of approvers), and
// gives the acts that it stands for. An approved script is the script, and then each of its signatures. Nothing is checked
// but the form: who may write an act is decided by State.
func ActsOf(data []byte) (dataset string, acts []Act, err error) {
	if c, err := ReadChange(data); err == nil {
		return c.Dataset, []Act{{Kind: ActApprovers, Body: data}}, nil
	}
	if r, err := ReadRevocation(data); err == nil {
		return r.Dataset, []Act{{Kind: r.Kind, Body: data}}, nil
	}
	if s, err := ReadScript(data); err == nil {
		return s.Dataset, []Act{{Kind: ActSubmit, Body: data}}, nil
	}
	a, err := ReadApproved(data)
	if err != nil {
		return "", nil, fmt.Errorf("is no script, approved script, refusal, revocation or change of approvers: %w", err)
	}
	acts = []Act{{Kind: ActSubmit, Body: bytes.TrimSpace(a.Script.Indent())}}
	for _, sig := range a.Approvals {
		body, err := json.Marshal(Grant{Script: a.Script.ID(), Signature: sig})
		if err != nil {
			return "", nil, err
		}
		acts = append(acts, Act{Kind: ActApprove, Body: body})
	}
	return a.Script.Dataset, acts, nil
}
