package setting

import (
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the zones must not depend on the machine

	"github.com/dpproxy/dpproxy/refusal"
)

// maxOffset is the largest distance from UTC, in seconds, that PostgreSQL accepts.
const maxOffset = 168 * 3600

// timeZone checks a value of TimeZone and returns it as SHOW prints it.
func timeZone(value string) (string, error) {
	name, _, err := Zone(value)
	return name, err
}

// Zone finds a time zone by the value of TimeZone: a name of the IANA list in any case, a number of hours east of UTC,
// or POSIX's form of an offset, which counts west: "<+05:30>-05:30", "GMT-05:30". name is as SHOW prints it.
func Zone(value string) (name string, zone *time.Location, err error) {
	v := strings.TrimSpace(value)
	if strings.EqualFold(v, "default") {
		v = "UTC"
	}
	if rest, ok := strings.CutPrefix(v, "INTERVAL '"); ok {
		if seconds, ok := interval(strings.TrimSuffix(rest, "'")); ok {
			return fixedZone(seconds)
		}
	}
	if seconds, ok := hours(v); ok {
		return fixedZone(seconds)
	}
	if zone, ok := posixZone(v); ok {
		return v, zone, nil
	}
	for _, candidate := range []string{v, strings.ToUpper(v), title(v)} {
		if candidate == "" || candidate == "Local" {
			continue
		}
		if zone, err := time.LoadLocation(candidate); err == nil {
			return candidate, zone, nil
		}
	}
	return "", nil, refusal.New(refusal.InvalidParameterValue, "invalid value for parameter \"TimeZone\": %q", value)
}

// posixZone reads an abbreviation of three letters or more, or anything in <>, and how many hours it is west of UTC.
func posixZone(v string) (*time.Location, bool) {
	var abbreviation, west string
	if rest, ok := strings.CutPrefix(v, "<"); ok {
		if abbreviation, west, ok = strings.Cut(rest, ">"); !ok {
			return nil, false
		}
	} else {
		west = strings.TrimLeft(v, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
		if abbreviation = v[:len(v)-len(west)]; len(abbreviation) < 3 {
			return nil, false
		}
	}
	seconds, ok := hours(west)
	if !ok || abbreviation == "" {
		return nil, false
	}
	return time.FixedZone(abbreviation, -seconds), true
}

// hours reads "5", "-3.5", "+05:30" as seconds east of UTC.
func hours(v string) (int, bool) {
	if h, m, ok := strings.Cut(v, ":"); ok {
		hh, e1 := strconv.Atoi(h)
		mm, e2 := strconv.ParseUint(m, 10, 8)
		if e1 != nil || e2 != nil || mm > 59 || hh > 167 || hh < -167 {
			return 0, false
		}
		seconds := int(mm) * 60
		if strings.HasPrefix(h, "-") {
			seconds = -seconds
		}
		return hh*3600 + seconds, true
	}
	f, err := strconv.ParseFloat(v, 64)
	if err != nil || f != f || f*3600 > maxOffset || f*3600 < -maxOffset {
		return 0, false
	}
	return int(f * 3600), true
}

// interval reads "+05:30", "5", "-3 hours", "5 hours 30 min" as seconds east of UTC. Days and months are none.
func interval(v string) (int, bool) {
	words := strings.Fields(v)
	if len(words) == 1 {
		return hours(v)
	}
	total := 0
	for i := 0; i < len(words); i += 2 {
		n, err := strconv.Atoi(words[i])
		if err != nil || i+1 == len(words) || n > maxOffset || n < -maxOffset {
			return 0, false
		}
		switch strings.TrimSuffix(strings.ToLower(words[i+1]), "s") {
		case "hour", "hr", "h":
			n *= 3600
		case "minute", "min", "m":
			n *= 60
		case "second", "sec", "":
		default:
			return 0, false
		}
		total += n
	}
	return total, len(words) > 0 && total <= maxOffset && total >= -maxOffset
}

func fixedZone(seconds int) (string, *time.Location, error) {
	abbreviation, posix := offset(seconds), offset(-seconds)
	return "<" + abbreviation + ">" + posix, time.FixedZone(abbreviation, seconds), nil
}

func offset(seconds int) string {
	sign := "+"
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	two := func(n int) string { return strconv.Itoa(100 + n)[1:] }
	h := seconds / 3600
	s := sign + strconv.Itoa(h)
	if h < 100 {
		s = sign + two(h)
	}
	if seconds%3600 != 0 {
		s += ":" + two(seconds/60%60)
	}
	return s
}

// title spells "america/new_york" as the IANA list does.
func title(v string) string {
	b := []byte(strings.ToLower(v))
	for i := range b {
		if (i == 0 || b[i-1] == '/' || b[i-1] == '_' || b[i-1] == '-') && b[i] >= 'a' && b[i] <= 'z' {
			b[i] -= 'a' - 'A'
		}
	}
	return string(b)
}
