// Package demodata makes the demonstration's data set: invented patients, their visits, and the departments of a
// hospital, as three Parquet files.
//
//	Write(dir) ──► patients.parquet     50,000 rows: patient_id, sex, age, region, income
//	               visits.parquet      about 400,000: visit_id, patient_id, department_id, visited_on, cost, stay_days
//	               departments.parquet           8: department_id, name (public)
//
// Every value is a function of row numbers through a hash, so that each run makes the same rows. Nothing is about anybody.
package demodata
