"""Ed25519 keys (RFC 8032): made, read, signed with; a private key stays in its file and is never shown."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from pilotage.errors import PilotageError

PASSPHRASE = "PILOTAGE_KEY_PASSPHRASE"  # the environment variable with it; unset: the file's mode alone guards the key


@dataclass(frozen=True, slots=True)
class NewKey:
    """Where the private key was written, and the public key that governance.yaml is to name."""

    path: Path
    public: str


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature and the public key it was made with, both in base64."""

    key: str
    signature: str


def new_key(by: str, into: Path | None = None) -> NewKey:
    """Make a private key (PEM, PKCS8, mode 0600) for the person, encrypted where PILOTAGE_KEY_PASSPHRASE is set.

    Default: `pilotage/NAME.pem` under XDG_CONFIG_HOME or ~/.config. PilotageError where the file is there already, or
    lies in a playbook's folder, which is shared with everybody.
    """
    path = into or default_path(by)
    if any((folder / "playbook.yaml").is_file() for folder in path.absolute().resolve().parents):
        raise PilotageError(
            "a private key does not belong into the playbook", str(path), "everybody reads it there: --into FILE"
        )
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, _encryption())
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as fault:
        advice = "a key is never overwritten; name another file: --into FILE"
        raise PilotageError("is there already", str(path), advice) from fault
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(pem)
    return NewKey(path, _public(private))


def default_path(by: str) -> Path:
    """Where the person's private key lies unless told otherwise; PilotageError for a name that makes no file name."""
    name = re.sub(r"[^\w-]+", "-", by).strip("-").lower()
    if not name:
        raise PilotageError("a key needs the name of the person who signs with it", next="name yourself: --by NAME")
    folder = os.environ.get("XDG_CONFIG_HOME", "")
    base = Path(folder) if Path(folder).is_absolute() else Path.home() / ".config"
    return base / "pilotage" / f"{name}.pem"


def sign(path: Path, message: bytes) -> Signature:
    """The message signed with the private key in the file; PilotageError where that is no key one can sign with."""
    private = _read(path)
    return Signature(_public(private), base64.b64encode(private.sign(message)).decode())


def verifies(key: str, signature: str, message: bytes) -> bool:
    """Whether the signature is that of this key under this message; False also for what is no key or signature."""
    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True))
        public.verify(base64.b64decode(signature, validate=True), message)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def fingerprint(key: str) -> str:
    """The first 16 hex digits of the SHA-256 of a public key in base64: enough for people to compare."""
    return hashlib.sha256(base64.b64decode(key)).hexdigest()[:16]


def _encryption() -> KeySerializationEncryption:
    passphrase = os.environ.get(PASSPHRASE)
    return BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()


def _read(path: Path) -> Ed25519PrivateKey:
    passphrase = os.environ.get(PASSPHRASE)
    try:
        pem = path.read_bytes()
    except OSError as fault:
        raise PilotageError(
            f"this key cannot be read: {fault.strerror}", str(path), "make one with `pilotage key new`"
        ) from None
    locked = b"ENCRYPTED" in pem
    if locked and not passphrase:
        raise PilotageError(
            "this key has a passphrase", str(path), f"put it into the environment variable {PASSPHRASE}"
        )
    try:
        private = load_pem_private_key(pem, passphrase.encode() if locked and passphrase else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        what = (
            f"the passphrase in {PASSPHRASE} does not open this key" if locked else "this is no private key in PEM form"
        )
        raise PilotageError(what, str(path)) from None
    if not isinstance(private, Ed25519PrivateKey):
        raise PilotageError("this is no Ed25519 key", str(path), "make one with `pilotage key new`")
    return private


def _public(private: Ed25519PrivateKey) -> str:
    return base64.b64encode(private.public_key().public_bytes_raw()).decode()
