from mangapa.quality import FLAG_MEANINGS, PAFlags, Rejection, describe


def test_every_flag_has_its_own_words():
    for kind in (PAFlags, Rejection):
        flags = {flag for flag in kind if flag}
        assert set(FLAG_MEANINGS[kind]) == flags
        assert len(set(FLAG_MEANINGS[kind].values())) == len(flags)


def test_describe_joins_meanings():
    text = describe(PAFlags.NO_MAP | PAFlags.FIT_FAILED)
    assert FLAG_MEANINGS[PAFlags][PAFlags.NO_MAP] in text
    assert FLAG_MEANINGS[PAFlags][PAFlags.FIT_FAILED] in text
    assert describe(Rejection.SMALL_REGION) != describe(PAFlags.NO_MAP)
    assert describe(PAFlags.NONE) == ""
