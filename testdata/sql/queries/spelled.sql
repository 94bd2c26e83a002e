-- What is written in more ways than one: casts as calls, fields of intervals, other systems' names of functions.

-- name: a cast as a call is a key
SELECT date(seen_at) AS day, count(*) FROM visits WHERE seen_at < '2020-03-01' GROUP BY 1 ORDER BY 1

-- name: casts as calls inside an aggregate
SELECT sum(int4(cost)), avg(float8(stay_days)), count(text(note)) FROM visits

-- name: the field of an interval counts a number without a unit
SELECT count(*) FROM visits WHERE seen_at < timestamp '2022-06-30' - interval '6' month AND seen_at > timestamp '2020-01-01' + interval '90' day

-- name: fields cut an interval
SELECT interval '1 year 14 months 3 days' year, interval '04:05' minute to second, interval '1-2' year to month, interval 'P1DT2H', interval(1) '1.26 s', count(*) FROM patients

-- name: arithmetic of constant intervals
SELECT count(*) FROM visits WHERE seen_at > timestamp '2020-01-01' + 7 * interval '1 week' + interval '1 day' / 2 - (interval '1 day' - interval '2 hours')

-- name: an interval made of numbers
SELECT count(*) FROM visits WHERE seen_at > timestamp '2020-01-01' + make_interval(months => 6, days => 10) AND seen_at < date '2023-01-01' - make_interval(0, 1)

-- name: an interval made of a released number
SELECT make_interval(secs => round(avg(stay_days))::int, days => 2) > interval '2 days' FROM visits

-- name: mean and sum of intervals
SELECT urgent, avg(seen_at - visited_on::timestamp) > interval '-3000 days', sum(seen_at - visited_on::timestamp) IS NOT NULL FROM visits GROUP BY urgent

-- name: mean of an interval within bounds
SELECT extract(epoch FROM avg(seen_at - timestamp '2020-01-01')) AS seconds FROM visits WHERE seen_at >= '2020-01-01'

-- name: quantiles of intervals
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY seen_at - timestamp '2020-01-01') > interval '1 day', max(age(seen_at, timestamp '2020-01-01')) < interval '2000 days' FROM visits

-- name: overlapping spans of time
SELECT count(*) FROM visits WHERE (visited_on::timestamp, seen_at) OVERLAPS (timestamp '2021-01-01', interval '1 year')

-- name: overlapping spans of dates, one of them of no length
SELECT count(*) FROM visits WHERE (visited_on, visited_on) OVERLAPS (date '2022-12-31', date '2021-01-01')

-- name: names and quarters of times are public keys
SELECT to_char(seen_at, 'Mon YYYY') AS m, to_char(seen_at, 'YYYY"-Q"Q') AS q, count(*) FROM visits WHERE seen_at < '2021-01-01' GROUP BY 1, 2 ORDER BY 1, 2

-- name: padded names, halves of days and numbers between
SELECT to_char(seen_at, 'Day') AS d, to_char(seen_at, 'AM') AS half, count(*) FROM visits GROUP BY 1, 2 ORDER BY 1, 2

-- name: fields in small letters, and text in a format
SELECT to_char(visited_on, 'yyyy/mm') AS m, count(*) FROM visits WHERE to_char(seen_at, 'hh24:00') <> '25:00' GROUP BY m ORDER BY m

-- name: SmartNoise's names of the variances; own=PostgreSQL has no such functions
SELECT sex, VAR(age) AS v, STD(age) AS s, STDEV(height) AS d FROM patients GROUP BY sex ORDER BY sex

-- name: such names over released rows; own=PostgreSQL has no such functions
SELECT var(n), std(n) FROM (SELECT sex, smoker, count(*) AS n FROM patients GROUP BY sex, smoker) t

-- name: sum and quantile of intervals over released rows
SELECT sum(m) > interval '-9000 days', percentile_cont(0.5) WITHIN GROUP (ORDER BY m) IS NOT NULL, avg(m) IS NOT NULL FROM (SELECT urgent, avg(seen_at - visited_on::timestamp) AS m FROM visits GROUP BY urgent) t

-- name: sum and quantile of intervals over public rows
SELECT sum(x) = interval '33 hours' AS s, percentile_cont(0.5) WITHIN GROUP (ORDER BY x), min(x) FROM (VALUES (interval '3 hours'), (interval '30 hours')) AS v(x)

-- name: a total below the groups, with NULL in the key's place
SELECT sex, count(*) AS n FROM patients GROUP BY sex UNION ALL SELECT NULL, count(*) FROM patients

-- name: literals without types take the other side's
SELECT floor, 'x' AS k FROM departments UNION SELECT NULL, 'y' UNION ALL SELECT '7', NULL ORDER BY 1, 2

-- name: NULL in a union of private rows
SELECT count(a), count(*) FROM (SELECT patient_id, age AS a FROM patients UNION ALL SELECT patient_id, NULL FROM visits) t

-- name: text that is cut out of a key's values
SELECT replace(sex, 'f', '') AS s, count(*) FROM patients GROUP BY 1 ORDER BY 1

-- name: a logarithm to a base has bounds
SELECT avg(log(10, greatest(age, 1))), sum(log(2, least(greatest(tokens, 1), 1000))) FROM patients JOIN visits USING (patient_id)
