### keywords
SELECT string_agg(word, ',') FROM pg_catalog.pg_get_keywords() WHERE word <> ALL ('{a,abs,absolute,action}'::text[]) AND word LIKE 'zo%'
----

### activity
SELECT pid, state, query FROM pg_stat_activity WHERE pid <> pg_backend_pid()
----

### locks
SELECT count(*) FROM pg_locks
----

### statistics
SELECT * FROM pg_stats WHERE tablename = 'persons'
----

### user tables statistics
SELECT relname, n_live_tup, seq_scan FROM pg_stat_user_tables
----

### row counts
SELECT relname, reltuples::bigint, relpages FROM pg_class WHERE relname = 'persons'
----

### time zones
SELECT name FROM pg_timezone_names WHERE name LIKE 'Europe/Be%' ORDER BY 1
----

### routines
SELECT routine_name FROM information_schema.routines WHERE routine_schema = 'public'
----

### privileges
SELECT table_name, privilege_type, is_grantable FROM information_schema.table_privileges WHERE grantee = current_user ORDER BY 1
----

### has privileges
SELECT has_table_privilege('persons', 'SELECT'), has_table_privilege('public.persons', 'INSERT, UPDATE'), has_schema_privilege('public', 'CREATE'), has_database_privilege(current_database(), 'CONNECT'), has_column_privilege('persons', 'age', 'SELECT'), pg_has_role('alice', 'USAGE')
----

### regtypes
SELECT 'persons'::regclass, 'persons'::regclass::oid, 'int4'::regtype, 23::regtype::text, to_regclass('nope'), to_regtype('character varying(3)')::oid, 'public'::regnamespace, 'array_in'::regproc
----

### attributes as names
SELECT attrelid::regclass, attname, atttypid::regtype FROM pg_attribute WHERE attrelid = 'visits'::regclass AND attnum > 0 ORDER BY attnum
----

