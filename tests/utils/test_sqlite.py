import sqlite3

import pytest

from mangapa._utils.sqlite import transaction


@pytest.fixture
def database():
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.execute("create table numbers (number integer)")
    yield database
    database.close()


def numbers(database):
    return [number for (number,) in database.execute("select number from numbers")]


def test_commit(database):
    with transaction(database):
        database.executemany("insert into numbers values (?)", [(1,), (2,)])
    assert numbers(database) == [1, 2]


def fail_half_way(database):
    with transaction(database):
        database.execute("insert into numbers values (1)")
        database.execute("insert into letters values (2)")


def test_rollback(database):
    with pytest.raises(sqlite3.OperationalError, match="no such table: letters"):
        fail_half_way(database)
    assert numbers(database) == []
    # Another transaction can follow.
    with transaction(database):
        database.execute("insert into numbers values (3)")
    assert numbers(database) == [3]
