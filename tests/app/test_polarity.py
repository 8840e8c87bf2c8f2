import pytest

from app.polarity import denies


@pytest.mark.parametrize(
    "text",
    [
        "Do not raise it.",
        "Never set `cache = off`.",
        "That doesn't help",
        "That dont help",
        "You can’t do that",
        "Use `a` instead of `b`.",
        "Setting it is a bad idea",
        "Avoid the flag",
        "올리지 마세요.",
        "설정하면 안 됩니다",
        "쓰지 않는 편이 낫습니다",
        "사용 금지",
        "请勿设置",
        "不要打开",
        "設定しないでください",
        "Не включайте",
        "Nunca lo active",
        "Das hilft nicht",
    ],
)
def test_a_denial(text):
    assert denies(text)


@pytest.mark.parametrize(
    "text",
    [
        "Raise it to `120s`.",
        "Run `x --no-cache` and `not this`",
        "Pass --no-color to see it",
        "Notice the noise in the notes",
        "120s로 올려 주세요.",
        "안내를 따라 설치하세요",
        "把它设置为 64MB",
        "設定してください",
        "Включите параметр",
        "",
    ],
)
def test_no_denial(text):
    assert not denies(text)
