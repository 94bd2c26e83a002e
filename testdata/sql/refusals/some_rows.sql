-- Statements that may have rows, however much they look as if they had none.

-- name: limit 1
SELECT age FROM patients LIMIT 1

-- name: no limit
SELECT age FROM patients LIMIT ALL

-- name: an offset alone
SELECT age FROM patients OFFSET 0

-- name: a true condition
SELECT age FROM patients WHERE 1 = 1

-- name: a false term of OR
SELECT age FROM patients WHERE 1 = 0 OR age > 3

-- name: a condition that the bounds rule out
SELECT age FROM patients WHERE age < -5

-- name: a column that differs from itself
SELECT age FROM patients WHERE age <> age

-- name: one side of a union has rows
SELECT age FROM patients UNION ALL SELECT age FROM patients WHERE false

-- name: an outer join of nothing keeps the rows
SELECT p.age FROM patients p LEFT JOIN visits v ON 1 = 0

-- name: an outer join with nothing keeps the rows
SELECT p.age FROM patients p LEFT JOIN (SELECT * FROM visits WHERE 1 = 0) v ON v.patient_id = p.patient_id

-- name: a full join with nothing keeps the rows
SELECT p.age FROM (SELECT * FROM visits WHERE 1 = 0) v FULL JOIN patients p ON v.patient_id = p.patient_id

-- name: a limit inside of a condition
SELECT age FROM patients WHERE patient_id NOT IN (SELECT patient_id FROM visits LIMIT 0)

-- name: nothing is taken away
SELECT age FROM patients EXCEPT SELECT floor FROM departments WHERE 1 = 0

-- name: a false condition in a select list
SELECT age, (SELECT floor FROM departments WHERE 1 = 0) FROM patients

-- name: a false filter
SELECT age, 1 = 0 FROM patients

-- name: a total of no rows beside rows
SELECT q.n, p.age FROM (SELECT count(*) AS n FROM departments WHERE 1 = 0) q, patients p

-- name: a limit that is bound to a number; p1=3
SELECT age FROM patients LIMIT $1

-- name: a limit that is bound to NULL; p1=NULL
SELECT age FROM patients LIMIT $1

-- name: a condition that is bound and true; p1=1
SELECT age FROM patients WHERE $1 = 1

-- name: a column that does not exist
SELECT nothing FROM patients LIMIT 0

-- name: a table that does not exist
SELECT * FROM nobody WHERE 1 = 0

-- name: a write
SELECT age INTO copied FROM patients LIMIT 0

-- name: a function that does not exist
SELECT frobnicate(age) FROM patients LIMIT 0
