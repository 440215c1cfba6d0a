from mangapa.catalogue._flag_table import CODES
from mangapa.inspection._scheme import scheme


def test_page_offers_every_code():
    for kind, choices in scheme().items():
        codes = {choice["code"] for choice in choices}
        # Without a mark, feature and note are 0; the class must be chosen.
        assert codes == set(CODES[kind]) - ({0} if kind != "quality" else set())
    assert scheme().keys() == CODES.keys()


def test_each_key_has_one_meaning():
    keys = [choice["key"] for choices in scheme().values() for choice in choices]
    assert len(keys) == len(set(keys)) == 9
    assert not set(keys) & set("ustr?")


def test_texts_are_those_of_the_published_codes():
    assert [choice["text"] for choice in scheme()["feature"]] == [
        "decoupled core", "warp", "merger",
    ]  # fmt: skip
