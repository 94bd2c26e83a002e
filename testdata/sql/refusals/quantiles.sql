-- name: of a column without bounds
SELECT max(tokens) FROM visits

-- name: percentile of a column without bounds
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY tokens) FROM visits

-- name: of undeclared text
SELECT min(region) FROM patients

-- name: of computed text
SELECT max(upper(note)) FROM visits

-- name: percentile of undeclared text
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY note) FROM visits

-- name: of units
SELECT max(patient_id) FROM patients

-- name: of units in another table
SELECT min(patient_id), max(patient_id) FROM visits

-- name: percentile of units
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY patient_id) FROM visits

-- name: of booleans
SELECT max(urgent) FROM visits

-- name: cont of dates
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY born) FROM patients

-- name: median of dates
SELECT median(born) FROM patients

-- name: cont of text
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY sex) FROM patients

-- name: several quantiles of intervals at once
SELECT percentile_cont(ARRAY[0.25, 0.5]) WITHIN GROUP (ORDER BY seen_at - TIMESTAMP '2020-01-01') FROM visits

-- name: of an interval without bounds
SELECT max(seen_at - to_timestamp(tokens)::timestamp) FROM visits

-- name: beyond one
SELECT percentile_cont(1.5) WITHIN GROUP (ORDER BY age) FROM patients

-- name: below zero
SELECT percentile_disc(-0.1) WITHIN GROUP (ORDER BY age) FROM patients

-- name: one of several beyond one
SELECT percentile_cont(ARRAY[0.5, 2]) WITHIN GROUP (ORDER BY age) FROM patients

-- name: NULL
SELECT percentile_cont(NULL) WITHIN GROUP (ORDER BY age) FROM patients

-- name: a percentile that is a column
SELECT percentile_cont(age / 200.0) WITHIN GROUP (ORDER BY age) FROM patients

-- name: a percentile by key
SELECT children, percentile_cont(children / 20.0) WITHIN GROUP (ORDER BY age) FROM patients GROUP BY children

-- name: text as percentile
SELECT percentile_cont('half') WITHIN GROUP (ORDER BY age) FROM patients

-- name: without within group
SELECT percentile_cont(0.5) FROM patients

-- name: min within group
SELECT min(0.5) WITHIN GROUP (ORDER BY age) FROM patients

-- name: two orders
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY age, income) FROM patients

-- name: median of distinct values
SELECT median(DISTINCT age) FROM patients

-- name: median of two columns
SELECT median(age, income) FROM patients

-- name: several percentiles of text
SELECT percentile_disc(ARRAY[0.25, 0.75]) WITHIN GROUP (ORDER BY sex) FROM patients

-- name: window over raw rows
SELECT max(age) OVER (PARTITION BY sex) FROM patients

-- name: percentile as a window
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY age) OVER () FROM patients

-- name: raw value beside
SELECT age, max(age) FROM patients

-- name: most extreme row by sub-query
SELECT count(*) FROM patients WHERE age = (SELECT max(age) FROM patients)

-- name: private keys without delta; delta=0
SELECT region, max(age) FROM patients GROUP BY region

-- name: array of a column
SELECT percentile_cont(ARRAY[age]) WITHIN GROUP (ORDER BY age) FROM patients

-- name: mode
SELECT mode() WITHIN GROUP (ORDER BY age) FROM patients
