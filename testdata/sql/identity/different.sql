-- name: rows
SELECT count(*) FROM patients

SELECT count(*) FROM visits

SELECT count(*) FROM items

SELECT count(*) FROM adults

SELECT count(*) FROM patients WHERE age > 30

SELECT count(*) FROM patients WHERE age >= 30

SELECT count(*) FROM patients WHERE age < 30

SELECT count(*) FROM patients WHERE age > 31

SELECT count(*) FROM patients WHERE age <> 30

SELECT count(*) FROM patients WHERE age = 30

SELECT count(*) FROM patients WHERE children > 30

SELECT count(*) FROM patients WHERE age > 30 OR age IS NULL

SELECT count(*) FROM patients WHERE (age > 30) IS NOT TRUE

SELECT count(*) FROM patients WHERE age > 30 AND smoker

SELECT count(*) FROM patients WHERE age > 30 OR smoker

SELECT count(*) FROM patients WHERE NOT (age > 30 OR smoker)

SELECT count(*) FROM patients WHERE NOT (age > 30 AND smoker)

-- name: what is measured
SELECT count(*) FROM patients

SELECT count(age) FROM patients

SELECT count(income) FROM patients

SELECT sum(age) FROM patients

SELECT avg(age) FROM patients

SELECT var_pop(age) FROM patients

SELECT sum(age + 1) FROM patients

SELECT sum(age * 2) FROM patients

SELECT sum(children) FROM patients

SELECT count(DISTINCT age) FROM patients

SELECT sum(DISTINCT age) FROM patients

SELECT median(age) FROM patients

SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY age) FROM patients

SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY age) FROM patients

SELECT max(age) FROM patients

SELECT count(*) FILTER (WHERE smoker) FROM patients

SELECT count(*), sum(age) FROM patients

SELECT sum(age) FILTER (WHERE smoker) FROM patients

SELECT corr(age, income) FROM patients

SELECT regr_slope(age, income) FROM patients

SELECT regr_slope(income, age) FROM patients

-- name: minus and division have sides
SELECT sum(age - children) FROM patients

SELECT sum(children - age) FROM patients

SELECT sum(age / (children + 1)) FROM patients

SELECT sum((children + 1) / (age + 1)) FROM patients

SELECT sum(age % 7) FROM patients

-- name: keys
SELECT count(*) FROM patients GROUP BY sex

SELECT count(*) FROM patients GROUP BY smoker

SELECT count(*) FROM patients GROUP BY sex, smoker

SELECT count(*) FROM patients GROUP BY age / 10

SELECT count(*) FROM patients GROUP BY age / 5

SELECT count(*) FROM patients GROUP BY region

SELECT count(*) FROM patients GROUP BY lower(region)

SELECT count(*) FROM patients GROUP BY upper(region)

SELECT count(*) FROM patients GROUP BY CASE WHEN age < 18 THEN 'child' ELSE 'adult' END

SELECT count(*) FROM patients GROUP BY CASE WHEN age < 19 THEN 'child' ELSE 'adult' END

SELECT count(*) FROM patients GROUP BY CASE WHEN age < 18 THEN 'adult' ELSE 'child' END

-- name: joins
SELECT count(*) FROM visits v JOIN departments d ON v.department_id = d.department_id

SELECT count(*) FROM visits v LEFT JOIN departments d ON v.department_id = d.department_id

SELECT count(*) FROM visits v RIGHT JOIN departments d ON v.department_id = d.department_id

SELECT count(*) FROM visits v CROSS JOIN departments d

SELECT count(*) FROM visits v JOIN departments d ON v.department_id <> d.department_id

SELECT count(*) FROM visits v JOIN departments d ON v.stay_days = d.department_id

SELECT count(*) FROM visits v JOIN departments d ON v.department_id = d.floor

SELECT count(*) FROM visits v LEFT JOIN departments d ON v.department_id = d.department_id AND v.urgent

SELECT count(*) FROM visits v LEFT JOIN departments d ON v.department_id = d.department_id WHERE v.urgent

SELECT count(*) FROM visits v LEFT JOIN departments d ON v.department_id = d.department_id WHERE d.floor > 1

SELECT count(*) FROM visits v LEFT JOIN departments d ON v.department_id = d.department_id AND d.floor > 1

SELECT count(*) FROM visits v LEFT JOIN (SELECT * FROM departments WHERE floor < 1) d ON v.department_id = d.department_id

-- name: an outer join's empty side
SELECT count(f) FROM visits v LEFT JOIN (SELECT department_id, floor AS f FROM departments) d ON v.department_id = d.department_id

SELECT count(f) FROM visits v LEFT JOIN (SELECT department_id, coalesce(floor, 0) AS f FROM departments) d ON v.department_id = d.department_id

SELECT count(coalesce(f, 0)) FROM visits v LEFT JOIN (SELECT department_id, floor AS f FROM departments) d ON v.department_id = d.department_id

SELECT count(f) FROM visits v LEFT JOIN (SELECT department_id, 1 AS f FROM departments) d ON v.department_id = d.department_id

-- name: a table with itself
SELECT count(*) FROM visits a JOIN visits b ON a.patient_id = b.patient_id WHERE a.urgent AND b.stay_days > 3

SELECT count(*) FROM visits a JOIN visits b ON a.patient_id = b.patient_id WHERE a.urgent AND a.stay_days > 3

SELECT sum(a.cost) FROM visits a JOIN visits b ON a.patient_id = b.patient_id WHERE a.urgent AND b.stay_days > 3

SELECT sum(b.cost) FROM visits a JOIN visits b ON a.patient_id = b.patient_id WHERE a.urgent AND b.stay_days > 3

SELECT count(*) FROM visits a JOIN visits b ON a.patient_id = b.patient_id WHERE a.stay_days < b.stay_days

SELECT count(*) FROM visits a JOIN visits b ON a.patient_id = b.patient_id WHERE a.stay_days < b.department_id

-- name: sub-queries that do more than keep rows
SELECT count(*) FROM visits

SELECT count(*) FROM (SELECT DISTINCT patient_id FROM visits) t

SELECT count(*) FROM (SELECT DISTINCT patient_id, department_id FROM visits) t

SELECT count(*) FROM (SELECT patient_id FROM visits GROUP BY patient_id) t

SELECT count(*) FROM (SELECT patient_id FROM visits GROUP BY patient_id, urgent) t

SELECT count(*) FROM (SELECT patient_id FROM visits GROUP BY patient_id HAVING count(*) > 1) t

SELECT count(*) FROM (SELECT patient_id FROM visits GROUP BY patient_id HAVING count(*) > 2) t

SELECT count(*) FROM (SELECT patient_id FROM visits WHERE urgent GROUP BY patient_id) t

SELECT count(*) FROM (SELECT * FROM visits UNION ALL SELECT * FROM visits) t

SELECT count(*) FROM (SELECT row_number() OVER (PARTITION BY patient_id ORDER BY visited_on) AS r FROM visits) t WHERE r = 1

SELECT count(*) FROM (SELECT row_number() OVER (PARTITION BY patient_id ORDER BY visited_on DESC) AS r FROM visits) t WHERE r = 1

SELECT count(*) FROM (SELECT row_number() OVER (PARTITION BY patient_id ORDER BY cost) AS r FROM visits) t WHERE r = 1

SELECT count(*) FROM (SELECT row_number() OVER (PARTITION BY patient_id ORDER BY visited_on) AS r FROM visits WHERE urgent) t WHERE r = 1

SELECT count(*) FROM (SELECT urgent, row_number() OVER (PARTITION BY patient_id ORDER BY visited_on) AS r FROM visits) t WHERE r = 1 AND urgent

-- name: sums within a unit
SELECT avg(n) FROM (SELECT patient_id, count(*) AS n FROM visits GROUP BY patient_id) t

SELECT avg(n) FROM (SELECT patient_id, count(department_id) AS n FROM visits GROUP BY patient_id) t

SELECT avg(n) FROM (SELECT patient_id, count(*) FILTER (WHERE urgent) AS n FROM visits GROUP BY patient_id) t

SELECT avg(n) FROM (SELECT patient_id, sum(stay_days) AS n FROM visits GROUP BY patient_id) t

SELECT avg(n) FROM (SELECT patient_id, max(stay_days) AS n FROM visits GROUP BY patient_id) t

SELECT avg(n) FROM (SELECT patient_id, department_id, count(*) AS n FROM visits GROUP BY patient_id, department_id) t

SELECT avg(least(n, 3)) FROM (SELECT patient_id, count(*) AS n FROM visits GROUP BY patient_id) t

-- name: EXISTS and IN
SELECT count(*) FROM patients p WHERE EXISTS (SELECT 1 FROM visits v WHERE v.patient_id = p.patient_id)

SELECT count(*) FROM patients p WHERE NOT EXISTS (SELECT 1 FROM visits v WHERE v.patient_id = p.patient_id)

SELECT count(*) FROM patients p WHERE EXISTS (SELECT 1 FROM visits v WHERE v.patient_id = p.patient_id AND v.urgent)

SELECT count(*) FROM patients p WHERE EXISTS (SELECT 1 FROM visits v WHERE v.patient_id = p.patient_id AND v.stay_days > p.age)

SELECT count(*) FROM patients p WHERE EXISTS (SELECT 1 FROM visits v WHERE v.patient_id = p.patient_id AND v.stay_days > p.children)

SELECT count(*) FROM patients p WHERE p.patient_id IN (SELECT patient_id FROM visits)

SELECT count(*) FROM patients p WHERE p.patient_id NOT IN (SELECT patient_id FROM visits)

SELECT count(*) FROM patients p WHERE p.patient_id IN (SELECT patient_id FROM visits WHERE urgent)

-- name: public sub-queries
SELECT count(*) FROM visits WHERE department_id IN (SELECT department_id FROM departments)

SELECT count(*) FROM visits WHERE department_id IN (SELECT floor FROM departments)

SELECT count(*) FROM visits WHERE department_id NOT IN (SELECT department_id FROM departments)

SELECT count(*) FROM visits WHERE department_id > ALL (SELECT department_id FROM departments)

SELECT count(*) FROM visits WHERE department_id > ANY (SELECT department_id FROM departments)

SELECT count(*) FROM visits WHERE department_id IN (SELECT department_id FROM departments WHERE floor > 1)

SELECT count(*) FROM visits WHERE department_id IN (SELECT department_id FROM departments ORDER BY floor LIMIT 1)

SELECT count(*) FROM visits WHERE department_id IN (SELECT department_id FROM departments ORDER BY floor LIMIT 2)

SELECT count(*) FROM visits WHERE department_id IN (SELECT department_id FROM departments ORDER BY floor DESC LIMIT 1)

SELECT count(*) FROM visits WHERE department_id IN (SELECT department_id FROM departments ORDER BY floor OFFSET 1)

SELECT count(*) FROM visits WHERE department_id = (SELECT max(department_id) FROM departments)

SELECT count(*) FROM visits WHERE department_id = (SELECT min(department_id) FROM departments)

-- name: texts are told apart by every letter
SELECT count(*) FROM patients WHERE region = 'north'

SELECT count(*) FROM patients WHERE region = 'North'

SELECT count(*) FROM patients WHERE region = 'north '

SELECT count(*) FROM patients WHERE lower(region) = 'north'

SELECT count(*) FROM patients WHERE region LIKE 'north'

SELECT count(*) FROM patients WHERE region ILIKE 'north'

SELECT count(*) FROM patients WHERE region LIKE 'north%'

SELECT count(*) FROM patients WHERE region IN ('north', 'North')

SELECT count(*) FROM patients WHERE region IN ('north, North')

-- name: texts of numbers have their digits
SELECT count(*) FROM visits GROUP BY (1.0 * stay_days)::text

SELECT count(*) FROM visits GROUP BY (1.00 * stay_days)::text

SELECT count(*) FROM visits GROUP BY stay_days::text

-- name: numbers
SELECT count(*) FROM visits WHERE cost > 1.5

SELECT count(*) FROM visits WHERE cost > 1.51

SELECT count(*) FROM visits WHERE cost > 15

SELECT count(*) FROM visits WHERE stay_days > 1

SELECT count(*) FROM visits WHERE stay_days > 2

-- name: dates and times
SELECT count(*) FROM visits WHERE visited_on >= '2021-01-01'

SELECT count(*) FROM visits WHERE visited_on > '2021-01-01'

SELECT count(*) FROM visits WHERE seen_at >= '2021-01-01'

SELECT count(*) FROM visits GROUP BY date_trunc('month', visited_on)

SELECT count(*) FROM visits GROUP BY date_trunc('year', visited_on)

SELECT count(*) FROM visits GROUP BY extract(year FROM visited_on)

SELECT count(*) FROM visits GROUP BY extract(month FROM visited_on)

-- name: NULL in lists and comparisons
SELECT count(*) FROM patients WHERE children IN (1, 2)

SELECT count(*) FROM patients WHERE children NOT IN (1, 2)

SELECT count(*) FROM patients WHERE children NOT IN (1, 2, NULL)

SELECT count(*) FROM patients WHERE children IS DISTINCT FROM 1

SELECT count(*) FROM patients WHERE children IS NOT DISTINCT FROM 1

SELECT count(*) FROM patients WHERE NOT (children IS DISTINCT FROM 1 AND children IS DISTINCT FROM 2)

SELECT count(*) FROM patients WHERE coalesce(children, 0) = 1

SELECT count(*) FROM patients WHERE smoker IS TRUE

SELECT count(*) FROM patients WHERE smoker IS NOT FALSE

SELECT count(*) FROM patients WHERE smoker IS FALSE

SELECT count(*) FROM patients WHERE smoker IS NULL

SELECT count(*) FROM patients WHERE NOT smoker

-- name: truth inside of a condition is not truth at its end
SELECT count(*) FROM patients WHERE NOT (smoker IS TRUE)

SELECT count(*) FROM patients WHERE NOT (smoker = TRUE)

SELECT count(*) FROM patients WHERE (smoker IS TRUE) IS NULL

SELECT count(*) FROM patients WHERE (smoker = TRUE) IS NULL AND age > 3

-- name: AND binds before OR
SELECT count(*) FROM patients WHERE smoker OR age > 30 AND sex = 'f'

SELECT count(*) FROM patients WHERE (smoker OR age > 30) AND sex = 'f'

SELECT count(*) FROM patients WHERE smoker AND age > 30 OR sex = 'f'

SELECT count(*) FROM patients WHERE smoker AND (age > 30 OR sex = 'f')

-- name: equal on every row, and only where it is
SELECT count(*) FROM visits v JOIN departments d ON v.department_id = d.department_id WHERE v.stay_days = d.floor

SELECT count(*) FROM visits v JOIN departments d ON v.department_id = d.department_id WHERE v.department_id = d.floor

SELECT d.department_id, count(*) FROM visits v LEFT JOIN departments d ON v.department_id = d.department_id GROUP BY d.department_id

SELECT v.department_id, count(*) FROM visits v LEFT JOIN departments d ON v.department_id = d.department_id GROUP BY v.department_id

SELECT d.floor, count(*) FROM visits v JOIN departments d ON v.department_id = d.department_id OR v.urgent GROUP BY d.floor

-- name: clamped or dropped
SELECT sum(age) FROM patients

SELECT sum(least(age, 50)) FROM patients

SELECT sum(age) FROM patients WHERE age <= 50

SELECT sum(greatest(least(age, 50), 0)) FROM patients WHERE age < 60

-- name: UNION ALL
SELECT count(*) FROM (SELECT patient_id, cost FROM visits UNION ALL SELECT patient_id, cost FROM visits WHERE urgent) t

SELECT sum(cost) FROM (SELECT patient_id, cost FROM visits UNION ALL SELECT patient_id, cost FROM visits WHERE urgent) t

SELECT sum(cost) FROM (SELECT patient_id, cost, tokens FROM visits UNION ALL SELECT patient_id, stay_days, tokens FROM visits WHERE urgent) t

SELECT sum(cost) FROM (SELECT patient_id, stay_days AS cost FROM visits UNION ALL SELECT patient_id, cost FROM visits WHERE urgent) t

-- name: ends of days
SELECT count(*) FROM visits WHERE seen_at >= '2021-03-01' AND seen_at < '2021-04-01'

SELECT count(*) FROM visits WHERE seen_at >= '2021-03-01' AND seen_at <= '2021-04-01'

SELECT count(*) FROM visits WHERE seen_at > '2021-03-01' AND seen_at < '2021-04-01'

SELECT count(*) FROM visits WHERE seen_at >= '2021-03-01' AND seen_at <= '2021-03-31'

SELECT count(*) FROM visits WHERE seen_at::date >= '2021-03-01' AND seen_at::date <= '2021-04-01'

SELECT count(*) FROM visits WHERE seen_at::date > '2021-03-01' AND seen_at::date <= '2021-03-31'

SELECT count(*) FROM visits WHERE visited_on >= '2021-03-01' AND visited_on < '2021-04-01'

SELECT count(*) FROM visits WHERE visited_on >= '2021-03-01' AND visited_on <= '2021-04-01'

SELECT count(*) FROM visits WHERE date_trunc('month', seen_at) >= '2021-03-02'

SELECT count(*) FROM visits WHERE date_trunc('month', seen_at) >= '2021-03-01'

SELECT count(*) FROM visits WHERE date_trunc('month', seen_at) > '2021-03-01'

SELECT count(*) FROM visits WHERE date_trunc('year', seen_at) = '2021-03-01'

SELECT count(*) FROM visits WHERE date_trunc('quarter', seen_at) = '2021-04-01'

SELECT count(*) FROM visits WHERE extract(year FROM seen_at) >= 2021

SELECT count(*) FROM visits WHERE extract(year FROM seen_at) <= 2021

SELECT count(*) FROM visits WHERE extract(year FROM seen_at) <> 2021

SELECT count(*) FROM visits WHERE extract(year FROM seen_at) = 2021

SELECT count(*) FROM visits WHERE extract(month FROM seen_at) = 3

-- name: between whole numbers
SELECT count(*) FROM patients WHERE children > 1

SELECT count(*) FROM patients WHERE children > 2

SELECT count(*) FROM patients WHERE children = 1.5

SELECT count(*) FROM patients WHERE children <> 1.5

SELECT count(*) FROM patients WHERE height > 1

SELECT count(*) FROM patients WHERE height >= 2

SELECT count(*) FROM patients WHERE score > 1

SELECT count(*) FROM patients WHERE score >= 2

SELECT count(*) FROM patients WHERE children / 2 > 1

SELECT count(*) FROM patients WHERE children / 2.0 > 1

-- name: what a CASE counts
SELECT sex, count(CASE WHEN smoker THEN 1 END), count(*) FROM patients GROUP BY sex

SELECT sex, count(CASE WHEN NOT smoker THEN 1 END), count(*) FROM patients GROUP BY sex

SELECT sex, count(CASE WHEN smoker THEN 1 ELSE 0 END), count(CASE WHEN age > 30 THEN 1 ELSE 0 END) FROM patients WHERE age > 3 GROUP BY sex

SELECT sex, count(CASE WHEN smoker THEN age END), count(*) FROM patients GROUP BY sex

SELECT sex, sum(CASE WHEN smoker THEN 2 ELSE 0 END), count(*) FROM patients GROUP BY sex

SELECT sex, sum(CASE WHEN smoker THEN 1 ELSE 2 END), count(*) FROM patients GROUP BY sex

SELECT sex, avg(CASE WHEN smoker THEN 1 ELSE 0 END), count(*) FROM patients GROUP BY sex

SELECT sex, avg(smoker::int), count(smoker::int) FROM patients GROUP BY sex

SELECT sex, count(*) FROM patients WHERE smoker GROUP BY sex

SELECT count(*) FILTER (WHERE smoker), count(*) FROM patients

SELECT count(*) FILTER (WHERE smoker) FROM patients

-- name: sums of a CASE
SELECT sum(CASE WHEN urgent THEN cost ELSE 1 END) FROM visits

SELECT sum(CASE WHEN urgent THEN cost ELSE 0 END) FROM visits

SELECT avg(CASE WHEN urgent THEN cost ELSE 0 END) FROM visits

SELECT avg(CASE WHEN urgent THEN cost END) FROM visits

SELECT sum(cost) FROM visits

SELECT sum(cost * 2) FROM visits

SELECT sum(cost + 1) FROM visits

SELECT sum(1 - cost) FROM visits

SELECT sum(DISTINCT CASE WHEN urgent THEN stay_days ELSE 0 END) FROM visits

SELECT sum(DISTINCT CASE WHEN urgent THEN stay_days END) FROM visits

-- name: whole numbers beyond the floats
SELECT count(*) FROM patients WHERE age * 134217728 * 67108864 + 1 > 9007199254740992

SELECT count(*) FROM patients WHERE (age * 134217728 * 67108864 + 1)::float8 > 9007199254740992

SELECT count(*) FROM patients WHERE (age * 134217728 * 67108864 + 1)::float8 >= 9007199254740993

-- name: years of intervals and narrow types
SELECT count(*) FROM visits WHERE extract(year FROM age(seen_at, '2000-01-01'::timestamp)) > 5

SELECT count(*) FROM visits WHERE extract(year FROM seen_at) > 5

SELECT count(*) FROM visits WHERE extract(year FROM seen_at)::numeric(3,0) > 5

SELECT count(*) FROM visits WHERE extract(year FROM seen_at)::numeric(5,-1) > 2020

SELECT count(*) FROM visits WHERE extract(year FROM seen_at) > 2020

SELECT count(*) FROM visits WHERE round(extract(year FROM seen_at) / 2) > 2020

-- name: conditions that are not known
SELECT count(*) FROM patients WHERE (children > 1) IS TRUE

SELECT count(*) FROM patients WHERE (children > 1) IS NOT FALSE

SELECT count(*) FROM patients WHERE (children > 1) IS NOT TRUE

SELECT count(*) FROM patients WHERE (children > 1) IS FALSE

SELECT count(*) FROM patients WHERE (children > 1) IS NOT NULL

SELECT count(*) FROM patients WHERE (children > 1) IS NULL

SELECT count(*) FROM patients WHERE (children > 1) = smoker

SELECT count(*) FROM patients WHERE (children > 1) <> smoker

-- name: the ends of the calendar
SELECT count(*) FROM visits WHERE visited_on <= '9999-12-31'

SELECT count(*) FROM visits WHERE visited_on < 'infinity'

SELECT count(*) FROM visits WHERE visited_on::timestamp <= '9999-12-31 23:59:59.999999'

SELECT count(*) FROM visits WHERE visited_on >= '0001-01-01'

SELECT count(*) FROM visits WHERE visited_on > '-infinity'

SELECT count(*) FROM visits WHERE extract(year FROM visited_on) >= 1

SELECT count(*) FROM visits WHERE extract(year FROM visited_on) <= 9999

-- name: narrower types
SELECT count(*) FROM patients WHERE children::numeric(1,0) > 5

SELECT count(*) FROM patients WHERE children > 5

SELECT count(*) FROM patients WHERE children::numeric(3,-1) > 5

SELECT count(*) FROM patients WHERE children::real > 16777216

SELECT count(*) FROM patients WHERE children > 16777216

SELECT count(*) FROM patients WHERE (income::int) > 5

SELECT count(*) FROM patients WHERE income > 5

SELECT count(*) FROM patients WHERE income >= 6

SELECT count(*) FROM patients WHERE (age * 1000)::smallint > 5

SELECT count(*) FROM patients WHERE age * 1000 > 5

-- name: what a CASE keeps, and where it is not known
SELECT count(CASE WHEN smoker THEN age ELSE 0 END), sum(income) FROM patients

SELECT count(CASE WHEN smoker THEN age END), sum(income) FROM patients

SELECT count(CASE WHEN smoker THEN 1 END), sum(income) FROM patients

SELECT count(CASE WHEN smoker THEN NULL::int END), sum(income) FROM patients

SELECT count(CASE WHEN smoker THEN 1 WHEN age > 3 THEN 1 END), sum(income) FROM patients

SELECT count(CASE WHEN age > 3 THEN CASE WHEN smoker THEN 1 END END), sum(income) FROM patients

SELECT count(DISTINCT CASE WHEN smoker THEN 1 END), sum(income) FROM patients

SELECT count(DISTINCT CASE WHEN smoker THEN 1 ELSE 0 END), sum(income) FROM patients

SELECT count(DISTINCT CASE WHEN smoker THEN patient_id END), sum(income) FROM patients

SELECT stddev(CASE WHEN smoker THEN age ELSE 0 END), sum(income) FROM patients

SELECT stddev(CASE WHEN smoker THEN age END), sum(income) FROM patients

SELECT avg(CASE WHEN smoker THEN age ELSE NULL END), sum(income) FROM patients

SELECT avg(CASE WHEN smoker THEN age ELSE 0 END), sum(income) FROM patients

-- name: a FILTER of all beside others
SELECT count(*) FILTER (WHERE smoker), sum(age) FILTER (WHERE smoker) FROM patients

SELECT count(*) FILTER (WHERE smoker), sum(age) FROM patients

SELECT count(*), sum(age) FILTER (WHERE smoker) FROM patients

SELECT count(*) FILTER (WHERE NOT smoker), sum(age) FILTER (WHERE smoker) FROM patients

SELECT sex, count(*) FILTER (WHERE smoker), sum(age) FILTER (WHERE smoker) FROM patients GROUP BY sex

SELECT sex, count(*), sum(age) FROM patients WHERE smoker GROUP BY sex

SELECT count(*) FILTER (WHERE smoker), percentile_cont(0.5) WITHIN GROUP (ORDER BY age) FILTER (WHERE smoker) FROM patients

SELECT count(*) FILTER (WHERE smoker), percentile_cont(0.5) WITHIN GROUP (ORDER BY age) FROM patients

-- name: sums and means under casts of whole numbers that no float holds
SELECT sex, avg((age * 134217728 * 67108864 + 1)::float8), count(*) FROM patients GROUP BY sex

SELECT sex, avg(age * 134217728 * 67108864 + 1), count(*) FROM patients GROUP BY sex

SELECT sex, avg(age::numeric(3,-1)), count(*) FROM patients GROUP BY sex

SELECT sex, avg(age), count(*) FROM patients GROUP BY sex

SELECT sex, avg(age::numeric(2,0)), count(*) FROM patients GROUP BY sex

SELECT sex, avg(age / 1.0), sum(age / 2 * 2) FROM patients GROUP BY sex

SELECT sex, avg(income::int), count(*) FROM patients GROUP BY sex

SELECT sex, avg(income), count(*) FROM patients GROUP BY sex

SELECT sex, avg(income::real), count(*) FROM patients GROUP BY sex

SELECT sex, avg(income::numeric), count(*) FROM patients GROUP BY sex

SELECT sex, avg(score), count(*) FROM patients GROUP BY sex

SELECT sex, avg(score::float8), sum(score) FROM patients GROUP BY sex

-- name: grouping sets and a FILTER
SELECT sex, count(*) FILTER (WHERE smoker), sum(age) FILTER (WHERE smoker) FROM patients GROUP BY GROUPING SETS ((), (sex))

SELECT sex, count(*), sum(age) FROM patients GROUP BY GROUPING SETS ((), (sex))

SELECT sex, count(*) FILTER (WHERE NOT smoker), sum(age) FILTER (WHERE NOT smoker) FROM patients GROUP BY GROUPING SETS ((), (sex))

SELECT sex, count(*), sum(age) FROM patients WHERE smoker GROUP BY GROUPING SETS ((), (sex))

-- name: text and its ends
SELECT count(*) FROM patients WHERE region = 'north'

SELECT count(*) FROM patients WHERE region::char(5) = 'north'

SELECT count(*) FROM patients WHERE region::char(5) = 'north '

SELECT count(*) FROM patients WHERE region = 'north '

SELECT count(*) FROM patients WHERE region::varchar(5) = 'north'

SELECT count(*) FROM patients WHERE region = ('north' || ' ')::varchar(6) || 'x'

-- name: values that are not known, in lists
SELECT count(*) FROM patients WHERE children IN (1, 2, NULL)

SELECT count(*) FROM patients WHERE children NOT IN (1, 2, NULL)

SELECT count(*) FROM patients WHERE children NOT IN (1, 2)

SELECT count(*) FROM patients WHERE NOT (children IN (1, 2, NULL)) IS TRUE

SELECT count(*) FROM patients WHERE (children IN (1, 2, NULL)) IS NOT FALSE

SELECT count(*) FROM patients WHERE extract(year FROM born) NOT IN (1980, 1981)

SELECT count(*) FROM patients WHERE extract(year FROM born) IN (1980, 1981)

SELECT count(*) FROM patients WHERE extract(year FROM born) NOT IN (1980, 1981, NULL)
