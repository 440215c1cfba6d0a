import subprocess
import sys

import pytest
from astropy import units as u

from mangapa.catalogue.columns import Column, catalogue_columns, register_column

TRACER = (
    *(
        "{t}_pa",
        "{t}_pa_err",
        "{t}_pa_err_sys",
        "{t}_pa_err_3sigma",
        "{t}_v_sys",
        "{t}_n_spaxels",
        "{t}_chi2",
    ),
    *("{t}_flags", "{t}_kdc", "{t}_kdc_turn", "{t}_kdc_radius", "{t}_counter_rotating_core"),
    *("{t}_warp", "{t}_warp_turn", "{t}_disturbed", "{t}_asymmetry", "{t}_asymmetry_err"),
    *("{q}_qual", "{t}_score", "{t}_usability_flags", "{t}_reliability"),
)
ORDER = [
    *("plateifu", "mangaid", "release", "daptype", "name", "observation"),
    *("survey", "redshift", "ra", "dec", "source"),
    *(name.format(t="stellar", q="stel") for name in TRACER),
    *(name.format(t="halpha", q="halpha") for name in TRACER),
    *("pa_offset", "pa_offset_err", "misaligned_probability", "counter_rotating_probability"),
    *("counter_rotation", "method", "error"),
]


@pytest.fixture
def columns():
    return {column.name: column for column in catalogue_columns()}


def test_names_and_order_of_the_columns(columns):
    assert list(columns) == ORDER


def test_columns_of_each_kind(columns):
    angle, flags, score = (columns[f"halpha_{name}"] for name in ("pa", "flags", "score"))
    assert (angle.unit, angle.decimals, angle.kind, angle.ucd) == (u.deg, 1, float, "pos.posAng")
    assert (flags.unit, flags.decimals, flags.kind, flags.format) == (None, None, int, None)
    assert (score.kind, score.format, score.part) == (float, ".2f", "halpha")
    assert columns["stellar_v_sys"].unit == u.km / u.s
    assert (columns["error"].kind, columns["error"].part) == (str, "galaxy")


def test_descriptions_name_their_tracer(columns):
    for name, column in columns.items():
        assert "{" not in column.description, name
        if column.part != "galaxy":
            assert {"stellar": "the stars", "halpha": "H-alpha"}[column.part] in column.description


def test_values_for_json():
    angle = Column(name="a", value=None, description="", unit=u.deg, kind=float)
    assert angle.plain(None) is None
    assert angle.plain(float("nan") * u.deg) is None
    assert angle.plain(1 * u.rad) == pytest.approx(57.29578)
    flags = Column(name="b", value=None, description="", kind=int)
    assert type(flags.plain(True)) is int
    anything = Column(name="c", value=None, description="")
    assert anything.plain([1]) == [1]


def test_columns_of_the_kinematics_follow_the_others():
    every = catalogue_columns("kinematics")
    assert [column.name for column in every][: len(ORDER)] == ORDER
    more = {column.name: column for column in every[len(ORDER) :]}
    assert {column.group for column in more.values()} == {"kinematics"}
    assert {column.part for column in more.values()} == {"galaxy", "stellar", "halpha"}
    assert all(column.ucd and column.kind and column.description for column in more.values())
    assert more["stellar_psi"].unit == u.deg
    assert more["stellar_lambda_r"].unit is None
    assert more["halpha_group"].kind is str
    for column in more.values():
        assert "{" not in column.description, column.name


def test_a_group_has_a_name():
    with pytest.raises(ValueError, match="group='my dust' must be a name without blanks"):
        register_column("dust", str, "Dust", group="my dust")


def test_registered_column_is_in_every_catalogue():
    """In another process, so that the column does not stay in the tables of this one."""
    script = """
import mangapa
from mangapa.catalogue import tabulate
from mangapa.catalogue.columns import register_column
register_column("size", lambda m: m.galaxy.stellar.velocity.size, "Number of spaxels", kind=int)
measurement = mangapa.measure(mangapa.simulate_galaxy(n_fibres=19))
print(measurement.row()["size"], tabulate(measurement)["size"][0], tabulate([])["size"].dtype.kind)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    in_row, in_table, kind = done.stdout.split()
    assert in_row == in_table
    assert int(in_row) > 100
    assert kind == "i"
