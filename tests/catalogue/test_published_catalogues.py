"""Catalogues of other surveys; their angles point to the receding side."""

import numpy as np
import pytest
from astropy import units as u
from astropy.table import Table

from mangapa import PAFlags
from mangapa.catalogue import compare, read_published

#: Made-up rows in the columns of each catalogue.
SAMI_STARS = """CUBEIDPUB,CUBEID,CATID,PA_STELKIN,PA_STELKIN_ERR,LAMBDAR_RE
1001_A,1001_blue_red_7,1001,328.0,0.75,0.5
1001_B,1001_blue_red_8,1001,,,
1002_A,1002_blue_red_7,1002,10.5,29.916666,
1003_A,1003_blue_red_7,1003,180.0,29.833334,
1004_A,1004_blue_red_7,1004,359.5,29.75,
"""
SAMI_GAS = """CUBEIDPUB,CUBEID,CATID,PA_GASKIN,PA_GASKIN_ERR
1001_B,1001_blue_red_8,1001,330.5,0.16666667
1001_A,1001_blue_red_7,1001,330.0,0.16666667
"""
ATLAS3D = """name,    PAphot,  erPAphot,   PAkin,  erPAkin,   Psi,  kinstruct, symbols
NGC9901,            159.3,    0.2,   158.5,      2.2,   0.8,     RR/NF ,    e
NGC9902,             41.0,    3.1,    41.5,     89.8,  10.0,    NRR/LV ,    a
"""
EDGE = """# %ECSV 0.9
# ---
# datatype:
# - {name: Name, datatype: string}
# - {name: rfPA, unit: deg, datatype: float64, description: 'counterclockwise from North to SIDE
#     side of major axis; see PAFlag for how this was derived'}
# - {name: rfPAFlag, datatype: int64}
# delimiter: ','
# schema: astropy-2.0
Name,rfPA,rfPAFlag
NGC9901,104.0,0
NGC9902,361.5,2
"""
GHASP = """ugc,vs,x,y,pa,i,e_vs,e_pa
99001,826.6,248.4,252.2,-1.5001378E+02,61.7,0.56,4.7824400E-01
"""


@pytest.fixture
def read(tmp_path):
    def read(text, name="table.txt"):
        (tmp_path / name).write_text(text)
        return read_published(tmp_path / name)

    return read


@pytest.mark.promise(17)
def test_angles_of_sami_are_turned_to_the_receding_side(read):
    table = read(SAMI_STARS)
    assert table.colnames == [
        *("name", "observation", "stellar_pa", "stellar_pa_err", "stellar_flags")
    ]
    assert table["name"].tolist() == ["1001", "1001", "1002", "1003", "1004"]
    assert table["observation"].tolist() == ["A", "B", "A", "A", "A"]
    np.testing.assert_array_equal(
        table["stellar_pa"].to_value(u.deg), [148, np.nan, 190.5, 0, 179.5]
    )
    errors = [0.75, np.nan, 29.916666, 29.833334, 29.75]
    np.testing.assert_array_equal(table["stellar_pa_err"].to_value(u.deg), errors)
    free = int(PAFlags.UNCONSTRAINED)
    assert table["stellar_flags"].tolist() == [0, None, free, free, 0]
    assert "turned by 180 deg" in table.meta["convention"]
    assert table.meta["citation"] == "Croom et al. 2021, MNRAS 505, 991"
    assert "1/6 deg" in table["stellar_pa_err"].info.description
    assert table.meta["flags"][free].startswith("the field hardly constrains")
    np.testing.assert_array_equal(read(SAMI_GAS)["halpha_pa"].value, [150.5, 150])


def test_both_tracers_of_sami_in_one_table(read):
    names = "cubeidpub,pa_gaskin,pa_gaskin_err,pa_stelkin,pa_stelkin_err"
    table = read(f"{names}\n1001_A,330,0.2,300,1\n")
    assert (table["stellar_pa"][0], table["halpha_pa"][0]) == (120 * u.deg, 150 * u.deg)


def test_names_of_sami_without_a_letter(read):
    table = read("CATID,PA_STELKIN,PA_STELKIN_ERR\n1001,328,0.75\n")
    assert table.colnames[:2] == ["name", "stellar_pa"]
    assert table["name"].tolist() == ["1001"]


def test_atlas3d_has_three_sigma_errors(read):
    table = read(ATLAS3D)
    assert table["name"].tolist() == ["NGC9901", "NGC9902"]
    np.testing.assert_array_equal(table["stellar_pa"].value, [158.5, 41.5])
    np.testing.assert_array_equal(table["stellar_pa_err_3sigma"].value, [2.2, 89.8])
    np.testing.assert_allclose(table["stellar_pa_err"].value, [2.2 / 3, 89.8 / 3])
    assert table["stellar_flags"].tolist() == [0, int(PAFlags.UNCONSTRAINED)]


@pytest.mark.promise(17)
@pytest.mark.parametrize(
    ("side", "angles"), [("approaching", [284, 181.5]), ("receding", [104, 1.5])]
)
def test_edge_says_its_side(read, side, angles):
    table = read(EDGE.replace("SIDE", side), "edge.csv")
    np.testing.assert_array_equal(table["halpha_pa"].value, angles)
    assert table["halpha_pa_source"].tolist() == ["CO kinematics", "outer optical isophotes"]
    assert np.isnan(table["halpha_pa_err"]).all()
    assert table["halpha_flags"].tolist() == [0, 0]


@pytest.mark.parametrize(
    "text",
    [EDGE[EDGE.index("Name,rfPA") :], EDGE.replace("SIDE", "approaching or to the receding")],
)
def test_edge_without_its_side_is_refused(read, text):
    with pytest.raises(ValueError, match=r"table\.txt does not say to which side rfPA points"):
        read(text)


def test_edge_may_mention_the_other_side(read):
    text = EDGE.replace("SIDE", "receding side (Levy et al. have the approaching one); the")
    np.testing.assert_array_equal(read(text)["halpha_pa"].value, [104, 1.5])


def test_ghasp(read):
    table = read(GHASP)
    assert table["name"].tolist() == ["UGC 99001"]
    np.testing.assert_allclose(table["halpha_pa"].value, [209.98622])
    np.testing.assert_array_equal(table["halpha_pa_err"].value, [0.478244])


@pytest.mark.parametrize("form", ["fits", "votable", "ascii.ecsv", "ascii.csv"])
def test_the_content_tells_the_format(tmp_path, form):
    from astropy.io import ascii

    plain = ascii.read(SAMI_STARS, format="csv")
    plain.rename_columns(plain.colnames, [name.lower() for name in plain.colnames])
    path = tmp_path / "table"
    plain.write(path, format=form)
    table = read_published(path)
    np.testing.assert_allclose(table["stellar_pa"].value, [148, np.nan, 190.5, 0, 179.5])
    assert table["name"].tolist() == ["1001", "1001", "1002", "1003", "1004"]
    assert table["stellar_flags"].mask.tolist() == [False, True, False, False, False]


def test_units_are_respected(tmp_path):
    plain = Table({"name": ["1"], "pakin": [1.0] * u.rad, "erpakin": [0.1] * u.rad})
    plain.write(tmp_path / "table.ecsv")
    assert read_published(tmp_path / "table.ecsv")["stellar_pa"][0].value == pytest.approx(57.29578)
    plain["pakin"].unit = "km"
    plain.write(tmp_path / "km.ecsv")
    with pytest.raises(ValueError, match="has pakin in km, which is not an angle"):
        read_published(tmp_path / "km.ecsv")


def test_of_names_that_differ_in_case_alone_the_first_counts(read):
    table = read("ugc,PA,pa,e_pa,A,a\n1,10,20,1,0,0\n")
    assert table["halpha_pa"].value.tolist() == [10]


def test_comments_blank_lines_and_missing_cells(read):
    table = read("# from a paper\n\nname, PAkin, erPAkin\nA, --, N/A\nB, 10\n\nC, 20, 3, 4\n")
    np.testing.assert_array_equal(table["stellar_pa"].value, [np.nan, 10, 20])
    np.testing.assert_array_equal(table["stellar_pa_err_3sigma"].value, [np.nan, np.nan, 3])


def test_what_is_not_a_known_catalogue_is_refused(read, tmp_path):
    with pytest.raises(ValueError, match=r"other\.csv is not a published .*SAMI DR3.*columns a, b"):
        read("a,b\n1,2\n", "other.csv")
    with pytest.raises(ValueError, match="it has the columns none"):
        read("", "empty.csv")
    with pytest.raises(ValueError, match="which is not an angle"):
        read(ATLAS3D.replace("158.5", "North"))
    (tmp_path / "broken.fits").write_bytes(b"SIMPLE  =                    T")
    with pytest.raises(ValueError, match=r"broken\.fits cannot be read as a table"):
        read_published(tmp_path / "broken.fits")
    (tmp_path / "page.csv").write_text("<html>log in</html>")
    with pytest.raises(ValueError, match=r"page\.csv cannot be read as a table"):
        read_published(tmp_path / "page.csv")
    (tmp_path / "other.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="is not a CSV table in UTF-8"):
        read_published(tmp_path / "other.csv")


def test_real_catalogues(shared_data):
    folder = shared_data / "surveys" / "catalogues"
    stars = read_published(folder / "samiDR3Stelkin_half.csv")
    gas = read_published(folder / "samiDR3gaskinPA_half.csv")
    first = gas[(gas["name"] == "41144") & (gas["observation"] == "A")]
    assert first["halpha_pa"].value.tolist() == [150]
    assert (stars["stellar_pa"][stars["name"] == "230776"] == 344 * u.deg).all()
    assert len(set(stars["name"])) < len(stars)
    constrained = stars["stellar_flags"].compressed() == 0
    assert np.mean(~constrained) == pytest.approx(0.164, abs=0.002)
    assert np.mean(gas["halpha_pa_err"] < 0.17 * u.deg) == pytest.approx(0.58, abs=0.01)
    atlas3d = read_published(folder / "atlas3d_krajnovic2011_tableD1.txt")
    known = {name: angle.value for name, angle in atlas3d["name", "stellar_pa"].iterrows()}
    assert (len(atlas3d), known["NGC4570"], known["NGC6278"]) == (260, 158.5, 305.5)
    ghasp = read_published(shared_data / "surveys" / "ghasp" / "epinat_parameters.csv")
    assert len(ghasp) == 31
    assert ((ghasp["halpha_pa"].value >= 0) & (ghasp["halpha_pa"].value < 360)).all()


def test_stars_of_sami_are_aligned_with_their_gas(shared_data):
    """As in most galaxies; a turn of one of the two would show, and `compare` finds it."""
    folder = shared_data / "surveys" / "catalogues"
    stars = read_published(folder / "samiDR3Stelkin_half.csv")
    gas = read_published(folder / "samiDR3gaskinPA_half.csv")
    gas.rename_column("halpha_pa", "stellar_pa")
    found = compare(stars, gas)
    assert len(found.conventions) == 0
    assert len(found.table) == len(stars)
    gas["stellar_pa"] = (gas["stellar_pa"] + 180 * u.deg) % (360 * u.deg)
    (row,) = compare(stars, gas).conventions
    assert row["hypothesis"] == "turned by 180 deg (a + 180)"
    assert (row["n"], row["share"]) == (1415, pytest.approx(0.75, abs=0.01))
