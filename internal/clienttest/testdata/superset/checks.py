"""Superset's API, in the process: a database, its tables, a data set, a chart's data twice, SQL Lab."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "python"))
from urllib.parse import quote  # noqa: E402

from checks import between, check, database, done, equal, host, password, port, root, user  # noqa: E402
from superset.app import create_app  # noqa: E402

app = create_app()
client = app.test_client()
token = client.post("/api/v1/security/login", json={"username": "admin", "password": "admin", "provider": "db"}).json["access_token"]
headers = {"Authorization": "Bearer " + token}
made = {}


def call(method, path, **body):
    r = client.open("/api/v1/" + path, method=method, json=body or None, headers=headers)
    if r.status_code >= 300:
        raise AssertionError(f"{method} {path}: {r.status_code} {r.get_data(as_text=True)[:600]}")
    return r.json


uri = f"postgresql+psycopg2://{quote(user)}:{quote(password, safe='')}@{host}:{port}/{database}?sslmode=verify-full&sslrootcert={quote(root, safe='')}"


@check("connect")
def _():
    call("POST", "database/test_connection/", sqlalchemy_uri=uri, database_name="census", impersonate_user=False)
    made["db"] = call("POST", "database/", sqlalchemy_uri=uri, database_name="census", expose_in_sqllab=True)["id"]


@check("reflect")
def _():
    schemas = call("GET", f"database/{made['db']}/schemas/")["result"]
    assert "public" in schemas, schemas
    tables = call("GET", f"database/{made['db']}/tables/?q=(force:!t,schema_name:public)")["result"]
    equal(sorted(t["value"] for t in tables), ["cities", "kinds", "numbers", "persons", "visits"])
    meta = call("GET", f"database/{made['db']}/table_metadata/?name=persons&schema=public")
    equal([c["name"] for c in meta["columns"]], ["person_id", "sex", "age", "income", "city", "born"])


@check("a data set")
def _():
    made["ds"] = call("POST", "dataset/", database=made["db"], schema="public", table_name="persons")["id"]
    columns = call("GET", f"dataset/{made['ds']}")["result"]["columns"]
    equal(len(columns), 6)


def chart():
    query = {"columns": ["sex"], "metrics": ["count", {"expressionType": "SIMPLE", "aggregate": "AVG", "column": {"column_name": "age"}, "label": "AVG(age)"}],
             "filters": [{"col": "age", "op": ">=", "val": 18}], "orderby": [["count", False]], "row_limit": 1000}
    r = call("POST", "chart/data", datasource={"id": made["ds"], "type": "table"}, queries=[query], result_format="json", result_type="full", force=True)
    return r["result"][0]["data"]


@check("a chart, and its refresh is the same release")
def _():
    call("POST", "chart/", slice_name="persons by sex", datasource_id=made["ds"], datasource_type="table", viz_type="table", params=json.dumps({}))
    one = chart()
    equal({r["sex"] for r in one}, {"f", "m"})
    between(one[0]["count"], 700, 900)
    equal(chart(), one)


@check("SQL Lab")
def _():
    r = call("POST", "sqllab/execute/", database_id=made["db"], sql="SELECT city_id, name FROM cities ORDER BY 1", runAsync=False, schema="public", client_id="abcdefghij1")
    equal(len(r["data"]), 5)
    r = client.post("/api/v1/sqllab/execute/", headers=headers, json={"database_id": made["db"], "sql": "SELECT * FROM persons LIMIT 100", "runAsync": False, "schema": "public", "client_id": "abcdefghij2"})
    assert r.status_code >= 400 and "private" in r.get_data(as_text=True), r.get_data(as_text=True)[:500]


done()
