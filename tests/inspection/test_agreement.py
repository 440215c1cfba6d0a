import numpy as np
import pytest

from mangapa.inspection import Judgement
from mangapa.inspection import agreement as of

# Number of votes for each of three classes, one row per field.
FLEISS = np.array(
    [[1, 0, 2], [0, 3, 0], [2, 1, 0], [0, 0, 3], [3, 0, 0], [1, 1, 1], [0, 2, 1], [0, 0, 3]]
)


def test_repeated_fields():
    """Only fields with both showings count, with the last class of each."""
    said = [judge("a", 1, 0), judge("a", 1, 2), judge("a", 1, 1, showing=2), judge("a", 2, 2)]
    said += [judge("b", 1, 0, series="list 00000000"), judge("b", 1, 0, showing=2)]
    assert of.repeats(said) == [(2, 1)]
    assert of.agree([(2, 1), (0, 0), (0, 1), (2, 0)]) == [4, 0.5]
    assert of.agree([]) == [0, None]


def test_confusion_counts_pairs_of_classes():
    found = of.confusion([0, 1, 2, 2, -1], [0, 2, 2, -1, 0])
    assert found.tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 1]]
    assert of.confusion([], []).sum() == 0


def votes(counts):
    return np.array([np.repeat(np.arange(len(row)), row) for row in counts])


def judge(expert, number, quality, **more):
    return Judgement(expert=expert, galaxy=f"{number}", tracer="stellar", quality=quality, **more)


def test_last_judgement_counts():
    said = [
        judge("a", 1, 0),
        judge("b", 1, 1, feature=2),
        judge("a", 1, 2),
        judge("a", 2, 1),
        Judgement(expert="a", galaxy="2", tracer="stellar", action="skipped"),
    ]
    found = of.opinions(said)
    assert found.experts == ("a", "b")
    assert found.fields == (("1", "stellar"), ("2", "stellar"))
    assert found.quality.tolist() == [[2, 1], [1, -1]]
    assert found.feature.tolist() == [[0, 2], [0, 0]]
    assert of.opinions(said, ["b"]).fields == (("1", "stellar"),)
    with pytest.raises(
        ValueError, match="'c' has judged nothing; the experts in the store are a, b"
    ):
        of.opinions(said, ["c"])
    assert of.opinions([]).fields == ()


@pytest.mark.needs_sklearn
def test_cohen_kappa():
    """A textbook example: of 50 subjects 20, 5, 10 and 15 give a kappa of 0.4."""
    a = np.repeat([1, 1, 0, 0], [20, 5, 10, 15])
    b = np.repeat([1, 0, 1, 0], [20, 5, 10, 15])
    assert of.cohen_kappa(a, b) == pytest.approx(0.4)
    assert of.cohen_kappa([*a, -1, 2], [*b, 0, -1]) == pytest.approx(0.4)
    assert of.cohen_kappa(a, a) == 1
    assert np.isnan(of.cohen_kappa([1, 1], [1, 1]))
    assert np.isnan(of.cohen_kappa([1, -1], [-1, 1]))


def test_fleiss_kappa():
    counts = FLEISS
    share, number = counts.sum(axis=0) / counts.sum(), 3
    observed = np.mean([(row @ row - number) / (number * (number - 1)) for row in counts])
    expected = (observed - share @ share) / (1 - share @ share)
    assert of.fleiss_kappa(votes(counts)) == pytest.approx(expected)
    lonely = np.vstack([votes(counts), [2, -1, -1]])
    assert of.fleiss_kappa(lonely) == pytest.approx(expected)
    assert of.fleiss_kappa([[0, 0], [2, 2]]) == 1
    assert np.isnan(of.fleiss_kappa([[0, 0], [0, 0]]))
    assert np.isnan(of.fleiss_kappa([[0, -1]]))


@pytest.mark.needs_sklearn
def test_pairs_of_experts():
    said = [judge("a", n, q) for n, q in enumerate([0, 1, 2, 2])]
    said += [judge("b", n, q) for n, q in enumerate([0, 2, 2])]
    said += [judge("a", 0, 1, showing=2), judge("a", 2, 2, showing=2)]
    # A second answer to the same showing is a correction.
    said += [judge("b", 0, 0)]
    table = of.pairwise(of.opinions(said), said)
    assert list(table["expert", "other", "fields"].iterrows()) == [("b", "a", 3), ("a", "a", 2)]
    assert table["confusion"][1].tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 1]]
    assert table["same_class"].tolist() == pytest.approx([1 / 3, 0.5])
    assert table["same_usability"].tolist() == pytest.approx([2 / 3, 0.5])
    assert len(of.pairwise(of.opinions([]))) == 0


def test_most_disputed_fields_come_first():
    said = [judge(e, n, q) for e, qs in zip("abc", ["0122", "0212", "2222"], strict=True)
            for n, q in enumerate(map(int, qs))]  # fmt: skip
    table = of.disputes(of.opinions(said))
    assert table["galaxy"].tolist() == ["0", "1", "2"]
    assert table["said"][0] == "a 0, b 0, c 2"
    assert table["disputed"].tolist() == pytest.approx([2 / 3] * 3)
    assert len(of.disputes(of.opinions(said[:4]))) == 0
