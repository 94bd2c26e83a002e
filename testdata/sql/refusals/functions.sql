-- name: array_agg
SELECT array_agg(age) FROM patients

-- name: string_agg
SELECT string_agg(region, ',') FROM patients

-- name: json_agg
SELECT json_agg(patient_id) FROM patients

-- name: mode
SELECT mode() WITHIN GROUP (ORDER BY age) FROM patients

-- name: any_value
SELECT any_value(region) FROM patients

-- name: aggregate with order
SELECT sum(age ORDER BY income) FROM patients

-- name: correlation of different pairs
SELECT corr(DISTINCT height, age) FROM patients

-- name: correlation of text
SELECT corr(region, age) FROM patients

-- name: correlation without bounds
SELECT corr(tokens, cost) FROM visits

-- name: correlation of one column
SELECT corr(age) FROM patients

-- name: sum of different units
SELECT sum(DISTINCT patient_id) FROM visits

-- name: different values without bounds
SELECT avg(DISTINCT tokens) FROM visits

-- name: different intervals
SELECT count(DISTINCT age(visited_on, DATE '2020-01-01')) FROM visits

-- name: sleep
SELECT pg_sleep(10)

-- name: sleep in a filter
SELECT count(*) FROM patients WHERE pg_sleep(age) IS NULL

-- name: query_to_xml
SELECT query_to_xml('select * from patients', true, false, '')

-- name: read file
SELECT pg_read_file('/etc/passwd')

-- name: dblink
SELECT count(*) FROM patients WHERE dblink('x', 'y') IS NULL

-- name: random
SELECT count(*) FROM patients WHERE random() < 0.5

-- name: random outside
SELECT random()

-- name: user-defined
SELECT my_function(age) FROM patients

-- name: qualified by another schema
SELECT public.count(age) FROM patients

-- name: large object
SELECT lo_import('/etc/passwd')

-- name: data-dependent regular expression
SELECT count(*) FROM visits WHERE note ~ note

-- name: data-dependent pattern
SELECT count(*) FROM visits WHERE note LIKE note

-- name: backtracking expression
SELECT count(*) FROM visits WHERE note ~ '(a+)+\\1$'

-- name: repeat by data
SELECT count(*) FROM patients WHERE length(repeat('x', age)) > 5

-- name: generate_series by data
SELECT count(*) FROM patients, generate_series(1, age)

-- name: series in the select list
SELECT generate_series(1, 10) FROM patients

-- name: regclass
SELECT 'patients'::regclass

-- name: current_setting of private rows
SELECT count(*) FROM patients WHERE current_setting(region) = 'x'

-- name: unbounded sum
SELECT sum(tokens) FROM visits

-- name: unbounded average
SELECT avg(length(note)) FROM visits

-- name: sum of text
SELECT sum(region) FROM patients

-- name: aggregate in where
SELECT count(*) FROM patients WHERE count(*) > 1

-- name: nested aggregate
SELECT sum(count(*)) FROM patients

-- name: ungrouped column
SELECT sex, count(*) FROM patients

-- name: ungrouped column in having
SELECT count(*) FROM patients HAVING age > 3

-- name: wrong arguments
SELECT count(age, sex) FROM patients

-- name: a sum that could overflow an engine
SELECT sum(CASE WHEN patient_id <= 17 THEN 100000000000000000000000000000000000 ELSE 0 END) FROM patients

-- name: a sum within units that could overflow an engine
SELECT count(*) FROM (SELECT patient_id, sum(CASE WHEN patient_id = 17 THEN 1000000000000000000000000000000000 ELSE 0 END) AS s FROM visits GROUP BY patient_id) x

-- name: a variance with bounds that are too wide
SELECT variance(CASE WHEN smoker THEN 100000000000000000 ELSE 0 END) FROM patients


-- name: json of private rows
SELECT count(*) FROM patients WHERE json_build_object('a', age) IS NOT NULL

-- name: jsonb_agg of private rows
SELECT jsonb_agg(age) FROM patients

-- name: format over private rows
SELECT count(*) FROM patients WHERE format('%s', region) = 'x'

-- name: format of identifiers
SELECT format('%I', sex) FROM patients GROUP BY sex

-- name: format with too few arguments
SELECT format('%s %s', sex) FROM patients GROUP BY sex

-- name: object of an odd number
SELECT json_build_object('a') FROM patients GROUP BY sex

-- name: pattern from data
SELECT count(*) FROM patients WHERE substring(region FROM '[a-z]+') = 'x'

-- name: rows of unequal length
SELECT count(*) FROM patients WHERE (age, children) < (1, 2, 3)

-- name: a list with NULL says nothing of what it does not hold
SELECT sum(CASE WHEN NOT (tokens IN (1, 2, NULL)) THEN 0 ELSE tokens END) FROM visits

-- name: an aggregate that nobody has, beside one
SELECT sex, count(*), skewness(age) FROM patients GROUP BY sex

-- name: an argument that make_interval does not have
SELECT count(*) FROM visits WHERE seen_at > timestamp '2020-01-01' + make_interval(fortnights => 2)

-- name: fields of an interval that is not constant
SELECT count(*) FROM visits WHERE CAST(seen_at - timestamp '2020-01-01' AS interval day) > interval '1 day'

-- name: a format with what is no field
SELECT to_char(seen_at, 'YYYY-MM-DDTHH24') AS d, count(*) FROM visits GROUP BY 1

-- name: a type's range is no bound in a union with NULL
SELECT sum(t) FROM (SELECT patient_id, tokens AS t FROM visits UNION ALL SELECT patient_id, NULL FROM visits) x
