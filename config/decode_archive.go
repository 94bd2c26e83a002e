package config

import "time"

// Archive is `archive:`: which answers are kept, and for how long.
type Archive struct {
	Answers   bool          // of queries over private tables
	Public    bool          // queries over public tables alone, and their answers
	MaxAnswer int           // bytes of one answer's text
	Retain    time.Duration // 0: for ever. Older answers and releases are pruned
}

// archive reads `archive:`.
func (l *loader) archive(v value) {
	a := &l.config.Archive
	v.object(fields{
		"answers":    setBool(&a.Answers),
		"public":     setBool(&a.Public),
		"max_answer": setBytes(&a.MaxAnswer, 1024),
		"retain": func(v value) {
			s, ok := v.text()
			if !ok || s == "forever" {
				return
			}
			d, ok := parseDuration(s)
			if !ok || d < time.Hour {
				v.fault("must be forever or a duration of at least 1h, not %q", s).Hint = "write 90d, or 1 year"
				return
			}
			a.Retain = d
		},
	})
}
