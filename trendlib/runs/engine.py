"""A papermill engine for a kernel that is already running, and stays so.

papermill starts a new kernel for every notebook. Its client, nbclient, can also use an existing
kernel; that is all that is changed here.
"""

import logging
from pathlib import Path
from typing import Any

import nbformat
import papermill
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.log import logger

ENGINE = "trendlib-warm"


class WarmEngine(NBClientEngine):  # type: ignore[misc]
    """Executes a notebook on the kernel of ``manager``, through ``client``."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        *,
        manager: AsyncKernelManager,
        client: AsyncKernelClient,
        **_: Any,
    ) -> None:
        """Execute a notebook; ``manager`` and ``client`` are papermill's engine arguments."""
        executor = PapermillNotebookClient(nb_man, km=manager, kernel_name=kernel_name, log=logger)
        executor.kc = client  # a new one would wait 0.2 s until the kernel has nothing to say
        executor.execute()


papermill_engines.register(ENGINE, WarmEngine)
logger.addHandler(logging.NullHandler())  # what it would print, the run's own messages say


def execute(
    notebook: NotebookNode | Path,
    out: Path,
    parameters: dict[str, object],
    manager: AsyncKernelManager,
    client: AsyncKernelClient,
) -> None:
    """Run a notebook with parameters on a running kernel.

    Raises:
        PapermillExecutionError: If a cell fails; the notebook is written nevertheless.
        DeadKernelError: If the kernel dies.
    """
    papermill.execute_notebook(
        _literal(notebook) if isinstance(notebook, Path) else notebook,
        _literal(out),
        parameters=parameters,
        engine_name=ENGINE,
        kernel_name=manager.kernel_name,
        progress_bar=False,
        request_save_on_cell_execute=False,  # it is written once, at the end
        manager=manager,
        client=client,
    )


def write_unrun(notebook: NotebookNode, out: Path, parameters: dict[str, object], why: str) -> None:
    """Write a notebook with its parameters, and a banner that says why it was not run."""
    papermill.execute_notebook(notebook, _literal(out), parameters=parameters, prepare_only=True)
    content = nbformat.read(out, as_version=4)  # type: ignore[no-untyped-call]
    for cell in content.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    banner = nbformat.v4.new_markdown_cell(f"**This notebook was not run: {why}.**")  # type: ignore[no-untyped-call]
    content.cells.insert(0, banner)
    nbformat.write(content, out)  # type: ignore[no-untyped-call]


def _literal(path: Path) -> str:
    """Write a path so that papermill takes no part of it for a parameter, or an address."""
    return str(path.absolute()).replace("{", "{{").replace("}", "}}")
