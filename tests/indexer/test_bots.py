import pytest

from indexer.bots import is_bot, is_bot_name
from tests.fakes_threads import comment

PROGRAMS = """
    k8s-ci-robot openshift-ci-robot rustbot rust-highfive rust-timer bors homu stale stalebot
    dependabot[bot] dependabot-preview renovate codecov-io codecov-commenter coveralls msftbot
    googlebot pytorchbot tensorflow-bot facebook-github-bot fejta-bot bot-of-acme ci-bot-2
    github-actions[bot] mergify vercel netlify CLAassistant
"""
PEOPLE = "talbot abbot elliot botond robotnik sabotage mira botany-fan jane-doe stalefish bob"


@pytest.mark.parametrize("login", PROGRAMS.split())
def test_programs_are_known_by_their_names(login):
    assert is_bot_name(login)


@pytest.mark.parametrize("login", PEOPLE.split())
def test_people_are_not_taken_for_programs(login):
    assert not is_bot_name(login)


def test_what_github_marks_as_a_bot_is_one_whatever_its_name():
    assert is_bot(comment("Done.", author="quiet-helper", author_is_bot=True))
    assert not is_bot(comment("Done.", author="quiet-helper"))
