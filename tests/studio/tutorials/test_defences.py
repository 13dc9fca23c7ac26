"""What stands behind another defence, asked by itself."""

import io

import pytest
from PIL import Image

from smart_app.library import pictures
from smart_app.library.pictures import PictureRefused, remake
from smart_app.library.rendering import sanitized, with_pictures_at


def test_the_sanitizer_knows_the_tags_of_a_tutorial_and_no_other() -> None:
    assert sanitized("<script>x</script><p onclick=x>a</p><iframe src=x></iframe>") == "<p>a</p>"
    assert sanitized('<a href="javascript:x">a</a>') == "<a>a</a>"


def test_a_picture_of_too_many_dots_is_refused_unopened(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.BytesIO()
    Image.new("RGB", (300, 300)).save(out, "PNG")
    monkeypatch.setattr(pictures, "MOST_DOTS", 300 * 300 - 1)
    with pytest.raises(PictureRefused, match="dots"):
        remake(out.getvalue())


def test_only_the_address_of_a_picture_is_changed_for_a_page() -> None:
    text = '<p>src="pictures/a.png"</p><img src="pictures/b.png" alt="pictures/c.png">'
    assert with_pictures_at(text, "/v/1/pictures/") == (
        '<p>src="pictures/a.png"</p><img src="/v/1/pictures/b.png" alt="pictures/c.png">'
    )
