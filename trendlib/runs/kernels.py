"""Warm workers: Jupyter kernels that keep the model loaded from notebook to notebook."""

import json
import os
import queue
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from typing import IO, Any, Self

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync

from trendlib.runs import TIMEOUT_SECONDS

KERNEL = "python3"
ATTEMPTS = 2
"""How often a sentence is tried, if the worker dies of it, or a worker is started."""
POLL_SECONDS = 0.5
START_SECONDS = 300
"""How long a worker may take to start, and to load the model."""

SURROUNDINGS = {
    "TOKENIZERS_PARALLELISM": "false",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}
"""Whatever the caller's environment says: another backend would show no figures in a notebook."""
ARGUMENTS = ["--HistoryManager.enabled=False", "--InteractiveShellApp.ignore_cwd=True"]
"""A file in the current folder must not take the place of a library that has its name. (Python's
own option for that would make ipykernel drop the first folder of PYTHONPATH.)"""

Batch = tuple[str, ...]


class WorkerError(RuntimeError):
    """A worker raised an error that has nothing to do with its sentence."""


class WorkerDiedError(RuntimeError):
    """A worker's process has ended."""


class WorkerTimeoutError(WorkerDiedError):
    """A worker was killed because it took too long."""


class _StoppedError(RuntimeError):
    """The run is being stopped."""


class WarmKernel:
    """A kernel that runs functions of ``worker`` and notebooks."""

    def __init__(self, threads: int, output: int | IO[bytes] = subprocess.DEVNULL) -> None:
        """Start the kernel's process.

        Args:
            threads: How many threads its numerical libraries may use.
            output: Where its process writes; kernels print warnings.
        """
        self.manager = AsyncKernelManager(kernel_name=KERNEL)
        limit = str(threads)
        run_sync(self.manager.start_kernel)(
            env={**os.environ, **SURROUNDINGS, "OMP_NUM_THREADS": limit},
            extra_arguments=ARGUMENTS,
            stdout=output,
            stderr=output,
        )
        self.client: AsyncKernelClient = self.manager.client()
        self._timed_out = False

    @contextmanager
    def limited(self, seconds: float) -> Iterator[None]:
        """Kill the kernel if the work inside takes too long.

        Raises:
            WorkerTimeoutError: If it did.
        """
        timer = threading.Timer(seconds, self._time_out)
        timer.daemon = True
        timer.start()
        try:
            yield
        except Exception as error:
            if self._timed_out:
                raise WorkerTimeoutError(f"no answer in {seconds:,g} s") from error
            raise
        finally:
            timer.cancel()

    def _time_out(self) -> None:
        self._timed_out = True
        self.kill()

    def wait_until_ready(self) -> None:
        """Wait until the kernel answers.

        Raises:
            WorkerDiedError: If it dies before, or takes too long.
        """
        self.client.start_channels(stdin=False)  # input() is an error: nobody would answer
        try:
            run_sync(self.client.wait_for_ready)(timeout=START_SECONDS)
        except RuntimeError as error:
            raise WorkerDiedError(str(error)) from error
        # Until the model is loaded: to look again and again at the many objects that loading makes,
        # all of which stay, takes a quarter of its time. `worker.prepare` turns it on again.
        self._reply(self.client.execute("import gc; gc.disable()", silent=True))
        # The kernel has read it; if this process is killed, nobody else would remove it.
        self.manager.cleanup_connection_file()

    def is_alive(self) -> bool:
        """Whether the kernel's process runs."""
        return bool(run_sync(self.manager.is_alive)())

    def call(self, function: str, **arguments: Any) -> Any:
        """Call a function of ``worker`` in the kernel.

        Raises:
            WorkerError: If it raises an error.
            WorkerDiedError: If the kernel dies.
        """
        module = "__import__('trendlib.runs.worker', fromlist=['worker'])"
        asked = f"{module}.answer({function!r}, {json.dumps(arguments)!r})"
        number = self.client.execute(
            "", silent=True, store_history=False, user_expressions={"answer": asked}
        )
        answer = self._reply(number)["user_expressions"]["answer"]
        if answer["status"] != "ok":
            raise WorkerError(f"{answer['ename']}: {answer['evalue']}")
        return answer["data"]["application/json"]["answer"]

    def kill(self) -> None:
        """Kill the kernel's process; any thread may do so."""
        provisioner: Any = self.manager.provisioner
        if provisioner is not None and provisioner.process is not None:
            provisioner.process.kill()

    def close(self) -> None:
        """Shut the kernel down, and close its channels."""
        self.client.stop_channels()
        run_sync(self.manager.shutdown_kernel)(now=True)

    def _reply(self, number: str) -> dict[str, Any]:
        while True:
            try:
                reply = run_sync(self.client.get_shell_msg)(timeout=POLL_SECONDS)
            except queue.Empty:
                if not self.is_alive():
                    raise WorkerDiedError("the worker died") from None
                continue
            if reply["parent_header"].get("msg_id") == number:
                content: dict[str, Any] = reply["content"]
                return content


class Workers:
    """Threads, each with its own warm kernel. A kernel that dies is replaced.

    No thread parses Python, or imports anything that does: in CPython 3.11, two threads that parse
    at the same time can fail with "AST constructor recursion depth mismatch".
    """

    def __init__(
        self,
        count: int,
        prepare: Callable[[WarmKernel], None],
        work: Callable[[WarmKernel, Batch], None],
        give_up: Callable[[str, str], None],
        timeout: float = TIMEOUT_SECONDS,
        output: int | IO[bytes] = subprocess.DEVNULL,
    ) -> None:
        """Set the work up; kernels start when there is work for them.

        Args:
            count: How many workers.
            prepare: What a new kernel does first.
            work: What to do with a batch of sentences.
            give_up: What to do with a sentence that has failed ``ATTEMPTS`` times or has taken
                too long, and the reason; called in the thread that takes the numbers from ``do``.
            timeout: Seconds that ``work`` may take. A batch that takes longer is split into its
                sentences, each of which may take as long again.
            output: Where the kernels' processes write.
        """
        self._prepare = prepare
        self._work = work
        self._give_up = give_up
        self._timeout = timeout
        self._output = output
        self._threads = max(1, usable_cores() // count)
        self._executor = ThreadPoolExecutor(count, thread_name_prefix="worker")
        self._own = threading.local()
        self._kernels: list[WarmKernel] = []
        self._stopping = threading.Event()

    def __enter__(self) -> Self:
        """Return itself; nothing is started yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """End all kernels at once, whatever they are doing."""
        self._stopping.set()
        self._executor.shutdown(wait=False, cancel_futures=True)
        for kernel in self._kernels:
            kernel.kill()
        self._executor.shutdown(wait=True)
        for kernel in self._kernels:
            kernel.close()

    def do(self, batches: Sequence[Batch]) -> Iterator[int]:
        """Start the work; yields the number of sentences of a batch whenever one is done.

        Raises:
            WorkerError: If a worker cannot be prepared.
            WorkerDiedError: If no worker can be started.
            OSError: If results cannot be written.
        """
        futures = {self._executor.submit(self._do, batch): batch for batch in batches}
        return (
            self._finished(future.result(), futures[future]) for future in as_completed(futures)
        )

    def _finished(self, failed: Mapping[str, str], batch: Batch) -> int:
        for sentence, why in failed.items():
            self._give_up(sentence, why)
        return len(batch)

    def _do(self, batch: Batch) -> dict[str, str]:
        """Work on a batch; returns the sentences that failed, and why."""
        why = ""
        for _ in range(ATTEMPTS):
            kernel = self._kernel()
            try:
                with kernel.limited(self._timeout):
                    self._work(kernel, batch)
            except OSError:  # results cannot be written: no sentence is to blame
                raise
            except Exception as error:
                if self._stopping.is_set():
                    raise _StoppedError from None
                if not isinstance(error, WorkerDiedError):
                    self._discard(kernel)  # who knows what it is doing
                if len(batch) > 1:  # one of them may be the cause: each alone, then
                    return {
                        failed: why
                        for sentence in batch
                        for failed, why in self._do((sentence,)).items()
                    }
                why = _why(error)
                if isinstance(error, WorkerTimeoutError):
                    break  # a second time would take as long again
            else:
                return {}
        return dict.fromkeys(batch, why)

    def _discard(self, kernel: WarmKernel) -> None:
        self._kernels.remove(kernel)
        self._own.kernel = None
        kernel.kill()
        kernel.close()

    def _kernel(self) -> WarmKernel:
        """Return this thread's kernel; a new one if it has none, or if its own is dead."""
        kernel: WarmKernel | None = getattr(self._own, "kernel", None)
        if kernel is not None and kernel.is_alive():
            return kernel
        for attempt in range(1, ATTEMPTS + 1):
            if self._stopping.is_set():
                raise _StoppedError
            self._own.kernel = kernel = WarmKernel(self._threads, self._output)
            self._kernels.append(kernel)
            if self._stopping.is_set():  # those that are listed by now may have been ended
                raise _StoppedError
            try:
                with kernel.limited(START_SECONDS):
                    kernel.wait_until_ready()
                    self._prepare(kernel)
                return kernel
            except WorkerDiedError as error:
                if attempt == ATTEMPTS and not self._stopping.is_set():
                    raise WorkerDiedError(
                        f"a worker died {ATTEMPTS} times while it loaded the model (not enough "
                        f"memory?): try fewer --jobs ({error})"
                    ) from error
        raise _StoppedError


def _why(error: Exception) -> str:
    if isinstance(error, WorkerTimeoutError):
        return f"{error}, so its worker was stopped: allow more time with --timeout"
    if isinstance(error, WorkerDiedError):
        return f"the worker died {ATTEMPTS} times on this sentence (killed, or out of memory)"
    return f"an error inside trendlib, {ATTEMPTS} times ({type(error).__name__}: {error})"


def usable_cores() -> int:
    """Count the processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
