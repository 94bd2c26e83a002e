-- name: integer division
SELECT age / 10 AS decade, count(*) FROM patients GROUP BY 1 ORDER BY 1

-- name: floor of a division
SELECT floor(age / 10) * 10 AS decade, count(*) FROM patients GROUP BY 1 ORDER BY 1

-- name: floor of a numeric division
SELECT floor(age / 10.0) * 10 AS decade, count(*) FROM patients GROUP BY 1 ORDER BY 1

-- name: floor of a float
SELECT floor(income / 50000) AS band, count(*) FROM patients GROUP BY 1 ORDER BY 1

-- name: rounded to tens
SELECT round(age, -1) AS tens, count(*) FROM patients GROUP BY 1 ORDER BY 1

-- name: rounded height
SELECT round(height, -1) AS h, count(*) FROM patients GROUP BY 1 ORDER BY 1

-- name: truncated
SELECT trunc(height / 50) AS h, count(*) FROM patients GROUP BY 1 ORDER BY 1

-- name: modulo
SELECT age % 2 AS odd, count(*) FROM patients GROUP BY 1 ORDER BY 1

-- name: modulo of the unit; own=a unit is a group of its own, and its groups may be left out
SELECT mod(visit_id, 3) AS third, count(*) FROM visits GROUP BY 1 ORDER BY 1

-- name: letter of declared values
SELECT substring(drug, 1, 1) AS letter, count(*) FROM items GROUP BY 1 ORDER BY 1

-- name: left of declared values
SELECT left(drug, 3) AS start, count(*) FROM items GROUP BY 1 ORDER BY 1

-- name: upper case
SELECT upper(sex) AS sex, count(*) FROM patients GROUP BY 1 ORDER BY 1

-- name: lower and concatenation
SELECT lower(drug) || '!' AS d, count(*) FROM items GROUP BY 1 ORDER BY 1

-- name: length of declared values
SELECT length(drug) AS n, count(*) FROM items GROUP BY 1 ORDER BY 1

-- name: two comparisons
SELECT age > 40 AS old, income > 100000 AS rich, count(*) FROM patients GROUP BY 1, 2

-- name: in a list
SELECT region IN ('north', 'south') AS known, count(*) FROM patients GROUP BY 1

-- name: is null
SELECT region IS NULL AS missing, count(*) FROM patients GROUP BY 1

-- name: like
SELECT note LIKE '%check%' AS checked, count(*) FROM visits GROUP BY 1

-- name: keys listed in where
SELECT region, count(*) FROM patients WHERE region IN ('north', 'south', 'west') GROUP BY region

-- name: keys listed with or
SELECT region, count(*) FROM patients WHERE region = 'north' OR region = 'south' GROUP BY region

-- name: one key in where
SELECT region, count(*) FROM patients WHERE region = 'north' GROUP BY region

-- name: numbers listed
SELECT department_id, count(*) FROM visits WHERE department_id IN (1, 2, 3) GROUP BY department_id

-- name: any of an array
SELECT department_id, count(*) FROM visits WHERE department_id = ANY (ARRAY[1, 2]) GROUP BY department_id

-- name: keys by parameters; p1=north; p2=south
SELECT region, count(*) FROM patients WHERE region IN ($1, $2) GROUP BY region

-- name: case with null
SELECT CASE WHEN age < 18 THEN 'child' WHEN age < 65 THEN 'adult' END AS class, count(*) FROM patients GROUP BY 1

-- name: case over text
SELECT CASE region WHEN 'north' THEN 'N' WHEN 'south' THEN 'S' ELSE 'other' END AS r, count(*) FROM patients GROUP BY 1

-- name: coalesce of declared values
SELECT coalesce(sex, '?') AS s, count(*) FROM patients GROUP BY 1

-- name: width_bucket of a numeric
SELECT width_bucket(height, 100, 200, 10) AS b, count(*) FROM patients GROUP BY 1 ORDER BY 1

-- name: month
SELECT extract(month FROM visited_on) AS m, count(*) FROM visits GROUP BY 1 ORDER BY 1

-- name: day of week
SELECT extract(dow FROM visited_on) AS d, count(*) FROM visits GROUP BY 1 ORDER BY 1

-- name: quarter and year
SELECT date_part('year', visited_on) AS y, date_part('quarter', visited_on) AS q, count(*) FROM visits GROUP BY 1, 2 ORDER BY 1, 2

-- name: truncated to months
SELECT date_trunc('month', visited_on) AS m, count(*) FROM visits GROUP BY 1 ORDER BY 1

-- name: month as text
SELECT to_char(visited_on, 'YYYY-MM') AS m, count(*) FROM visits GROUP BY 1 ORDER BY 1

-- name: hour of a timestamp
SELECT extract(hour FROM seen_at) AS h, count(*) FROM visits GROUP BY 1 ORDER BY 1

-- name: year of birth by decade
SELECT extract(year FROM born)::int / 10 * 10 AS decade, count(*) FROM patients GROUP BY 1 ORDER BY 1

-- name: age in bands
SELECT least(age / 20, 4) AS band, count(*) FROM patients GROUP BY 1 ORDER BY 1

-- name: range of a narrowed column
SELECT age - 20 AS above, count(*) FROM patients WHERE age BETWEEN 20 AND 29 GROUP BY 1 ORDER BY 1

-- name: small integers; delta=0
SELECT children, count(*) FROM patients GROUP BY children ORDER BY children

-- name: ages without delta; delta=0
SELECT age, count(*) FROM patients GROUP BY age ORDER BY age

-- name: cast of a boolean
SELECT (age > 40)::int AS old, count(*) FROM patients GROUP BY 1

-- name: sign
SELECT sign(score) AS s, count(*) FROM patients GROUP BY 1

-- name: nullif of declared values
SELECT nullif(sex, 'm') AS s, count(*) FROM patients GROUP BY 1

-- name: declared key of a sub-query
SELECT s, count(*) FROM (SELECT upper(sex) AS s FROM patients) x GROUP BY s

-- name: derived band of a sub-query
SELECT band, avg(income) FROM (SELECT age / 25 AS band, income FROM patients) x GROUP BY band ORDER BY band

-- name: split of declared values
SELECT split_part(drug, 'p', 1) AS s, count(*) FROM items GROUP BY 1 ORDER BY 1

-- name: replaced letters
SELECT replace(drug, 'a', 'A') AS s, count(*) FROM items GROUP BY 1 ORDER BY 1

-- name: names of months as keys
SELECT to_char(visited_on, 'Mon YYYY') AS m, count(*) FROM visits WHERE visited_on >= '2023-06-01' GROUP BY 1

-- name: day of the week by its name
SELECT to_char(visited_on, 'FMDay') AS d, count(*) FROM visits GROUP BY 1

-- name: week of the year as a key
SELECT to_char(seen_at, 'IYYY-IW') AS w, count(*) FROM visits WHERE seen_at >= '2023-12-01' GROUP BY 1

-- name: months in another time zone
SELECT date_trunc('month', seen_at AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Berlin') AS m, count(*) FROM visits WHERE seen_at >= '2023-06-01' GROUP BY 1

-- name: hours in another time zone
SELECT extract(hour FROM seen_at::timestamptz AT TIME ZONE 'America/New_York') AS h, count(*) FROM visits GROUP BY 1
