import numpy as np
import pytest
from astropy import units as u

from mangapa import clean, simulate_galaxy
from mangapa.simulate import FIELD_OF_VIEW, Bar, Lopsidedness, Neighbour, Warp


def test_equal_arguments_give_equal_galaxies():
    one, other, third = (simulate_galaxy(n_fibres=19, seed=s, outliers=0.1) for s in (1, 1, 2))
    np.testing.assert_array_equal(one.stellar.velocity, other.stellar.velocity)
    assert not np.array_equal(one.stellar.velocity, third.stellar.velocity, equal_nan=True)


@pytest.mark.parametrize("n_fibres", FIELD_OF_VIEW)
def test_hexagon_of_every_size(n_fibres):
    field = simulate_galaxy(n_fibres=n_fibres, bintype="SPX").stellar
    across = FIELD_OF_VIEW[n_fibres]
    assert field.n_spaxels * 0.25 == pytest.approx(across**2 * 3 * np.sqrt(3) / 8, rel=0.06)
    assert np.abs(field.x[field.good]).max().value == pytest.approx(across / 2, abs=0.5)
    assert field.x[0, 0] > 0 * u.arcsec > field.x[0, -1]
    assert field.y[0, 0] < 0 * u.arcsec < field.y[-1, 0]


def test_receding_side_points_along_the_angle():
    field = simulate_galaxy(pa_stellar=90 * u.deg, snr=1000).stellar
    east = field.good & (field.x > 8 * u.arcsec) & (abs(field.y) < 1 * u.arcsec)
    assert np.all(field.velocity[east] > 0)


def test_spaxels_of_a_bin_share_a_velocity_and_bins_grow_outwards():
    galaxy = simulate_galaxy(bintype="HYB10", snr=30)
    stellar, halpha = galaxy.stellar, galaxy.halpha
    ids, counts = np.unique(stellar.bin_id[stellar.good], return_counts=True)
    for i in ids[:: len(ids) // 20]:
        assert np.ptp(stellar.velocity[stellar.bin_id == i]) == 0
    radius = np.hypot(stellar.x, stellar.y)
    size = dict(zip(ids, counts, strict=True))
    sizes = np.array([size[i] for i in stellar.bin_id[stellar.good]])
    inner = radius[stellar.good] < 4 * u.arcsec
    assert sizes[inner].mean() < 1.5 < sizes[~inner].mean()
    assert np.unique(halpha.bin_id[halpha.good]).size == halpha.n_spaxels


def test_noise_matches_ivar_and_grows_outwards():
    galaxy = simulate_galaxy(v_max=0, bintype="SPX", seed=4)
    for field in (galaxy.stellar, galaxy.halpha):
        good = field.good
        pull = (field.velocity[good] * np.sqrt(field.ivar[good])).value
        assert np.std(pull) == pytest.approx(1, abs=0.05)
        outer = np.hypot(field.x, field.y)[good] > 10 * u.arcsec
        assert field.ivar[good][outer].mean() < field.ivar[good][~outer].mean() / 3


def test_correlated_noise_has_the_correlation_length_of_manga():
    field = simulate_galaxy(v_max=0, bintype="SPX", snr=1e6, correlated=True, seed=4).stellar
    noise = field.velocity.value
    both = field.good[:, 2:] & field.good[:, :-2]
    r = np.corrcoef(noise[:, 2:][both], noise[:, :-2][both])[0, 1]
    assert r == pytest.approx(np.exp(-(2**2) / (2 * 1.92**2)), abs=0.1)


def test_optional_defects():
    plain = simulate_galaxy(n_fibres=61, bintype="SPX", seed=5)
    blobs = simulate_galaxy(n_fibres=61, bintype="SPX", foreground=2, seed=5)
    assert blobs.stellar.n_spaxels < plain.stellar.n_spaxels
    assert clean(blobs.stellar).rejection.any()
    wild = simulate_galaxy(n_fibres=61, bintype="SPX", outliers=0.02, seed=5)
    fast = np.abs(wild.halpha.velocity[wild.halpha.good]) > 300 * u.km / u.s
    assert 0.01 < fast.mean() < 0.03
    holes = simulate_galaxy(n_fibres=61, bintype="SPX", missing=2, seed=5)
    assert holes.stellar.n_spaxels < plain.stellar.n_spaxels


def test_core_reverses_only_the_centre():
    plain = simulate_galaxy(bintype="SPX", snr=1e6)
    core = simulate_galaxy(bintype="SPX", snr=1e6, core_radius=4)
    inside = np.hypot(plain.stellar.x, plain.stellar.y).value < 4
    product = plain.stellar.velocity * core.stellar.velocity
    strong = plain.stellar.good & (np.abs(plain.stellar.velocity.value) > 20)
    assert np.all(product[strong & inside] < 0)
    assert np.all(product[strong & ~inside] > 0)


def test_warp_turns_the_outside():
    field = simulate_galaxy(bintype="SPX", snr=1e6, pa_stellar=0, warp=90, inclination=30).stellar
    x, y, v = field.x.value, field.y.value, field.velocity.value
    inner = field.good & (np.hypot(x, y) < 1.5)
    outer = field.good & (np.hypot(x, y) > 13)
    for where, pa in ((inner, 10), (outer, 80)):
        along = np.degrees(np.arctan2((x * v)[where].sum(), (y * v)[where].sum()))
        assert along == pytest.approx(pa, abs=10)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"n_fibres": 20}, "n_fibres=20 must be one of 19, 37, 61, 91, 127"),
        ({"plateifu": "../1"}, "plateifu='../1' must look like"),
        ({"inclination": 100}, "inclination=100.0 deg must be between 0 and 90"),
        ({"snr": 0}, "snr=0 must be positive"),
        ({"bintype": "ALL"}, "bintype='ALL' must be one of VOR10, HYB10, SPX"),
        ({"outliers": 2}, "outliers=2 must be a fraction"),
        ({"outliers": np.nan}, "outliers=nan must be one finite number"),
        ({"plateifu": 8485}, "plateifu=8485 must look like"),
        ({"n_fibres": [19]}, r"n_fibres=\[19\] must be one of"),
        ({"n_fibres": "19"}, "n_fibres='19' must be one of"),
        ({"bintype": None}, "bintype=None must be one of"),
        ({"snr": "high"}, "snr='high' must be a number"),
        ({"snr": np.inf}, "snr=inf must be one finite number"),
        ({"snr": 1e300}, r"snr=1e\+300 must be at most 1e\+07"),
        ({"v_max": None}, "v_max=None must be one finite number"),
        ({"v_max": 1e300}, r"v_max=1e\+300 must be between -300000 and 300000 km / s"),
        ({"v_max": 5 * u.arcsec}, "v_max=.* must be a number in km / s"),
        ({"v_sys": -1e6}, r"v_sys=-1e\+06 must be between"),
        ({"turnover": 0}, "turnover=0 must be between 0.001 and 1000"),
        ({"core_radius": -1}, "core_radius=-1 must be between 0 and 1000 arcsec"),
        ({"core_offset": 1e9}, r"core_offset=1e\+09 must be between -360 and 360 deg"),
        ({"psf": -1}, "psf=-1 must be between 0 and 20 arcsec"),
        ({"thickness": 2}, "thickness=2 must be between 0 and 1$"),
        ({"radial_flow": np.nan}, "radial_flow=nan must be one finite number"),
        ({"warp": Warp(tilt=50)}, "tilt=50 of Warp makes an inclination of 105 deg"),
        (
            {"n_fibres": 19, "warp": Warp(inner=9)},
            "inner=9 of Warp must be smaller than the radius",
        ),
        ({"warp": [1, 2]}, r"warp=\[1, 2\] must be one finite number"),
        ({"seed": -1}, "seed=-1 must be between 0 and"),
        ({"foreground": -1}, "foreground=-1 must be between 0 and 1000"),
        ({"missing": 10**9}, "missing=1000000000 must be between 0 and 1000"),
    ],
)
def test_bad_arguments(options, match):
    with pytest.raises(ValueError, match=match):
        simulate_galaxy(**options)


@pytest.mark.parametrize("name", ["foreground", "missing", "seed"])
def test_counts_must_be_integers(name):
    with pytest.raises(TypeError, match=f"{name}=1.5 must be an integer, not float"):
        simulate_galaxy(**{name: 1.5})


def test_numpy_numbers_and_quantities_are_allowed():
    given = simulate_galaxy(
        n_fibres=np.int64(19),
        plateifu=None,
        v_max=0.2 * u.km / u.ms,
        core_radius=1 / 60 * u.arcmin,
        warp=np.float32(10),
        seed=np.int32(3),
    )
    plain = simulate_galaxy(n_fibres=19, v_max=200, core_radius=1, warp=10, seed=3)
    good = plain.stellar.good
    assert u.allclose(given.stellar.velocity[good], plain.stellar.velocity[good])
    assert (given.plateifu, given.mangaid) == (plain.plateifu, plain.mangaid)


@pytest.mark.parametrize("snr", [1e-300, 1e-3, 1, 1e7])
@pytest.mark.parametrize("bintype", ["VOR10", "SPX"])
def test_any_signal_to_noise_ratio(snr, bintype):
    field = simulate_galaxy(n_fibres=19, snr=snr, bintype=bintype, correlated=True).stellar
    assert (field.n_spaxels > 0) == (snr > 1)


@pytest.mark.parametrize("name", ["bar", "lopsidedness", "neighbour"])
def test_components_must_be_of_their_kind(name):
    with pytest.raises(TypeError, match=f"{name}=0.3 must be a {name.capitalize()}, not float"):
        simulate_galaxy(**{name: 0.3})


@pytest.mark.parametrize(
    ("component", "options", "match"),
    [
        (Bar, {"amplitude": 2}, "amplitude of Bar=2 must be between -1 and 1$"),
        (Bar, {"amplitude": 0.1, "radius": 0}, r"radius of Bar=0 must be between 0\.1 and"),
        (Lopsidedness, {"amplitude": "big"}, "amplitude of Lopsidedness='big' must be a number"),
        (Warp, {"inner": 5, "outer": 5}, "outer=5 of Warp must be larger than inner=5"),
        (Warp, {"turn": 1 * u.s}, "turn of Warp=.* must be a number in deg"),
        (
            Neighbour,
            {"flux": -1, "x": 0, "y": 0, "velocity": 0},
            "flux of Neighbour=-1 must be between 0 and 1000",
        ),
    ],
)
def test_bad_components(component, options, match):
    with pytest.raises(ValueError, match=match):
        component(**options)


def test_components_take_quantities():
    assert Warp(turn=np.pi * u.rad, outer=0.5 * u.arcmin) == Warp(turn=180, outer=30)
    assert Bar(amplitude=20 * u.percent) == Bar(amplitude=0.2)


def test_everything_at_once():
    field = simulate_galaxy(
        psf=2.5,
        dithered=True,
        thickness=0.2,
        n_fibres=37,
        pa_halpha=90,
        warp=Warp(turn=30, tilt=-10, inner=2),
        radial_flow=0.1,
        outliers=0.02,
        bar=Bar(amplitude=0.2),
        lopsidedness=Lopsidedness(amplitude=0.1),
        neighbour=Neighbour(flux=0.1, x=4, y=4, velocity=200),
        core_radius=2,
        foreground=1,
        missing=1,
    ).halpha
    assert field.n_spaxels > 300
    assert np.isfinite(field.velocity[field.good]).all()


def test_share_of_a_warp_needs_its_radii():
    np.testing.assert_allclose(Warp(inner=2, outer=6).share([1, 3, 9]), [0, 0.25, 1])
    with pytest.raises(ValueError, match="give Warp an outer radius"):
        Warp(inner=2).share(3)
