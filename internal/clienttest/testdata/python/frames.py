"""polars, connectorx, ADBC and DuckDB's own client of PostgreSQL: whole tables into frames."""
import os

from checks import between, check, database, done, equal, host, password, port, root, user
from urllib.parse import quote

uri = f"postgresql://{quote(user)}:{quote(password)}@{host}:{port}/{database}?sslmode=verify-full&sslrootcert={quote(root)}"


@check("ADBC")
def _():
    import adbc_driver_postgresql.dbapi as adbc
    with adbc.connect(uri, autocommit=True) as c, c.cursor() as cur:
        cur.execute("SELECT city_id, name FROM cities ORDER BY 1")
        equal(cur.fetchall()[0], (1, "city 1"))
        cur.execute("SELECT sex, count(*) AS n FROM persons GROUP BY sex")
        equal(cur.fetch_arrow_table().num_rows, 2)
        cur.execute("SELECT n FROM numbers WHERE n < $1", (10,))
        equal(len(cur.fetchall()), 9)
        c.adbc_get_objects().read_all()
        c.adbc_get_table_schema("persons")


@check("connectorx")
def _():
    import connectorx as cx
    u = uri.replace("verify-full", "require").split("&")[0]
    for protocol in "binary", "csv", "cursor":
        df = cx.read_sql(u, "SELECT city_id, name FROM cities", protocol=protocol)
        equal(len(df), 5)
        df = cx.read_sql(u, "SELECT sex, count(*) AS n FROM persons GROUP BY sex", protocol=protocol)
        equal(len(df), 2)


@check("polars")
def _():
    import polars as pl
    df = pl.read_database_uri("SELECT n, word FROM numbers", uri.replace("verify-full", "require").split("&")[0], engine="connectorx")
    equal(df.height, 10000)
    df = pl.read_database_uri("SELECT city_id, count(*) AS n FROM visits GROUP BY city_id", uri, engine="adbc")
    equal(df.height, 5)
    import psycopg
    df = pl.read_database("SELECT * FROM cities", psycopg.connect(""))
    equal(df.height, 5)


done()
