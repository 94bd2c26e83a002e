package expr

import (
	"math/big"
	"slices"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
)

// zones lists the time zones that private timestamps may be moved to: names that every engine's tables have had for decades, since
// a name that an engine does not know fails only if there is a row.
func zones() []string {
	return strings.Fields(`
	Africa/Abidjan Africa/Accra Africa/Addis_Ababa Africa/Algiers Africa/Cairo Africa/Casablanca Africa/Johannesburg Africa/Lagos
	Africa/Nairobi Africa/Tunis America/Anchorage America/Argentina/Buenos_Aires America/Bogota America/Caracas America/Chicago
	America/Costa_Rica America/Denver America/Detroit America/Edmonton America/Guatemala America/Halifax America/Havana
	America/Jamaica America/La_Paz America/Lima America/Los_Angeles America/Manaus America/Mexico_City America/Montevideo
	America/New_York America/Panama America/Phoenix America/Puerto_Rico America/Santiago America/Santo_Domingo America/Sao_Paulo
	America/St_Johns America/Toronto America/Vancouver America/Winnipeg Asia/Almaty Asia/Amman Asia/Baghdad Asia/Bahrain
	Asia/Baku Asia/Bangkok Asia/Beirut Asia/Colombo Asia/Damascus Asia/Dhaka Asia/Dubai Asia/Hong_Kong Asia/Jakarta
	Asia/Jerusalem Asia/Kabul Asia/Karachi Asia/Kuala_Lumpur Asia/Kuwait Asia/Manila Asia/Muscat Asia/Novosibirsk Asia/Qatar
	Asia/Riyadh Asia/Seoul Asia/Shanghai Asia/Singapore Asia/Taipei Asia/Tashkent Asia/Tbilisi Asia/Tehran Asia/Tokyo
	Asia/Vladivostok Asia/Yekaterinburg Asia/Yerevan Atlantic/Azores Atlantic/Bermuda Atlantic/Canary Atlantic/Reykjavik
	Australia/Adelaide Australia/Brisbane Australia/Darwin Australia/Hobart Australia/Melbourne Australia/Perth
	Australia/Sydney Europe/Amsterdam Europe/Andorra Europe/Athens Europe/Belgrade Europe/Berlin Europe/Bratislava
	Europe/Brussels Europe/Bucharest Europe/Budapest Europe/Chisinau Europe/Copenhagen Europe/Dublin Europe/Gibraltar
	Europe/Helsinki Europe/Istanbul Europe/Lisbon Europe/Ljubljana Europe/London Europe/Luxembourg Europe/Madrid Europe/Malta
	Europe/Minsk Europe/Monaco Europe/Moscow Europe/Oslo Europe/Paris Europe/Prague Europe/Riga Europe/Rome Europe/Samara
	Europe/Sarajevo Europe/Skopje Europe/Sofia Europe/Stockholm Europe/Tallinn Europe/Tirane Europe/Vaduz Europe/Vienna
	Europe/Vilnius Europe/Warsaw Europe/Zagreb Europe/Zurich Indian/Mauritius Pacific/Auckland Pacific/Fiji Pacific/Guam
	Pacific/Honolulu Etc/UTC GMT`)
}

// zoneNamed is the listed name of a zone, in whatever case it was written.
func zoneNamed(text string) (string, bool) {
	list := zones()
	i := slices.IndexFunc(list, func(name string) bool { return strings.EqualFold(name, text) })
	if i < 0 {
		return "", false
	}
	return list[i], true
}

// moveZone completes e AT TIME ZONE zone over private rows: a listed zone moves a timestamp by less than 16 hours.
func (n *node) moveZone() error {
	c, ok := Fold(n.args[1])
	name, known := zoneNamed(c.Text)
	if !ok || c.Null || !known {
		return n.refusePrivate("Write a constant such as 'UTC' or 'Europe/Berlin'; offsets and abbreviations are not answered there.")
	}
	n.shown[0] = inCalendar(n.args[0])
	n.shown[1] = Const{Typ: catalog.Of(txt), Text: name, Pos: -1}
	n.dom.Step = rat(1)
	most := rat(16 * 3600 * secondMicros)
	around := func(s span) span {
		if s.lo != nil {
			s.lo = new(big.Rat).Sub(s.lo, most)
		}
		if s.hi != nil {
			s.hi = new(big.Rat).Add(s.hi, most)
		}
		return s
	}
	n.tell(around(reported(n.args[0])), around(spanOf(n.shown[0])))
	return nil
}
