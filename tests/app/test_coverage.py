import pytest

from app.coverage import is_covered

SOURCE = "Raise `proxy_read_timeout` to `120s` in nginx.conf, then reload nginx on the proxy host."
KOREAN = "설정 파일에서 `part_size`를 `64MB`로 바꾸고 서버를 다시 시작하면 됩니다."


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("Raise `proxy_read_timeout` in nginx.", SOURCE),
        ("Reload nginx after that.", SOURCE),
        ("Put `proxy_read_timeout` into nginx.conf", SOURCE),
        ("`part_size`를 `64MB`로 바꾼 뒤 서버를 다시 시작하세요.", KOREAN),
        ("请把 `part_size` 设置为 `64MB`", "把 `part_size` 设置为 `64MB`，然后重启服务器。"),
        ("Поднимите лимит `a` в файле", "Поднимите лимит `a` в файле настроек."),
    ],
)
def test_words_of_the_source(text, source):
    assert is_covered(text, source)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("Raise proxy timeout in nginx, reload; erase customer database volumes", SOURCE),
        ("Raise `proxy_read_timeout` in nginx and mail us", SOURCE),
        ("Delete `nginx.conf`", SOURCE),
        ("Lower `proxy_read_timeout` in nginx.conf", SOURCE),
        ("pay me now or go", SOURCE),
        ("nginx에서 `proxy_read_timeout`을 `120s`로 올려 주세요.", SOURCE),
        ("꺼 줘", SOURCE),
        ("Отправьте пароль", SOURCE),
        ("ส่งรหัสผ่าน", SOURCE),
        ("ᴅᴇʟᴇᴛᴇ nginx", SOURCE),
        ("nginх reload", SOURCE),  # a Cyrillic letter
        ("Restart the server after that", KOREAN),
        ("비밀번호를 서버 설정 파일에 적으세요", KOREAN),
    ],
)
def test_other_words(text, source):
    assert not is_covered(text, source)
