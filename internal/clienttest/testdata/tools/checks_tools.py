"""DuckDB attached to the proxy, pg8000 (no libpq), Ibis, sqlacodegen."""
import glob
import os
import ssl
import subprocess
import sys
from urllib.parse import quote

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "python"))
from checks import KINDS, between, check, database, done, equal, host, password, port, root, user  # noqa: E402


@check("DuckDB")
def _():
    import duckdb
    import duckdb_extension_postgres_scanner as extension
    c = duckdb.connect()
    c.execute("INSTALL '%s'" % glob.glob(os.path.dirname(extension.__file__) + "/**/*.duckdb_extension", recursive=True)[0])
    c.execute("LOAD postgres_scanner")
    c.execute("ATTACH '' AS pg (TYPE postgres, READ_ONLY)")  # libpq's variables
    equal(c.execute("SELECT count(*), sum(n) FROM pg.numbers").fetchall(), [(10000, 50005000)])
    equal(c.execute("SELECT word FROM pg.numbers WHERE n = 7").fetchall(), [("word 7",)])
    columns = [d[0] for d in c.execute("SELECT * FROM pg.kinds WHERE id = 1").description]
    row = dict(zip(columns, c.fetchall()[0]))
    for name in "t_bool", "t_int8", "t_float8", "t_numeric", "t_text", "t_date", "t_time", "t_timetz", "t_timestamptz", "t_uuid", "t_bytea", "a_int4", "a_text":
        equal(row[name], KINDS[name], name)
    equal([d[0] for d in c.execute("SELECT * FROM pg.persons LIMIT 0").description], ["person_id", "sex", "age", "income", "city", "born"])
    rows = c.execute("SELECT * FROM postgres_query('pg', 'SELECT sex, count(*) AS n FROM persons GROUP BY sex')").fetchall()
    equal(sorted(r[0] for r in rows), ["f", "m"])
    try:
        c.execute("SELECT count(*) FROM pg.persons")
    except duckdb.Error as e:
        assert "rows of private tables cannot be read" in str(e), e
    else:
        raise AssertionError("rows of persons were read")


def native():
    import pg8000.native
    context = ssl.create_default_context(cafile=root)
    return pg8000.native.Connection(user=user, password=password, host=host, port=int(port), database=database, ssl_context=context)


@check("pg8000")
def _():
    import io
    import pg8000.exceptions
    c = native()
    rows = c.run("SELECT * FROM kinds ORDER BY id")
    first = dict(zip([x["name"] for x in c.columns], rows[0]))
    for name in "t_bool", "t_int8", "t_numeric", "t_text", "t_date", "t_timestamptz", "t_uuid", "t_bytea", "a_int4", "a_text":
        equal(first[name], KINDS[name], name)
    between(c.run("SELECT count(*) FROM persons WHERE age > :age AND sex = :sex", age=30, sex="f")[0][0], 500, 800)
    assert any(b"spent" in n[b"M"] for n in c.notices)
    equal(c.run("SELECT count(*) FROM numbers WHERE n = ANY(:list)", list=[1, 2, 3]), [[3]])
    statement = c.prepare("SELECT word FROM numbers WHERE n = :n")
    equal([statement.run(n=4), statement.run(n=5)], [[["word 4"]], [["word 5"]]])
    statement.close()
    c.run("START TRANSACTION")
    for sql, state in ("SELECT nothing FROM persons", "42703"), ("SELECT 1", "25P02"):
        try:
            c.run(sql)
        except pg8000.exceptions.DatabaseError as e:
            equal(e.args[0]["C"], state)
    c.run("ROLLBACK")
    out = io.BytesIO()
    c.run("COPY (SELECT n FROM numbers WHERE n < 3 ORDER BY n) TO STDOUT", stream=out)
    equal(out.getvalue(), b"1\n2\n")
    c.run("SELECT * FROM persons LIMIT 0")
    equal(len({x["table_oid"] for x in c.columns}), 1)
    c.close()
    equal(native().run("SELECT 6"), [[6]])


@check("Ibis")
def _():
    import ibis
    c = ibis.postgres.connect(host=host, port=int(port), user=user, password=password, database=database, sslmode="verify-full")
    equal(c.list_tables(), ["cities", "kinds", "numbers", "persons", "visits"])
    persons = c.table("persons")
    equal(list(persons.schema().names), ["person_id", "sex", "age", "income", "city", "born"])
    df = persons.group_by("sex").agg(n=persons.count(), mean=persons.age.mean()).execute()
    equal(sorted(df["sex"]), ["f", "m"])
    between(persons.filter(persons.age > 30).count().execute(), 1000, 1600)
    equal(c.table("numbers").n.sum().execute(), 50005000)
    equal(c.table("cities").to_pyarrow().num_rows, 5)


@check("sqlacodegen")
def _():
    url = f"postgresql+psycopg://{quote(user)}:{quote(password)}@{host}:{port}/{database}?sslmode=verify-full&sslrootcert={quote(root)}"
    code = subprocess.run([os.path.join(os.path.dirname(sys.executable), "sqlacodegen"), url], check=True, capture_output=True, text=True).stdout
    for line in "class Persons(Base):", "ForeignKeyConstraint(['person_id'], ['persons.person_id']", "Numeric(10, 2)", "LargeBinary":
        assert line in code, line


done()
