// Checks of pgjdbc: metadata, types in text and (after some executions) binary, cursors, cancel, batches, transactions.

import java.math.BigDecimal;
import java.sql.*;
import java.util.*;

public class Checks {
    interface Check { void run() throws Exception; }
    static boolean failed;
    static final String SLOW = "SELECT count(*) FROM numbers a, numbers b, numbers c";

    static void check(String name, Check c) {
        try {
            c.run();
            System.out.println("ok " + name);
        } catch (Throwable e) {
            failed = true;
            System.out.println("not ok " + name + ": " + e);
            e.printStackTrace(System.out);
        }
    }

    static void equal(Object got, Object want) {
        if (!Objects.equals(got, want)) throw new AssertionError("got " + got + ", want " + want);
    }

    static Connection connect(String... more) throws SQLException {
        Map<String, String> env = System.getenv();
        Properties p = new Properties();
        p.put("user", env.get("PGUSER"));
        p.put("password", env.get("PGPASSWORD"));
        p.put("sslmode", "verify-full");
        p.put("sslrootcert", env.get("PGSSLROOTCERT"));
        for (int i = 0; i < more.length; i += 2) p.put(more[i], more[i + 1]);
        return DriverManager.getConnection("jdbc:postgresql://" + env.get("PGHOST") + ":" + env.get("PGPORT") + "/" + env.get("PGDATABASE"), p);
    }

    static List<String> column(ResultSet r, String name) throws SQLException {
        List<String> out = new ArrayList<>();
        while (r.next()) out.add(r.getString(name));
        return out;
    }

    static int rows(ResultSet r) throws SQLException {
        int n = 0;
        while (r.next()) n++;
        return n;
    }

    public static void main(String[] args) throws Exception {
        for (String mode : new String[] {"extended", "extendedForPrepared", "extendedCacheEverything", "simple"}) {
            try (Connection c = connect("preferQueryMode", mode, "prepareThreshold", "2")) {
                queries(mode + ": ", c);
            }
        }
        try (Connection c = connect()) {
            metadata(c);
            sessions(c);
        }
        check("binary everywhere", () -> {
            try (Connection c = connect("binaryTransfer", "true", "prepareThreshold", "-1")) {
                equal(rows(c.createStatement().executeQuery("SELECT * FROM kinds")), 3);
            }
        });
        System.exit(failed ? 1 : 0);
    }

    static void queries(String mode, Connection c) {
        check(mode + "all types", () -> {
            try (PreparedStatement s = c.prepareStatement("SELECT * FROM kinds ORDER BY id")) {
                for (int round = 0; round < 5; round++) { // from the third on in binary
                    ResultSet r = s.executeQuery();
                    r.next();
                    equal(r.getBoolean("t_bool"), true);
                    equal(r.getLong("t_int8"), 1234567890123L);
                    equal(r.getBigDecimal("t_numeric"), new BigDecimal("12345.67890"));
                    equal(r.getShort("t_int2"), (short) 12);
                    equal(r.getInt("t_int4"), 123456);
                    equal(r.getFloat("t_float4"), 1.5f);
                    equal(r.getDouble("t_float8"), 2.25);
                    equal(r.getString("t_varchar") + "|" + r.getString("t_bpchar") + "|" + r.getString("t_name") + "|" + r.getString("t_char"), "varchar|ab  |a_name|c");
                    equal(r.getLong("t_oid"), 4711L);
                    equal(r.getObject("t_time", java.time.LocalTime.class).toString(), "12:34:56.789");
                    equal(r.getTimestamp("t_timestamp").toString(), "2024-02-29 12:34:56.789");
                    equal(r.getObject("t_interval").toString(), "1 years 0 mons 2 days 3 hours 4 mins 5.0 secs");
                    equal(r.getObject("t_jsonb").toString(), "{\"a\": [1, null]}");
                    equal(r.getString("t_text"), "text \"x\" ä€😀");
                    equal(r.getDate("t_date").toString(), "2024-02-29");
                    equal(r.getTimestamp("t_timestamptz").getTime(), 1709210096789L);
                    equal(r.getObject("t_uuid").toString(), "00112233-4455-6677-8899-aabbccddeeff");
                    equal(r.getObject("t_timetz", java.time.OffsetTime.class).toString(), "12:34:56+02:00");
                    equal(Arrays.toString(r.getBytes("t_bytea")), "[0, -1, 16]");
                    equal(Arrays.toString((Object[]) r.getArray("a_int4").getArray()), "[1, 2, null]");
                    equal(Arrays.toString((Object[]) r.getArray("a_text").getArray()), "[a, b c, null, q\"\\]");
                    equal(Arrays.toString((Object[]) r.getArray("a_numeric").getArray()), "[1.10, 2.20]");
                    r.next();
                    for (int i = 2; i <= r.getMetaData().getColumnCount(); i++) equal(r.getObject(i), null);
                }
            }
        });
        check(mode + "parameters", () -> {
            try (PreparedStatement s = c.prepareStatement("SELECT ?::int8, ?::text, ?::numeric, ?::timestamptz, ?::bytea, ?::int4[], ?::date, ?::bool")) {
                for (int round = 0; round < 5; round++) {
                    s.setLong(1, 1L << 40);
                    s.setString(2, "ä'");
                    s.setBigDecimal(3, new BigDecimal("-1.50"));
                    s.setTimestamp(4, new Timestamp(0));
                    s.setBytes(5, new byte[] {0, -1});
                    s.setArray(6, c.createArrayOf("int4", new Object[] {1, 2}));
                    s.setObject(7, java.time.LocalDate.of(2024, 2, 29));
                    s.setNull(8, Types.BOOLEAN);
                    ResultSet r = s.executeQuery();
                    r.next();
                    equal(r.getLong(1), 1L << 40);
                    equal(r.getString(2), "ä'");
                    equal(r.getBigDecimal(3), new BigDecimal("-1.50"));
                    equal(r.getTimestamp(4).getTime(), 0L);
                    equal(r.getBytes(5)[1], (byte) -1);
                    equal(r.getDate(7).toString(), "2024-02-29");
                    equal(r.getObject(8), null);
                }
            }
        });
        check(mode + "dates and times as parameters", () -> {
            String of = "SELECT count(*) FROM kinds WHERE id = 1 AND t_date = ? AND t_timestamp = ? AND t_timestamptz = ? AND t_time = ?";
            try (PreparedStatement s = c.prepareStatement(of)) {
                Timestamp at = Timestamp.valueOf("2024-02-29 12:34:56.789");
                for (int round = 0; round < 5; round++) {
                    if (round % 2 == 0) { // the older classes, whose zone the server is to disregard
                        s.setDate(1, java.sql.Date.valueOf("2024-02-29"));
                        s.setTimestamp(2, at);
                        s.setTimestamp(3, new Timestamp(1709210096789L));
                        s.setObject(4, java.time.LocalTime.of(12, 34, 56, 789000000));
                    } else {
                        s.setObject(1, java.time.LocalDate.of(2024, 2, 29));
                        s.setObject(2, at.toLocalDateTime());
                        s.setObject(3, java.time.OffsetDateTime.parse("2024-02-29T13:34:56.789+01:00"));
                        s.setObject(4, "12:34:56.789", Types.OTHER);
                    }
                    ResultSet r = s.executeQuery();
                    r.next();
                    equal(r.getInt(1), 1);
                }
            }
            try (PreparedStatement s = c.prepareStatement("SELECT count(*) FROM persons WHERE born BETWEEN ? AND ?")) {
                s.setDate(1, java.sql.Date.valueOf("1950-01-01"));
                s.setDate(2, java.sql.Date.valueOf("1952-01-01"));
                s.executeQuery();
            }
        });
        check(mode + "a private answer", () -> {
            try (PreparedStatement s = c.prepareStatement("SELECT sex, count(*) AS n FROM persons WHERE age > ? GROUP BY sex ORDER BY sex")) {
                for (int round = 0; round < 5; round++) {
                    s.setInt(1, 30);
                    ResultSet r = s.executeQuery();
                    r.next();
                    equal(r.getString(1), "f");
                    long n = r.getLong("n");
                    if (n < 500 || n > 800) throw new AssertionError(n);
                }
                equal(s.getMetaData().getColumnTypeName(2), "int8");
                equal(s.getParameterMetaData().getParameterTypeName(1), "int4");
            }
        });
        check(mode + "cursors", () -> {
            c.setAutoCommit(false);
            try (Statement s = c.createStatement()) {
                s.setFetchSize(100);
                long sum = 0;
                ResultSet r = s.executeQuery("SELECT n FROM numbers");
                while (r.next()) sum += r.getInt(1);
                equal(sum, 50005000L);
            }
            c.commit();
            c.setAutoCommit(true);
        });
        check(mode + "an error in the middle of a transaction", () -> {
            c.setAutoCommit(false);
            Statement s = c.createStatement();
            s.executeQuery("SELECT 1");
            try {
                s.executeQuery("SELECT * FROM persons");
                throw new AssertionError("no error");
            } catch (SQLException e) {
                equal(e.getSQLState(), "42501");
            }
            try {
                s.executeQuery("SELECT 1");
                throw new AssertionError("no error");
            } catch (SQLException e) {
                equal(e.getSQLState(), "25P02");
            }
            c.rollback();
            Savepoint p = c.setSavepoint();
            try {
                s.executeQuery("SELECT nothing");
            } catch (SQLException e) {
                c.rollback(p);
            }
            equal(rows(s.executeQuery("SELECT 1")), 1);
            c.commit();
            c.setAutoCommit(true);
        });
        check(mode + "cancel and time limits", () -> {
            Statement s = c.createStatement();
            s.setQueryTimeout(1);
            try {
                s.executeQuery(SLOW);
                throw new AssertionError("not cancelled");
            } catch (SQLException e) {
                equal(e.getSQLState(), "57014");
            }
            s.setQueryTimeout(0);
            equal(rows(s.executeQuery("SELECT 1")), 1);
        });
    }

    static void metadata(Connection c) throws SQLException {
        DatabaseMetaData m = c.getMetaData();
        check("metadata: tables and columns", () -> {
            equal(column(m.getTables(null, "public", "%", new String[] {"TABLE"}), "TABLE_NAME"), List.of("cities", "kinds", "numbers", "persons", "visits"));
            equal(column(m.getColumns(null, "public", "persons", null), "COLUMN_NAME"), List.of("person_id", "sex", "age", "income", "city", "born"));
            ResultSet r = m.getColumns(null, "public", "persons", "age");
            r.next();
            if (!r.getString("REMARKS").contains("etween 0 and 110")) throw new AssertionError(r.getString("REMARKS"));
            equal(column(m.getSchemas(), "TABLE_SCHEM").contains("public"), true);
            equal(column(m.getCatalogs(), "TABLE_CAT").contains("clinic"), true);
        });
        check("metadata: keys", () -> {
            equal(column(m.getPrimaryKeys(null, "public", "persons"), "COLUMN_NAME"), List.of("person_id"));
            equal(column(m.getImportedKeys(null, "public", "visits"), "PKTABLE_NAME"), List.of("persons"));
            equal(column(m.getExportedKeys(null, "public", "persons"), "FKTABLE_NAME"), List.of("visits"));
            equal(rows(m.getCrossReference(null, "public", "persons", null, "public", "visits")), 1);
            equal(column(m.getBestRowIdentifier(null, "public", "persons", DatabaseMetaData.bestRowSession, true), "COLUMN_NAME"), List.of("person_id"));
        });
        check("metadata: the rest", () -> {
            equal(m.getDatabaseMajorVersion(), 16);
            rows(m.getIndexInfo(null, "public", "persons", false, true));
            rows(m.getTableTypes());
            rows(m.getTypeInfo());
            rows(m.getFunctions(null, null, "count"));
            rows(m.getFunctionColumns(null, null, "count", null));
            rows(m.getProcedures(null, null, "%"));
            rows(m.getProcedureColumns(null, null, "count", null));
            rows(m.getTablePrivileges(null, "public", "%"));
            rows(m.getColumnPrivileges(null, "public", "persons", "%"));
            rows(m.getVersionColumns(null, "public", "persons"));
            rows(m.getUDTs(null, null, "%", null));
            rows(m.getClientInfoProperties());
            m.getSQLKeywords();
            m.getNumericFunctions();
            m.getMaxColumnNameLength();
            m.getDefaultTransactionIsolation();
            equal(m.getUserName(), "analyst");
        });
        check("metadata of a result", () -> {
            ResultSetMetaData r = c.createStatement().executeQuery("SELECT name, city_id FROM cities").getMetaData();
            equal(r.getColumnTypeName(1), "text");
            equal(r.getColumnName(2), "city_id");
            r.isAutoIncrement(2);
            r.isNullable(2);
            r.getTableName(2);
        });
    }

    static void sessions(Connection c) {
        check("isolation, read only, schema, validity, client info", () -> {
            c.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            equal(c.getTransactionIsolation(), Connection.TRANSACTION_REPEATABLE_READ);
            c.setReadOnly(true);
            equal(c.getSchema(), "public");
            equal(c.isValid(5), true);
            c.setClientInfo("ApplicationName", "checks");
            equal(rows(c.createStatement().executeQuery("SELECT 1 FROM pg_stat_activity WHERE application_name = 'checks'")), 1);
        });
        check("several statements and batches", () -> {
            Statement s = c.createStatement();
            equal(s.execute("SELECT 1; SELECT 2"), true);
            equal(s.getMoreResults(), true);
        });
        check("COPY", () -> {
            var out = new java.io.ByteArrayOutputStream();
            c.unwrap(org.postgresql.PGConnection.class).getCopyAPI().copyOut("COPY (SELECT n FROM numbers WHERE n < 3 ORDER BY n) TO STDOUT", out);
            equal(out.toString(), "1\n2\n");
        });
        check("a time zone of the client's own", () -> {
            TimeZone.setDefault(TimeZone.getTimeZone("America/New_York"));
            try (Connection o = connect(); ResultSet r = o.createStatement().executeQuery("SELECT t_timestamptz, t_timestamptz::text FROM kinds WHERE id = 1")) {
                r.next();
                equal(r.getTimestamp(1).getTime(), 1709210096789L);
                equal(r.getString(1), "2024-02-29 07:34:56.789-05");
            }
        });
    }
}
