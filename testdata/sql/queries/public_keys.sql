-- name: listed values of a public table, preserved
SELECT d.name, count(v.visit_id), sum(v.cost) FROM departments d LEFT JOIN visits v ON v.department_id = d.department_id GROUP BY d.name ORDER BY d.name

-- name: listed values of a public table without delta; delta=0
SELECT d.name, count(*) FROM visits v JOIN departments d USING (department_id) GROUP BY d.name ORDER BY d.name

-- name: listed values of a public table, or none
SELECT d.name, count(*) FROM visits v LEFT JOIN departments d ON d.department_id = v.department_id AND d.floor = 1 GROUP BY d.name
