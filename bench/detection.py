"""What is found in real repositories, beside what their communities say is there.

    python -m bench.detection --truth truth.jsonl --checkouts DIR [--only owner/name …]

For each checkout: the services that own a Dockerfile and were found, their language and role, how
many components there are in all, whether `kubectl patch --local` takes every patch and the
Kubernetes schemas every manifest, and the seconds that the three agents took.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import yaml

from adapters.kubernetes import KubernetesSchemas
from bench.truth import Row, by_repository, component_of, load_rows
from pipeline.wiring import agents, local_checkout
from schemas.context import AppContext
from schemas.recommendation import ComponentRecommendation
from schemas.trigger import Trigger


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--truth", required=True, type=Path)
    parser.add_argument("--checkouts", required=True, type=Path)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--misses", action="store_true", help="name what was not right")
    arguments = parser.parse_args()
    rows = load_rows(arguments.truth)
    table: list[dict[str, object]] = []
    total: Counter[str] = Counter()
    for repository, directory, group in by_repository(rows, arguments.checkouts):
        if arguments.only and repository not in arguments.only:
            continue
        counts, misses, seconds = measure(directory, group)
        total.update(counts)
        table.append({"repository": repository, "seconds": round(seconds, 2), **counts})
        print(_line(repository, counts, seconds), flush=True)
        for miss in misses if arguments.misses else ():
            print(f"    {miss}")
    print(_line(f"{len(table)} repositories", total, sum(float(str(r["seconds"])) for r in table)))
    if arguments.json:
        arguments.json.write_text(json.dumps(table, indent=1) + "\n", "utf-8")
    return 1 if total["crashed"] else 0


def measure(directory: Path, rows: list[Row]) -> tuple[Counter[str], list[str], float]:
    """Size one checkout and count; a crash is counted, never hidden."""
    counts: Counter[str] = Counter()
    misses: list[str] = []
    started = time.perf_counter()
    try:
        dca, pipa, rva = agents()
        with local_checkout(directory) as checkout:
            description = "Size every service of this repository."
            trigger = Trigger(git_repo=str(directory), app_description=description)
            context = dca.gather(trigger, checkout)
            refined = rva.refine(context, pipa.draft(context))
    except Exception as error:  # noqa: BLE001 - this is what is being measured
        misses.append(f"crashed: {type(error).__name__}: {error}")
        return Counter(crashed=1), misses, time.perf_counter() - started
    seconds = time.perf_counter() - started
    counts["components"] = len(context.components)
    counts["failed"] = len(refined.failed)
    for row in rows:
        if row["dockerfile"]:
            _judge(row, context, counts, misses)
    _check_output(context, refined.components, counts, misses)
    return counts, misses, seconds


def _judge(row: Row, context: AppContext, counts: Counter[str], misses: list[str]) -> None:
    counts["services"] += 1
    component = component_of(row, context.components)
    if component is None:
        misses.append(f"not found: {row['service']} {row['dockerfile']} ({row['source_path']})")
        return
    counts["found"] += 1
    for field, said in (("language", component.language), ("role", component.role.value)):
        if said == row[field]:
            counts[field] += 1
        else:
            misses.append(f"{field}: {row['service']} is {row[field]}, said {said}")


def _check_output(
    context: AppContext,
    components: tuple[ComponentRecommendation, ...],
    counts: Counter[str],
    misses: list[str],
) -> None:
    schemas = KubernetesSchemas()
    workloads = {c.name: c.workload for c in context.components}
    for item in components:
        workload = workloads.get(item.name)
        if item.patch is not None and workload is not None:
            counts["patches"] += 1
            problem = _kubectl_patch(workload.document, item.patch)
            counts["patches_ok"] += not problem
            misses.extend([f"patch of {item.name}: {problem}"] if problem else [])
        for document in item.manifests:
            counts["manifests"] += 1
            errors = schemas.errors(document)
            counts["manifests_ok"] += not errors
            misses.extend(f"manifest of {item.name}: {error}" for error in errors[:1])


def _kubectl_patch(document: object, patch: object) -> str:
    with tempfile.TemporaryDirectory() as directory:
        target, file = Path(directory, "target.yaml"), Path(directory, "patch.yaml")
        target.write_text(yaml.safe_dump(document), "utf-8")
        file.write_text(yaml.safe_dump(patch), "utf-8")
        command = ["kubectl", "patch", "--local", "-f", str(target), "--type=strategic"]
        done = subprocess.run(
            [*command, "--patch-file", str(file), "-o", "yaml"],
            capture_output=True,
            text=True,
            check=False,
        )
    return done.stderr.strip() if done.returncode else ""


def _line(name: str, counts: Counter[str], seconds: float) -> str:
    def share(part: str, whole: str) -> str:
        return f"{counts[part]}/{counts[whole]}"

    return (
        f"{name[:48]:48} found {share('found', 'services'):>8}  language "
        f"{share('language', 'found'):>8}  role {share('role', 'found'):>8}  components "
        f"{counts['components']:>4}  patches {share('patches_ok', 'patches'):>8}  manifests "
        f"{share('manifests_ok', 'manifests'):>8}  {'CRASHED ' if counts['crashed'] else ''}"
        f"failed {counts['failed']}  {seconds:6.2f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
