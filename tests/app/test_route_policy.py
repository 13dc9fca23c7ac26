"""A visit's cookie opens that visit alone, and reading writes nothing. Who may open what is in tests/house."""

import re

from sqlalchemy import event, func, select
from sqlalchemy.engine import Connection

from smart_app.db import Base
from tests.plugins.app import BASE_URL, OUR_PAGE, RealApp, Visitor


def paths(app: RealApp, visitor: Visitor, method: str) -> list[str]:
    """Every path of a visit that takes `method`."""
    found = []
    for rule in app.app.url_map.iter_rules():
        if rule.rule.startswith("/v/") and method in (rule.methods or set()):
            path = rule.rule.replace("<uuid:visit>", str(visitor.visit))
            found.append(re.sub(r"<[^>]+>", "inbox-draft-reply", path))
    assert found
    return found


def test_with_the_cookie_of_another_learners_visit_no_page_opens(app: RealApp) -> None:
    app.records.add_nurse("prac-2")
    hers, his = app.launch(person="prac-1"), app.launch(person="prac-2")
    for method in ("GET", "POST"):
        for path in paths(app, hers, method):
            answer = his.client.open(path, method=method, headers=OUR_PAGE, base_url=BASE_URL)
            assert answer.status_code == 401, path


def test_a_get_commits_nothing(app: RealApp) -> None:
    visitor = app.launch()
    app.write_reports()
    commits: list[str] = []

    def told(_: Connection) -> None:
        commits.append("a commit")

    event.listen(app.database.engine, "commit", told)
    before = row_counts(app)
    for path in paths(app, visitor, "GET"):
        visitor.client.get(path, base_url=BASE_URL)
        visitor.client.get(path, base_url=BASE_URL, query_string={"hidden": "x", "from": "y", "format": "csv"})
    for path in ("/healthz", "/readyz", "/launch/callback/ehr", "/.well-known/jwks.json"):
        app.app.test_client().get(path, base_url=BASE_URL)
    assert row_counts(app) - before <= 1  # the report of the callback page without a reply
    assert len(commits) <= 1


def row_counts(app: RealApp) -> int:
    with app.database.reading() as session:
        tables = Base.metadata.sorted_tables
        return sum(session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)
