-- name: schema public
SELECT count(*) FROM public.patients

-- name: the data set as schema, as users of SmartNoise write it; own=PostgreSQL has no such schema
SELECT sex, AVG(age) AS age FROM Clinic.Patients GROUP BY sex ORDER BY sex

-- name: database and schema; own=PostgreSQL has another database
SELECT count(*) FROM clinic.public.visits

-- name: the data set twice, joined; own=PostgreSQL has another database
SELECT COUNT(DISTINCT Patients.patient_id) FROM Clinic.Clinic.Visits JOIN Clinic.Patients ON Visits.patient_id = Patients.patient_id

-- name: a table alias of its own; own=PostgreSQL has no such schema
SELECT p.region, SUM(p.children) FROM clinic.patients AS p GROUP BY p.region
