"""The list of tutorials, one tutorial with its versions, and what is done with a published one."""

from typing import Any

from flask import Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from smart_app.library.reading import list_ai_features
from smart_app.organizations.job_roles import job_roles
from smart_app.organizations.permissions import Permission
from smart_app.services import services
from smart_app.studio.access import current_permissions, may
from smart_app.studio.blueprint import blueprint, to
from smart_app.studio.telling import tells
from smart_app.studio.tutorials import drafting, retiring
from smart_app.studio.tutorials.differing import compare
from smart_app.studio.tutorials.fields import as_file, from_json, one_line
from smart_app.studio.tutorials.listing import DUE_WORDS, PAGE, Filters, Line, is_stale, list_lines, narrowed
from smart_app.studio.tutorials.version_rules import State
from smart_app.studio.tutorials.versions import feature_of, versions_of
from smart_app.studio.undo import back_to
from smart_app.visits.session import current_visit

_STILL_RIGHT = tells("still-right", "Noted: you found it right for the AI feature as it is now.")
_BACK = tells("reinstated", "It is shown again.")


@blueprint.get("/<uuid:visit>/tutorials")
@may(Permission.TRAINER, Permission.REVIEWER)
def tutorials(**_: Any) -> ResponseReturnValue:
    """All tutorials, with search and filters."""
    visit, asked = current_visit(), request.args
    filters = Filters(
        words=asked.get("q", "")[:100],
        **{name: asked.get(name, "")[:60] for name in ("status", "role", "workflow", "ai_feature", "due")},
        stale=asked.get("stale") == "on",
    )
    with services().database.reading() as session:
        lines = list_lines(session, organization=visit.organization)
        roles = {role.id: role.title for role in job_roles(session, organization=visit.organization)}
    found = narrowed(lines, filters)
    at = max(1, int(asked.get("page", "1")) if asked.get("page", "1").isdecimal() else 1)
    return render_template(
        "studio/tutorials/list.html",
        here="studio.tutorials",
        lines=found[(at - 1) * PAGE : at * PAGE],
        found=len(found),
        total=len(lines),
        filters=filters,
        chosen=_chosen(lines, roles),
        roles={**roles, "everyone": "Everyone"},
        at=at,
        pages=-(-len(found) // PAGE),
        due_words=DUE_WORDS,
        states=[state.value for state in State if state is not State.DISCARDED],
        asked={name: value for name, value in asked.items() if name not in ("page", "said", "done")},
    )


@blueprint.route("/<uuid:visit>/tutorials/new", methods=["GET", "POST"])
@may(Permission.TRAINER)
def new_tutorial(**_: Any) -> ResponseReturnValue:
    """Begin a tutorial: its title and its AI feature, then the editor."""
    visit = current_visit()
    title, wrong = one_line(request.form.get("title", "")), ""
    if request.method == "POST":
        wrong = "" if 5 <= len(title) <= 60 else "Write a title of 5 to 60 characters."
    if request.method == "POST" and not wrong:
        with services().database.writing() as session:
            feature = one_line(request.form.get("ai_feature", ""))[:60]
            draft = drafting.begin(session, visit=visit, title=title, ai_feature=feature)
            session.commit()
        return redirect(to("studio.edit", draft=draft.id), 303)
    with services().database.reading() as session:
        known = list_ai_features(session, organization=visit.organization)
        named = [(feature.id, feature.name) for feature in known]
    page = render_template(
        "studio/tutorials/new.html", here="studio.tutorials", features=named, title=title, wrong=wrong
    )
    return page, 422 if wrong else 200


@blueprint.get("/<uuid:visit>/tutorials/<tutorial>")
@may(Permission.TRAINER, Permission.REVIEWER)
def tutorial(tutorial: str, **_: Any) -> ResponseReturnValue:
    """One tutorial: its versions, and what can be done with it."""
    visit = current_visit()
    with services().database.reading() as session:
        versions = versions_of(session, organization=visit.organization, tutorial=tutorial)
        draft = drafting.find_open(session, organization=visit.organization, tutorial=tutorial)
        feature = feature_of(session, versions[0]) if versions else None
    if not versions and draft is None:
        abort(404)
    newest = versions[0] if versions else None
    return render_template(
        "studio/tutorials/tutorial.html",
        here="studio.tutorials",
        tutorial=tutorial,
        title=newest.front_matter["title"] if newest else draft.fields["title"] if draft else "",
        versions=versions,
        newest=newest,
        draft=draft,
        feature=feature,
        stale=bool(newest and feature and is_stale(newest.feature_version, feature.version)),
        is_trainer=Permission.TRAINER in current_permissions(),
        is_reviewer=Permission.REVIEWER in current_permissions(),
    )


@blueprint.post("/<uuid:visit>/tutorials/<tutorial>/next")
@may(Permission.TRAINER)
def next_version(tutorial: str, **_: Any) -> ResponseReturnValue:
    """Write the next version, or go on with the one that is open."""
    with services().database.writing() as session:
        draft = drafting.begin_next(session, visit=current_visit(), tutorial=tutorial)
        session.commit()
    return redirect(to("studio.edit", draft=draft.id), 303)


@blueprint.post("/<uuid:visit>/tutorials/<tutorial>/retire")
@may(Permission.TRAINER)
def retire(tutorial: str, **_: Any) -> ResponseReturnValue:
    """Take it away from everybody."""
    visit = current_visit()
    with services().database.writing() as session:
        done = retiring.retire(session, visit=visit, held=current_permissions(), tutorial=tutorial)
        session.commit()
    return redirect(back_to("studio.tutorial", done, visit=visit, tutorial=tutorial), 303)


@blueprint.post("/<uuid:visit>/tutorials/<tutorial>/reinstate")
@may(Permission.TRAINER)
def reinstate(tutorial: str, **_: Any) -> ResponseReturnValue:
    """Show a retired one again."""
    with services().database.writing() as session:
        retiring.reinstate(session, visit=current_visit(), held=current_permissions(), tutorial=tutorial)
        session.commit()
    return redirect(to("studio.tutorial", tutorial=tutorial, said=_BACK), 303)


@blueprint.post("/<uuid:visit>/tutorials/<tutorial>/still-right")
@may(Permission.REVIEWER)
def still_right(tutorial: str, **_: Any) -> ResponseReturnValue:
    """The AI feature has changed, and the tutorial still fits."""
    with services().database.writing() as session:
        retiring.find_still_right(session, visit=current_visit(), tutorial=tutorial)
        session.commit()
    return redirect(to("studio.tutorial", tutorial=tutorial, said=_STILL_RIGHT), 303)


@blueprint.get("/<uuid:visit>/tutorials/<tutorial>/compare")
@may(Permission.TRAINER, Permission.REVIEWER)
def compare_versions(tutorial: str, **_: Any) -> ResponseReturnValue:
    """Two versions side by side; "draft" names the open draft."""
    visit = current_visit()
    with services().database.reading() as session:
        versions = versions_of(session, organization=visit.organization, tutorial=tutorial)
        known = {str(row.version): drafting.fields_of_version(session, row) for row in versions}
        draft = drafting.find_open(session, organization=visit.organization, tutorial=tutorial)
    if draft is not None:
        known["draft"] = from_json(draft.fields)
    if not known:
        abort(404)
    names = sorted(known, key=lambda name: (name == "draft", int(name) if name.isdecimal() else 0))
    left = request.args.get("left", names[-2] if len(names) > 1 else names[0])
    right = request.args.get("right", names[-1])
    if left not in known or right not in known:
        abort(404)
    return render_template(
        "studio/tutorials/compare.html",
        here="studio.tutorials",
        tutorial=tutorial,
        title=known[right].title,
        names=names,
        left=left,
        right=right,
        rows=compare(known[left], known[right]),
    )


@blueprint.get("/<uuid:visit>/tutorials/<tutorial>/file/<version>")
@may(Permission.TRAINER, Permission.REVIEWER)
def tutorial_file(tutorial: str, version: str, **_: Any) -> ResponseReturnValue:
    """The Markdown file of a version, or of the open draft."""
    visit = current_visit()
    with services().database.reading() as session:
        versions = versions_of(session, organization=visit.organization, tutorial=tutorial)
        found = {str(row.version): row.source for row in versions}
        draft = drafting.find_open(session, organization=visit.organization, tutorial=tutorial)
        if draft is not None:
            status = "draft" if draft.state == State.DRAFT else "in_review"
            fields = from_json(draft.fields)
            found["draft"] = as_file(fields, tutorial=tutorial, version=draft.version, status=status).text
    if version not in found:
        abort(404)
    answer = Response(found[version], mimetype="text/markdown")
    answer.headers["Content-Disposition"] = f'attachment; filename="{tutorial}.md"'
    return answer


def _chosen(lines: list[Line], roles: dict[str, str]) -> dict[str, list[tuple[str, str]]]:
    """What the filters offer: only what some tutorial has."""
    words = {**roles, "everyone": "Everyone"}
    here = {role for line in lines for role in line.roles}
    return {
        "role": [(role, title) for role, title in words.items() if role in here],
        "workflow": [(each, each.replace("-", " ")) for each in sorted({line.workflow for line in lines} - {""})],
        "ai_feature": sorted(
            {(line.ai_feature, line.feature_name or line.ai_feature) for line in lines if line.ai_feature},
            key=lambda option: option[1].casefold(),
        ),
    }
