"""SQLAlchemy 2 with psycopg, psycopg2 and asyncpg: start, reflection, streams; pandas' read_sql."""
import os

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.ext.automap import automap_base

from checks import between, check, database, done, equal, host, password, port, root, user


def engine(driver, **more):
    url = sa.URL.create(f"postgresql+{driver}", user, password, host, int(port), database)
    return sa.create_engine(url, **more)


for driver in "psycopg", "psycopg2":
    e = engine(driver)

    @check(f"{driver}: reflection")
    def _():
        insp = sa.inspect(e)
        equal(sorted(insp.get_table_names()), ["cities", "kinds", "numbers", "persons", "visits"])
        equal(insp.get_schema_names(), ["dp", "information_schema", "public"])
        equal(insp.get_pk_constraint("persons")["constrained_columns"], ["person_id"])
        fks = insp.get_foreign_keys("visits")
        equal([(f["constrained_columns"], f["referred_table"], f["referred_columns"]) for f in fks], [(["person_id"], "persons", ["person_id"])])
        columns = {c["name"]: c for c in insp.get_columns("persons")}
        assert "between 0 and 110" in columns["age"]["comment"].lower(), columns["age"]
        equal(columns["income"]["type"].precision, 10)
        assert "people" in insp.get_table_comment("persons")["text"]
        equal(insp.get_view_names(), [])
        insp.get_indexes("persons"), insp.get_unique_constraints("persons"), insp.get_check_constraints("persons")
        insp.get_sequence_names(), insp.get_materialized_view_names(), insp.get_enums()
        meta = sa.MetaData()
        meta.reflect(e)
        equal(len(meta.tables), 5)
        equal(insp.has_table("persons"), True)
        equal(insp.has_table("nothing"), False)

    @check(f"{driver}: a query made by the library")
    def _():
        persons = sa.Table("persons", sa.MetaData(), autoload_with=e)
        q = (sa.select(persons.c.sex, sa.func.count().label("n"), sa.func.avg(persons.c.age).label("a"))
             .where(persons.c.age.between(18, 60)).group_by(persons.c.sex).order_by(persons.c.sex))
        with e.connect() as c:
            rows = c.execute(q).all()
            equal([r.sex for r in rows], ["f", "m"])
            between(rows[0].n, 300, 700)

    @check(f"{driver}: streams")
    def _():
        with e.connect().execution_options(stream_results=True, max_row_buffer=100) as c:
            equal(sum(r.n for r in c.execute(sa.text("SELECT n FROM numbers"))), 50005000)

    @check(f"{driver}: pandas")
    def _():
        with e.connect() as c:
            df = pd.read_sql("SELECT * FROM cities", c)
            equal(list(df.columns), ["city_id", "name", "opened"])
            df = pd.read_sql(sa.text("SELECT city_id, count(*) AS n FROM visits WHERE cost < :m GROUP BY city_id"), c, params={"m": 100})
            equal(len(df), 5)
            df = pd.read_sql_table("cities", c)
            equal(len(df), 5)
            n = sum(len(part) for part in pd.read_sql("SELECT n FROM numbers", c, chunksize=1000))
            equal(n, 10000)
            df = pd.read_sql_query("SELECT * FROM kinds ORDER BY id", c)
            equal(len(df), 3)

    @check(f"{driver}: an error, and the session goes on")
    def _():
        with Session(e) as s:
            try:
                s.execute(sa.text("SELECT * FROM persons"))
            except sa.exc.ProgrammingError as x:
                assert "42501" in str(getattr(x.orig, "sqlstate", None) or x.orig.pgcode)
            s.rollback()
            equal(s.execute(sa.text("SELECT 1")).scalar(), 1)

    @check(f"{driver}: isolation levels, pre-ping, savepoints")
    def _():
        x = engine(driver, isolation_level="REPEATABLE READ", pool_pre_ping=True)
        with x.connect() as c:
            equal(c.get_isolation_level(), "REPEATABLE READ")
            with c.begin_nested():
                equal(c.execute(sa.text("SELECT 1")).scalar(), 1)
        x2 = engine(driver, isolation_level="AUTOCOMMIT")
        with x2.connect() as c:
            equal(c.execute(sa.text("SELECT 1")).scalar(), 1)

    @check(f"{driver}: automap")
    def _():
        Base = automap_base()
        Base.prepare(autoload_with=e)
        with Session(e) as s:
            equal(s.query(Base.classes.cities).filter_by(city_id=2).one().name, "city 2")
            assert hasattr(Base.classes.visits, "persons")


@check("asyncpg: reflection and a query")
def _():
    import asyncio
    import ssl
    from sqlalchemy.ext.asyncio import create_async_engine

    async def work():
        x = create_async_engine(sa.URL.create("postgresql+asyncpg", user, password, host, int(port), database),
                                connect_args={"ssl": ssl.create_default_context(cafile=root)})
        async with x.connect() as c:
            names = await c.run_sync(lambda s: sa.inspect(s).get_table_names())
            equal(len(names), 5)
            meta = sa.MetaData()
            await c.run_sync(meta.reflect)
            equal(len(meta.tables), 5)
            return (await c.execute(sa.text("SELECT count(*) FROM persons WHERE age > :a"), {"a": 30})).scalar()
    between(asyncio.run(work()), 1200, 1500)


done()
