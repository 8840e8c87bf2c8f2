"""One comment each, with the newest content, whatever is edited, labelled, sent twice or killed."""

from tests.app.turmoil import Turmoil
from tests.postgres import a_database


def test_two_workers_that_are_killed_write_one_comment_each(tmp_path):
    with a_database() as url:
        figures = Turmoil(tmp_path, issues=24, kills=3, seed=7, database_url=url).run()
    assert figures.wrong == []
    assert figures.comments == 24


def test_one_server_that_is_killed_writes_one_comment_each(tmp_path):
    figures = Turmoil(tmp_path, issues=12, kills=2, seed=11).run()
    assert figures.wrong == []
    assert figures.comments == 12
