"""Signatures of case bundles: who made one, and that nobody changed it since.

Ed25519 (RFC 8032) over a bundle's bytes, kept in a file of 64 bytes beside it. Keys are PEM files,
as OpenSSL makes them; it can check a signature too:

    openssl genpkey -algorithm ed25519 -out signing.pem
    openssl pkey -in signing.pem -pubout -out signer.pem
    openssl pkeyutl -verify -rawin -pubin -inkey signer.pem -in film.zip -sigfile film.zip.sig
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from covid_core.errors import CovidCoreError
from covid_core.extras import needing
from covid_core.storage.plain_files import read_regular

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

SIGNATURE_BYTES = 64
_MOST_BYTES = 65_536  # of a key's file
_SECRET = "Give the PEM file of an Ed25519 private key without a password"
_PUBLIC = "Give the PEM file of the signer's Ed25519 public key"


def signature_path(bundle: Path) -> Path:
    """Where a bundle's signature lies: beside it, its name with `.sig` at its end."""
    return bundle.with_name(f"{bundle.name}.sig")


def read_signing_key(path: Path) -> Ed25519PrivateKey:
    """The key to sign with. Raises CovidCoreError, which quotes nothing of the file."""
    with needing("cryptography", "signing"):
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    try:
        key = load_pem_private_key(_key_bytes(path, _SECRET), password=None)
    except (ValueError, TypeError) as error:  # no PEM file; one with a password
        raise CovidCoreError("it is no key to sign with", _SECRET, file=str(path)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise CovidCoreError("it is a key of another kind", _SECRET, file=str(path))
    return key


def read_signer(path: Path) -> Ed25519PublicKey:
    """The key to check signatures with. Raises CovidCoreError."""
    with needing("cryptography", "signing"):
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    try:
        key = load_pem_public_key(_key_bytes(path, _PUBLIC))
    except ValueError as error:
        raise CovidCoreError("it is no public key", _PUBLIC, file=str(path)) from error
    if not isinstance(key, Ed25519PublicKey):
        raise CovidCoreError("it is a key of another kind", _PUBLIC, file=str(path))
    return key


def check_signature(signer: Ed25519PublicKey, bundle: Path, data: bytes) -> None:
    """Raises CovidCoreError where these bytes of a bundle are not signed by that key."""
    from cryptography.exceptions import InvalidSignature

    path = signature_path(bundle)
    try:
        signature = read_regular(path, SIGNATURE_BYTES + 1)
    except OSError as error:
        raise CovidCoreError(
            f"it is not signed: {path.name} can't be read ({error.strerror})",
            "Put its signature beside it, or leave out --signer",
            file=str(bundle),
        ) from error
    try:
        signer.verify(signature, data)
    except InvalidSignature as error:
        raise CovidCoreError(
            "its signature is not that key's, or the bundle was changed since",
            "Do not trust it; ask its signer for the bundle again",
            file=str(bundle),
        ) from error


def _key_bytes(path: Path, remedy: str) -> bytes:
    try:
        return read_regular(path, _MOST_BYTES)
    except OSError as error:
        raise CovidCoreError(
            f"the key can't be read ({error.strerror})", remedy, file=str(path)
        ) from error
