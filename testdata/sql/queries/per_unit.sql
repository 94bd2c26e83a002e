-- name: average of a sum a unit
SELECT avg(least(total, 5000)) FROM (SELECT patient_id, sum(cost) AS total FROM visits GROUP BY patient_id) AS s

-- name: count of units by visits; own=groups of one unit are not shown
SELECT least(n, 5) AS n, count(*) FROM (SELECT patient_id, count(*) AS n FROM visits GROUP BY patient_id) AS s GROUP BY 1 ORDER BY 1

-- name: having inside
SELECT count(*) FROM (SELECT patient_id FROM visits GROUP BY patient_id HAVING count(*) > 2) AS s

-- name: max a unit
SELECT avg(worst) FROM (SELECT patient_id, max(cost) AS worst FROM visits GROUP BY patient_id) AS s

