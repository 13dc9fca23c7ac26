"""The HTTP server under the tests' own EHRs and proxies."""

import sys
from http.server import ThreadingHTTPServer
from typing import Any


class TestServer(ThreadingHTTPServer):
    """A client that went away is no error, as in any server.

    The standard library would tell it as one, from a thread, and parses source for that: where a test does so in the
    same moment, Python 3.11 can mix up the two (python/cpython#106905).
    """

    __test__ = False
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)
