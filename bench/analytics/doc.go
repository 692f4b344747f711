// Package analytics asks other engines the questions that the warehouse answers, over the same Parquet files: Apache Spark, ClickHouse (chDB), polars
// and pandas, each in a Python process of its own. It is for two purposes: to see that the answers are the same (yingda same-answers), and how long
// they take (yingda bench-analytics). Nothing that serves needs it.
package analytics
