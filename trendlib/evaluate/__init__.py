"""The article's claims, put to a test: tasks, methods and scores.

A *task* has data and a question (``protocol.Task``). A *method* is one way to answer it: for
sentence vectors ``vectors.VectorMethod``, elsewhere what the task says. A *score* is a figure with
its uncertainty. ``runner`` runs every method of every task, ``results`` keeps the scores, and
``claims`` judges by them.
"""
