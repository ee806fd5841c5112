"""Files to rows and rows to files: CSV, TSV, JSON Lines, Parquet, Excel; packed, encoded. Knows no column's meaning."""
