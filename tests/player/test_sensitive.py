"""Of an AI feature that the organization marked sensitive, only the day is kept."""

import pytest

from tests.player.conftest import Arrive, House
from tests.player.test_playing import play_to_the_end

pytestmark = pytest.mark.parametrize("sensitive", [True])


def test_a_sensitive_feature_leaves_neither_time_nor_context(arrive: Arrive, house: House) -> None:
    reader = arrive()
    page = play_to_the_end(reader)
    assert "Records used , on your word: the day" in page.text
    reader.press(page, "I used it on this task")
    reader.press(reader.open(), "Verify card")
    rows = house.events()
    assert {"AI feature used", "verify card opened", "tutorial finished"} <= {row.type for row in rows}
    for row in rows:
        assert row.context == {}, row.type
        assert (row.occurred_at.hour, row.occurred_at.minute, row.seconds) == (0, 0, None), row.type
        assert row.event_id.version == 4, row.type
