import pytest

from app.language import detect, frame_of


@pytest.mark.parametrize(
    ("title", "body", "language"),
    [
        ("Crash", "it dies", "en"),
        ("업로드가 멈춥니다", "", "ko"),
        ("Pod가 CrashLoopBackOff에 빠짐", "Kubernetes에 배포하면 `permission denied` 오류", "ko"),
        ("로그", "```\nTraceback (most recent call last):\n  File x\nValueError: bad\n```", "ko"),
        ("アップロードが止まる", "ファイルが大きいと失敗します", "ja"),
        ("上传失败", "文件太大的时候会失败", "zh"),
        ("", "", "en"),
        ("panic in Vec::remove", "thread 'main' panicked at index out of bounds", "en"),
        ("How do I write 안녕 to a file with the new API?", "It prints boxes on my screen.", "en"),
        (
            "Fehler beim Hochladen",
            "Wenn ich eine große Datei hochlade, bricht es immer ab und ich sehe keine Meldung.",
            "de",
        ),
    ],
)
def test_what_an_issue_is_written_in(title, body, language):
    assert detect(title, body) == language


def test_a_language_without_a_catalogue_gets_the_english_frame():
    assert frame_of("de") == "en"
    assert frame_of("ko") == "ko"


def test_any_text_has_a_language():
    assert detect("\x00\ud800", "x" * 65_536) == "en"
