"""Embed a file of sentences, row by row, into a table.

Data flows one way: file -> rows -> (``model.corpus``) -> parts -> one Parquet file. ``atomic``,
``settings`` and ``code_version`` help to store results.
"""
