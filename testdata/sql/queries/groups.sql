-- name: declared values
SELECT sex, count(*) FROM patients GROUP BY sex

-- name: boolean
SELECT smoker, count(*) FROM patients GROUP BY smoker

-- name: two public keys
SELECT sex, smoker, count(*), avg(age) FROM patients GROUP BY sex, smoker

-- name: by position
SELECT sex, count(*) FROM patients GROUP BY 1

-- name: by alias
SELECT sex AS s, count(*) FROM patients GROUP BY s

-- name: by expression with constants
SELECT CASE WHEN age < 30 THEN 'young' WHEN age < 60 THEN 'middle' ELSE 'old' END AS class, count(*) FROM patients GROUP BY 1

-- name: by comparison
SELECT age >= 65 AS retired, count(*) FROM patients GROUP BY age >= 65

-- name: by width_bucket
SELECT width_bucket(income, 0, 250000, 5) AS bucket, count(*) FROM patients GROUP BY bucket

-- name: by year
SELECT extract(year FROM visited_on) AS year, count(*) FROM visits GROUP BY 1

-- name: by month
SELECT date_trunc('year', visited_on) AS y, count(*) FROM visits GROUP BY y ORDER BY y

-- name: private key
SELECT region, count(*) FROM patients GROUP BY region

-- name: private key of visits
SELECT department_id, count(*) FROM visits GROUP BY department_id

-- name: private key with units
SELECT department_id, count(DISTINCT patient_id) FROM visits GROUP BY department_id

-- name: private key without a count
SELECT region, avg(income) FROM patients GROUP BY region

-- name: private key and avg
SELECT department_id, count(*), avg(cost) FROM visits GROUP BY department_id

-- name: private and public keys; own=groups of one unit are not shown
SELECT sex, region, count(*) FROM patients GROUP BY sex, region

-- name: integer expression
SELECT age / 10 * 10 AS decade, count(*) FROM patients GROUP BY 1 ORDER BY 1

-- name: key of the unit on visits
SELECT p.sex, count(*), sum(v.cost) FROM visits v JOIN patients p ON v.patient_id = p.patient_id GROUP BY p.sex

-- name: public and private over a join; own=groups of one unit are not shown
SELECT p.sex, v.department_id, count(*) FROM visits v JOIN patients p USING (patient_id) GROUP BY p.sex, v.department_id

-- name: narrowed by IN
SELECT region, count(*) FROM patients WHERE region IN ('north', 'south') GROUP BY region

-- name: narrowed by equality
SELECT sex, count(*) FROM patients WHERE sex = 'f' GROUP BY sex

-- name: key not shown
SELECT count(*) FROM patients GROUP BY sex

-- name: expression over keys
SELECT upper(sex), count(*) FROM patients GROUP BY sex

-- name: no aggregate
SELECT sex FROM patients GROUP BY sex

-- name: items by drug
SELECT drug, sum(quantity) FROM items GROUP BY drug

-- name: text key cut
SELECT left(note, 3) AS start, count(*) FROM visits GROUP BY 1

-- name: empty group by
SELECT count(*) FROM patients GROUP BY ()

-- name: date key; own=groups of one unit are not shown
SELECT born, count(*) FROM patients GROUP BY born

-- name: numeric key; own=groups of one unit are not shown
SELECT height, count(*) FROM patients GROUP BY height

-- name: distinct keys
SELECT DISTINCT sex, smoker FROM patients ORDER BY sex, smoker

