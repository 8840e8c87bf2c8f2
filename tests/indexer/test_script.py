import pytest

from indexer.script import READ, script_of


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Upload stops", "latin"),
        ("Übergröße des Fensters", "latin"),
        ("업로드가 99%에서 멈춥니다", "hangul"),
        ("`PartWriter.flush` 호출 시 업로드가 멈추고 다시 시작되지 않습니다", "hangul"),
        ("アップロードが停止します", "kana"),
        ("設定画面の保存ボタンが表示されない", "kana"),
        ("上传停止在百分之九十九", "han"),
        ("Загрузка останавливается", "cyrillic"),
        ("הקובץ לא נשמר", "other"),
        ("", "latin"),
        ("🎉 → 42", "latin"),
    ],
)
def test_the_script_that_most_of_a_text_is_in(text, script):
    assert script_of(text) == script


def test_a_name_in_another_script_does_not_decide():
    assert script_of("The folder 문서 cannot be opened after the update") == "latin"


def test_a_log_further_down_does_not_decide():
    assert script_of("업로드 실패 " * (READ // 7) + "ERROR at line 1\n" * 500) == "hangul"
