from __future__ import annotations

import pytest

from adapters.yaml_file import MAX_BYTES, read_mapping
from schemas.errors import SettingsError

REFUSED = {
    "alias": (b"a: &x [1]\nb: *x\n", "line 2, column 4.*alias"),
    "merge_key": (b"a: &x {k: 1}\nb: {<<: *x}\n", "alias"),
    "doubled_key": (b"a: 1\na: 2\n", "line 2, column 1.*given twice"),
    "syntax": (b"a: [1,\n", "line 2"),
    "tag": (b"a: !!python/object/apply:os.system ['true']\n", "line 1"),
    "list": (b"- 1\n", "no mapping"),
    "empty": (b"", "no mapping"),
    "number_as_key": (b"1: a\n", "no mapping"),
    "two_documents": (b"a: 1\n---\nb: 2\n", "line 2"),
    "not_utf8": (b"a: \xff\xfe\n", "not valid YAML"),
    "too_large": (b"a: " + b"x" * MAX_BYTES, "larger than 256 KiB"),
    "deep": (b"[" * 20_000, "not valid YAML"),
}


@pytest.mark.parametrize(("content", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_plain_settings_file_is_refused(tmp_path, content, reason):
    file = tmp_path / "file.yaml"
    file.write_bytes(content)

    with pytest.raises(SettingsError, match=reason) as caught:
        read_mapping(file, what="policy")

    assert "file.yaml" in caught.value.message


def test_a_file_that_is_not_there_says_so(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        read_mapping(tmp_path / "absent.yaml", what="price list")


def test_a_mapping_is_read_with_its_plain_values(tmp_path):
    file = tmp_path / "file.yaml"
    file.write_text("a: {b: [1, true, x]}\n")

    assert read_mapping(file, what="policy") == {"a": {"b": [1, True, "x"]}}
