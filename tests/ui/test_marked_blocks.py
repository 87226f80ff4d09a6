"""What changed in a long answer, marked in its paragraphs, cells and pictures."""

from shidian.ui.changes import marked_blocks


def nowhere(name: str) -> str | None:
    return f"/{name}" if name == "新.png" else None


def test_unchanged_blocks_stay_and_changed_words_are_marked():
    before = "一、制定标准十二项\n| 年度 | 项数 |\n| --- | --- |\n| 2022 | 三十六 |\n[图：旧.png｜结构]\n不变的段落"
    after = "一、制定标准十五项\n| 年度 | 项数 |\n| --- | --- |\n| 2022 | 四十八 |\n[图：新.png｜结构]\n不变的段落\n新的一段"

    shown = marked_blocks(before, after, nowhere)

    assert "<p>不变的段落</p>" in shown
    assert "制定标准十<del>二</del><ins>五</ins>项" in shown
    assert "<td>2022</td><td><del>三十六</del><ins>四十八</ins></td>" in shown
    assert '<th scope="col">年度</th>' in shown
    assert "<del>旧</del><ins>新</ins>.png" in shown and 'src="/新.png"' in shown
    assert "<p><ins>新的一段</ins></p>" in shown


def test_a_table_that_went_and_one_of_another_width_are_marked_whole():
    gone = marked_blocks("甲\n| a | b |\n| c | d |", "甲", nowhere)
    wider = marked_blocks("| a | b |\n| c | d |", "| a | b | e |\n| c | d | f |", nowhere)

    assert "<td><del>a</del></td><td><del>b</del></td>" in gone
    assert wider.count("<ins>") == 2
    assert "|" not in gone + wider
