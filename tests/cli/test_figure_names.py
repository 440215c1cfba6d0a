import pytest

from mangapa.cli._figure_names import figure_stems, profile_stem, safe_stem


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("8485-1901", "8485-1901"),
        ("NGC 4550", "NGC_4550"),
        ("UGC10757.v2", "UGC10757.v2"),
        ("M\xe9chain", "Mechain"),
        ("../x", "x"),
        ("..", "galaxy"),
        ("/etc/passwd", "etc_passwd"),
        ("C:\\x\\y", "C_x_y"),
        ("\uff0e\uff0e\uff0fx", "x"),
        (".hidden", "hidden"),
        ("-rf", "rf"),
        ("a\x00b\n", "a_b"),
        ("latin\udce9", "latin"),
        ("$HOME;`id`", "HOME_id"),
        ("\u661f\u7cfb", "galaxy"),
        ("", "galaxy"),
        ("x" * 500, "x" * 80),
    ],
)
def test_a_name_is_never_a_path(name, stem):
    assert safe_stem(name) == stem


def test_galaxies_of_one_name_are_told_apart():
    assert figure_stems(["a", "b"], ["HYB10", "HYB10"]) == ["a", "b"]
    assert figure_stems(["a", "a"], ["HYB10", "VOR10"]) == ["a-HYB10", "a-VOR10"]
    assert figure_stems(["a", "A"], ["HYB10", "VOR10"]) == ["a-HYB10", "A-VOR10"]
    assert figure_stems(["a", "a", "a"], ["HYB10", "HYB10", None]) == ["a-HYB10", "a-HYB10-2", "a"]
    assert figure_stems(["/", "?"], [None, None]) == ["galaxy", "galaxy-2"]
    assert figure_stems(["a-2", "a", "a"], [None] * 3) == ["a-2", "a", "a-3"]
    assert figure_stems(["a", "a"], ["../x", "../y"]) == ["a-x", "a-y"]


def test_a_name_cannot_be_that_of_a_profile():
    profile = profile_stem("a", "stellar")
    assert profile == "a-stellar-profile"
    assert figure_stems(["a", profile], [None, None]) == ["a", f"{profile}-2"]
