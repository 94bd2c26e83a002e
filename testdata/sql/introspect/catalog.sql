### keywords
SELECT string_agg(word, ',') FROM pg_catalog.pg_get_keywords() WHERE word <> ALL ('{a,abs,absolute,action}'::text[]) AND word LIKE 'zo%'
----
string_agg:text
zone
(1 rows)

### activity
SELECT pid, state, query FROM pg_stat_activity WHERE pid <> pg_backend_pid()
----
pid:int4 | state:text | query:text
(0 rows)

### locks
SELECT count(*) FROM pg_locks
----
count:int8
0
(1 rows)

### statistics
SELECT * FROM pg_stats WHERE tablename = 'persons'
----
schemaname:name | tablename:name | attname:name | inherited:bool | null_frac:float4 | avg_width:int4 | n_distinct:float4 | most_common_vals:anyarray | most_common_freqs:float4[] | histogram_bounds:anyarray | correlation:float4 | most_common_elems:anyarray | most_common_elem_freqs:float4[] | elem_count_histogram:float4[]
(0 rows)

### user tables statistics
SELECT relname, n_live_tup, seq_scan FROM pg_stat_user_tables
----
relname:name | n_live_tup:int8 | seq_scan:int8
(0 rows)

### row counts
SELECT relname, reltuples::bigint, relpages FROM pg_class WHERE relname = 'persons'
----
relname:name | reltuples:int8 | relpages:int4
persons | -1 | 0
(1 rows)

### time zones
SELECT name FROM pg_timezone_names WHERE name LIKE 'Europe/Be%' ORDER BY 1
----
name:text
Europe/Belfast
Europe/Belgrade
Europe/Berlin
(3 rows)

### routines
SELECT routine_name FROM information_schema.routines WHERE routine_schema = 'public'
----
routine_name:name
(0 rows)

### privileges
SELECT table_name, privilege_type, is_grantable FROM information_schema.table_privileges WHERE grantee = current_user ORDER BY 1
----
table_name:name | privilege_type:varchar | is_grantable:varchar
cities | SELECT | NO
persons | SELECT | NO
visits | SELECT | NO
(3 rows)

### has privileges
SELECT has_table_privilege('persons', 'SELECT'), has_table_privilege('public.persons', 'INSERT, UPDATE'), has_schema_privilege('public', 'CREATE'), has_database_privilege(current_database(), 'CONNECT'), has_column_privilege('persons', 'age', 'SELECT'), pg_has_role('alice', 'USAGE')
----
has_table_privilege:bool | has_table_privilege:bool | has_schema_privilege:bool | has_database_privilege:bool | has_column_privilege:bool | pg_has_role:bool
t | f | f | t | t | t
(1 rows)

### regtypes
SELECT 'persons'::regclass, 'persons'::regclass::oid, 'int4'::regtype, 23::regtype::text, to_regclass('nope'), to_regtype('character varying(3)')::oid, 'public'::regnamespace, 'array_in'::regproc
----
regclass:regclass | oid:oid | regtype:regtype | text:text | to_regclass:regclass | to_regtype:oid | regnamespace:regnamespace | regproc:regproc
persons | 1262819068 | integer | integer | NULL | 1043 | public | array_in
(1 rows)

### attributes as names
SELECT attrelid::regclass, attname, atttypid::regtype FROM pg_attribute WHERE attrelid = 'visits'::regclass AND attnum > 0 ORDER BY attnum
----
attrelid:regclass | attname:name | atttypid:regtype
visits | visit_id | bigint
visits | person_id | bigint
visits | visited_on | date
visits | cost | double precision
(4 rows)

