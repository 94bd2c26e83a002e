package catalog

import "strings"

// isoTime writes a literal date or timestamp as PostgreSQL's input takes it in the ISO form that parseTimestamp reads: a date may
// have a time behind it, which does not count; a timestamp without time zone may have a zone, which does not count either; a zone may
// follow a day alone (1950-01-01 +00 is what pgjdbc's setDate sends); days may be written 20230131, 2023/01/31 or with the month's
// English name. What depends on DateStyle (1/2/2023) and words that depend on the clock are not read.
func isoTime(text string, to Kind) (string, bool) {
	s := strings.TrimSpace(text)
	day, clock := isoDay(s)
	if day == "" {
		return "", false
	}
	clock = strings.TrimSpace(clock)
	zoned := Of(Timestamptz)
	if strings.HasPrefix(clock, "+") || strings.HasPrefix(clock, "-") {
		clock = "00:00:00" + clock
	}
	for _, name := range []string{" utc", " gmt", " z", "utc", "gmt"} {
		if rest, ok := strings.CutSuffix(strings.ToLower(clock), name); ok && rest != "" {
			clock = strings.TrimSpace(rest) + "Z"
			break
		}
	}
	if _, err := ParseValue(zoned, strings.TrimSpace(day+" "+clock)); err != nil {
		return "", false
	}
	switch to {
	case Date:
		return day, true
	case Timestamp:
		clock = strings.TrimRight(clock, "Zz")
		if i := strings.LastIndexAny(clock, "+-"); i >= 0 {
			clock = clock[:i]
		}
	}
	return strings.TrimSpace(day + " " + clock), true
}

// isoDay reads the day at the start of a text and returns it as YYYY-MM-DD, with what is behind it.
func isoDay(s string) (day, rest string) {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '0'
		}
		return r
	}, s)
	switch {
	case strings.HasPrefix(digits, "0000-00-00") && !strings.HasPrefix(digits, "0000-00-000"), strings.HasPrefix(digits, "0000/00/00") && !strings.HasPrefix(digits, "0000/00/000"),
		strings.HasPrefix(digits, "0000.00.00") && !strings.HasPrefix(digits, "0000.00.000"):
		day, rest = s[:4]+"-"+s[5:7]+"-"+s[8:10], s[10:]
	case digits == "00000000" || strings.HasPrefix(digits, "00000000T") || strings.HasPrefix(digits, "00000000 "):
		day, rest = s[:4]+"-"+s[4:6]+"-"+s[6:8], s[8:]
	default:
		return namedDay(s)
	}
	if rest != "" && !strings.ContainsAny(rest[:1], " Tt+") {
		return "", ""
	}
	return day, strings.TrimLeft(rest, "Tt ")
}

// namedDay reads "Jan 31, 2023", "31 January 2023" and "31-Jan-2023"; nothing may follow.
func namedDay(s string) (day, rest string) {
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == '-' })
	if len(parts) != 3 {
		return "", ""
	}
	month, date := monthNumber(parts[0]), parts[1]
	if month == "" {
		month, date = monthNumber(parts[1]), parts[0]
	}
	year := parts[2]
	if month == "" || len(year) != 4 || len(date) > 2 || strings.Trim(year+date, "0123456789") != "" || date == "" {
		return "", ""
	}
	if len(date) == 1 {
		date = "0" + date
	}
	return year + "-" + month + "-" + date, ""
}

func monthNumber(name string) string {
	name = strings.ToLower(name)
	for i, m := range []string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"} {
		if name == m || name == m[:3] || (i == 8 && name == "sept") {
			return string([]byte{'0' + byte((i+1)/10), '0' + byte((i+1)%10)})
		}
	}
	return ""
}
