-- name: sin(age) > 0
SELECT count(*) FROM patients WHERE sin(age) > 0

-- name: cos(score) > 0.5
SELECT count(*) FROM patients WHERE cos(score) > 0.5

-- name: atan2(age, children) > 1
SELECT count(*) FROM patients WHERE atan2(age, children) > 1

-- name: asin(age/200.0::float8) > 0.1
SELECT count(*) FROM patients WHERE asin(age/200.0::float8) > 0.1

-- name: degrees(score) > 0
SELECT count(*) FROM patients WHERE degrees(score) > 0

-- name: radians(age) > 0.5
SELECT count(*) FROM patients WHERE radians(age) > 0.5

-- name: tan(score) > 0
SELECT count(*) FROM patients WHERE tan(score) > 0

-- name: ascii(region) > 110
SELECT count(*) FROM patients WHERE ascii(region) > 110

-- name: md5(region) > 'a'
SELECT count(*) FROM patients WHERE md5(region) > 'a'

-- name: regexp_replace(region, '[aeiou]', '', 'g') = 'nrth'
SELECT count(*) FROM patients WHERE regexp_replace(region, '[aeiou]', '', 'g') = 'nrth'

-- name: regexp_like(region, '^n')
SELECT count(*) FROM patients WHERE regexp_like(region, '^n')

-- name: region ^@ 'no'
SELECT count(*) FROM patients WHERE region ^@ 'no'

-- name: to_char(born, 'Mon') = 'Jan'
SELECT count(*) FROM patients WHERE to_char(born, 'Mon') = 'Jan'

-- name: to_char(born, 'FMDay') like 'M%'
SELECT count(*) FROM patients WHERE to_char(born, 'FMDay') like 'M%'

-- name: make_date(1950, children + 1, 1) > born
SELECT count(*) FROM patients WHERE make_date(1950, children + 1, 1) > born

-- name: make_date of a day that some years lack; own=PostgreSQL fails
SELECT count(*) FROM patients WHERE make_date(extract(year from born)::int, 2, 29) is not null

-- name: width_bucket(age, array[0, 20, 40, 60]) = 3
SELECT count(*) FROM patients WHERE width_bucket(age, array[0, 20, 40, 60]) = 3

-- name: num_nulls(region, smoker) = 1
SELECT count(*) FROM patients WHERE num_nulls(region, smoker) = 1

-- name: (age, children) > (40, 2)
SELECT count(*) FROM patients WHERE (age, children) > (40, 2)

-- name: (age, children) <= (40, 2)
SELECT count(*) FROM patients WHERE (age, children) <= (40, 2)

-- name: extract(epoch from born) > 0
SELECT count(*) FROM patients WHERE extract(epoch from born) > 0

-- name: extract(isodow from born) IN (6, 7)
SELECT count(*) FROM patients WHERE extract(isodow from born) IN (6, 7)

-- name: to_char(born, 'YYYY-MM') > '1950-01'
SELECT count(*) FROM patients WHERE to_char(born, 'YYYY-MM') > '1950-01'

-- name: age between symmetric 60 and 20
SELECT count(*) FROM patients WHERE age between symmetric 60 and 20

-- name: smoker is unknown
SELECT count(*) FROM patients WHERE smoker is unknown

-- name: region is distinct from 'north'
SELECT count(*) FROM patients WHERE region is distinct from 'north'

-- name: born + age > '1990-01-01'
SELECT count(*) FROM patients WHERE born + age > '1990-01-01'

-- name: born::timestamp at time zone 'UTC' > '1950-01-01'
SELECT count(*) FROM patients WHERE born::timestamp at time zone 'UTC' > '1950-01-01'

-- name: least(age, children, 5, null) < 3
SELECT count(*) FROM patients WHERE least(age, children, 5, null) < 3

-- name: listed thresholds are public keys
SELECT width_bucket(age, ARRAY[0, 20, 40, 60]) AS b, count(*) FROM patients GROUP BY b ORDER BY b

-- name: mean of a sine
SELECT avg(sin(age)), sum(degrees(score)) FROM patients
