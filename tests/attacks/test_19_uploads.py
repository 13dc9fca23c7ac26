"""Attack 19: pictures that are something else. Only dots are kept; they are served as pictures and nothing more."""

import io
import struct
import zlib
from uuid import uuid4

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from sqlalchemy import select

from smart_app.library.models import PictureRow
from smart_app.library.pictures import PictureRefused, remake
from smart_app.library.rendering import sanitized
from smart_app.organizations.permissions import Permission
from tests.plugins.app import RealApp
from tests.plugins.studio import Studio
from tests.studio.tutorials.desk import Desk

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="99" height="99"><script>alert(1)</script></svg>'
ALT = "The Handoff tab with the draft open"


def drawn(kind: str = "PNG", size: tuple[int, int] = (400, 300), **more: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, kind, **more)
    return out.getvalue()


def bomb() -> bytes:
    """A PNG of 20,000 x 20,000 dots in a few bytes."""
    head = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


def with_hidden_text() -> bytes:
    """A picture that carries a script in its metadata and after its end."""
    hidden = PngInfo()
    hidden.add_text("Comment", "<script>alert('canary-metadata')</script>")
    return drawn(pnginfo=hidden) + b"<script>canary-after</script>"


@pytest.fixture
def desk(library: RealApp, studio: Studio) -> Desk:
    desk = Desk(studio(Permission.TRAINER))
    desk.begins()
    return desk


def sent(desk: Desk, content: bytes, *, name: str = "picture.png", alt: str = ALT) -> tuple[int, str]:
    answer = desk.visitor.client.post(
        f"{desk.visitor.home}{desk.editor}/pictures",
        data={"alt": alt, "picture": (io.BytesIO(content), name)},
        base_url="http://localhost:8000",
        headers={"Sec-Fetch-Site": "same-origin", "X-Preceptor": "1"},
    )
    answer.request.environ["wsgi.input"].close()  # of a large body the test client made a file
    return answer.status_code, answer.text


REFUSED = {
    "svg with a script": SVG,
    "svg by another name": b"\n  " + SVG,
    "html": b"<!doctype html><script>alert(1)</script>",
    "gif": drawn("GIF"),
    "bmp": drawn("BMP"),
    "tiff": drawn("TIFF"),
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "nothing": b"",
    "a png that ends too soon": drawn()[:120],
    "a bomb": bomb(),
    "three megabytes and one": b"\x89PNG\r\n\x1a\n" + b"\0" * 3_000_001,
    "too small": drawn(size=(4, 4)),
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED)
def test_what_is_no_picture_of_ours_is_refused(library: RealApp, desk: Desk, content: bytes) -> None:
    for name in ("picture.png", "picture.svg", "../../picture.jpg"):
        status, _ = sent(desk, content, name=name)
        assert status in (413, 422)
    with library.database.reading() as session:
        assert session.scalars(select(PictureRow.name)).all() == []


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_three_kinds_are_made_anew(kind: str) -> None:
    given = drawn(kind, size=(2400, 1200))
    made = remake(given)
    assert made.content != given
    assert (made.width, made.height) == (1200, 600)


def test_nothing_but_the_dots_is_kept(library: RealApp, desk: Desk) -> None:
    assert sent(desk, with_hidden_text())[0] == 303
    with library.database.reading() as session:
        (kept,) = session.scalars(select(PictureRow.content))
    assert b"canary" not in kept
    with pytest.raises(PictureRefused):
        remake(SVG)


def test_the_place_where_it_was_taken_is_not_kept() -> None:
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (52.0, 31.0, 12.0)}
    exif[0x010E] = "canary-description"
    made = remake(drawn("JPEG", exif=exif))
    assert b"canary" not in made.content
    assert not Image.open(io.BytesIO(made.content)).getexif()


def test_without_words_for_those_who_cannot_see_it_there_is_no_picture(desk: Desk) -> None:
    status, page = sent(desk, drawn(), alt="  ")
    assert status == 422
    assert "Say what it shows" in page


def test_it_is_served_as_a_picture_and_nothing_more(desk: Desk) -> None:
    sent(desk, drawn())
    answer = desk.get(f"{desk.editor}/pictures/the-handoff-tab-with-the-draft-open.png")
    assert answer.status_code == 200
    assert answer.mimetype == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_another_organizations_picture_is_not_there(library: RealApp, desk: Desk) -> None:
    sent(desk, drawn())
    with library.database.writing() as session:
        for row in session.scalars(select(PictureRow)):
            session.add(
                PictureRow(
                    organization=uuid4(),
                    name="theirs.png",
                    **{name: getattr(row, name) for name in ("kind", "alt", "width", "height", "content")},
                    added_by="x",
                    added_at=row.added_at,
                )
            )
        session.commit()
    assert desk.get(f"{desk.editor}/pictures/theirs.png").status_code == 404


@pytest.mark.parametrize(
    "text",
    [
        "![x](https://evil.example/x.png)",
        "![x](//evil.example/x.png)",
        "![x](data:image/png;base64,AAAA)",
        "![x](/v/other/pictures/x.png)",
        "![x](../x.png)",
        "![x](x.svg)",
        "![x](javascript:alert(1))",
        '<img src="https://evil.example/x.png">',
        "![x][r]\n\n[r]: https://evil.example/x.png",
    ],
)
def test_no_part_shows_a_picture_from_elsewhere(desk: Desk, text: str) -> None:
    desk.saves(desk.editor, {"why": f"Look here. {text}"})
    page = desk.get(f"{desk.editor}/seen/why")
    assert "<img" not in page.text
    assert "img-src 'self'" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "address", ["https://evil.example/a.png", "pictures/../a.png", "pictures/a.svg", "pictures/A.png"]
)
def test_the_sanitizer_lets_no_other_picture_through(address: str) -> None:
    assert sanitized(f'<img src="{address}" alt="a">') == '<img alt="a">'
