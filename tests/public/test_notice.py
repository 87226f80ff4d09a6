"""A notice is set as on its sheet, with every word in place."""

from shidian.public.notice import paragraphs, split

TEXT = """某某委员会

关于征集试点的通知

各局：

　  为做好工作，通知如下：

    一、范围

（一）甲；

                                2023年6月13日

附件

申请书
"""


def test_the_attachment_is_set_apart():
    notice, attachment = split(TEXT)

    assert notice.rstrip().endswith("2023年6月13日")
    assert attachment.startswith("附件")


def test_paragraphs_know_their_place():
    assert [(p.text, p.css) for p in paragraphs(split(TEXT)[0])] == [
        ("某某委员会", "is-title"),
        ("关于征集试点的通知", "is-title"),
        ("各局：", "is-flush"),
        ("为做好工作，通知如下：", ""),
        ("一、范围", "is-heading"),
        ("（一）甲；", ""),
        ("2023年6月13日", "is-right"),
    ]


def test_a_notice_without_an_attachment_is_whole():
    assert split("标题\n正文") == ("标题\n正文", "")
