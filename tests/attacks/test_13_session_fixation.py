"""Attack 13: a session id known beforehand is planted in the victim's browser."""

from smart_app.visits.cookies import PREFIX
from tests.plugins.app import RealApp


def test_a_launch_gives_a_new_id_and_secret_whatever_cookies_are_there(app: RealApp) -> None:
    attacker = app.launch(person="prac-1")
    victim = app.browser()
    for name, value in attacker.cookies.items():
        victim.client.set_cookie(name, value, domain="localhost", secure=True)
    app.records.add_nurse("prac-2")
    app.launch(victim, person="prac-2")
    assert victim.visit != attacker.visit
    assert not set(victim.cookies.values()) & set(attacker.cookies.values())


def test_the_planted_session_is_over(app: RealApp) -> None:
    attacker = app.launch(person="prac-1")
    victim = app.browser()
    for name, value in attacker.cookies.items():
        victim.client.set_cookie(name, value, domain="localhost", secure=True)
    app.records.add_nurse("prac-2")
    app.launch(victim, person="prac-2")
    assert attacker.get().status_code == 401


def test_a_cookie_of_the_attackers_making_opens_nothing(app: RealApp) -> None:
    victim = app.launch()
    stranger = app.browser()
    stranger.home = victim.home
    name = PREFIX + victim.visit.hex
    for value in ("", "x", f"{'A' * 43}.{29_000_000}.{'0' * 32}", next(iter(victim.cookies.values()))[:-1]):
        stranger.client.set_cookie(name, value, domain="localhost", secure=True)
        assert stranger.get().status_code == 401


def test_one_visits_cookie_under_anothers_name_opens_nothing(app: RealApp) -> None:
    app.records.add_nurse("prac-2")
    hers, his = app.launch(person="prac-1"), app.launch(person="prac-2")
    his.client.set_cookie(PREFIX + hers.visit.hex, next(iter(his.cookies.values())), domain="localhost", secure=True)
    his.home = hers.home
    assert his.get().status_code == 401


def test_neither_the_secret_nor_the_time_of_a_cookie_can_be_exchanged(app: RealApp) -> None:
    victim = app.launch()
    name, value = next(iter(victim.cookies.items()))
    secret, minute, seal = value.split(".")
    for altered in (f"{'A' * 43}.{minute}.{seal}", f"{secret}.{int(minute) + 60}.{seal}"):
        victim.client.set_cookie(name, altered, domain="localhost", secure=True)
        assert victim.get().status_code == 401
