import json

import pytest
from jsonschema import Draft202012Validator

from schemas.export import CONTRACTS, DIRECTORY, schema_text


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_committed_schema_is_the_one_of_the_model(name):
    committed = (DIRECTORY / f"{name}.schema.json").read_text("utf-8")
    assert committed == schema_text(CONTRACTS[name]), "run `make schemas` and commit the result"


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_schema_is_itself_valid(name):
    Draft202012Validator.check_schema(json.loads(schema_text(CONTRACTS[name])))


def test_no_schema_is_left_without_its_model():
    on_disk = {path.name.removesuffix(".schema.json") for path in DIRECTORY.glob("*.json")}
    assert on_disk == set(CONTRACTS)


def test_quantities_are_text_in_the_schema():
    schema = json.loads(schema_text(CONTRACTS["recommendation"]))
    requests = schema["$defs"]["Amounts"]["properties"]
    assert {kind["type"] for kind in requests["cpu"]["anyOf"]} == {"string", "null"}
    assert {kind["type"] for kind in requests["memory"]["anyOf"]} == {"string", "null"}
