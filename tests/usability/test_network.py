import numpy as np
import pytest

from mangapa.usability._network import ACTIVATIONS, SURE, Network, calibrate, load_networks, sigmoid


def single(kernel, bias, activation, **options):
    """A network of one layer and one member."""
    return Network(
        kernels=[np.array(kernel, "f4")[None]],
        biases=[np.array(bias, "f4")[None, None]],
        activations=[activation],
        **options,
    )


def test_a_network_computes_what_its_formula_says():
    network = single([[2.0], [-1.0]], [0.5], "sigmoid", slope=2.0, offset=0.3)
    logit = 2 * 1.0 - 1 * 3.0 + 0.5
    expected = 1 / (1 + np.exp(-(2 * logit + 0.3)))
    assert network([[1.0, 3.0]]) == pytest.approx([expected], abs=1e-6)


def test_a_softmax_gives_the_probability_of_classes_1_and_2():
    network = single(np.zeros((1, 3)), np.log([0.2, 0.3, 0.5]), "softmax")
    assert network([[0.0]]) == pytest.approx([0.8], abs=1e-6)


def test_inputs_are_standardised_and_clipped():
    options = {"centre": np.array([1.0]), "spread": np.array([2.0]), "limit": 3.0}
    network = single([[1.0]], [0.0], "sigmoid", **options)
    assert network([[5.0]]) == pytest.approx(sigmoid(np.array([2.0])), abs=1e-6)
    assert network([[7.0], [1e6]]) == pytest.approx([sigmoid(3.0)] * 2, abs=1e-6)


def test_probabilities_stay_away_from_0_and_1():
    network = single([[1.0]], [0.0], "sigmoid")
    np.testing.assert_allclose(network([[-1e4], [1e4]]), [SURE, 1 - SURE])


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_do_not_overflow(name):
    values = np.array([[-1e4, 0.0, 1e4]], "f4")
    assert np.isfinite(ACTIVATIONS[name](values)).all()


def test_calibration_is_a_line_in_the_logit():
    probability = np.array([0.1, 0.5, 0.9])
    np.testing.assert_allclose(calibrate(probability, 1.0, 0.0), probability)
    assert calibrate(0.5, 3.0, np.log(4.0)) == pytest.approx(0.8)


def test_saved_networks_give_the_same_probabilities(networks):
    made, path = networks
    loaded = load_networks(path)
    assert loaded.keys() == made.keys()
    rng = np.random.default_rng(1)
    for name, network in made.items():
        inputs = rng.normal(size=(7, network.centre.size))
        np.testing.assert_array_equal(loaded[name](inputs), network(inputs))


def test_pickled_arrays_are_refused(tmp_path):
    path = tmp_path / "networks.npz"
    np.savez(path, **{"image.activations": np.array([{"any": "object"}], dtype=object)})
    with pytest.raises(ValueError, match="allow_pickle=False"):
        load_networks(path)
