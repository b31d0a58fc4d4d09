"""Run a notebook on many sentences; nothing is computed twice, and no result is lost.

Data flows one way through the modules::

    file -> sentences -> settings (checked before anything starts)
         -> runner -> kernels (warm workers) -> worker (what a worker computes)
         -> folder (what is kept) -> results (tables), index, pages (markdown)
         -> comparison (two runs side by side)

All modules except ``worker`` run in the process of the command, which never imports torch.
"""

TIMEOUT_SECONDS = 600
"""How long a sentence may take, if nothing else is said."""
