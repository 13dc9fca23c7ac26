"""The chart page: an EHR's screen with the app in its sidebar."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

blueprint = Blueprint("chart", __name__)


@blueprint.get("/")
def show() -> ResponseReturnValue:
    return "chart"
