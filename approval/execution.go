package approval

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

// Execution is an analyst's signed order to run one step: of which script, in which run, with which parameters, on which
// connection.
type Execution struct {
	Script     string   `json:"script"`
	Run        string   `json:"run"`  // 32 random bytes in hex: executions of one run share it
	Step       int      `json:"step"` // from 1
	Parameters []string `json:"parameters"`
	Nonce      string   `json:"nonce"` // the server's, of this connection: SHOW dp.nonce
	Signature  string   `json:"signature"`
}

// NewRun draws a run's tag.
func NewRun() (string, error) {
	raw := make([]byte, 32)
	_, err := rand.Read(raw)
	return hex.EncodeToString(raw), err
}

func (e Execution) message() []byte {
	e.Signature = ""
	if e.Parameters == nil {
		e.Parameters = []string{}
	}
	return message("execution", e)
}

// Sign signs an execution with the analyst's key.
func (e *Execution) Sign(by *Secret) { e.Signature = by.sign(e.message()) }

// Verify checks an execution of a script's analyst on a connection.
func (e *Execution) Verify(s *Script, nonce string) error {
	run, err := hex.DecodeString(e.Run)
	switch {
	case e.Script != s.ID():
		return fmt.Errorf("the execution is of another script")
	case e.Nonce != nonce || nonce == "":
		return fmt.Errorf("the execution is signed for another connection (SHOW dp.nonce)")
	case err != nil || len(run) != 32:
		return fmt.Errorf("the run's tag is not 32 bytes in hex")
	case e.Step < 1 || e.Step > len(s.Steps):
		return fmt.Errorf("the script has no step %d", e.Step)
	case len(e.Parameters) != len(s.Steps[e.Step-1].Parameters):
		return fmt.Errorf("step %d has %d parameters, not %d", e.Step, len(s.Steps[e.Step-1].Parameters), len(e.Parameters))
	case !s.Analyst.Key.verify(e.message(), e.Signature):
		return fmt.Errorf("the execution is not signed by the analyst's key")
	}
	for i, slot := range s.Steps[e.Step-1].Parameters {
		if err := slot.Allows(e.Parameters[i]); err != nil {
			return fmt.Errorf("$%d %w", i+1, err)
		}
	}
	return nil
}

// Labels are the values of the labelled slots of an execution; an error says that one label has two values in it.
func (e *Execution) Labels(s *Script) (map[string]string, error) {
	out := map[string]string{}
	for i, slot := range s.Steps[e.Step-1].Parameters {
		if slot.Label == "" {
			continue
		}
		if v, ok := out[slot.Label]; ok && !slot.SameValues(v, e.Parameters[i]) {
			return nil, fmt.Errorf("the label %q has two values", slot.Label)
		}
		out[slot.Label] = slot.Normal(e.Parameters[i])
	}
	return out, nil
}

// Normal is one text for each value of the slot.
func (p Slot) Normal(text string) string {
	v, err := p.value(text)
	switch {
	case err != nil:
		return text
	case v.number != nil:
		return v.number.RatString()
	}
	return v.text
}

// Bundle is the value of dp.authorization: approved scripts, and executions of them.
type Bundle struct {
	Scripts    []Approved  `json:"scripts"`
	Executions []Execution `json:"executions"`
}

// Encode is the bundle as a setting's value.
func (b Bundle) Encode() string { return base64.RawURLEncoding.EncodeToString(canonical(b)) }

// ReadBundle decodes dp.authorization strictly. Nothing in it is checked yet.
func ReadBundle(text string) (Bundle, error) {
	var b Bundle
	if len(text) > 2*MaxBytes {
		return b, fmt.Errorf("is too long")
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(strings.TrimRight(strings.TrimSpace(text), "="))
	if err != nil {
		return b, fmt.Errorf("is not base64 of a bundle")
	}
	if err := decode(data, &b); err != nil {
		return b, err
	}
	for i := range b.Scripts {
		if err := b.Scripts[i].Script.Check(); err != nil {
			return b, err
		}
	}
	return b, nil
}
