-- name: table
SELECT count(*) FROM nobody

-- name: column
SELECT count(*) FROM patients WHERE nothing = 1

-- name: column nearly right
SELECT avg(agee) FROM patients

-- name: other schema
SELECT count(*) FROM secret.patients

-- name: other database
SELECT count(*) FROM other.public.patients

-- name: alias hides name
SELECT count(*) FROM patients p WHERE patients.age > 3

-- name: ambiguous
SELECT count(*) FROM visits v JOIN patients p ON v.patient_id = p.patient_id WHERE patient_id > 3

-- name: twice the same table
SELECT count(*) FROM departments, departments

-- name: case of quoted names
SELECT count(*) FROM "Patients"

-- name: unicode escape
SELECT count(*) FROM U&"\0070g_shadow"

-- name: system column
SELECT count(*) FROM patients WHERE ctid IS NOT NULL

-- name: system column xmin
SELECT count(xmin) FROM patients

-- name: position out of range
SELECT sex, count(*) FROM patients GROUP BY 3

-- name: parameter that is not there
SELECT count(*) FROM patients WHERE age > $2

-- name: type mismatch
SELECT count(*) FROM patients WHERE age = 'abc'

-- name: not boolean
SELECT count(*) FROM patients WHERE age

-- name: text and number
SELECT count(*) FROM patients WHERE region > 5

-- name: catalog
SELECT count(*) FROM pg_stats

-- name: only, of a table that is not declared
SELECT count(*) FROM ONLY secret


-- name: an output's name in HAVING
SELECT sex, count(*) AS n FROM patients GROUP BY sex HAVING n > 5

-- name: the way to the unit through another table
SELECT count(*) FROM items i JOIN patients p ON i.item_id = p.age

-- name: a union of types that have nothing in common
SELECT floor FROM departments UNION SELECT name FROM departments

-- name: ungrouped beside a column that is no key
SELECT d.department_id, count(*) FROM visits v JOIN departments d ON d.department_id = v.department_id GROUP BY d.floor
