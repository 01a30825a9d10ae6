"""The form in which a model answers: reasoning first, then the numbers, then what carries them."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Number(StrEnum):
    """The numbers of a plan."""

    REPLICAS = "replicas"
    CPU_REQUEST = "cpu_request"
    MEMORY_REQUEST = "memory_request"
    CPU_LIMIT = "cpu_limit"
    MEMORY_LIMIT = "memory_limit"


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Step(_Answer):
    """One step of the chain of thought."""

    text: str = Field(min_length=1, max_length=400)
    evidence: list[str] = Field(max_length=8)


class Support(_Answer):
    """What carries one number."""

    number: Number
    evidence: list[str] = Field(max_length=8)
    because: str = Field(max_length=300)


class Proposal(_Answer):
    """One component, as a model would have it. Order matters: it reasons before it counts."""

    reasoning: list[Step] = Field(min_length=1, max_length=6)
    replicas: int = Field(ge=0, le=1000)
    cpu_request_millicores: int = Field(ge=0, le=1_000_000)
    memory_request_mib: int = Field(ge=0, le=10_000_000)
    cpu_limit_millicores: int = Field(ge=0, le=1_000_000)
    """0: no limit."""
    memory_limit_mib: int = Field(ge=0, le=10_000_000)
    support: list[Support] = Field(max_length=10)

    def value(self, number: Number) -> int:
        """A number in millicores, MiB or pods."""
        by_number = {
            Number.REPLICAS: self.replicas,
            Number.CPU_REQUEST: self.cpu_request_millicores,
            Number.MEMORY_REQUEST: self.memory_request_mib,
            Number.CPU_LIMIT: self.cpu_limit_millicores,
            Number.MEMORY_LIMIT: self.memory_limit_mib,
        }
        return by_number[number]
