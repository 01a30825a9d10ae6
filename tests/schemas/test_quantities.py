import json
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.errors import QuantityError
from schemas.plan import Amounts
from schemas.quantities import (
    GIB,
    MIB,
    QuantityFormat,
    cpu_millicores,
    format_cpu,
    format_memory,
    memory_bytes,
    parse_quantity,
)

CANONICAL = [
    ("0", "0"),
    ("1", "1"),
    ("+1", "1"),
    ("007", "7"),
    ("0.1", "100m"),
    (".5", "500m"),
    ("5.", "5"),
    ("100m", "100m"),
    ("1000m", "1"),
    ("1500m", "1500m"),
    ("2.5", "2500m"),
    ("1u", "1u"),
    ("0.0000000001", "1n"),
    ("1k", "1k"),
    ("1000k", "1M"),
    ("1M", "1M"),
    ("1G", "1G"),
    ("1E", "1E"),
    ("1e3", "1e3"),
    ("1E3", "1e3"),
    ("100e-1", "10"),
    ("12e6", "12e6"),
    ("1Ki", "1Ki"),
    ("0.5Ki", "512"),
    ("1023", "1023"),
    ("1024Ki", "1Mi"),
    ("1.5Gi", "1536Mi"),
    ("0.3Gi", "322122547200m"),
    ("1Gi", "1Gi"),
    ("-1", "-1"),
    ("-0.5Mi", "-512Ki"),
    ("100Ei", "9223372036854775807"),
    ("Mi", "0"),
]

REFUSED = [
    "",
    " ",
    "1 Gi",
    " 1",
    "1 ",
    "1\n",
    "1GB",
    "1MB",
    "1mb",
    "1Mb",
    "1mi",
    "0.1mi",
    "1K",
    "1ki",
    "1KiB",
    "1i",
    ".5i",
    "1.1.M",
    "1+1.0M",
    "-3.01e-",
    "1e",
    "e3e",
    "0x10",
    "1_000",
    "1,5",
    "½",
    "١",
    "NaN",
    "inf",
    "two",
    "--1",
    "+-1",
    "9" * 100,
]


@pytest.mark.parametrize(("text", "canonical"), CANONICAL, ids=[text for text, _ in CANONICAL])
def test_a_quantity_prints_as_the_api_server_stores_it(text, canonical):
    assert parse_quantity(text).canonical() == canonical


@pytest.mark.parametrize("text", REFUSED, ids=[repr(text)[:20] for text in REFUSED])
def test_what_is_not_a_quantity_is_refused(text):
    with pytest.raises(QuantityError) as caught:
        parse_quantity(text)
    assert caught.value.exit_code == 2
    assert len(caught.value.message) < 150


def _kubectl_reads(text: str) -> str | None:
    """What kubectl stores for a quantity, by Kubernetes' own parser; None when it refuses."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a"},
        "spec": {"containers": [{"name": "c", "image": "i"}]},
    }
    done = subprocess.run(
        ["kubectl", "set", "resources", "--local", "-f", "-", f"--limits=memory={text}", "-o=json"],
        input=json.dumps(pod),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return None
    container = json.loads(done.stdout)["spec"]["containers"][0]
    return str(container["resources"]["limits"]["memory"])


ASKED_OF_KUBECTL = [text for text, _ in CANONICAL] + [
    text for text in REFUSED if text.strip() == text != "" and "," not in text and len(text) < 64
]
"""Its flag takes a list with commas, trims spaces, and we refuse overlong text on purpose."""


@pytest.mark.tool
@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
@pytest.mark.parametrize("text", ASKED_OF_KUBECTL)
def test_kubectl_agrees(text):
    try:
        ours = parse_quantity(text).canonical()
    except QuantityError:
        ours = None
    theirs = _kubectl_reads(text)
    # Its parser keeps the text of the simplest forms ("5.", "+1") as it was written.
    assert ours == (theirs and parse_quantity(theirs).canonical())


@given(st.integers(min_value=0, max_value=2**40))
def test_cpu_survives_the_round_trip(millicores):
    assert cpu_millicores(format_cpu(millicores)) == millicores


@given(st.integers(min_value=0, max_value=2**62))
def test_memory_survives_the_round_trip(amount):
    assert memory_bytes(format_memory(amount)) == amount


@given(
    st.from_regex(
        r"[+-]?[0-9]{1,12}(\.[0-9]{0,6})?(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?[0-9]{1,2})?",
        fullmatch=True,
    )
)
def test_the_canonical_form_is_stable_and_means_the_same(text):
    first = parse_quantity(text)
    again = parse_quantity(first.canonical())
    assert again.nano == first.nano
    assert again.canonical() == first.canonical()


@given(st.text(max_size=20))
def test_no_text_raises_anything_but_a_quantity_error(text):
    try:
        parse_quantity(text)
    except QuantityError as error:
        assert error.hint  # noqa: PT017 - either outcome is fine


@pytest.mark.parametrize(
    ("text", "millicores"), [("250m", 250), ("0.1", 100), ("2", 2000), ("1u", 1), ("0.0001", 1)]
)
def test_cpu_is_held_in_millicores_rounded_up(text, millicores):
    assert cpu_millicores(text) == millicores


@pytest.mark.parametrize(
    ("text", "amount"),
    [("512Mi", 512 * MIB), ("1Gi", GIB), ("1G", 10**9), ("512m", 1), ("1.5Gi", 1536 * MIB)],
)
def test_memory_is_held_in_bytes_rounded_up(text, amount):
    assert memory_bytes(text) == amount


def test_a_negative_amount_is_refused():
    with pytest.raises(QuantityError, match="negative"):
        memory_bytes("-1Gi")


def test_the_format_is_kept():
    assert parse_quantity("1e3").format is QuantityFormat.DECIMAL_EXPONENT
    assert parse_quantity("1Ki").format is QuantityFormat.BINARY_SI


def test_a_bare_number_in_json_is_cores_and_in_python_millicores():
    assert Amounts.model_validate_json('{"cpu": 1}').cpu == 1000
    assert Amounts.model_validate_json('{"cpu": 0.5}').cpu == 500
    assert Amounts(cpu=500).cpu == 500
    assert Amounts.model_validate({"cpu": "500m", "memory": "1Gi"}).memory == GIB


def test_amounts_come_back_from_their_own_json():
    amounts = Amounts(cpu=250, memory=512 * MIB)
    assert amounts.model_dump_json() == '{"cpu":"250m","memory":"512Mi"}'
    assert Amounts.model_validate_json(amounts.model_dump_json()) == amounts


@pytest.mark.parametrize("bad", ['"1GB"', "true", "[]", '"-1"', "-5"])
def test_a_bad_amount_is_a_validation_error(bad):
    with pytest.raises(ValidationError):
        Amounts.model_validate_json(f'{{"memory": {bad}}}')
