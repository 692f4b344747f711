"""Other engines over the same Parquet files, for `yingda bench-analytics` and `yingda same-answers`.

The engine is named on the command line: spark, clickhouse (chDB: ClickHouse in this process), polars or pandas. The first line on stdin is the job, as
JSON:

    {"tables": {"turns": {"base": "/lake/turns", "files": ["/lake/turns/tenant=a/dt=2026-03-01/00-x.parquet", …]}}, "threads": 2, "cluster": false}

"hive" tables have the columns tenant and dt in their paths. Each further line is a question, {"name": …, "sql": …}; polars and pandas know the questions
of bench-analytics by name. Each is answered by a line {"columns": […], "rows": [[…] …], "seconds": s} or {"error": …}. The first answer, to
the job, is {"version": …, "seconds": s}.
"""

import datetime
import decimal
import json
import math
import os
import sys
import time


def plain(value):
    """A value as JSON: dates and times in ISO 8601, what is no number of JSON as text."""
    if value is None or isinstance(value, (bool, str, int)):
        return value
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, datetime.datetime):
        return value.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if hasattr(value, "item"):  # of numpy
        return plain(value.item())
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    return str(value)


class Spark:
    """Apache Spark: on this process's cores, or as a cluster of two workers that are processes of their own."""

    def __init__(self, job):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
        import pyspark
        from pyspark.sql import SparkSession
        from pyspark.sql import functions

        master = "local-cluster[2,1,1024]" if job.get("cluster") else f"local[{job['threads']}]"
        builder = SparkSession.builder.master(master).appName("yingda")
        for name, value in {
            "spark.ui.enabled": "false",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.memory": "2g",
            "spark.sql.session.timeZone": "UTC",
            "spark.sql.shuffle.partitions": str(2 * job["threads"]),
            "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
            "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
            "spark.local.dir": job["scratch"],
            "spark.sql.warehouse.dir": os.path.join(job["scratch"], "spark"),
        }.items():
            builder = builder.config(name, value)
        self.session = builder.getOrCreate()
        self.session.sparkContext.setLogLevel("ERROR")
        self.version = "Spark " + pyspark.__version__
        for name, table in job["tables"].items():
            reader = self.session.read
            if table["hive"]:
                reader = reader.option("basePath", table["base"])
            frame = reader.parquet(*table["files"])
            if table["hive"]:
                frame = frame.withColumn("dt", functions.col("dt").cast("date"))
            for column, kind in frame.dtypes:  # the tables' times are UTC without a zone
                if kind == "timestamp":
                    frame = frame.withColumn(column, functions.col(column).cast("timestamp_ntz"))
            frame.createOrReplaceTempView(name)

    def ask(self, question):
        frame = self.session.sql(question["sql"])
        return frame.columns, [list(row) for row in frame.collect()]

    def close(self):
        self.session.stop()


class ClickHouse:
    """chDB: ClickHouse in this process."""

    def __init__(self, job):
        import chdb
        from chdb import session

        self.version = "chDB " + chdb.__version__
        self.session = session.Session(os.path.join(job["scratch"], "chdb"))
        self.session.query("CREATE DATABASE IF NOT EXISTS yingda ENGINE = Atomic")
        for statement in (
            f"SET max_threads = {job['threads']}",
            "SET use_hive_partitioning = 1",
            "SET session_timezone = 'UTC'",
            # As the SQL standard, and the other engines, have it.
            "SET join_use_nulls = 1",
            "SET group_by_use_nulls = 1",
            "SET union_default_mode = 'DISTINCT'",
            "SET schema_inference_make_columns_nullable = 'auto'",
            "SET max_query_size = 16777216",
        ):
            self.session.query(statement)
        for name, table in job["tables"].items():
            files = table["files"]
            path = files[0]
            if len(files) > 1:  # braces must not span folders; the files' names are unique
                path = table["base"] + "/tenant=*/dt=*/{" + ",".join(os.path.basename(f) for f in files) + "}"
            self.session.query(f"CREATE OR REPLACE VIEW yingda.{name} AS SELECT * FROM file('{path}', Parquet)")
        self.session.query("USE yingda")

    def ask(self, question):
        text = str(self.session.query(question["sql"], "JSONCompact"))
        answer = json.loads(text) if text.strip() else {"meta": [], "data": []}
        whole = [m["type"].removeprefix("Nullable(").rstrip(")").endswith("Int64") for m in answer["meta"]]
        rows = [[int(v) if w and isinstance(v, str) else v for v, w in zip(row, whole)] for row in answer["data"]]
        return [m["name"] for m in answer["meta"]], rows

    def close(self):
        self.session.close()


class Polars:
    """polars, as one writes it: lazy, over the files."""

    def __init__(self, job):
        os.environ["POLARS_MAX_THREADS"] = str(job["threads"])
        import polars

        self.pl = polars
        self.version = "polars " + polars.__version__
        self.files = job["tables"]["turns"]["files"]

    def ask(self, question):
        pl = self.pl
        turns = pl.scan_parquet(self.files, hive_partitioning=True)
        frame = getattr(self, question["name"])(pl, turns).collect()
        return frame.columns, [list(row) for row in frame.rows()]

    def by_day(self, pl, turns):
        return (
            turns.group_by("dt", "channel")
            .agg(pl.len().alias("n"), pl.col("fallback").mean().alias("fallbacks"), pl.col("p1").mean().alias("confidence"), pl.col("ms_total").quantile(0.95, "linear").alias("p95"))
            .sort("dt", "channel")
        )

    def by_intent(self, pl, turns):
        return (
            turns.group_by("intent")
            .agg(pl.len().alias("n"), pl.col("conversation").n_unique().alias("conversations"), (pl.col("p1") < 0.5).mean().alias("unsure"))
            .sort("intent")
        )

    def by_variant(self, pl, turns):
        # Which half a customer is in is read from the pseudonym, which ends in a digit.
        each = turns.group_by("conversation").agg(pl.col("customer").max(), pl.len().alias("turns"), pl.col("fallback").max().alias("failed"))
        return (
            each.with_columns((pl.col("customer").str.slice(-1) < "5").alias("treated"))
            .group_by("treated")
            .agg(pl.len().alias("n"), pl.col("turns").mean().alias("turns"), pl.col("failed").mean().alias("failed"))
            .sort("treated")
        )

    def top_questions(self, pl, turns):
        return (
            turns.filter(pl.col("fallback")).group_by("text").agg(pl.len().alias("n"))
            .sort(["n", "text"], descending=[True, False]).head(20).select("text", "n")
        )

    def one_day(self, pl, turns):
        return turns.filter(pl.col("dt") == pl.date(2026, 1, 15)).select(pl.len().alias("n"), pl.col("p1").mean().alias("confidence"))

    def close(self):
        pass


class Pandas:
    """pandas, as one writes it: the columns that a question needs are read, then grouped."""

    def __init__(self, job):
        import pandas
        import pyarrow

        pyarrow.set_cpu_count(job["threads"])
        self.pd = pandas
        self.version = "pandas " + pandas.__version__
        self.base = job["tables"]["turns"]["base"]

    def ask(self, question):
        frame = getattr(self, question["name"])()
        return list(frame.columns), [list(row) for row in frame.itertuples(index=False)]

    def read(self, *columns, **kw):
        return self.pd.read_parquet(self.base, columns=list(columns), **kw)

    def by_day(self):
        turns = self.read("dt", "channel", "fallback", "p1", "ms_total")
        groups = turns.groupby(["dt", "channel"], observed=True, sort=True)
        return groups.agg(n=("p1", "size"), fallbacks=("fallback", "mean"), confidence=("p1", "mean"), p95=("ms_total", lambda s: s.quantile(0.95))).reset_index()

    def by_intent(self):
        turns = self.read("intent", "conversation", "p1")
        turns["unsure"] = turns["p1"] < 0.5
        return turns.groupby("intent", sort=True).agg(n=("p1", "size"), conversations=("conversation", "nunique"), unsure=("unsure", "mean")).reset_index()

    def by_variant(self):
        turns = self.read("conversation", "customer", "fallback")
        each = turns.groupby("conversation").agg(customer=("customer", "max"), turns=("fallback", "size"), failed=("fallback", "max"))
        each["treated"] = each["customer"].str[-1] < "5"
        return each.groupby("treated", sort=True).agg(n=("turns", "size"), turns=("turns", "mean"), failed=("failed", "mean")).reset_index()

    def top_questions(self):
        turns = self.read("text", "fallback")
        found = turns.loc[turns["fallback"]].groupby("text").size().reset_index(name="n")
        return found.sort_values(["n", "text"], ascending=[False, True]).head(20)

    def one_day(self):
        turns = self.read("p1", filters=[("dt", "=", "2026-01-15")])
        return self.pd.DataFrame({"n": [len(turns)], "confidence": [turns["p1"].mean()]})

    def close(self):
        pass


ENGINES = {"spark": Spark, "clickhouse": ClickHouse, "polars": Polars, "pandas": Pandas}


def say(answer):
    print(json.dumps(answer, ensure_ascii=False), file=OUT, flush=True)


# What libraries print must not come between the answers.
OUT = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def main():
    job = json.loads(sys.stdin.readline())
    began = time.perf_counter()
    try:
        engine = ENGINES[sys.argv[1]](job)
    except Exception as fault:  # whatever it is, who asked is told
        say({"error": f"{type(fault).__name__}: {fault}"})
        return
    say({"version": engine.version, "seconds": time.perf_counter() - began})
    for line in sys.stdin:
        question = json.loads(line)
        began = time.perf_counter()
        try:
            columns, rows = engine.ask(question)
            seconds = time.perf_counter() - began
            say({"columns": list(columns), "rows": [[plain(v) for v in row] for row in rows], "seconds": seconds})
        except Exception as fault:
            say({"error": f"{type(fault).__name__}: {fault}"})
    engine.close()


main()
