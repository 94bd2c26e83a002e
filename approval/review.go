package approval

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// WriteReview tells a script in plain words, and of each signature whether its key made it. Whose key that is, it does not know.
func WriteReview(w io.Writer, a *Approved) {
	s := &a.Script
	p := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
	p("Script   %s", plain(s.Name))
	p("ID       %s", s.ID())
	p("Purpose  %s", plain(s.Purpose))
	p("Data     %s, version %q, declared as %.16s…", plain(s.Dataset), s.Version, s.Schema)
	p("Analyst  %s (%s)", plain(s.Analyst.Name), s.Analyst.Key)
	p("When     from %s until %s, %d run(s)", s.NotBefore, s.Expires, s.Runs)
	if s.Kind == Linear {
		p("Order    these steps, in this order, once each in a run; the first error ends the run")
	} else {
		p("Order    any, each step many times: only the budget limits how often")
	}
	p("Price    one run%s; all runs%s", LossWords(s.PerRun), LossWords(s.InAll))
	id := s.ID()
	for _, sig := range a.Approvals {
		how := "Signed  "
		if !sig.Key.verify(approvalMessage(id, sig.Key), sig.Signature) {
			how = "NOT signed, for the signature is wrong,"
		}
		p("%s by %s (%s)", how, plain(sig.Approver), plain(string(sig.Key)))
	}
	for i, step := range s.Steps {
		reviewStep(p, i, step)
	}
}

func reviewStep(p func(string, ...any), i int, step Step) {
	p("")
	p("Step %d", i+1)
	for n, line := range strings.Split(step.SQL, "\n") {
		p("  %3d  %s", n+1, plain(line))
	}
	p("  Reads     %s", orNothing(step.Reads))
	p("  Groups    %s", orNothing(step.Groups))
	p("  Only rows %s", orNothing(step.Filters))
	p("  Price    %s", LossWords(step.Loss))
	p("  Errors    %s", orNothing(step.Errors))
	for j, slot := range step.Parameters {
		p("  $%d may be %s", j+1, SlotWords(slot))
	}
	if len(step.Parameters) == 0 {
		p("  Nothing may vary")
	}
	if step.AllowErrors {
		p("  An error does not end the run")
	}
	var settings []string
	for _, name := range slices.Sorted(maps.Keys(step.Settings)) {
		settings = append(settings, name+" = "+plain(step.Settings[name]))
	}
	p("  Under     %s", strings.Join(settings, ", "))
}

func orNothing(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return plain(strings.Join(list, ", "))
}

// LossWords is a price for people.
func LossWords(l Loss) string {
	out := ""
	for _, part := range []struct{ name, v string }{{"ε", l.Epsilon}, {"ρ", l.Rho}, {"δ", l.Delta}} {
		if part.v != "" && part.v != "0" {
			out += fmt.Sprintf(" %s = %s", part.name, plain(part.v))
		}
	}
	if out == "" {
		return " nothing"
	}
	return out
}

// SlotWords says what may stand in a slot.
func SlotWords(s Slot) string {
	text := "a " + s.Type
	if s.Type == "integer" {
		text = "an integer"
	}
	switch {
	case s.Values != nil:
		text += " of " + plain(strings.Join(s.Values, ", "))
	case s.Lower != "" && s.Upper != "":
		text += fmt.Sprintf(" from %s to %s", s.Lower, s.Upper)
	case s.Lower != "":
		text += " from " + s.Lower
	case s.Upper != "":
		text += " up to " + s.Upper
	default:
		text = "any " + s.Type
	}
	if s.Label != "" {
		text += fmt.Sprintf(", the same wherever the label is %q", s.Label)
	}
	return text
}

// plain keeps what others wrote on one line, without control characters and those that turn the direction of text.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			return '?'
		}
		return r
	}, text)
}
