"""What the flags about metrics mean."""

from __future__ import annotations

import argparse
from pathlib import Path

from pydantic import ValidationError

from adapters.settings import Settings
from dca.metrics.rules import ChosenWorkload
from pipeline.metrics import MetricsChoice
from schemas.errors import UsageError


def metrics_choice(arguments: argparse.Namespace) -> MetricsChoice:
    """The source and the workloads that the user named.

    Raises:
        UsageError: Two sources, or a workload that is not written as one.
    """
    return MetricsChoice(
        file=metrics_file(arguments),
        server_named=arguments.prometheus_url is not None,
        chosen=tuple(_chosen(text) for text in arguments.workload or ()),
    )


def metrics_file(arguments: argparse.Namespace) -> Path | None:
    """The file of ``--metrics``.

    Raises:
        UsageError: A server is named as well.
    """
    if arguments.metrics is None:
        return None
    if arguments.prometheus_url is not None:
        raise UsageError(
            "--metrics and --prometheus-url name two sources", hint="Leave one of them out."
        )
    return Path(arguments.metrics)


def with_server(settings: Settings, url: str | None) -> Settings:
    """The settings with the server of ``--prometheus-url``.

    Raises:
        UsageError: It is no URL of a server.
    """
    if url is None:
        return settings
    try:
        Settings(prometheus_url=url)
    except ValidationError as error:
        # Without the URL: it may hold credentials.
        raise UsageError(
            "--prometheus-url is not an http or https URL without credentials",
            hint="Write https://prometheus.example/path; credentials are settings of their own.",
        ) from error
    return settings.model_copy(update={"prometheus_url": url})


def _chosen(text: str) -> ChosenWorkload:
    try:
        return ChosenWorkload.parse(text)
    except ValueError as error:
        raise UsageError(
            f"--workload {error}",
            hint="For example --workload api=shop/Deployment/inventory-api.",
        ) from error
