-- Bits, divisors, characters by number, and bins of time over private rows.

-- name: shifts
SELECT sum(stay_days << 2), sum(stay_days >> 1), sum((tokens & 255) >> 2) FROM visits

-- name: bits of whole numbers
SELECT sum(stay_days & 6), sum(stay_days | 1), sum(stay_days # 5) FROM visits

-- name: divisors and multiples
SELECT sum(gcd(stay_days, 12)), sum(least(lcm(stay_days, 4), 500)) FROM visits

-- name: characters; own=a group may be left out
SELECT chr(65 + children % 3) AS c, count(*) FROM patients GROUP BY 1

-- name: words; delta=0
SELECT initcap(p.sex || ' person') AS w, count(*) FROM patients p GROUP BY 1

-- name: bins of time as keys; delta=0
SELECT date_bin('90 days', seen_at, TIMESTAMP '2021-01-01 06:00:00') AS b, count(*) FROM visits GROUP BY 1

-- name: bins of time in the outer query; spelling=a column with bounds that WHERE lists as a key is another key through a sub-query
SELECT date_bin('2 days', day, TIMESTAMP '2001-01-01') AS b, sum(n) FROM (SELECT visited_on AS day, count(*) AS n FROM visits WHERE visited_on IN ('2021-03-03', '2021-03-04') GROUP BY 1) x GROUP BY 1
