"""The coverage matrix: job roles by AI features, and where no tutorial is."""

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from smart_app.library.coverage import Feature, Matrix, coverage
from smart_app.organizations.permissions import Permission
from smart_app.services import services
from smart_app.studio.access import may
from smart_app.studio.blueprint import blueprint
from smart_app.studio.targeting.surroundings import Surroundings, surroundings
from smart_app.studio.targeting.target_form import people_by_role
from smart_app.visits.session import current_visit


@blueprint.get("/<uuid:visit>/coverage", endpoint="coverage")
@may(Permission.TRAINER, Permission.REVIEWER, Permission.LEADER, Permission.ANALYST)
def coverage_page(**_: Any) -> ResponseReturnValue:
    """The matrix; `holes=1`: only rows with a hole."""
    only_holes = request.args.get("holes") == "1"
    with services().database.reading() as session:
        around = surroundings(session, organization=current_visit().organization)
    matrix = _matrix(around)
    rows = [row for row in matrix.rows if not only_holes or any(cell.state == "hole" for cell in row[1])]
    return render_template(
        "studio/targeting/coverage.html",
        matrix=matrix,
        rows=rows,
        only_holes=only_holes,
        titles={role.id: role.title for role in around.roles},
        people=people_by_role(around),
        not_said=[feature.name for feature in matrix.features if feature.status == "live" and not feature.roles],
    )


def _matrix(around: Surroundings) -> Matrix:
    features = tuple(
        Feature(feature, facts.name, facts.status, facts.roles or _by_roster(around, feature))
        for feature, facts in sorted(around.catalogue.features.items(), key=lambda each: each[1].name)
    )
    return coverage([role.id for role in around.roles], features, around.catalogue.targets)


def _by_roster(around: Surroundings, feature: str) -> frozenset[str]:
    """Where the registry does not say who has a feature, the roster may."""
    return frozenset(
        role for group in around.people if group.features and feature in group.features for role in group.job_roles
    )
