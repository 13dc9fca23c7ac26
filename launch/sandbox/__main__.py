"""`python -m launch.sandbox`: serve a sandbox EHR until it is told to stop."""

import argparse
import json
import signal
import sys
from pathlib import Path
from types import FrameType

from launch.sandbox.server import bind, make_source
from launch.sandbox.styles import STYLES


def main(arguments: list[str] | None = None) -> int:
    """Parse, bind, say `ready URL` on stdout, serve. Exit code 2: a mistake in the arguments."""
    options = _parser().parse_args(arguments)
    try:
        clients = json.loads(options.clients.read_text("utf-8")) if options.clients else []
        source = make_source(fixtures=options.fixtures, fhir=options.fhir)
        ehr, server = bind(host=options.host, port=options.port, source=source, clients=clients, style=options.style)
    except (OSError, ValueError) as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 2
    if options.token_seconds is not None:
        ehr.behaviour.token_seconds = options.token_seconds
    signal.signal(signal.SIGTERM, _stop)
    print(f"ready {ehr.base_url}/", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        ehr.faults.clear()
        server.server_close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m launch.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=9000, help="0 takes a free one (default: %(default)s)")
    behind = parser.add_mutually_exclusive_group()
    behind.add_argument("--fixtures", type=Path, metavar="DIR", help="folder of FHIR bundles to serve")
    behind.add_argument("--fhir", metavar="URL", help="serve what this FHIR R4 base holds")
    parser.add_argument("--clients", type=Path, metavar="FILE", help="registered apps, a JSON list")
    parser.add_argument("--style", choices=list(STYLES), default="plain", help="which EHR to behave like")
    parser.add_argument(
        "--token-seconds", type=int, help="life of an access token (default: the style's, most often 3600)"
    )
    return parser


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
