-- name: comparison
SELECT count(*) FROM patients WHERE age >= 65

-- name: and or not
SELECT count(*) FROM patients WHERE (age > 30 AND sex = 'f') OR NOT (income < 50000)

-- name: in
SELECT count(*) FROM patients WHERE region IN ('north', 'south')

-- name: not in
SELECT count(*) FROM visits WHERE department_id NOT IN (1, 2)

-- name: between
SELECT count(*) FROM patients WHERE age BETWEEN 20 AND 60

-- name: between narrows
SELECT avg(age) FROM patients WHERE age BETWEEN 20 AND 60

-- name: like
SELECT count(*) FROM visits WHERE note LIKE 'rout%'

-- name: ilike
SELECT count(*) FROM visits WHERE note ILIKE '%emergency%'

-- name: is null
SELECT count(*) FROM patients WHERE region IS NULL

-- name: is not null
SELECT count(*) FROM patients WHERE region IS NOT NULL

-- name: is distinct from
SELECT count(*) FROM patients WHERE region IS DISTINCT FROM 'north'

-- name: boolean column
SELECT count(*) FROM patients WHERE smoker

-- name: not boolean column
SELECT count(*) FROM patients WHERE NOT smoker

-- name: is true
SELECT count(*) FROM patients WHERE smoker IS NOT TRUE

-- name: dates
SELECT count(*) FROM visits WHERE visited_on >= DATE '2021-01-01' AND visited_on < '2022-01-01'

-- name: timestamps
SELECT count(*) FROM visits WHERE seen_at > TIMESTAMP '2021-06-01 12:00:00'

-- name: arithmetic
SELECT count(*) FROM patients WHERE age * 2 + children > 100

-- name: division is total; own=PostgreSQL divides by zero
SELECT count(*) FROM patients WHERE income / children > 1000

-- name: modulo
SELECT count(*) FROM patients WHERE age % 2 = 0

-- name: case
SELECT count(*) FROM patients WHERE CASE WHEN sex = 'f' THEN age > 40 ELSE age > 50 END

-- name: coalesce
SELECT count(*) FROM patients WHERE coalesce(region, 'none') = 'none'

-- name: nullif
SELECT count(*) FROM patients WHERE nullif(children, 0) IS NULL

-- name: text functions
SELECT count(*) FROM patients WHERE upper(region) = 'NORTH' AND length(region) = 5

-- name: concatenation
SELECT count(*) FROM patients WHERE sex || region = 'fnorth'

-- name: parts of a date
SELECT count(*) FROM visits WHERE extract(year FROM visited_on) = 2021

-- name: a tautology
SELECT count(*) FROM patients WHERE TRUE

-- name: a contradiction
SELECT count(*) FROM patients WHERE 1 = 0

-- name: parameter; p1=50
SELECT count(*) FROM patients WHERE age > $1

-- name: parameters; p1=f; p2=30
SELECT count(*) FROM patients WHERE sex = $1 AND age > $2

-- name: array parameter; p1={1,2,3}
SELECT count(*) FROM visits WHERE department_id = ANY($1)

-- name: array constant
SELECT count(*) FROM visits WHERE department_id = ANY(ARRAY[1, 2])

-- name: greatest and least
SELECT count(*) FROM patients WHERE greatest(age, children * 10) > 50

-- name: cast of text is total; own=PostgreSQL cannot cast
SELECT count(*) FROM visits WHERE CAST(note AS integer) = 1

-- name: square root is total; own=PostgreSQL refuses negative numbers
SELECT count(*) FROM items WHERE sqrt(price) > 3

-- name: logarithm is total
SELECT count(*) FROM patients WHERE ln(income) > 10

-- name: row comparison
SELECT count(*) FROM patients WHERE (sex, smoker) = ('f', TRUE)

-- name: regular expression
SELECT count(*) FROM visits WHERE note ~ '^rout'

-- name: quoted array parameter; p1={"north","south"}
SELECT count(*) FROM patients WHERE region = ANY($1)


-- name: bounds that contradict the declared ones; own=PostgreSQL gives NULL where no row passes
SELECT avg(age), variance(age) FROM patients WHERE age > 200

-- name: bounds that contradict each other; own=PostgreSQL gives NULL where no row passes; spelling=whichever bound comes first counts
SELECT sum(age), avg(income) FROM patients WHERE age > 100 AND age < 50 AND income > 1e300

-- name: division in a public sub-query by a private column; own=PostgreSQL divides by zero
SELECT count(*) FROM visits v WHERE EXISTS (SELECT 1 FROM departments d WHERE 1 / v.stay_days >= d.floor)

-- name: casts and overflow of private columns in public sub-queries; own=PostgreSQL fails on such text
SELECT count(*) FROM visits v WHERE v.tokens + 9223372036854775807 IN (SELECT v.tokens + 9223372036854775807 FROM departments) OR EXISTS (VALUES (CAST(v.note AS integer)))

-- name: a join condition of a public sub-query reads a private column; own=PostgreSQL divides by zero
SELECT count(*) FROM visits v WHERE EXISTS (SELECT 1 FROM departments d JOIN departments e ON 1 / v.stay_days = e.floor)

-- name: sorting and grouping of a public sub-query read a private column; own=PostgreSQL divides by zero
SELECT count(*) FROM visits v WHERE EXISTS (SELECT DISTINCT d.floor / v.stay_days FROM departments d ORDER BY d.floor / v.stay_days) OR EXISTS (SELECT 1 FROM departments d GROUP BY 1 / v.stay_days)

-- name: no value of a declared list passes
SELECT sex, sum(v.cost) FROM patients p JOIN visits v USING (patient_id) WHERE sex IN ('zz') GROUP BY sex
-- name: rows in a list
SELECT count(*) FROM patients WHERE (sex, children) IN (('f', 1), ('m', 2))


-- name: narrowed by a number that the column's type does not hold
SELECT sum(least(greatest(CASE WHEN cost BETWEEN 0.5 AND 100000000000000000000 THEN cost ELSE cost END, 2), 100)), sum(CASE WHEN score < 1e300 AND children < 99999999999 THEN 1 ELSE 0 END) FROM visits JOIN patients USING (patient_id)

-- name: like any of several patterns
SELECT count(*) FROM patients WHERE region LIKE ANY (ARRAY['n%', '%t'])

-- name: like none of several patterns, and above all of several numbers
SELECT count(*) FROM patients WHERE region NOT LIKE ALL (ARRAY['n%', '%t']) AND age >= ALL (ARRAY[10, 30]) OR age < ANY ('{5,7}')
