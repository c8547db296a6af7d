from pigeonpost.loft import Loft, Pigeon


def test_a_ring_stays_on_for_life():
    bo = Pigeon("Bo", 80, ring="PP-007")
    assert Loft(bo).ring(bo, 8) == "PP-007"


def test_rings_from_a_thousand_on():
    assert Loft().ring(Pigeon("Io", 30), 999) == "PP-999"
    assert Loft().ring(Pigeon("Mo", 15), 1000) == "PPX-1000"


def test_who_fears_the_sky_stays_and_it_is_written_down():
    loft = Loft(Pigeon("Io", 30, afraid_of="fog"), Pigeon("Bo", 80))
    assert loft.choose(20, sky="fog").name == "Bo"
    assert loft.diary == ["Io looked at the sky and stayed"]


def test_a_stronger_bird_does_not_replace_the_best():
    io, bo = Pigeon("Io", 30), Pigeon("Bo", 80)
    assert Loft(io, bo).choose(20) is io
    assert bo.flown_today == 0


def test_the_last_one_goes_to_sleep_hungry():
    loft = Loft(Pigeon("Bo", 80, flown_today=2), Pigeon("Io", 30))
    assert loft.feed(17) == 2
    assert loft.diary == ["Io went to sleep hungry"]
    assert [pigeon.strength for pigeon in loft.pigeons] == [81, 30]
