package config

import (
	"strings"

	"github.com/dpproxy/dpproxy/approval"
)

// authorized reads `authorized:`: the approvers, and how many of them must sign.
func (v value) authorized(d *Dataset) {
	p := &approval.Approvers{}
	v.object(fields{
		"approvers": func(v value) {
			v.each(func(item value) {
				var a approval.Party
				item.object(fields{
					"name": setText(&a.Name),
					"key": func(v value) {
						s, ok := v.text()
						if !ok {
							return
						}
						a.Key = approval.Key(strings.TrimSpace(s))
						if _, err := a.Key.Public(); err != nil {
							v.fault("%s", err).Hint = "`dpproxy keygen NAME` makes one; write what is in NAME.pk"
						}
					},
				})
				if a.Name == "" || a.Key == "" {
					item.fault("needs a name and a key")
				}
				p.Parties = append(p.Parties, a)
			})
		},
		"required": func(v value) {
			if s, ok := v.text(); ok && s != "all" {
				if n, ok := v.whole(1); ok {
					p.Required = int(n)
				}
			}
		},
	})
	if err := p.Check(); err != nil {
		v.fault("%s", err).Hint = "write authorized: {approvers: [{name: …, key: ed25519:…}], required: all}"
	}
	d.Authorized = p
}
