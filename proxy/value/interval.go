package value

import "github.com/jackc/pgx/v5/pgtype"

// parseSpan reads an interval's output text in the style postgres.
func parseSpan(text string) (span, error) {
	var v pgtype.Interval
	if err := v.Scan(text); err != nil {
		return span{}, errCell
	}
	const hour, minute, second = 3_600_000_000, 60_000_000, 1_000_000
	n := v.Microseconds
	return span{year: int64(v.Months / 12), month: int64(v.Months % 12), day: int64(v.Days), hour: n / hour, minute: n % hour / minute,
		second: n % minute / second, micro: n % second}, nil
}
