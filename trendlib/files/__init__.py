"""Embed a file of sentences, row by row, into a table.

Data flows one way: file -> rows -> (``model.corpus``) -> parts -> one Parquet file. Beside it are
``atomic``, ``settings`` and ``code_version``, with which results are kept.
"""
