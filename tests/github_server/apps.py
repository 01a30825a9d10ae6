"""Apps: their keys, the tokens they sign, and the tokens they are given."""

from functools import cache

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.github_server.state import App, Token


def new_app(number: int, slug: str, installation: int, permissions: dict[str, str]) -> App:
    """An app with a key."""
    private, public = _key_pair()
    return App(number, slug, private, public, installation, permissions)


def signed_by(apps: dict[int, App], text: str) -> Token | None:
    """The app that signed a JSON Web Token as GitHub demands it; None when none did."""
    try:
        issuer = int(jwt.decode(text, options={"verify_signature": False}).get("iss", ""))
        app = apps[issuer]
        claims = jwt.decode(
            text, app.public_key, algorithms=["RS256"], options={"require": ["iat", "exp", "iss"]}
        )
    except (jwt.InvalidTokenError, KeyError, ValueError):
        return None
    if claims["exp"] - claims["iat"] > 660:  # ten minutes, and the minute that iat may lie back
        return None
    return Token(text, app.login, "app", {}, app)


@cache
def _key_pair() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()
