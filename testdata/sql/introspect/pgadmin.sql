### pgadmin settings
SELECT st.setting FROM pg_catalog.pg_show_all_settings() st WHERE st.name = 'default_table_access_method'
----
setting:text
heap
(1 rows)

### pgadmin options of tables
SELECT rel.relname, substring(pg_catalog.array_to_string(rel.reloptions, ',') FROM 'fillfactor=([0-9]*)') AS fillfactor,
 (substring(pg_catalog.array_to_string(rel.reloptions, ',') FROM 'autovacuum_enabled=([a-z|0-9]*)'))::bool AS vacuum,
 substring('fillfactor=70,x=1' FROM 'fillfactor=([0-9]*)') AS group_of, substring('a12b' FROM '[0-9]+') AS whole, substring('ab' FROM '[0-9]+') AS none
FROM pg_catalog.pg_class rel WHERE rel.relname = 'persons'
----
relname:name | fillfactor:text | vacuum:bool | group_of:text | whole:text | none:text
persons | NULL | NULL | 70 | 12 | NULL
(1 rows)

### pgadmin privileges of a table
SELECT 'relacl' AS deftype, COALESCE(gt.rolname, 'PUBLIC') AS grantee, pg_catalog.array_agg(d.privilege_type) AS privileges
FROM (SELECT (d).grantee AS grantee, (d).grantor AS grantor, (d).is_grantable AS is_grantable, (d).privilege_type AS privilege_type
 FROM (SELECT pg_catalog.aclexplode(rel.relacl) AS d FROM pg_catalog.pg_class rel WHERE rel.relname = 'persons') a) d
LEFT JOIN pg_catalog.pg_roles gt ON (d.grantee = gt.oid) GROUP BY gt.rolname
----
deftype:text | grantee:name | privileges:text[]
relacl | alice | {SELECT}
(1 rows)

### pgadmin privileges beside a table
SELECT c.relname, d.grantee, d.privilege_type, d.is_grantable FROM pg_class c, aclexplode(c.relacl) AS d WHERE c.relname = 'persons'
----
relname:name | grantee:oid | privilege_type:text | is_grantable:bool
persons | 377433484 | SELECT | f
(1 rows)

### pgadmin primary key of the data grid
SELECT at.attname, at.attnum, ty.typname FROM pg_catalog.pg_attribute at LEFT JOIN pg_catalog.pg_type ty ON (ty.oid = at.atttypid)
JOIN pg_catalog.pg_class AS cl ON cl.oid = AT.attrelid WHERE cl.relname = 'persons' AND at.attnum = ANY (
(SELECT con.conkey FROM pg_catalog.pg_class rel LEFT OUTER JOIN pg_catalog.pg_constraint con ON con.conrelid = rel.oid AND con.contype = 'p'
 WHERE rel.relkind IN ('r', 's', 't', 'p') AND rel.relname = 'persons')::oid[])
----
attname:name | attnum:int2 | typname:name
person_id | 1 | int8
(1 rows)

### words that an engine keeps
SELECT at.attname AS show, at.attnum AS summarize FROM pg_attribute at, pg_class qualify WHERE qualify.oid = at.attrelid AND qualify.relname = 'cities' AND at.attnum > 0
GROUP BY at.attname, at.attnum ORDER BY at.attnum
----
show:name | summarize:int2
city | 1
lat | 2
flags | 3
tags | 4
at | 5
(5 rows)

### pgadmin extensions
SELECT x.oid, x.extname AS name, e.comment FROM pg_catalog.pg_extension x JOIN pg_catalog.pg_available_extensions() e ON x.extname = e.name WHERE x.oid = 0::oid
----
oid:oid | name:name | comment:text
(0 rows)

### pgadmin standbys
SELECT pid, 'Standby [' || COALESCE(host(client_addr), client_hostname, 'Socket') || ']' AS name FROM pg_stat_replication
----
pid:int4 | name:text
(0 rows)

