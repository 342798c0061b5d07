"""A private key is made once, for its owner alone, and never shown."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from pilotage.approvals.keys import PASSPHRASE, default_path, fingerprint, new_key, sign, verifies
from pilotage.errors import PilotageError


def test_the_key_is_a_pem_that_only_its_owner_may_read(tmp_path: Path) -> None:
    made = new_key("Ann", tmp_path / "deep" / "ann.pem")
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert made.path.parent.stat().st_mode & 0o777 == 0o700
    private = load_pem_private_key(made.path.read_bytes(), None)
    assert base64.b64decode(made.public) == private.public_key().public_bytes_raw()  # type: ignore[union-attr]


def test_what_it_signs_verifies_by_the_standard_and_not_for_another_message_or_key(tmp_path: Path) -> None:
    one, other = (new_key(name, tmp_path / f"{name}.pem") for name in ("a", "b"))
    made = sign(one.path, b"yes")
    assert made.key == one.public
    Ed25519PublicKey.from_public_bytes(base64.b64decode(one.public)).verify(base64.b64decode(made.signature), b"yes")
    assert verifies(one.public, made.signature, b"yes")
    assert not verifies(one.public, made.signature, b"no")
    assert not verifies(other.public, made.signature, b"yes")
    assert fingerprint(one.public) != fingerprint(other.public)


@pytest.mark.parametrize(("key", "signature"), [("", ""), ("é", "é"), ("AAAA", "AAAA"), ("not base64", "=")])
def test_what_is_no_key_and_no_signature_verifies_nothing(key: str, signature: str) -> None:
    assert not verifies(key, signature, b"yes")


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    path = new_key("Ann", tmp_path / "ann.pem").path
    before = path.read_bytes()
    with pytest.raises(PilotageError, match="is there already"):
        new_key("Ann", path)
    assert path.read_bytes() == before


def test_no_key_is_written_into_a_playbook_not_even_by_a_detour(tmp_path: Path) -> None:
    playbook = tmp_path / "playbook"
    playbook.mkdir()
    (playbook / "playbook.yaml").touch()
    (tmp_path / "link").symlink_to(playbook)
    for path in (playbook / "a.pem", playbook / "deep" / "a.pem", tmp_path / "link" / "a.pem"):
        with pytest.raises(PilotageError, match="does not belong into the playbook"):
            new_key("Ann", path)
    assert [path.name for path in playbook.iterdir()] == ["playbook.yaml"]


def test_by_default_it_lies_in_the_users_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert default_path("Ann Example") == tmp_path / "pilotage" / "ann-example.pem"
    assert default_path("../../Änn/../") == tmp_path / "pilotage" / "änn.pem"
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert default_path("Ann") == tmp_path / "home" / ".config" / "pilotage" / "ann.pem"
    with pytest.raises(PilotageError, match="needs the name"):
        default_path(" ./ ")


def test_with_a_passphrase_the_file_alone_is_worth_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSPHRASE, "correct horse")
    made = new_key("Ann", tmp_path / "ann.pem")
    assert verifies(made.public, sign(made.path, b"yes").signature, b"yes")
    monkeypatch.setenv(PASSPHRASE, "wrong")
    with pytest.raises(PilotageError, match="does not open this key") as wrong:
        sign(made.path, b"yes")
    assert "wrong" not in str(wrong.value)
    monkeypatch.delenv(PASSPHRASE)
    with pytest.raises(PilotageError, match=f"environment variable {PASSPHRASE}"):
        sign(made.path, b"yes")


def test_a_passphrase_that_is_not_needed_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = new_key("Ann", tmp_path / "ann.pem")
    monkeypatch.setenv(PASSPHRASE, "of another key")
    assert verifies(made.public, sign(made.path, b"yes").signature, b"yes")


@pytest.mark.parametrize(
    "content", [b"", b"\xff\x00", b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"]
)
def test_what_is_no_private_key_is_refused_without_quoting_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ann.pem"
    path.write_bytes(content)
    with pytest.raises(PilotageError, match="no private key in PEM form") as refused:
        sign(path, b"yes")
    assert "c2VjcmV0" not in str(refused.value)


def test_a_key_of_another_kind_and_a_folder_are_refused(tmp_path: Path) -> None:
    pem = x25519.X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "x.pem").write_bytes(pem)
    with pytest.raises(PilotageError, match="no Ed25519 key"):
        sign(tmp_path / "x.pem", b"yes")
    with pytest.raises(PilotageError, match="cannot be read"):
        sign(tmp_path, b"yes")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_key_one_may_not_read_is_a_plain_fault(tmp_path: Path) -> None:
    path = new_key("Ann", tmp_path / "ann.pem").path
    path.chmod(0)
    with pytest.raises(PilotageError, match="cannot be read"):
        sign(path, b"yes")
