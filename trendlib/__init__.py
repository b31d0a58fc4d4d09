"""Trend embeddings: how BERT turns a word's static embedding into its contextual one.

Data flows one way through the modules, in the order in which the method is told::

    sentence -> weights, encoder -> Encoding (arrays)
             -> attention  (focus word, related word)
             -> trend      (a word's trend vector)
             -> embedding  (their sum: the sentence embedding)
             -> plots, report

For many sentences, ``batch`` takes the place of ``encoder``, and ``corpus`` goes all the way.
Only these two and ``interfaces``, the ways in of other libraries, import torch. ``published`` holds
what the articles printed, ``reproduce`` recomputes it. ``explorer`` makes the data of the
book's page of that name.
"""

from importlib.metadata import version

__version__ = version("trendlib")
