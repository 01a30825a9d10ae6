"""Roles and names of components, from the phrases that tell of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dca.description.noun_phrases import Phrase
from dca.description.vocabulary import Technology
from schemas.context import Role


def role_of(phrase: Phrase, frameworks: Sequence[Technology]) -> Role:
    """The role that a phrase and its frameworks tell of."""
    noun = phrase.noun
    decided = next((item.role for item in frameworks if item.role), None)
    if decided is Role.WEB_FRONTEND and noun.role is not Role.BACKEND_API:
        return noun.role
    if decided and (noun.generic or noun.role is Role.GATEWAY_PROXY):
        return decided
    if any(item.title == "gRPC" for item in frameworks) and noun.role is Role.BACKEND_API:
        return Role.GRPC_SERVICE
    return noun.role


def name_of(phrase: Phrase, role: Role) -> str:
    """An RFC 1123 label for what a phrase names."""
    slug = "frontend" if role is Role.WEB_FRONTEND else phrase.noun.slug
    own = phrase.modifiers[-2:]
    return slug_of(" ".join((*own, slug)))


def slug_of(text: str) -> str:
    """The text as an RFC 1123 label."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].strip("-")
