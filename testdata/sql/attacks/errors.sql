-- name: division by a value that only the victim has; attack=division by zero
SELECT count(*) FROM patients WHERE 100 / age > 1

-- name: a guard in another condition guards nothing; attack=reordered guards
SELECT count(*) FROM patients WHERE patient_id <> 100 AND 1 / age > 0

-- name: division inside an aggregate; attack=division by zero
SELECT sum(least(greatest(100 / age, 0), 100)) FROM patients

-- name: a division of floats; attack=division by zero
SELECT sum(least(greatest(income / score, 0), 100)) FROM patients

-- name: modulo of the smallest number; attack=overflow
SELECT count(*) FROM visits WHERE tokens % -1 = 0 AND stay_days / -1 < 5

-- name: a text that is no number; attack=casts of text
SELECT count(*) FROM visits WHERE cast(note AS integer) = 1

-- name: a text that is no date; attack=casts of text
SELECT count(*) FROM visits WHERE cast(note AS date) > DATE '2020-01-01'

-- name: a text that is no truth; attack=casts of text
SELECT count(*) FROM visits WHERE cast(note AS boolean)

-- name: overflow of whole numbers; attack=overflow
SELECT count(*) FROM visits WHERE tokens * tokens > 0 AND stay_days + 1 > 0 AND abs(tokens) > 1

-- name: overflow of floats; attack=overflow
SELECT count(*) FROM items WHERE price * price > 1 AND quantity * quantity > 1

-- name: numbers into narrower types; attack=overflow
SELECT count(*) FROM visits WHERE cast(tokens AS smallint) = 1 OR cast(stay_days AS smallint) = 2 OR cast(cost AS smallint) = 3

-- name: roots and logarithms; attack=functions out of their domain
SELECT count(*) FROM visits WHERE sqrt(cost) > 1 OR ln(cost) > 1 OR log(cost) > 1 OR power(cost, 0.5) > 1

-- name: exponentials; attack=functions out of their domain
SELECT count(*) FROM patients WHERE exp(age) > 1 OR power(age, 100) > 5

-- name: width_bucket; attack=functions out of their domain
SELECT count(*) FROM patients WHERE width_bucket(income, 0, 100, 5) = 3

-- name: substrings of a negative length; attack=functions out of their domain
SELECT count(*) FROM visits WHERE substring(note FROM 1 FOR stay_days) = 'a' OR left(note, stay_days) = 'a' OR right(note, stay_days) = 'b'

-- name: parts of a text; attack=functions out of their domain
SELECT count(*) FROM visits WHERE split_part(note, 'a', stay_days) = 'x'

-- name: the calendar's ends; attack=dates out of range
SELECT count(*) FROM visits WHERE visited_on + stay_days > DATE '2020-01-01' OR date_trunc('century', visited_on) IS NULL OR extract(epoch FROM seen_at) > 0

-- name: intervals over the calendar's ends; attack=dates out of range
SELECT count(*) FROM visits WHERE seen_at + interval '100 years' > TIMESTAMP '2021-01-01' OR visited_on - interval '9999 years' < DATE '2020-01-01'

-- name: a sub-query of two rows; attack=scalar sub-queries
SELECT count(*) FROM visits v WHERE v.department_id = (SELECT department_id FROM departments)

-- name: CASE does not protect; attack=reordered guards
SELECT sum(CASE WHEN age = 0 THEN 0 ELSE 10 / age END) FROM patients WHERE age < 50

-- name: an error in a key; attack=division by zero
SELECT 10 / age AS k, count(DISTINCT patient_id) FROM patients GROUP BY 1

-- name: an error in a filter; attack=division by zero
SELECT count(*) FILTER (WHERE 1 / age > 0), avg(age) FILTER (WHERE 1 / children > 0) FROM patients

-- name: an error behind a join; attack=division by zero
SELECT count(*) FROM visits v JOIN patients p ON v.patient_id = p.patient_id AND 1 / p.age >= 0

-- name: an error within a unit; attack=overflow
SELECT count(*) FROM (SELECT patient_id, sum(cost) AS s, max(stay_days) AS m FROM visits GROUP BY patient_id) AS u WHERE s / m > 1

-- name: an error that a parameter makes; p1=0; attack=parameters
SELECT count(*) FROM patients WHERE age / cast($1 AS integer) = 1
