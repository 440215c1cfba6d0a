"""Marvin sessions with Maps opened from a file, from a local SAS and from a server."""

import gc
import shutil
import subprocess
import sys
import types
import weakref
from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits

import mangapa
from mangapa._utils import fits_files
from mangapa.archive.releases import MANGA_RELEASES
from mangapa.formats.marvin_maps import galaxy_from_marvin
from mangapa.marvin import attach, kinematic_pa
from mangapa.usability import _predict
from tests.marvin_api import marvin_api

#: Methods that measure more than position angles.
KINEMATICS = (
    *("kinemetry", "kinematic_classes", "photometric_misalignment"),
    *("angular_momentum", "spin_vector"),
)


@pytest.fixture
def marvin_maps(marvin, maps_file):
    marvin.config.setRelease("DR17")
    maps = marvin.tools.maps.Maps(filename=str(maps_file))
    yield maps
    maps.close()


def assert_equal(one, other):
    for tracer in ("stellar", "halpha"):
        a, b = one.tracer(tracer), other.tracer(tracer)
        for name in ("velocity", "ivar", "x", "y", "mask", "bin_id"):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)
        assert a.velocity.dtype == b.velocity.dtype == np.float64
    assert (one.plateifu, one.mangaid) == (other.plateifu, other.mangaid)
    assert (one.release, one.daptype) == (other.release, other.daptype)
    assert one.effective_radius == other.effective_radius


def assert_equal_light(one, other):
    for tracer in ("stellar", "halpha"):
        a, b = one.tracer(tracer), other.tracer(tracer)
        for name in ("dispersion", "dispersion_ivar", "instrumental_dispersion", "flux"):
            assert np.isfinite(getattr(a, name).value).any(), name
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)


def test_from_a_file(marvin_maps, maps_file):
    assert_equal(galaxy_from_marvin(marvin_maps), mangapa.read_maps(maps_file))
    by_file = mangapa.measure(maps_file)
    assert marvin_maps.kinematic_pa().pa == by_file.stellar.pa
    assert marvin_maps.kinematic_pa("halpha").pa == by_file.halpha.pa
    assert marvin_maps.kinematic_pa(tracer="halpha").pa_err == by_file.halpha.pa_err
    assert marvin_maps.misalignment().angle == by_file.misalignment.angle
    assert mangapa.measure(marvin_maps).stellar.pa == by_file.stellar.pa


def test_usability(marvin_maps, maps_file):
    assert {"kinematic_pa", "misalignment", "usability"} <= set(dir(marvin_maps))
    by_file = mangapa.measure(maps_file)
    assert marvin_maps.usability() == by_file.stellar_usability
    assert marvin_maps.usability("halpha") == by_file.halpha_usability
    assert marvin_maps.usability(tracer="halpha", model="fcn").model == "fcn"
    with pytest.raises(ValueError, match="tracer='gas' is not known"):
        marvin_maps.usability("gas")


@pytest.mark.promise(20)
def test_a_field_that_cannot_be_judged_costs_that_field(marvin_maps, maps_file, monkeypatch):
    expected = mangapa.usability(mangapa.clean(mangapa.read_maps(maps_file).stellar))
    real = _predict.descriptors_prepared

    def fail_for_gas(prepared):
        if prepared.field.tracer == "halpha":
            raise np.linalg.LinAlgError("Singular matrix")
        return real(prepared)

    monkeypatch.setattr(_predict, "descriptors_prepared", fail_for_gas)
    assert marvin_maps.usability("stellar") == expected
    assert expected.flags & mangapa.UsabilityFlags.ONE_TRACER
    with pytest.raises(np.linalg.LinAlgError, match="Singular matrix"):
        marvin_maps.usability("halpha")


def test_a_file_is_read_once(marvin_maps, monkeypatch):
    read, real = [], fits_files.unpacked

    def unpacked(path):
        read.append(path)
        return real(path)

    monkeypatch.setattr(fits_files, "unpacked", unpacked)
    monkeypatch.setattr(marvin_maps, "data", None)  # what Marvin opened is left alone
    for tracer in mangapa.fields.TRACERS:
        marvin_maps.kinematic_pa(tracer)
        marvin_maps.usability(tracer)
        marvin_maps.pa_profile(tracer)
    marvin_maps.misalignment()
    assert [str(path) for path in read] == [marvin_maps.filename]


def test_a_file_with_one_field(marvin_maps, maps_file):
    angle = marvin_maps.kinematic_pa().pa
    with fits.open(maps_file) as hdus:
        del hdus["EMLINE_GVEL_MASK"]
        hdus.writeto(maps_file.with_name("less.fits"))
    less = type(marvin_maps)(filename=str(maps_file.with_name("less.fits")))
    assert less.kinematic_pa().pa == angle
    with pytest.raises(mangapa.MapsFileError, match="no extension EMLINE_GVEL_MASK"):
        less.kinematic_pa("halpha")
    less.close()


def test_a_file_that_was_deleted_is_still_open(marvin, maps_file, tmp_path):
    gone = shutil.copy(maps_file, tmp_path / "gone.fits.gz")
    maps = marvin.tools.maps.Maps(filename=str(gone))
    gone.unlink()
    assert_equal(galaxy_from_marvin(maps), mangapa.read_maps(maps_file))
    maps.close()


def test_profile(marvin_maps, maps_file):
    galaxy = mangapa.read_maps(maps_file)
    profile = marvin_maps.pa_profile("halpha")
    expected = mangapa.pa_profile(
        mangapa.clean(galaxy.halpha), effective_radius=galaxy.effective_radius
    )
    for name in expected.colnames:
        np.testing.assert_array_equal(profile[name], expected[name], err_msg=name)
    assert np.isfinite(profile["radius_re"]).all()
    assert marvin_maps.pa_profile("halpha") is profile
    circles = marvin_maps.pa_profile("halpha", axis_ratio=1)
    assert circles.axis_ratio == 1
    with pytest.raises(ValueError, match="tracer='gas'"):
        marvin_maps.pa_profile("gas")


def test_settings_as_one_value(marvin_maps, maps_file):
    settings = mangapa.MeasurementSettings(velocity_error=30, sigma=4, method="harmonic")
    measured = mangapa.measure(maps_file, settings=settings)
    assert marvin_maps.kinematic_pa(settings=settings).pa == measured.stellar.pa
    angle = marvin_maps.kinematic_pa("halpha", settings=settings, method="disc").pa
    assert angle == mangapa.measure(maps_file, settings=settings, method="disc").halpha.pa
    profile = marvin_maps.pa_profile("halpha", settings=settings)
    np.testing.assert_array_equal(profile["pa_err"], measured.halpha_profile["pa_err"])
    assert marvin_maps.usability(settings=settings) == measured.stellar_usability
    assert marvin_maps.misalignment(settings=settings).angle == measured.misalignment.angle
    for method in (marvin_maps.kinematic_pa, marvin_maps.pa_profile, marvin_maps.usability):
        with pytest.raises(TypeError, match="no option 'sgima'; did you mean 'sigma'"):
            method(sgima=3)


def test_results_are_cached_by_setting(marvin_maps):
    first = marvin_maps.kinematic_pa()
    assert marvin_maps.kinematic_pa() is first
    assert marvin_maps.kinematic_pa(v_sys=0) is not first
    assert marvin_maps.kinematic_pa("halpha") is not first


@pytest.mark.quick
def test_results_are_freed_with_the_maps(maps_file):
    class Maps:
        """A stand-in: Marvin itself keeps its last Maps alive."""

        data_origin = "file"

    with fits.open(maps_file) as hdus:
        maps = Maps()
        maps.data, maps.filename = hdus, str(maps_file)
        assert np.isfinite(kinematic_pa(maps).pa)
        gone = weakref.ref(maps)
        del maps
        gc.collect()
        assert gone() is None


def test_bad_tracer(marvin_maps):
    with pytest.raises(ValueError, match="tracer='gas' is not known"):
        marvin_maps.kinematic_pa("gas")


def test_from_a_local_sas(marvin, sas):
    marvin.config.setRelease("DR17")
    maps = marvin.tools.maps.Maps(plateifu="8485-1901", mode="local")
    assert_equal(galaxy_from_marvin(maps), mangapa.read_maps(sas))
    assert maps.misalignment().angle == mangapa.measure("8485-1901").misalignment.angle
    maps.close()


def test_from_a_server(marvin, sas):
    with marvin_api(sas) as (port, asked):
        marvin.config.setRelease("DR17")
        marvin.config.switchSasUrl("local", port=port)
        marvin.config.urlmap = None
        maps = marvin.tools.maps.Maps(plateifu="8485-1901", mode="remote")
        asked.clear()
        with pytest.warns(mangapa.MangapaWarning, match="server has HYB10 maps only"):
            stellar = maps.kinematic_pa()
        assert not any("emline_gvel" in path for path in asked)
        assert sum("/stellar_vel/" in path for path in asked) == 1
        n_asked = len(asked)
        assert maps.kinematic_pa() is stellar
        assert len(asked) == n_asked
        with pytest.warns(mangapa.MangapaWarning):
            assert_equal(galaxy_from_marvin(maps), mangapa.read_maps(sas))
        assert not any("sigma" in path or "flux" in path for path in asked)
        with pytest.warns(mangapa.MangapaWarning):
            with_light = galaxy_from_marvin(maps, light=True)
        assert sum("sigma" in path or "flux" in path for path in asked) == 6
        assert_equal_light(with_light, mangapa.read_maps(sas))
        assert stellar.pa == mangapa.measure(sas).stellar.pa
        assert mangapa.archive.locate(maps) == sas


@pytest.mark.filterwarnings("ignore:.*HYB10 maps only")
def test_kinematics_from_a_server(marvin, sas):
    """A server is asked for dispersions and light once, and only for what needs them."""
    of_file = mangapa.measure(sas, columns="kinematics").stellar_kinematics
    with marvin_api(sas) as (port, asked):
        marvin.config.setRelease("DR17")
        marvin.config.switchSasUrl("local", port=port)
        marvin.config.urlmap = None
        maps = marvin.tools.maps.Maps(plateifu="8485-1901", mode="remote")
        asked.clear()
        assert maps.photometric_misalignment().photometric.source == "header"
        assert not any("sigma" in path or "flux" in path for path in asked)
        assert maps.angular_momentum().lambda_r == of_file.angular_momentum.lambda_r
        assert maps.kinematic_classes().two_sigma == of_file.classes.two_sigma
        assert maps.kinemetry().k51 == of_file.kinemetry.k51
        assert len(maps.kinemetry(moment="dispersion"))
        assert sum("sigma" in path or "flux" in path for path in asked) == 3
        assert not any("emline" in path for path in asked)


@pytest.mark.filterwarnings("ignore:.*HYB10 maps only", "ignore:Could not .* local")
@pytest.mark.parametrize("release", ["DR15", "DR16", "DR17"])
@pytest.mark.parametrize("mode", ["local", "auto", "remote"])
def test_every_mode_of_every_public_release(marvin, galaxy, tmp_path, release, mode):
    """In mode "auto" Marvin looks for a local file, then asks the server."""
    path = mangapa.archive.expected_path("8485-1901", release=release)
    mock = replace(galaxy, plateifu="8485-1901", daptype="HYB10")
    served = mangapa.write_maps(mock, tmp_path / "served.fits.gz", release=release)
    if mode == "local":
        path.parent.mkdir(parents=True)
        shutil.copy(served, path)
    with marvin_api(served, release) as (port, asked):
        marvin.config.setRelease(release)
        marvin.config.switchSasUrl("local", port=port)
        marvin.config.urlmap = None
        maps = marvin.tools.maps.Maps("8485-1901", mode=mode)
        read = galaxy_from_marvin(maps, light=True)
        assert_equal(read, mangapa.read_maps(served))
        assert_equal_light(read, mangapa.read_maps(served))
        assert maps.misalignment().angle == mangapa.measure(served).misalignment.angle
        assert bool(asked) == (mode != "local")
    if mode == "local":
        maps.close()
        path.unlink()


@pytest.mark.parametrize("release", [r.name for r in MANGA_RELEASES])
def test_every_release_opens_in_marvin(marvin, collaboration, galaxy, tmp_path, release):
    path = mangapa.write_maps(galaxy, tmp_path / "mock.fits.gz", release=release)
    maps = marvin.tools.maps.Maps(filename=str(path))
    assert_equal(galaxy_from_marvin(maps), mangapa.read_maps(path))
    line = maps.getMap("emline_gvel_ha_6564", exact=True).value
    good = galaxy.halpha.good
    np.testing.assert_allclose(line[good], galaxy.halpha.velocity.value[good], rtol=1e-5, atol=1e-4)
    maps.close()


@pytest.mark.promise(12)
@pytest.mark.needs_pafit
@pytest.mark.parametrize(("tracer", "pa"), [("stellar", 3.5), ("halpha", 7.5)])
def test_published_settings_on_a_true_file(marvin, real_maps, tracer, pa):
    maps = marvin.tools.maps.Maps(filename=str(real_maps))
    result = maps.kinematic_pa(
        tracer, method="pafit", velocity_error=10, v_sys=0, sigma=None, min_region=0
    )
    assert result.pa == pa * u.deg
    maps.close()


def test_kinematics(marvin_maps, maps_file):
    """Those of a measurement; each is measured once."""
    assert set(KINEMATICS) <= set(dir(marvin_maps))
    by_file = mangapa.measure(maps_file, columns="kinematics")
    known = {"inclination": 50, "inclination_err": 5, "winding": "S", "position": (150, 2)}
    for tracer, measured in by_file.tracers():
        expected = measured.kinematics
        profile = marvin_maps.kinemetry(tracer)
        np.testing.assert_array_equal(profile["k5"], expected.kinemetry["k5"])
        assert profile is marvin_maps.kinemetry(tracer=tracer)
        assert marvin_maps.kinemetry(tracer, ring_width=2 * u.arcsec) is not profile
        apart = marvin_maps.photometric_misalignment(tracer)
        assert apart.angle == expected.photometric_misalignment.angle
        assert apart.error == expected.photometric_misalignment.error
        classes = marvin_maps.kinematic_classes(tracer)
        assert classes.regular_rotator == expected.classes.regular_rotator
        assert classes is marvin_maps.kinematic_classes(tracer)
        momentum = marvin_maps.angular_momentum(tracer)
        assert momentum.lambda_r == expected.angular_momentum.lambda_r
        assert momentum is marvin_maps.angular_momentum(tracer)
        assert marvin_maps.angular_momentum(tracer, pa=0).pa == 0
        spin = marvin_maps.spin_vector(tracer)
        np.testing.assert_array_equal(spin.weights, expected.spin.weights)
        assert len(marvin_maps.spin_vector(tracer, **known).weights) == 1


def test_options_of_kinematics(marvin_maps):
    dispersions = marvin_maps.kinemetry("halpha", moment="dispersion")
    assert dispersions.meta["moment"] == "dispersion"
    given = mangapa.Photometry.from_values(10, 0.5)
    assert marvin_maps.photometric_misalignment(photometry=given).photometric is given
    flux = marvin_maps.photometric_misalignment(photometry="flux")
    assert flux.photometric.source == "flux"
    with pytest.raises(TypeError, match="photometry must be a Photometry, or where it comes from"):
        marvin_maps.photometric_misalignment(photometry=30)
    for name in KINEMATICS:
        with pytest.raises(ValueError, match="tracer='gas' is not known"):
            getattr(marvin_maps, name)("gas")


@pytest.mark.needs_marvin
@pytest.mark.parametrize("first", ["mangapa", "marvin.tools.maps"])
def test_attached_in_either_order(first):
    second = "marvin.tools.maps" if first == "mangapa" else "mangapa"
    code = (
        f"import warnings; warnings.simplefilter('ignore'); import {first}; import {second}; "
        "import marvin.tools.maps as m; print(m.Maps.kinematic_pa.__module__, "
        "m.Maps.misalignment.__module__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-2:] == ["mangapa.marvin", "mangapa.marvin"]


@pytest.mark.quick
def test_attach_keeps_methods_of_others(caplog):
    theirs = object()
    module = types.SimpleNamespace(Maps=type("Maps", (), {"kinematic_pa": theirs}))
    attach(module)
    assert module.Maps.kinematic_pa is theirs
    assert module.Maps.misalignment.__module__ == "mangapa.marvin"
    assert "has its own kinematic_pa" in caplog.text
    ours = types.SimpleNamespace(Maps=type("Maps", (), {"kinematic_pa": kinematic_pa}))
    attach(ours)
    assert ours.Maps.kinematic_pa is kinematic_pa


@pytest.mark.quick
def test_attach_never_raises(caplog):
    attach(types.SimpleNamespace())
    assert "could not add its methods" in caplog.text
