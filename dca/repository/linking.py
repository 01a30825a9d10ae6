"""Which run belongs to which image of the repository, and which runs are the same thing."""

from __future__ import annotations

import os.path
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dca.repository.deployment.runs import Build, Run, image_name
from dca.repository.docker.images import ImageUnit
from dca.repository.naming import is_filler, same_service
from dca.repository.paths import (
    GENERIC_DIRECTORIES,
    STAGE_WORDS,
    basename,
    is_below,
    parent,
    words,
)
from schemas.context import FoundIn, WorkloadKind

_CERTAIN = 90
_ENOUGH = 30
_BRAND = 3
"""Two services that begin alike may be two parts of one thing; three share a brand."""
_LOCAL = (FoundIn.COMPOSE, FoundIn.PROCFILE)
ENDING = (WorkloadKind.JOB, WorkloadKind.CRON_JOB)
"""What runs to an end."""
_PLACEHOLDERS = frozenset(["controller", "manager", "image", "app", "placeholder"])
"""Images that scaffolding tools write for a kustomization to replace."""


@dataclass(frozen=True, slots=True)
class Linked:
    """Runs that are one component, with the image that the repository builds for it."""

    runs: tuple[Run, ...]
    """The most trusted first; empty for an image that nothing runs."""
    unit: ImageUnit | None = None


def link(
    runs: Sequence[Run],
    units: Sequence[ImageUnit],
    known_images: dict[str, Build],
    is_product: Callable[[str], bool],
) -> list[Linked]:
    """Join runs and images.

    Args:
        runs: Everything that runs.
        units: The images that the repository builds.
        known_images: Image names that compose files or build tools build, and how.
        is_product: Whether an image is a known product of somebody else.
    """
    runs = _plain_names(_plain_images(runs))
    called = _called(runs, units)
    of_run = [_best(run, called, known_images, is_product) for run in runs]
    of_run = _spread(runs, of_run)
    of_run = _spread(runs, _single(runs, of_run, units, is_product))
    groups: list[Linked] = []
    for index, unit in enumerate(units):
        own = [run for run, number in zip(runs, of_run, strict=True) if number == index]
        merged = _merge(own)
        groups.extend(Linked(tuple(item), unit) for item in merged)
        if not merged:
            groups.append(Linked((), unit))
    rest = [run for run, number in zip(runs, of_run, strict=True) if number is None]
    groups.extend(Linked(tuple(item)) for item in _merge_foreign(rest, is_product))
    return groups


def _called(runs: Sequence[Run], units: Sequence[ImageUnit]) -> list[ImageUnit]:
    """Images with all their names: also what builds them is called, and what their header says.

    A Compose service ``shop-api`` that builds ``./api`` names the image as a workload would.
    """
    extra: dict[int, list[str]] = {}
    for run in runs:
        if run.build is None or run.found_in is FoundIn.PROCFILE or is_filler(run.name):
            continue
        scores = [_build_score(run, run.build, unit) for unit in units]
        best = max(range(len(units)), key=lambda index: scores[index], default=None)
        if best is not None and scores[best] >= _CERTAIN:
            extra.setdefault(best, []).append(run.name)
    return [
        replace(unit, names=tuple(dict.fromkeys((*unit.names, *_header_names(unit), *more))))
        if (more := tuple(extra.get(index, ()))) or unit.facts.metadata
        else unit
        for index, unit in enumerate(units)
    ]


def _header_names(unit: ImageUnit) -> tuple[str, ...]:
    said = unit.facts.metadata
    return tuple(said[key] for key in ("name", "service", "app") if said.get(key))


def _plain_images(runs: Sequence[Run]) -> list[Run]:
    """Runs with their images freed of a common first word: ``acme-web`` and ``acme-db``.

    Images of one product share its name in front; what comes after it is the service's own name.
    """
    seen: dict[str, set[tuple[str, ...]]] = {}
    for run in runs:
        told = words(_telling_image(run.image))
        if len(told) > 1:
            seen.setdefault(told[0], set()).add(told[1:])
    brands = frozenset(word for word, rests in seen.items() if len(rests) >= _BRAND)
    return [_plain(run, brands) for run in runs]


def _plain_names(runs: Sequence[Run]) -> list[Run]:
    """Runs with their names freed of what all workloads beside them begin with.

    A chart puts its release's name before each workload.
    """
    places: dict[str, set[tuple[str, ...]]] = {}
    for run in runs:
        places.setdefault(_place(run), set()).add(words(run.name))
    shared = {
        place: len(os.path.commonprefix(sorted(names)))
        for place, names in places.items()
        if len(names) >= _BRAND
    }
    return [
        replace(run, plain_name="-".join(words(run.name)[cut:]))
        if (cut := shared.get(_place(run), 0))
        else run
        for run in runs
    ]


def _plain(run: Run, brands: frozenset[str]) -> Run:
    """The run with an image that is called like the service alone."""
    last = _telling_image(run.image)
    told = words(last)
    if len(told) < 2 or told[0] not in brands:
        return run
    rest = last[len(told[0]) :].lstrip("-_.")
    name = image_name(run.image or "")
    return replace(run, plain_image=f"{name.removesuffix(last)}{rest}" if rest else None)


def _best(
    run: Run,
    units: Sequence[ImageUnit],
    known_images: dict[str, Build],
    is_product: Callable[[str], bool],
) -> int | None:
    build = run.build
    if build is None and run.image:
        build = known_images.get(image_name(run.image))
    if build is None and run.image and is_product(run.image) and not _own_name(run, units):
        return None
    scores = [_score(replace(run, build=build), unit) for unit in units]
    best = max(range(len(units)), key=lambda index: scores[index], default=None)
    return best if best is not None and scores[best] >= _ENOUGH else None


def _own_name(run: Run, units: Sequence[ImageUnit]) -> bool:
    """The image of a product, but built here under exactly that name."""
    last = image_name(run.image or "").rpartition("/")[2]
    own = "/" in image_name(run.image or "")
    return own and any(same_service(name, last) == 3 for unit in units for name in unit.names)


def _score(run: Run, unit: ImageUnit) -> int:
    if run.build is not None:
        return _build_score(run, run.build, unit)
    last = _telling_image(run.image)
    by_image = max((same_service(last, name) for name in unit.names), default=0)
    if run.plain_image:
        plain = _telling_image(run.plain_image)
        exact = max((same_service(plain, name) for name in unit.names), default=0)
        # Without the brand it is still a guess: the whole name has the first word.
        by_image = max(by_image, min(exact, 2) if exact > 1 else 0)
    by_name = max((same_service(run.name, name) for name in unit.names), default=0)
    if run.plain_name:
        exact = max((same_service(run.plain_name, name) for name in unit.names), default=0)
        by_name = max(by_name, min(exact, 2) if exact > 1 else 0)
    score = max(by_image * 20 + 5 if by_image else 0, by_name * 16 if by_name else 0)
    named = {word for name in unit.names for word in words(name)}
    if not last or score or named & {*words(last)}:
        score += _nearness(run, unit)
    return score


def _telling_image(image: str | None) -> str:
    """Last part of an image's name, empty for the placeholders of generated manifests."""
    name = image_name(image or "")
    return "" if name in _PLACEHOLDERS else name.rpartition("/")[2]


def _build_score(run: Run, build: Build, unit: ImageUnit) -> int:
    target = 5 if build.target and build.target == unit.target else 0
    if unit.target and not target:
        target = same_service(run.name, unit.target)
    if build.dockerfile in (unit.facts.path, *unit.variants):
        return 100 + target
    home = parent(unit.facts.path)
    if build.dockerfile is None or run.found_in is FoundIn.PROCFILE:
        plain = basename(unit.facts.path).lower() in ("dockerfile", "containerfile")
        if build.context in (home, unit.source_path):
            return _CERTAIN + (plain and build.context == home) + target
    return 0


def _nearness(run: Run, unit: ImageUnit) -> int:
    """Manifests that stand in the service's own directory."""
    if run.workload is not None and run.workload.chart is not None:
        place = run.workload.chart
    else:
        place = parent(run.path)
    for directory in (unit.source_path, parent(unit.facts.path)):
        if directory != "." and is_below(place, directory) and _only_packaging(place, directory):
            return 35 + min(directory.count("/"), 4)
    return 0


def _only_packaging(place: str, directory: str) -> bool:
    """Whether the way from a service's directory to its manifests names nothing else."""
    way = place.removeprefix(directory).strip("/").split("/")
    told = {*words(basename(directory))}
    return all(
        part.strip(".").lower() in GENERIC_DIRECTORIES | STAGE_WORDS or told & {*words(part)}
        for part in way
        if part
    )


def _spread(runs: Sequence[Run], of_run: list[int | None]) -> list[int | None]:
    """Runs of an image that is linked already belong to the same unit."""
    by_image: dict[str, int] = {}
    for run, number in zip(runs, of_run, strict=True):
        if run.image and number is not None:
            by_image.setdefault(image_name(run.image), number)
    return [
        by_image.get(image_name(run.image))
        if number is None and run.image and not run.build
        else number
        for run, number in zip(runs, of_run, strict=True)
    ]


def _single(
    runs: Sequence[Run],
    of_run: list[int | None],
    units: Sequence[ImageUnit],
    is_product: Callable[[str], bool],
) -> list[int | None]:
    """In a repository with one image, the workloads of its most used own image are that image.

    A chart may not say which image that is: then those without a known one are.
    """
    if len(units) != 1 or any(
        number is not None and run.image and run.found_in not in _LOCAL
        for run, number in zip(runs, of_run, strict=True)
    ):
        return of_run
    open_runs = [
        run
        for run, number in zip(runs, of_run, strict=True)
        if number is None and not run.build and not (run.image and is_product(run.image))
    ]
    deployed = [run for run in open_runs if run.found_in is not FoundIn.COMPOSE]
    names = [image_name(run.image) for run in deployed if run.image]
    if len(set(names)) > 1:
        return of_run
    first = names[0] if names else None
    return [
        0 if run in deployed and (not run.image or image_name(run.image) == first) else number
        for run, number in zip(runs, of_run, strict=True)
    ]


def _merge(runs: Sequence[Run]) -> list[list[Run]]:
    """Runs of one image, those that are the same thing together."""
    deployed: list[list[Run]] = []
    for run in sorted((r for r in runs if r.found_in not in _LOCAL), key=_trust):
        _add(deployed, run, lowest=1)
    for run in (r for r in runs if r.found_in is FoundIn.PROCFILE):
        same = _same_process(deployed, run)
        if same is not None:
            same.append(run)
        else:
            _add(deployed, run, lowest=1)
    local: list[list[Run]] = []
    for run in sorted((r for r in runs if r.found_in is FoundIn.COMPOSE), key=_trust):
        _add(local, run, lowest=2)
    if not deployed:
        return local
    unmatched = [group for group in local if not _attach(deployed, group)]
    if len(deployed) == 1 and len(unmatched) == len(local) and local:
        deployed[0].extend(unmatched.pop(0))
    return deployed + [group for group in unmatched if group[0].command or group[0].entrypoint]


def _same_process(groups: Sequence[list[Run]], process: Run) -> list[Run] | None:
    """The workload that a Procfile's process is: by its command, else the plain ``web`` one."""
    services = [group for group in groups if group[0].kind not in ENDING]
    for group in services:
        if any(run.entrypoint + run.command == process.command for run in group):
            return group
    plain = [group for group in services if not (group[0].entrypoint or group[0].command)]
    return plain[0] if process.name == "web" and len(plain) == 1 else None


def _attach(groups: list[list[Run]], local: list[Run]) -> bool:
    scored = [(same_service(group[0].name, local[0].name), group) for group in groups]
    best, chosen = max(scored, key=lambda pair: pair[0])
    if best:
        chosen.extend(local)
    return bool(best)


def _add(groups: list[list[Run]], run: Run, lowest: int) -> None:
    for group in groups:
        # What runs to an end is not the service that is called alike.
        if (group[0].kind in ENDING) != (run.kind in ENDING):
            continue
        likeness = same_service(group[0].name, run.name)
        # Two workloads of one file, directory or chart that are only alike are two workloads.
        together = _place(group[0]) == _place(run)
        if likeness == 3 or (likeness >= lowest and not together):
            group.append(run)
            return
    groups.append([run])


def _place(run: Run) -> str:
    if run.workload is not None and run.workload.chart is not None:
        return run.workload.chart
    return parent(run.path)


def _merge_foreign(runs: Sequence[Run], is_product: Callable[[str], bool]) -> list[list[Run]]:
    """Runs of other people's images: one per name; Compose adds only what is not there yet."""
    groups: list[list[Run]] = []
    for run in sorted(runs, key=lambda item: (item.found_in is FoundIn.COMPOSE, *_trust(item))):
        same = [group for group in groups if _same_foreign(group[0], run, is_product)]
        if same:
            same[0].append(run)
        else:
            groups.append([run])
    return groups


def _same_foreign(first: Run, run: Run, is_product: Callable[[str], bool]) -> bool:
    likeness = same_service(first.name, run.name)
    if likeness == 3:
        return True
    image = image_name(run.image or "")
    if not image or image != image_name(first.image or "") or _place(first) == _place(run):
        return False
    return bool(likeness) or (run.found_in is FoundIn.COMPOSE and is_product(run.image or ""))


def _trust(run: Run) -> tuple[int, str, str]:
    return run.rank, run.path, run.name
