import pytest

from pigeonpost.letters import Letter
from pigeonpost.tariff import NoTariff, by_weight, by_zone, postage


def test_by_weight():
    assert by_weight(10) == 4
    assert by_weight(11) == 7


def test_too_heavy():
    with pytest.raises(NoTariff):
        by_weight(76)


def test_by_zone():
    assert by_zone(12) == 1.0
    assert by_zone(90) == 1.5


def test_a_plain_letter():
    assert postage(Letter("Ada", 8), miles=12) == 4


def test_express_costs_double():
    assert postage(Letter("Ada", 8, express=True), miles=12) == 8


def test_fragile_costs_extra():
    assert postage(Letter("Ada", 8, marks=["fragile"]), miles=12) == 10
