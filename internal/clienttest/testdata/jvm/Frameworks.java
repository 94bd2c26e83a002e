// Checks of frameworks over JDBC: what each makes of counts, groups, joins, dates, cursors, its look-ups of tables and errors in transactions.

import com.zaxxer.hikari.*;
import jakarta.persistence.*;
import java.math.BigDecimal;
import java.sql.*;
import java.time.*;
import java.util.*;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.namedparam.NamedParameterJdbcTemplate;

public class Frameworks {
    interface Check { void run() throws Exception; }
    static boolean failed;
    static final Map<String, String> ENV = System.getenv();
    static final String URL = "jdbc:postgresql://" + ENV.get("PGHOST") + ":" + ENV.get("PGPORT") + "/" + ENV.get("PGDATABASE")
        + "?sslmode=verify-full&sslrootcert=" + ENV.get("PGSSLROOTCERT");

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

    static void between(Number got, double low, double high) {
        if (got.doubleValue() < low || got.doubleValue() > high) throw new AssertionError("got " + got + ", want " + low + " to " + high);
    }

    static void refused(String state, Check c) throws Exception {
        try {
            c.run();
        } catch (Exception e) {
            Throwable cause = e;
            while (!(cause instanceof SQLException) && cause.getCause() != null) cause = cause.getCause();
            equal(((SQLException) cause).getSQLState(), state);
            return;
        }
        throw new AssertionError("not refused");
    }

    @Entity(name = "Person") @Table(name = "persons")
    public static class Person {
        @Id @Column(name = "person_id") public Long id;
        public String sex;
        public Integer age;
        public BigDecimal income;
        public String city;
        public LocalDate born;
        @OneToMany(mappedBy = "person") public List<Visit> visits;
    }

    @Entity(name = "Visit") @Table(name = "visits")
    public static class Visit {
        @Id @Column(name = "visit_id") public Long id;
        @ManyToOne @JoinColumn(name = "person_id") public Person person;
        @Column(name = "visited_at") public OffsetDateTime at;
        public Double cost;
    }

    @Entity(name = "City") @Table(name = "cities")
    public static class City {
        @Id @Column(name = "city_id") public Integer id;
        public String name;
        public LocalDate opened;
    }

    public static void main(String[] args) throws Exception {
        java.util.logging.LogManager.getLogManager().reset();
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(URL);
        config.setUsername(ENV.get("PGUSER"));
        config.setPassword(ENV.get("PGPASSWORD"));
        config.setMaximumPoolSize(3);
        config.setReadOnly(true);
        try (HikariDataSource pool = new HikariDataSource(config)) {
            check("Spring's JdbcTemplate, on HikariCP", () -> spring(pool));
            check("jOOQ", () -> jooq(pool));
            check("Hibernate", () -> hibernate(pool));
        }
        check("Calcite", Frameworks::calcite);
        check("pgjdbc-ng", Frameworks::ng);
        System.exit(failed ? 1 : 0);
    }

    static void spring(HikariDataSource pool) throws Exception {
        JdbcTemplate t = new JdbcTemplate(pool);
        equal(t.queryForList("SELECT sex, count(*) AS n FROM persons WHERE age > ? GROUP BY sex ORDER BY n DESC", 20).size(), 2);
        between(t.queryForObject("SELECT count(*) FROM persons", Long.class), 1900, 2100);
        t.setFetchSize(100);
        equal(t.queryForList("SELECT n FROM numbers", Integer.class).size(), 10000);
        String month = "date_trunc(?, visited_at AT TIME ZONE ?)";
        t.queryForList("SELECT " + month + ", count(*) FROM visits GROUP BY " + month, "month", "Europe/Berlin", "month", "Europe/Berlin");
        var named = new NamedParameterJdbcTemplate(pool);
        equal(named.queryForList("SELECT city, count(*) FROM persons WHERE city IN (:in) AND born > :after GROUP BY city",
            Map.of("in", List.of("city 1", "city 2"), "after", java.sql.Date.valueOf("1951-01-01"))).size(), 2);
        refused("42501", () -> t.queryForList("SELECT * FROM persons LIMIT 5"));
        try {
            t.execute("CREATE TABLE x (a int)");
            throw new AssertionError("written");
        } catch (DataAccessException e) {
            equal(((SQLException) e.getCause()).getSQLState(), "0A000");
        }
    }

    static void jooq(HikariDataSource pool) {
        var d = DSL.using(pool, SQLDialect.POSTGRES);
        var persons = DSL.table("persons");
        var sex = DSL.field("sex", String.class);
        var age = DSL.field("age", Integer.class);
        equal(d.select(sex, DSL.count(), DSL.avg(age), DSL.count().filterWhere(age.gt(60))).from(persons).where(age.gt(20)).groupBy(sex).orderBy(DSL.count().desc()).limit(10).fetch().size(), 2);
        between(d.fetchCount(d.selectFrom(persons).where(age.gt(30))), 1100, 1500);
        between(d.select(DSL.percentileCont(0.5).withinGroupOrderBy(age)).from(persons).fetchOne().value1(), 30, 60);
        var band = DSL.case_().when(age.lt(18), "child").otherwise("adult");
        equal(d.select(band, DSL.count()).from(persons).groupBy(band).fetch().size(), 2);
        equal(d.transactionResult(x -> x.dsl().resultQuery("SELECT n FROM numbers").fetchSize(100).fetchLazy().stream().count()), 10000L);
        var tables = d.meta().getTables().stream().filter(t -> t.getSchema().getName().equals("public")).toList();
        equal(tables.stream().map(t -> t.getName()).sorted().toList(), List.of("cities", "kinds", "numbers", "persons", "visits"));
        equal(tables.stream().filter(t -> t.getName().equals("visits")).findFirst().get().getReferences().size(), 1);
    }

    static void hibernate(HikariDataSource pool) throws Exception {
        var config = new org.hibernate.cfg.Configuration().addAnnotatedClass(Person.class).addAnnotatedClass(Visit.class).addAnnotatedClass(City.class)
            .setProperty("hibernate.hbm2ddl.auto", "validate");
        config.getProperties().put("hibernate.connection.datasource", pool);
        try (var factory = config.buildSessionFactory(); var s = factory.openSession()) {
            var tx = s.beginTransaction();
            between(s.createQuery("select count(p) from Person p where p.age > :a", Long.class).setParameter("a", 30).getSingleResult(), 1100, 1500);
            equal(s.createQuery("select p.sex, count(*), avg(p.age), sum(p.income) from Person p group by p.sex order by count(*) desc", Object[].class).setMaxResults(10).list().size(), 2);
            equal(s.createQuery("select v.person.sex, avg(v.cost) from Visit v where v.at > :t group by v.person.sex", Object[].class)
                .setParameter("t", OffsetDateTime.parse("2024-02-01T00:00:00Z")).list().size(), 2);
            s.createQuery("select year(v.at), count(*) from Visit v group by year(v.at) order by 1", Object[].class).list();
            between(s.createQuery("select count(p) from Person p where p.city in (:in) and p.born between :from and :to", Long.class)
                .setParameter("in", List.of("city 1", "city 2")).setParameter("from", LocalDate.of(1950, 1, 1)).setParameter("to", LocalDate.of(1952, 1, 1)).getSingleResult(), 200, 400);
            between(s.createQuery("select count(p) from Person p where exists (select 1 from Visit v where v.person = p and v.cost >= 0)", Long.class).getSingleResult(), 1700, 2300);
            equal(s.get(City.class, 2).name, "city 2");
            equal(s.createQuery("from City c where c.name like :n order by c.id", City.class).setParameter("n", "city%").setFirstResult(1).setMaxResults(2).list().get(0).name, "city 2");
            refused("42501", () -> s.createQuery("from Person", Person.class).setMaxResults(3).list());
            refused("25P02", () -> s.createQuery("from City", City.class).list());
            tx.rollback();
            equal(s.createQuery("from City", City.class).list().size(), 5);
        }
    }

    static void calcite() throws Exception {
        Class.forName("org.apache.calcite.jdbc.Driver");
        Properties p = new Properties();
        p.put("lex", "MYSQL_ANSI");
        p.put("model", "inline:{\"version\":\"1.0\",\"defaultSchema\":\"c\",\"schemas\":[{\"name\":\"c\",\"type\":\"custom\",\"factory\":\"org.apache.calcite.adapter.jdbc.JdbcSchema$Factory\","
            + "\"operand\":{\"jdbcUrl\":\"" + URL + "\",\"jdbcUser\":\"" + ENV.get("PGUSER") + "\",\"jdbcPassword\":\"" + ENV.get("PGPASSWORD") + "\",\"jdbcSchema\":\"public\"}}]}");
        try (Connection c = DriverManager.getConnection("jdbc:calcite:", p); Statement s = c.createStatement()) {
            equal(rows(s.executeQuery("SELECT sex, count(*) AS n FROM persons WHERE age > 20 GROUP BY sex")), 2);
            equal(rows(s.executeQuery("SELECT p.sex, avg(v.cost) FROM visits v JOIN persons p ON p.person_id = v.person_id GROUP BY p.sex")), 2);
            equal(rows(s.executeQuery("SELECT name FROM cities ORDER BY city_id LIMIT 2")), 2);
        }
    }

    static void ng() throws Exception {
        Properties p = new Properties();
        p.put("user", ENV.get("PGUSER"));
        p.put("password", ENV.get("PGPASSWORD"));
        p.put("ssl.mode", "VerifyFull");
        p.put("ssl.ca.certificate.file", ENV.get("PGSSLROOTCERT"));
        Class.forName("com.impossibl.postgres.jdbc.PGDriver");
        try (Connection c = DriverManager.getConnection("jdbc:pgsql://" + ENV.get("PGHOST") + ":" + ENV.get("PGPORT") + "/" + ENV.get("PGDATABASE"), p)) {
            PreparedStatement s = c.prepareStatement("SELECT sex, count(*) FROM persons WHERE age > ? GROUP BY sex");
            s.setInt(1, 20);
            equal(rows(s.executeQuery()), 2);
            ResultSet r = c.createStatement().executeQuery("SELECT * FROM kinds ORDER BY id");
            while (r.next()) {
                for (int i = 1; i <= r.getMetaData().getColumnCount(); i++) r.getObject(i);
            }
            equal(rows(c.getMetaData().getColumns(null, "public", "persons", "%")), 6);
            equal(rows(c.getMetaData().getImportedKeys(null, "public", "visits")), 1);
            c.setAutoCommit(false);
            Statement many = c.createStatement();
            many.setFetchSize(100);
            equal(rows(many.executeQuery("SELECT n FROM numbers")), 10000);
            c.commit();
            Statement whole = c.createStatement(); // with a fetch size the driver stumbles over its own ROLLBACK, also on a PostgreSQL
            refused("42703", () -> whole.executeQuery("SELECT nothing FROM persons"));
            c.rollback();
            equal(rows(whole.executeQuery("SELECT 1")), 1);
        }
    }

    static int rows(ResultSet r) throws SQLException {
        int n = 0;
        while (r.next()) n++;
        return n;
    }
}
