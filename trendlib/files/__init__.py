"""Embed a file of sentences, row by row, into a table.

Data flows one way: file -> rows -> (``corpus``) -> parts -> one Parquet file.
"""
