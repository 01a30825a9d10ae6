from __future__ import annotations

import json

import pytest

from adapters.prices import DEFAULT_PRICES, load_prices
from schemas.errors import SettingsError

COMPLETE = {
    "name": "ours",
    "source": "a contract",
    "currency": "EUR",
    "unit": "hour",
    "prices": {"cpu_core": 0.03, "memory_gib": 0.004, "storage_gib": 0.00005, "gpu": 1.2},
}


def written(directory, content):
    file = directory / "prices.yaml"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def changed(**fields):
    content = COMPLETE | fields
    return {key: value for key, value in content.items() if value is not None}


def test_the_default_is_opencosts_public_list():
    prices = load_prices()

    assert prices.name == "opencost-default"
    assert "opencost" in prices.source
    assert (prices.currency, prices.hours_per_month) == ("USD", 730)
    assert (prices.cpu_core_hour, prices.memory_gib_hour) == (0.031611, 0.004237)
    assert (prices.storage_gib_hour, prices.gpu_hour) == (5.479452e-05, 0.95)
    assert DEFAULT_PRICES.is_file()


def test_prices_of_a_month_are_divided_by_its_hours(tmp_path):
    file = written(tmp_path, changed(unit="month", hours_per_month=720, prices={"cpu_core": 21.6}))

    assert load_prices(file).cpu_core_hour == pytest.approx(0.03)


def test_an_absent_price_is_unknown(tmp_path):
    prices = load_prices(written(tmp_path, changed(prices={"cpu_core": 0.03, "gpu": None})))

    assert prices.memory_gib_hour is None
    assert prices.gpu_hour is None


def test_prices_per_gb_are_converted(tmp_path):
    """A GB is 0.9313 GiB, so a GiB costs 1.0737 times as much."""
    prices = load_prices(written(tmp_path, changed(prices={"memory_gb": 0.004})))

    assert prices.memory_gib_hour == pytest.approx(0.004294967)


def test_opencosts_own_form_needs_unit_and_currency(tmp_path):
    theirs = {
        "provider": "custom",
        "CPU": "0.031611",
        "spotCPU": "0.006655",
        "RAM": "0.004237",
        "GPU": "",
        "storage": "0.00005479452",
    }
    with pytest.raises(SettingsError, match="unit is missing"):
        load_prices(written(tmp_path, theirs))

    stated = {"unit": "hour", "currency": "USD", "source": "custom.json"}
    prices = load_prices(written(tmp_path, theirs | stated))

    assert prices.cpu_core_hour == 0.031611
    assert prices.gpu_hour is None


REFUSED = {
    "no_unit": (changed(unit=None), "unit is missing"),
    "other_unit": (changed(unit="day"), "unit is 'day'"),
    "no_currency": (changed(currency=None), "currency is missing"),
    "no_code": (changed(currency="dollars"), "currency"),
    "no_source": (changed(source=None), "source is missing"),
    "no_prices": (changed(prices=None), "no prices"),
    "unknown_key": (changed(discount=3), "discount"),
    "unknown_resource": (changed(prices={"cpu_milli": 1}), "cpu_milli"),
    "negative": (changed(prices={"cpu_core": -1}), "not negative"),
    "text": (changed(prices={"cpu_core": "cheap"}), "'cheap'"),
    "yes": (changed(prices={"cpu_core": True}), "True"),
    "infinite": ("{unit: hour, currency: EUR, source: x, prices: {cpu_core: .inf}}", "inf"),
    "not_a_number": ("{unit: hour, currency: EUR, source: x, prices: {cpu_core: .nan}}", "nan"),
    "a_month_said_to_be_an_hour": (changed(prices={"cpu_core": 23.0}), "nobody asks that"),
    "an_hour_said_to_be_a_month": (
        changed(unit="month", prices={"cpu_core": 0.03}),
        "nobody asks that",
    ),
    "month_of_24_hours": (changed(hours_per_month=24), "hours_per_month"),
    "both_gb_and_gib": (
        changed(prices={"memory_gb": 0.004, "memory_gib": 0.004}),
        "per GiB and one per GB",
    ),
    "both_forms": (changed(CPU="0.03"), "mixes"),
}


@pytest.mark.parametrize(("content", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_list_that_could_mislead_is_refused(tmp_path, content, reason):
    with pytest.raises(SettingsError, match=reason) as caught:
        load_prices(written(tmp_path, content))

    assert "prices.yaml" in caught.value.message
    assert caught.value.hint
    assert caught.value.exit_code == 2


def test_another_currency_is_taken_as_it_is(tmp_path):
    prices = load_prices(written(tmp_path, changed(currency="jpy", prices={"cpu_core": 4.7})))

    assert (prices.currency, prices.cpu_core_hour) == ("JPY", 4.7)


def test_a_price_of_zero_is_a_price(tmp_path):
    assert load_prices(written(tmp_path, changed(prices={"cpu_core": 0}))).cpu_core_hour == 0
