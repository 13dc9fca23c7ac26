"""Library in files: take it out, send files in, read what they would change, publish or put away."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from smart_app.library.archive import MOST_ARCHIVE, ArchiveRefused, as_zip, files_of, read_zip
from smart_app.library.exporting import library_files
from smart_app.library.findings import Finding
from smart_app.library.importing import ImportRefused
from smart_app.organizations.permissions import Permission
from smart_app.organizations.verbs import write_audit
from smart_app.security import takes
from smart_app.services import services
from smart_app.studio.access import holds, may
from smart_app.studio.blueprint import blueprint, to
from smart_app.studio.files import uploading
from smart_app.studio.files.uploading import NoSuchUpload, NotNow
from smart_app.studio.telling import tells
from smart_app.studio.undo import back_to
from smart_app.visits.session import current_visit

if TYPE_CHECKING:
    from smart_app.studio.files.models import LibraryUpload

SENT = tells("files-sent", "Nothing is changed yet. A reviewer who did not send these files reads and publishes them.")
TAKEN_IN = tells("files-published", "Published. Clinicians see it from now on.")
_ANY = (Permission.TRAINER, Permission.REVIEWER, Permission.ANALYST)


@blueprint.get("/<uuid:visit>/files")
@may(*_ANY)
def files(**_: Any) -> ResponseReturnValue:
    """What waits, and the forms."""
    return _files_page()


@blueprint.post("/<uuid:visit>/files")
@may(Permission.TRAINER)
@takes(MOST_ARCHIVE + 256 * 1024)
def send_files(**_: Any) -> ResponseReturnValue:
    """A dry run of what was sent; kept for a second person where nothing is wrong with it."""
    visit, author = current_visit(), " ".join(request.form.get("author", "").split())
    try:
        name, given = _given()
        with services().database.writing() as session:
            row = uploading.take_up(session, visit=visit, name=name, author=author, files=given, keys=services().keys)
            session.commit()
    except ImportRefused as refused:
        return _files_page(findings=refused.findings, author=author), 400
    except (ArchiveRefused, NotNow) as refused:
        return _files_page(wrong=str(refused), author=author), 400
    return redirect(to("studio.files_sent", upload=row.id, said=SENT), 303)


@blueprint.post("/<uuid:visit>/files/export")
@may(*_ANY)
def export_files(**_: Any) -> ResponseReturnValue:
    """The whole library as a zip; the audit says who took it."""
    visit = current_visit()
    with services().database.writing() as session:
        content = as_zip(library_files(session, organization=visit.organization, keys=services().keys))
        details = {"bytes": len(content)}
        write_audit(
            session,
            organization=visit.organization,
            actor=visit.learner.hex,
            action="library exported",
            details=details,
        )
        session.commit()
    return _zip(content, "library.zip")


@blueprint.get("/<uuid:visit>/files/<uuid:upload>")
@may(*_ANY)
def files_sent(upload: UUID, **_: Any) -> ResponseReturnValue:
    """What they would change."""
    return _upload_page(upload)


@blueprint.post("/<uuid:visit>/files/<uuid:upload>/publish")
@may(Permission.REVIEWER)
def publish_files(upload: UUID, **_: Any) -> ResponseReturnValue:
    """By a second person."""
    visit, name = current_visit(), " ".join(request.form.get("name", "").split())
    try:
        with services().database.writing() as session:
            row = _found(lambda: uploading.get_upload(session, visit=visit, upload=upload))
            uploading.publish(session, visit=visit, row=row, name=name, keys=services().keys)
            session.commit()
    except ImportRefused as refused:
        return _upload_page(upload, findings=refused.findings), 409
    except NotNow as refused:
        return _upload_page(upload, wrong=str(refused)), 409
    return redirect(to("studio.files_sent", upload=upload, said=TAKEN_IN), 303)


@blueprint.post("/<uuid:visit>/files/<uuid:upload>/away")
@may(Permission.TRAINER, Permission.REVIEWER)
def put_files_away(upload: UUID, **_: Any) -> ResponseReturnValue:
    """They wait no longer."""
    visit = current_visit()
    try:
        with services().database.writing() as session:
            row = _found(lambda: uploading.get_upload(session, visit=visit, upload=upload))
            step = uploading.put_away(session, visit=visit, row=row)
            session.commit()
    except NotNow as refused:
        return _upload_page(upload, wrong=str(refused)), 409
    return redirect(back_to("studio.files", step, visit=visit), 303)


@blueprint.post("/<uuid:visit>/files/<uuid:upload>/before")
@may(*_ANY)
def files_before(upload: UUID, **_: Any) -> ResponseReturnValue:
    """The library as it was before these files were published."""
    with services().database.reading() as session:
        row = _found(lambda: uploading.get_upload(session, visit=current_visit(), upload=upload))
        content = row.before
    return _zip(content, "library-before.zip") if content is not None else abort(404)


def _given() -> tuple[str, dict[str, bytes]]:
    """One zip, or the files themselves. Raises ArchiveRefused, NotNow."""
    sent: list[FileStorage] = [
        each for field in ("files", "folder") for each in request.files.getlist(field) if each.filename
    ]
    if not sent:
        raise NotNow("Choose a zip, or the files of a library.")
    first = sent[0].filename or ""
    if len(sent) == 1 and first.lower().endswith(".zip"):
        return first.replace("\\", "/").rpartition("/")[2], read_zip(sent[0].read())
    return first.partition("/")[0] or "files", files_of((each.filename or "", each.read()) for each in sent)


def _files_page(*, findings: list[Finding] | None = None, wrong: str = "", author: str = "") -> str:
    with services().database.reading() as session:
        kept = uploading.uploads(session, visit=current_visit())
    return render_template(
        "studio/files/files.html",
        uploads=kept,
        findings=findings or [],
        wrong=wrong,
        author=author,
        may_send=holds(Permission.TRAINER),
    )


def _upload_page(upload: UUID, *, findings: list[Finding] | None = None, wrong: str = "") -> str:
    visit = current_visit()
    with services().database.reading() as session:
        row = _found(lambda: uploading.get_upload(session, visit=visit, upload=upload))
        waiting = row.state == uploading.WAITING
        changes = uploading.differences_of(session, visit=visit, row=row, keys=services().keys) if waiting else []
        second = uploading.may_publish(session, visit=visit, row=row)
        has_before = row.before is not None
    return render_template(
        "studio/files/upload.html",
        here="studio.files",
        row=row,
        changes=changes,
        waiting=waiting,
        second=second,
        may_publish=second and holds(Permission.REVIEWER),
        may_put_away=holds(Permission.TRAINER, Permission.REVIEWER),
        has_before=has_before,
        findings=findings or [],
        wrong=wrong,
    )


def _found(get: "Callable[[], LibraryUpload]") -> "LibraryUpload":
    try:
        return get()
    except NoSuchUpload:
        abort(404)


def _zip(content: bytes, name: str) -> Response:
    answer = Response(content, mimetype="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
