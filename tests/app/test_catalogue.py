import string

import pytest

from app.catalogue import catalogue, particle
from app.language import FRAMES
from app.sanitize import Markdown


def names(text):
    return {field for _, field, _, _ in string.Formatter().parse(text) if field}


@pytest.mark.parametrize("language", [f for f in FRAMES if f != "en"])
def test_every_language_says_everything_with_the_same_values(language):
    english, other = catalogue("en")._texts, catalogue(language)._texts
    assert {s: set(english[s]) for s in english} == {s: set(other[s]) for s in other}
    for section, texts in english.items():
        for key, text in texts.items():
            assert names(text) == names(other[section][key]), f"{section}.{key}"


@pytest.mark.parametrize("language", FRAMES)
def test_no_sentence_gives_a_command_or_names_a_person(language):
    for texts in catalogue(language)._texts.values():
        for text in texts.values():
            assert "duplicate of" not in text.lower()
            assert "@" not in text
            assert "#" not in text


def test_text_that_nobody_made_safe_is_refused():
    with pytest.raises(TypeError, match="nobody made safe"):
        catalogue("en").say("headline.duplicate", issue="<img>")


@pytest.mark.parametrize(
    ("word", "joined"),
    [
        ("#212", "와"),
        ("#210", "과"),
        ("#1", "과"),
        ("#3", "과"),
        ("#5", "와"),
        ("오류", "와"),
        ("값", "과"),
        ("[#7](https://x.example/1)", "과"),
        ("`flush`", "와"),
        ("`PermissionError`", "와"),
        ("`token`", "과"),
        ("`ReadTimeout`", "과"),
        ("`socket`", "과"),
        ("`rollback`", "과"),
        ("`client`", "와"),
        ("`root`", "와"),
        ("`HTTP`", "와"),
        ("", "와"),
    ],
)
def test_particles_fit_the_sound_before_them(word, joined):
    said = catalogue("ko").say("headline.duplicate", issue=Markdown(word))
    assert said.startswith(f"{word}{joined} 같은")


@pytest.mark.parametrize(
    ("word", "joined"),
    [("v1.8", "로"), ("v1.7", "로"), ("v2.0", "으로"), ("v1.2", "로"), ("v1.3", "으로")],
)
def test_the_direction_particle_knows_the_liquid(word, joined):
    assert particle(word, "으로", "로") == joined
