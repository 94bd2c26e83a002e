"""peewee, SQLModel, Pony, dataset; dbt's debug, show, test and docs over tables that it only reads."""
import os
import subprocess
import sys
import tempfile
from urllib.parse import quote

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "python"))
from checks import between, check, database, done, equal, host, password, port, root, user  # noqa: E402

tls = {"sslmode": "verify-full", "sslrootcert": root}
url = f"{quote(user)}:{quote(password, safe='')}@{host}:{port}/{database}?sslmode=verify-full&sslrootcert={quote(root, safe='')}"


@check("peewee")
def _():
    import peewee as pw
    from playhouse.postgres_ext import PostgresqlExtDatabase, ServerSide
    from playhouse.reflection import Introspector
    db = PostgresqlExtDatabase(database, host=host, port=int(port), user=user, password=password, register_hstore=False, **tls)
    made = Introspector.from_database(db).generate_models()
    equal(sorted(made), ["cities", "kinds", "numbers", "persons", "visits"])
    person, visit, number = made["persons"], made["visits"], made["numbers"]
    between(person.select().where(person.age > 30).count(), 1100, 1500)
    n = pw.fn.COUNT(person.person_id)
    rows = list(person.select(person.sex, n, pw.fn.AVG(person.age)).group_by(person.sex).order_by(n.desc()).tuples())
    equal({r[0] for r in rows}, {"f", "m"})
    equal(len(list(visit.select(person.sex, pw.fn.COUNT("*")).join(person).group_by(person.sex).tuples())), 2)
    band = pw.Case(None, [(person.age < 18, "child")], "adult")
    equal(len(list(person.select(band.alias("g"), pw.fn.COUNT("*")).group_by(band).tuples())), 2)
    equal(number.get_by_id(3).word, "word 3")
    with db.atomic():
        equal(sum(r.n for r in ServerSide(number.select())), 50005000)
        try:
            with db.atomic():
                db.execute_sql("SELECT nothing FROM persons")
        except pw.ProgrammingError:
            pass
        equal(number.select().count(), 10000)


@check("SQLModel")
def _():
    from sqlalchemy.exc import ProgrammingError
    from sqlmodel import Field, Session, SQLModel, create_engine, func, select

    class Persons(SQLModel, table=True):
        person_id: int = Field(primary_key=True)
        sex: str
        age: int

    with Session(create_engine("postgresql+psycopg://" + url, pool_pre_ping=True)) as s:
        equal(len(s.exec(select(Persons.sex, func.count()).where(Persons.age > 20).group_by(Persons.sex)).all()), 2)
        try:
            s.exec(select(Persons).limit(3)).all()
            raise AssertionError("rows of persons were read")
        except ProgrammingError:
            s.rollback()
        between(s.exec(select(func.count()).select_from(Persons)).one(), 1900, 2100)


@check("Pony")
def _():
    from pony.orm import Database, Optional, PrimaryKey, Required, count, db_session, select
    db = Database()
    db.bind(provider="postgres", user=user, password=password, host=host, port=int(port), database=database, **tls)

    class Person(db.Entity):
        _table_ = "persons"
        person_id = PrimaryKey(int, size=64)
        sex = Required(str)
        age = Optional(int)

    class City(db.Entity):
        _table_ = "cities"
        city_id = PrimaryKey(int)
        name = Required(str)

    db.generate_mapping(create_tables=False, check_tables=True)
    with db_session:
        equal(len(select((p.sex, count(p)) for p in Person)[:]), 2)
        between(select(p for p in Person if p.age > 30).count(), 1100, 1500)
        equal(City[2].name, "city 2")


@check("dataset")
def _():
    import dataset
    db = dataset.connect("postgresql://" + url)
    equal(sorted(db.tables), ["cities", "kinds", "numbers", "persons", "visits"])
    equal([r["name"] for r in db["cities"].find(city_id=[1, 2], order_by="city_id")], ["city 1", "city 2"])
    equal(len(list(db.query("SELECT sex, count(*) AS n FROM persons GROUP BY sex"))), 2)


@check("dbt: debug, show, test, docs; a model that would be written is refused")
def _():
    with tempfile.TemporaryDirectory() as dir:
        def put(name, text):
            os.makedirs(os.path.dirname(os.path.join(dir, name)), exist_ok=True)
            with open(os.path.join(dir, name), "w", encoding="utf-8") as f:
                f.write(text)

        put("dbt_project.yml", "name: x\nversion: '1.0'\nprofile: x\nmodels: {x: {+materialized: ephemeral}}\n")
        put("profiles.yml", "x: {target: dev, outputs: {dev: {type: postgres, host: %s, port: %s, user: %s, password: \"%s\", dbname: %s, schema: public, threads: 1, sslmode: verify-full, sslrootcert: %s}}}\n"
            % (host, port, user, password, database, root))
        put("models/sources.yml", "version: 2\nsources:\n  - {name: clinic, schema: public, tables: [{name: persons}, {name: cities, columns: [{name: city_id, data_tests: [unique, not_null]}]}]}\n")
        put("models/by_sex.sql", "select sex, count(*) as n from {{ source('clinic', 'persons') }} group by 1")
        put("models/kept.sql", "{{ config(materialized='view') }} select * from {{ source('clinic', 'cities') }}")

        def dbt(*what):
            done = subprocess.run([os.path.join(os.path.dirname(sys.executable), "dbt"), "--no-use-colors", *what, "--project-dir", dir, "--profiles-dir", dir],
                                  capture_output=True, text=True, env={**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"})
            return done.returncode, done.stdout + done.stderr

        for want, words, what in ((0, "All checks passed", ["debug"]), (0, "| f ", ["show", "--select", "by_sex"]), (0, "PASS=2", ["test"]),
                                  (0, "Catalog written", ["docs", "generate", "--no-compile"]), (1, "dpproxy answers SELECT", ["run"])):
            status, out = dbt(*what)
            assert status == want and words in out, (what, status, out[-1500:])


done()
