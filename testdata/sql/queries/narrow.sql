-- name: not or
SELECT sum(tokens) FROM visits WHERE NOT (tokens < 0 OR tokens > 100)

-- name: not between
SELECT sum(tokens), count(*) FROM visits WHERE NOT tokens NOT BETWEEN 0 AND 100

-- name: not and
SELECT sum(tokens) FROM visits WHERE tokens >= 0 AND NOT (tokens > 100 AND tokens > 50)

-- name: equality
SELECT sum(v.tokens) FROM visits v JOIN patients p ON v.patient_id = p.patient_id WHERE v.tokens = p.age

-- name: equality in on
SELECT sum(v.tokens) FROM visits v JOIN patients p ON v.patient_id = p.patient_id AND v.tokens = p.age

-- name: case
SELECT sum(CASE WHEN tokens BETWEEN 0 AND 100 THEN tokens ELSE 0 END) FROM visits

-- name: case clamp
SELECT sum(CASE WHEN tokens < 0 THEN 0 WHEN tokens > 100 THEN 100 ELSE tokens END) FROM visits

-- name: case narrower
SELECT sum(CASE WHEN age BETWEEN 20 AND 60 THEN age END), avg(CASE WHEN income > 1000 THEN income ELSE 1000 END) FROM patients

-- name: per unit where
SELECT avg(t) FROM (SELECT patient_id, sum(cost) AS t FROM visits GROUP BY patient_id) s WHERE t BETWEEN 0 AND 10000

-- name: per unit having
SELECT avg(t) FROM (SELECT patient_id, sum(cost) AS t FROM visits GROUP BY patient_id HAVING sum(cost) BETWEEN 100 AND 8000.005) s

-- name: ratios
SELECT avg(r), avg(q), avg(p) FROM (SELECT patient_id, sum(cost)/count(*) AS r, 100.0 * count(*) FILTER (WHERE urgent) / count(*) AS q, (sum(cost) - sum(stay_days)) / count(*) AS p FROM visits GROUP BY patient_id) s

-- name: ratio nullif
SELECT avg(r) FROM (SELECT patient_id, sum(CASE WHEN urgent THEN 1 ELSE 0 END)::float8 / NULLIF(count(*), 0) AS r FROM visits GROUP BY patient_id) s

-- name: nested max
SELECT avg(m) FROM (SELECT patient_id, max(n) AS m FROM (SELECT patient_id, department_id, count(*) AS n FROM visits GROUP BY patient_id, department_id) x GROUP BY patient_id) y

-- name: nested sum of counts
SELECT avg(m), avg(k) FROM (SELECT patient_id, sum(n) AS m, avg(n) AS k FROM (SELECT patient_id, department_id, count(*) AS n FROM visits GROUP BY patient_id, department_id) x GROUP BY patient_id) y

-- name: per visit
SELECT avg(n) FROM (SELECT visit_id, sum(quantity) AS n FROM items GROUP BY visit_id) s

-- name: per visit price
SELECT avg(least(greatest(n, -100), 1000)) FROM (SELECT visit_id, sum(quantity * price) AS n FROM items GROUP BY visit_id) s

-- name: expressions pass
SELECT avg(m) FROM (SELECT n + 1 AS m FROM (SELECT patient_id, count(*) AS n FROM visits GROUP BY patient_id) s) t

-- name: filter
SELECT sum(tokens) FILTER (WHERE tokens BETWEEN 0 AND 100), avg(tokens) FILTER (WHERE tokens IN (1,2,3,500) OR tokens BETWEEN 0 AND 999) FROM visits

-- name: interval with fields moves the bound
SELECT count(*), sum(cost) FROM visits WHERE visited_on < date '2023-12-01' - interval '90' day

-- name: interval of months by its field narrows the months shown
SELECT date_trunc('month', visited_on) AS m, count(*) FROM visits WHERE visited_on >= date '2023-12-31' - interval '3' month GROUP BY m ORDER BY m

-- name: date key narrowed by to_date of constants
SELECT date_trunc('month', visited_on) AS m, count(*) FROM visits WHERE visited_on >= to_date('2023-03-01', 'YYYY-MM-DD') AND visited_on < to_date('2023-06-01', 'YYYY-MM-DD') GROUP BY m

-- name: timestamps as a BI tool writes them
SELECT date_trunc('month', seen_at) AS m, count(*) FROM visits WHERE seen_at >= to_timestamp('2023-03-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')::timestamp AND seen_at < '2023-05-01T00:00:00Z' GROUP BY m

-- name: date literal with a time, and date as a call
SELECT date_trunc('quarter', visited_on) AS q, count(*) FROM visits WHERE visited_on >= '2023-01-01 00:00:00.000000' AND visited_on < date('2024-01-01') GROUP BY q

-- name: timestamp narrowed through its date
SELECT date_trunc('day', seen_at) AS d, count(*) FROM visits WHERE seen_at::date BETWEEN '2023-03-01' AND '2023-03-04' GROUP BY d

-- name: date narrowed through its year
SELECT date_trunc('month', visited_on) AS m, count(*) FROM visits WHERE extract(year FROM visited_on) = 2023 GROUP BY m

-- name: date narrowed through date_part and date_trunc
SELECT date_trunc('month', visited_on) AS m, count(*) FROM visits WHERE date_part('year', visited_on) >= 2022 AND date_trunc('quarter', visited_on) <= '2022-06-01' GROUP BY m

-- name: week that begins on Sunday
SELECT date_trunc('week', visited_on + interval '1 day') - interval '1 day' AS w, count(*) FROM visits WHERE visited_on >= date '2023-12-01' GROUP BY w

-- name: epoch in steps of a day as a timestamp
SELECT to_timestamp(floor(extract(epoch FROM seen_at) / 86400) * 86400) AS d, count(*) FROM visits WHERE seen_at >= '2023-12-20' GROUP BY d

-- name: narrowed by a truncated constant
SELECT date_trunc('year', visited_on) AS y, count(*) FROM visits WHERE visited_on >= date_trunc('year', date '2023-05-06') - interval '1 year' GROUP BY y

-- name: a boolean that WHERE tells, used again
SELECT sex, count(CASE WHEN smoker THEN age END), sum(CASE WHEN smoker THEN age ELSE 3 END), avg(smoker::int) FROM patients WHERE smoker GROUP BY sex

-- name: a boolean that WHERE denies, used again
SELECT count(CASE WHEN smoker THEN 1 END), sum(CASE WHEN NOT smoker THEN age END) FROM patients WHERE NOT smoker
