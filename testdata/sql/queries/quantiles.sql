-- Quantiles, minima and maxima: the exponential mechanism on a histogram that the engine makes. Where a unit can have several rows
-- percentile_cont takes a row, or a point between the two that PostgreSQL interpolates between: such cases say own=….

-- name: median
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY age) FROM patients

-- name: median as users of other systems write it; own=PostgreSQL has no median
SELECT median(age) FROM patients

-- name: quartiles of a float
SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY income), percentile_cont(0.5) WITHIN GROUP (ORDER BY income), percentile_cont(0.9) WITHIN GROUP (ORDER BY income) FROM patients

-- name: quartiles by key
SELECT sex, percentile_cont(0.75) WITHIN GROUP (ORDER BY height) FROM patients GROUP BY sex ORDER BY sex

-- name: median beside the ends
SELECT min(income), percentile_cont(0.5) WITHIN GROUP (ORDER BY income), max(income) FROM patients

-- name: median of several rows a unit; own=between two rows PostgreSQL interpolates
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY cost) FROM visits

-- name: discrete median
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY age) FROM patients

-- name: ends
SELECT min(age), max(age) FROM patients

-- name: ends with names
SELECT min(age) AS youngest, max(age) AS oldest FROM patients

-- name: everything of one column in one histogram
SELECT min(age), percentile_disc(0.25) WITHIN GROUP (ORDER BY age), percentile_disc(0.75) WITHIN GROUP (ORDER BY age), max(age) FROM patients

-- name: beside sums
SELECT count(*), avg(age), min(age), max(age) FROM patients

-- name: of a smallint
SELECT min(children), max(children), percentile_disc(0.5) WITHIN GROUP (ORDER BY children) FROM patients

-- name: of a numeric
SELECT min(height), max(height), percentile_disc(0.9) WITHIN GROUP (ORDER BY height) FROM patients

-- name: of a float
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY income), max(income) FROM patients

-- name: of a real
SELECT max(score), percentile_disc(0.5) WITHIN GROUP (ORDER BY score) FROM patients

-- name: of a date
SELECT min(born), max(born), percentile_disc(0.5) WITHIN GROUP (ORDER BY born) FROM patients

-- name: of a timestamp; own=its grid is of two minutes
SELECT min(seen_at), max(seen_at), percentile_disc(0.5) WITHIN GROUP (ORDER BY seen_at) FROM visits

-- name: of declared text
SELECT min(sex), max(sex), percentile_disc(0.5) WITHIN GROUP (ORDER BY sex) FROM patients

-- name: of declared text behind a path
SELECT min(drug), max(drug) FROM items

-- name: of a boolean
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY urgent) FROM visits

-- name: several rows a unit
SELECT min(cost), max(cost), percentile_disc(0.5) WITHIN GROUP (ORDER BY cost) FROM visits

-- name: behind two hops
SELECT max(quantity), percentile_disc(0.3) WITHIN GROUP (ORDER BY quantity) FROM items

-- name: negative floats
SELECT min(price), max(price) FROM items

-- name: of an expression
SELECT max(age * 2 + children) FROM patients

-- name: of an expression with its own limits
SELECT max(least(greatest(tokens, 0), 1000)) FROM visits

-- name: of a wide expression; own=its grid is of ten
SELECT max(least(greatest(tokens, 0), 1000000)) FROM visits

-- name: of a case
SELECT max(CASE WHEN urgent THEN stay_days ELSE 0 END) FROM visits

-- name: with a filter
SELECT min(age) FILTER (WHERE smoker), max(age) FILTER (WHERE NOT smoker), count(*) FROM patients

-- name: with two filters of one column
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY age) FILTER (WHERE sex = 'f'), percentile_disc(0.5) WITHIN GROUP (ORDER BY age) FROM patients

-- name: with a where that narrows
SELECT min(age), max(age) FROM patients WHERE age BETWEEN 20 AND 60

-- name: nothing in it; own=an answer about nothing is any point
SELECT max(age) FROM patients WHERE age > 60 AND age < 20

-- name: by public keys
SELECT sex, min(age), max(age) FROM patients GROUP BY sex

-- name: by public keys, with a count
SELECT sex, count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY age) AS middle FROM patients GROUP BY sex ORDER BY sex

-- name: by private keys
SELECT department_id, max(cost) FROM visits GROUP BY department_id

-- name: by private keys, with the unit count
SELECT department_id, count(DISTINCT patient_id) AS n, min(stay_days), max(stay_days) FROM visits GROUP BY department_id

-- name: by private keys with NULL
SELECT region, max(age) FROM patients GROUP BY region

-- name: by an expression
SELECT extract(year FROM visited_on) AS year, max(cost) FROM visits GROUP BY 1 ORDER BY 1

-- name: descending
SELECT percentile_cont(0.1) WITHIN GROUP (ORDER BY age DESC) FROM patients

-- name: descending and discrete
SELECT percentile_disc(0.1) WITHIN GROUP (ORDER BY age DESC) FROM patients

-- name: array of ranks
SELECT percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY age) FROM patients

-- name: array of ranks as text; design=no
SELECT percentile_cont('{0.25,0.5,0.75}'::float8[]) WITHIN GROUP (ORDER BY age) FROM patients

-- name: array of discrete ranks
SELECT percentile_disc(ARRAY[0, 0.5, 1]) WITHIN GROUP (ORDER BY age) FROM patients

-- name: array of ranks by key
SELECT sex, percentile_disc(ARRAY[0.25, 0.75]) WITHIN GROUP (ORDER BY born) FROM patients GROUP BY sex ORDER BY sex

-- name: with a parameter; p1=0.75
SELECT percentile_disc($1) WITHIN GROUP (ORDER BY age) FROM patients

-- name: computed with outside
SELECT max(age) - min(age) AS span, round(avg(age)) <= max(age) AS holds FROM patients

-- name: in a sub-query
SELECT sex FROM (SELECT sex, max(age) AS oldest FROM patients GROUP BY sex) AS s WHERE oldest >= 0 ORDER BY sex

-- name: having
SELECT sex, max(age) FROM patients GROUP BY sex HAVING max(age) > 10 ORDER BY sex

-- name: window over released maxima
SELECT sex, max(age), rank() OVER (ORDER BY sex) FROM patients GROUP BY sex ORDER BY sex

-- name: joined with a public table
SELECT d.name, max(v.cost) FROM departments d JOIN visits v USING (department_id) GROUP BY d.name ORDER BY d.name

-- name: of a joined private table
SELECT max(v.cost), min(p.age) FROM patients p JOIN visits v USING (patient_id)

-- name: of a value per unit
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY n), max(n) FROM (SELECT patient_id, count(*) AS n FROM visits GROUP BY patient_id) AS s

-- name: distinct changes nothing
SELECT min(DISTINCT age), max(DISTINCT age) FROM patients

-- name: ends as percentiles
SELECT percentile_disc(0) WITHIN GROUP (ORDER BY age), percentile_cont(1) WITHIN GROUP (ORDER BY age) FROM patients

-- name: ends of intervals are not known; own=PostgreSQL has no dp_low
SELECT max(age), dp_low(max(age)), dp_high(max(age)) FROM patients

-- name: grouping sets
SELECT sex, smoker, min(age), max(age), count(*) FROM patients GROUP BY ROLLUP (sex, smoker)

-- name: cube over private keys
SELECT department_id, urgent, max(cost) FROM visits GROUP BY CUBE (department_id, urgent)

-- name: one percentile and an array of it
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY age), percentile_cont(ARRAY[0.5]) WITHIN GROUP (ORDER BY age) FROM patients
