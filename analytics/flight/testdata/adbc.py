"""Asks a Flight SQL server by Python's ADBC driver, as data teams do. Reads a job as JSON from stdin, writes what it got as JSON to stdout.

job: {"uri": …, "token": …, "queries": [sql …], "timed": sql, "rounds": n}
out: {"rows": [[row …] …], "pandas": n, "polars": n, "bound": n, "objects": [table …], "refused": text, "seconds": [s …], "count": n}
"""

import json
import sys
import time

import adbc_driver_flightsql
import adbc_driver_flightsql.dbapi as flight
import pandas
import polars


def plain(value):
    return value if value is None or isinstance(value, (bool, int, float, str, list)) else str(value)


def main():
    job = json.load(sys.stdin)
    out = {"rows": [], "seconds": []}
    options = {adbc_driver_flightsql.DatabaseOptions.AUTHORIZATION_HEADER.value: "Bearer " + job["token"]}
    if job.get("certificate"):
        options[adbc_driver_flightsql.DatabaseOptions.TLS_ROOT_CERTS.value] = job["certificate"]
    with flight.connect(job["uri"], db_kwargs=options, autocommit=True) as connection:
        with connection.cursor() as cursor:
            for query in job["queries"] or []:
                cursor.execute(query)
                out["rows"].append([[plain(v) for v in row] for row in cursor.fetchall()])
            cursor.execute("SELECT count(*) FROM turns WHERE seq <= ? AND lang = ?", (7, "zh"))
            out["bound"] = cursor.fetchone()[0]
            try:
                cursor.execute("DROP TABLE turns")
                cursor.fetchall()
            except Exception as refusal:  # every driver has its own kinds of errors
                out["refused"] = str(refusal)
        out["pandas"] = len(pandas.read_sql("SELECT * FROM turns", connection))
        out["polars"] = polars.read_database("SELECT conversation, seq, ts, intents FROM turns", connection).height
        objects = connection.adbc_get_objects(depth="tables").read_all().to_pylist()
        out["objects"] = sorted(t["table_name"] for c in objects for s in c["catalog_db_schemas"] for t in s["db_schema_tables"])
        for _ in range(job.get("rounds", 0)):
            with connection.cursor() as cursor:
                began = time.perf_counter()
                cursor.execute(job["timed"])
                out["count"] = sum(batch.num_rows for batch in cursor.fetch_record_batch())
                out["seconds"].append(time.perf_counter() - began)
    json.dump(out, sys.stdout)


main()
