"""Fetch the weights of a model, and check them: ``fetch.py --model bert-base-uncased``.

With ``--attempts``, a hub that cannot be reached, or is busy, is asked again after a while. Each
attempt is a process of its own: in this one, a download that was given up would still wait, and
hold the client's lock.
"""

import argparse
import subprocess
import sys
import time

from trendlib.cli.options import NOT_RUN, OK, WRONG_USE, fallback_told, positive
from trendlib.errors import ModelNotReachableError, TrendlibError
from trendlib.model.weights import AUTO

FIRST_WAIT = 30.0
"""Seconds between the first two attempts; each further pause is twice as long."""


def main() -> int:
    """Run the command; returns its exit status, which is 3 if the hub cannot be reached."""
    parser = argparse.ArgumentParser(description="Fetch the weights of a model, and check them.")
    parser.add_argument("--model", default=AUTO, help="the model (default: %(default)s)")
    parser.add_argument(
        "--attempts",
        type=positive,
        default=1,
        help="how often to try (default: %(default)s)",
    )
    options = parser.parse_args()
    if options.attempts == 1:
        return fetch(options.model)
    return fetch_patiently(options.model, options.attempts)


def fetch(model: str) -> int:
    """Find or download the files of a model, and load it, which checks them; returns a status."""
    from trendlib.model.encoder import load_encoder

    try:
        with fallback_told():
            found = load_encoder(model).provenance
    except ModelNotReachableError as error:
        print(f"fetch: {error}", file=sys.stderr)
        return NOT_RUN
    except TrendlibError as error:
        print(f"fetch: {error}", file=sys.stderr)
        return WRONG_USE
    print(f"{found.model}, {found.revision}: its weights have sha256 {found.weights_sha256}")
    return OK


def fetch_patiently(model: str, attempts: int) -> int:
    """Fetch a model, again while the hub cannot be reached; returns the last status."""
    command = [sys.executable, __file__, "--model", model]
    for wait in (FIRST_WAIT * 2**number for number in range(attempts - 1)):
        status = subprocess.run(command, check=False).returncode
        if status != NOT_RUN:
            return status
        print(f"fetch: trying again in {wait:g} s", file=sys.stderr, flush=True)
        time.sleep(wait)
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
