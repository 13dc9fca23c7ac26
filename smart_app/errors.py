"""Pages for what goes wrong: in plain words, each with a reference, never with a stack trace."""

import secrets
from http import HTTPStatus

from flask import Flask, g, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from smart_app.logs import get_logger

log = get_logger(__name__)

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_REOPEN = "Close this panel and open Preceptor again from the chart."
_RETRY_SECONDS = 5
_A_MINUTE = 60
"""Rates are counted by the minute."""
_TELL = "Still not? Give your EHR analyst the reference below."


class ProductError(Exception):
    """Something a person must be told: what happened, and what to do."""

    def __init__(self, *, status: int, title: str, what_happened: str, what_to_do: tuple[str, ...] = ()) -> None:
        """`status`: of HTTP. The texts are plain sentences, without values from outside."""
        super().__init__(title)
        self.status = status
        self.title = title
        self.what_happened = what_happened
        self.what_to_do = what_to_do


def not_signed_in() -> ProductError:
    """401 for a page of a visit that is over or belongs to another browser."""
    return ProductError(
        status=401,
        title="This visit has ended",
        what_happened="Preceptor closes a visit after a while, at sign-out, and when somebody else opens it here. "
        "What you finished is kept. The chart is not affected.",
        what_to_do=(_REOPEN,),
    )


_SAID: dict[int, ProductError] = {
    error.status: error
    for error in (
        ProductError(
            status=400,
            title="That did not arrive whole",
            what_happened="Preceptor could not read what the page sent. Nothing was recorded.",
            what_to_do=("Go back and try once more.", _TELL),
        ),
        ProductError(
            status=403,
            title="That page may not do this",
            what_happened="What was sent did not come from Preceptor's own page, so nothing was recorded.",
            what_to_do=(_REOPEN, _TELL),
        ),
        ProductError(
            status=404,
            title="There is no such page",
            what_happened="The address leads nowhere. The chart is not affected.",
            what_to_do=(_REOPEN,),
        ),
        ProductError(
            status=405,
            title="That page is opened another way",
            what_happened="The address exists, but not for this. Nothing was recorded.",
            what_to_do=(_REOPEN,),
        ),
        ProductError(
            status=409,
            title="That was sent before, with something else in it",
            what_happened="The first one counts. Nothing was recorded twice.",
            what_to_do=("Go back, load the page again and try once more.",),
        ),
        ProductError(
            status=411,
            title="That did not say how long it is",
            what_happened="Preceptor takes no form without its length. Nothing was recorded.",
            what_to_do=("Go back and try once more.", _TELL),
        ),
        ProductError(
            status=413,
            title="That is too long",
            what_happened="What was sent is larger than this page takes. Nothing was recorded.",
            what_to_do=("Go back and send less.",),
        ),
        ProductError(
            status=429,
            title="That was a lot at once",
            what_happened="Preceptor takes a short break from this page. Nothing was lost.",
            what_to_do=("Wait a minute, then try once more.",),
        ),
        ProductError(
            status=503,
            title="Preceptor cannot write just now",
            what_happened="The record cannot be kept at this moment, so nothing was recorded. Reading works.",
            what_to_do=("Try once more in a minute.", _TELL),
        ),
    )
}
_BROKEN = ProductError(
    status=500,
    title="Preceptor made a mistake",
    what_happened="Something in Preceptor failed. The chart is not affected.",
    what_to_do=(_REOPEN, _TELL),
)


def new_reference() -> str:
    """A reference that people can read out, say "7F3K-92QD"."""
    drawn = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return f"{drawn[:4]}-{drawn[4:]}"


def page(error: ProductError, *, reference: str | None = None) -> tuple[str, int]:
    """The page for `error`, and its status."""
    template = "studio/error.html" if request.path.startswith("/studio/") else "error.html"
    html = render_template(template, error=error, reference=reference or new_reference())
    return html, error.status


def register(app: Flask) -> None:
    """Answer every error of the app with a page of its own."""
    app.register_error_handler(ProductError, _on_product_error)
    app.register_error_handler(HTTPException, _on_http_exception)
    app.register_error_handler(OperationalError, _on_database_away)
    app.register_error_handler(PoolTimeout, _on_database_away)
    app.register_error_handler(DataError, _on_unfit_data)
    app.register_error_handler(Exception, _on_fault)


def _on_product_error(error: ProductError) -> ResponseReturnValue:
    reference = new_reference()
    log.info("refused", reference=reference, status=error.status, title=error.title, path=request.path)
    return page(error, reference=reference)


def _on_http_exception(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400:
        return error.get_response()
    reference = new_reference()
    log.info("refused", reference=reference, status=status, path=request.path)
    html, _ = page(_SAID.get(status, _BROKEN if status >= 500 else _SAID[400]), reference=reference)
    kept = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        kept.setdefault("Retry-After", str(_A_MINUTE))
    return html, status, kept


def _on_database_away(error: Exception) -> ResponseReturnValue:
    """503: locked, full or down. It mends itself, so the browser is told when to come back."""
    reference = new_reference()
    log.error("database away", reference=reference, path=request.path, exc_info=error)
    g.pop("visit", None)  # a page that names the visit would ask the database again
    html, status = page(_SAID[503], reference=reference)
    return html, status, {"Retry-After": str(_RETRY_SECONDS)}


def _on_unfit_data(error: Exception) -> ResponseReturnValue:
    """400: PostgreSQL takes no NUL in a text, and none that is longer than its column."""
    reference = new_reference()
    log.error("unfit data", reference=reference, path=request.path, exc_info=error)
    return page(_SAID[400], reference=reference)


def _on_fault(error: Exception) -> ResponseReturnValue:
    reference = new_reference()
    log.error("fault", reference=reference, path=request.path, exc_info=error)
    return page(_BROKEN, reference=reference)
