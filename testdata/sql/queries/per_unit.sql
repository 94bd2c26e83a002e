-- name: average of a sum a unit
SELECT avg(least(total, 5000)) FROM (SELECT patient_id, sum(cost) AS total FROM visits GROUP BY patient_id) AS s

-- name: count of units by visits; own=groups of one unit are not shown
SELECT least(n, 5) AS n, count(*) FROM (SELECT patient_id, count(*) AS n FROM visits GROUP BY patient_id) AS s GROUP BY 1 ORDER BY 1

-- name: having inside
SELECT count(*) FROM (SELECT patient_id FROM visits GROUP BY patient_id HAVING count(*) > 2) AS s

-- name: max a unit
SELECT avg(worst) FROM (SELECT patient_id, max(cost) AS worst FROM visits GROUP BY patient_id) AS s

-- name: a sub-query's sum of whole numbers leaves its type, and is squared outside; own=PostgreSQL overflows
SELECT sum(least(greatest(c * c, 0), 100)), avg(least(greatest(c * tokens, -5), 5)) FROM (SELECT patient_id, stay_days + stay_days AS c, tokens FROM visits) AS s

-- name: the extremes of what leaves its type; own=PostgreSQL overflows
SELECT sum(least(greatest(hi, 0), 100)), sum(least(greatest(lo * hi, -1), 1)) FROM (SELECT patient_id, max(abs(tokens)) AS hi, min(children + department_id) AS lo FROM visits JOIN patients USING (patient_id) GROUP BY patient_id) AS s

-- name: a sub-query's wide number as a key, and where rows are counted; own=PostgreSQL overflows
SELECT c % 3 AS k, count(*) FROM (SELECT patient_id, stay_days * department_id AS c, note FROM visits) AS s WHERE left(note, c) = 'a' OR c > 5 GROUP BY 1
