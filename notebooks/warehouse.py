"""What the notebooks share: how they reach the data, and how figures look.

Two ways to the data, which hold the same rows:

ask   SQL over Arrow Flight (`yingda analyse --flight`), the facts up to now, sessions and roll-ups. YINGDA_FLIGHT is the address, default
      grpc://127.0.0.1:31337 (grpc+tls:// with a certificate); YINGDA_FLIGHT_TOKEN is an API key of a manager, where keys are needed.
lake  the Parquet files of closed hours, without a server. YINGDA_LAKE is the folder: the lake in the folder of analytics.
"""

import functools
import hashlib
import json
import math
import os
import pathlib

import adbc_driver_flightsql
import adbc_driver_flightsql.dbapi
import matplotlib
import matplotlib.font_manager
import pandas


@functools.cache
def connection():
    """The connection to the endpoint, one a notebook."""
    options = {}
    if token := os.environ.get("YINGDA_FLIGHT_TOKEN"):
        options[adbc_driver_flightsql.DatabaseOptions.AUTHORIZATION_HEADER.value] = "Bearer " + token
    return adbc_driver_flightsql.dbapi.connect(os.environ.get("YINGDA_FLIGHT", "grpc://127.0.0.1:31337"), db_kwargs=options, autocommit=True)


def ask(sql, *values):
    """Asks the warehouse and returns a data frame. Values are bound to ? and never become part of the SQL."""
    with connection().cursor() as cursor:
        cursor.execute(sql, values or None)
        return cursor.fetch_arrow_table().to_pandas()


def lake(table):
    """The Parquet files of a table that count, from the lake's newest whole manifest: pass them to polars, pandas, DuckDB or Spark."""
    folder = pathlib.Path(os.environ["YINGDA_LAKE"])
    for name in sorted(folder.glob("manifest-*.json"), reverse=True):
        body, _, rest = name.read_bytes().partition(b"\n")
        if hashlib.sha256(body).hexdigest() == rest.strip().decode():
            return [str(folder / f["path"]) for f in json.loads(body)["files"] if f["table"] == table]
    raise FileNotFoundError(f"{folder} holds no whole manifest: is it the folder of a lake?")


def wilson(hits, n, z=1.959963984540054):
    """The share and its 95 % interval (Wilson 1927), as the service's reports have it."""
    if n == 0:
        return math.nan, math.nan, math.nan
    p = hits / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return p, max(0.0, middle - half), min(1.0, middle + half)


def wilsons(frame, hits, n):
    """The frame with the columns share, low and high."""
    rows = [wilson(h, k) for h, k in zip(frame[hits], frame[n])]
    return frame.assign(**pandas.DataFrame(rows, columns=["share", "low", "high"], index=frame.index))


def band(axes, x, frame, label):
    """Draws a share over time with its interval."""
    (line,) = axes.plot(x, frame["share"], label=label)
    axes.fill_between(x, frame["low"], frame["high"], alpha=0.2, color=line.get_color())


def style():
    """Makes figures readable, and Chinese in them too: the first font with Chinese characters is taken."""
    installed = {f.name for f in matplotlib.font_manager.fontManager.ttflist}
    chinese = ["Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "WenQuanYi Zen Hei", "SimHei"]
    found = [name for name in chinese if name in installed]
    matplotlib.rcParams.update({
        "font.family": [*found[:1], "DejaVu Sans"], "axes.unicode_minus": False, "figure.figsize": (9, 4), "figure.dpi": 110,
        "axes.grid": True, "grid.alpha": 0.3, "axes.spines.top": False, "axes.spines.right": False,
    })
    if not found:
        print("没有中文字体，图中的汉字会显示为方框。No font with Chinese characters is installed: they show as boxes in figures.")
