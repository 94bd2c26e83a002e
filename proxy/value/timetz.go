package value

import (
	"encoding/binary"
	"strings"
)

// maxZone is the largest distance from UTC that a timetz may have, in seconds: 15:59:59.
const maxZone = 16*3600 - 1

// appendTimetz writes "12:34:56.789+05:30" as microseconds of the day and seconds west of UTC.
func appendTimetz(dst []byte, text string) ([]byte, error) {
	i := strings.LastIndexAny(text, "+-")
	if i < 0 {
		return dst, errCell
	}
	micros, err := parseClock(text[:i])
	if err != nil {
		return dst, err
	}
	east, err := parseOffset(text[i:])
	if err != nil {
		return dst, err
	}
	dst = binary.BigEndian.AppendUint64(dst, uint64(micros))
	return binary.BigEndian.AppendUint32(dst, uint32(int32(-east))), nil
}

func timetzText(raw []byte) (string, error) {
	micros, west := int64(binary.BigEndian.Uint64(raw)), int32(binary.BigEndian.Uint32(raw[8:]))
	if micros < 0 || micros > microsPerDay || west > maxZone || west < -maxZone {
		return "", errBinary
	}
	return clockText(micros) + string(appendZone(nil, -int(west))), nil
}

// appendZone prints seconds east of UTC: "+00", "-03:30", "+01:02:03".
func appendZone(dst []byte, seconds int) []byte {
	sign := byte('+')
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	dst = appendTwo(append(dst, sign), seconds/3600)
	if seconds%3600 != 0 {
		dst = appendTwo(append(dst, ':'), seconds/60%60)
	}
	if seconds%60 != 0 {
		dst = appendTwo(append(dst, ':'), seconds%60)
	}
	return dst
}
