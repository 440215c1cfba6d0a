import os

import pytest

from mangapa.locate import expected_path, locate

TRAVERSAL = ["../..", "8485-1901/..", "8485-1901\n", "/etc/passwd", "8485-1901\0", "٨٤٨٥-1901", ""]


def test_finds_the_default_daptype(sas):
    environment = dict(os.environ)
    assert locate("8485-1901") == sas
    assert locate("8485-1901", daptype="HYB10") == sas
    assert locate("8485-1901", release="MPL-11", daptype="HYB10-MILESHC-MASTARSSP") == sas
    assert dict(os.environ) == environment


def test_absent_file_is_named():
    with pytest.raises(FileNotFoundError, match=r"manga-7443-12703-MAPS-SPX.*download"):
        locate("7443-12703", daptype="SPX")


@pytest.mark.parametrize("release", ["DR15", "DR16", "MPL-7", "DR17", "MPL-11"])
def test_public_releases_lie_under_the_root(release):
    path = expected_path("8485-1901", release=release)
    assert path.is_relative_to(os.environ["SAS_BASE_DIR"])
    assert path.name.startswith("manga-8485-1901-MAPS-HYB10-")


@pytest.mark.parametrize("release", ["MPL-5", "MPL-10"])
def test_release_that_the_tree_does_not_know(release, capfd):
    with pytest.raises(ValueError, match=f"does not know where {release} lies.*by path"):
        expected_path("8485-1901", release=release)


@pytest.mark.parametrize("plateifu", TRAVERSAL)
def test_only_identifiers_become_paths(plateifu):
    with pytest.raises(ValueError, match="must look like 8485-1901"):
        expected_path(plateifu)


def test_unknown_daptype():
    with pytest.raises(ValueError, match=r"daptype='\.\./x' is not in DR17; choose one of HYB10"):
        expected_path("8485-1901", daptype="../x")
