"""Data that Python users hold: lists, columns, DataFrames, datasets of other libraries."""
