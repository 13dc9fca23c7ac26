"""The key ring: who may read it, what it encrypts, what rotation keeps."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from smart_app import keys as key_file
from smart_app.cli import main
from smart_app.keys import KeyRing, KeysError, UnreadableCiphertext


@pytest.fixture
def ring(key_path: Path) -> KeyRing:
    return KeyRing.load(key_path)


def test_a_new_key_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "deeper" / "keys.json"
    key_file.generate(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert {key["use"] for key in json.loads(path.read_text())["keys"]} == {"sig", "enc", "hash"}


def test_a_file_that_others_can_read_is_refused(key_path: Path) -> None:
    key_path.chmod(0o640)
    with pytest.raises(KeysError, match="chmod 600"):
        KeyRing.load(key_path)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"keys": [1]}', '{"keys": []}'])
def test_a_file_that_is_no_key_set_is_refused_in_words(key_path: Path, content: str) -> None:
    key_path.write_text(content)
    with pytest.raises(KeysError):
        KeyRing.load(key_path)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(KeysError, match="preceptor keys generate"):
        KeyRing.load(tmp_path / "keys.json")


def test_what_is_encrypted_is_read_again_at_its_place_only(ring: KeyRing) -> None:
    cipher = ring.encrypt(b"secret", aad=b"row 1")
    assert ring.decrypt(cipher, aad=b"row 1") == b"secret"
    assert b"secret" not in cipher
    with pytest.raises(UnreadableCiphertext):
        ring.decrypt(cipher, aad=b"row 2")


def test_the_same_text_is_never_the_same_ciphertext(ring: KeyRing) -> None:
    assert ring.encrypt(b"x", aad=b"") != ring.encrypt(b"x", aad=b"")


def test_a_flipped_bit_anywhere_is_refused(ring: KeyRing) -> None:
    cipher = ring.encrypt(b"secret", aad=b"row")
    for at in range(len(cipher)):
        altered = bytearray(cipher)
        altered[at] ^= 1
        with pytest.raises(UnreadableCiphertext):
            ring.decrypt(bytes(altered), aad=b"row")


@pytest.mark.parametrize("cipher", [b"", b"\x01", b"\x01\xff", b"\x02" * 40, b"\x01\x03abc" + b"0" * 40])
def test_what_is_no_ciphertext_is_refused(ring: KeyRing, cipher: bytes) -> None:
    with pytest.raises(UnreadableCiphertext):
        ring.decrypt(cipher, aad=b"")


def test_purposes_do_not_share_hashes(ring: KeyRing) -> None:
    assert ring.hash("a", "x") != ring.hash("b", "x")
    assert ring.hash("a", "b\x00c") == ring.hash("a", "b\x00c")


def test_rotation_is_picked_up_by_a_ring_that_is_in_use(ring: KeyRing, key_path: Path) -> None:
    cipher, digest, kid = ring.encrypt(b"old", aad=b""), ring.hash("p", "x"), ring.signing_key("RS384")["kid"]
    key_file.rotate(key_path)
    assert ring.decrypt(cipher, aad=b"") == b"old"
    assert not ring.is_newest(cipher)
    assert ring.is_newest(ring.encrypt(b"new", aad=b""))
    assert ring.hash("p", "x") != digest
    assert digest in ring.hashes("p", "x")
    assert ring.signing_key("RS384")["kid"] != kid
    assert kid in {key["kid"] for key in ring.public_jwks()["keys"]}
    assert key_path.stat().st_mode & 0o777 == 0o600


def test_a_ring_in_use_outlives_a_file_that_is_away_for_a_moment(ring: KeyRing, key_path: Path) -> None:
    key_path.rename(key_path.with_name("away"))
    assert ring.decrypt(ring.encrypt(b"x", aad=b""), aad=b"") == b"x"


def test_only_public_halves_are_published(ring: KeyRing) -> None:
    published = ring.public_jwks()["keys"]
    assert {(key["kty"], key["alg"]) for key in published} == {("RSA", "RS384"), ("EC", "ES384")}
    members = {member for key in published for member in key}
    assert members <= {"kty", "alg", "use", "kid", "n", "e", "crv", "x", "y"}


def test_generating_twice_overwrites_nothing(key_path: Path) -> None:
    before = key_path.read_bytes()
    said = CliRunner().invoke(main, ["keys", "generate"], env={"PRECEPTOR_KEYS": str(key_path)})
    assert said.exit_code == 1
    assert "exists already" in said.output
    assert key_path.read_bytes() == before


def test_an_interrupted_rotation_leaves_the_old_file(key_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = key_path.read_bytes()

    def full(_: int) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        key_file.rotate(key_path)
    assert key_path.read_bytes() == before
