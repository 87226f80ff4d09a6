"""Long answers on screens: every text escaped, pictures only from where the page says."""

from shidian.ui.answer import answer_blocks

TEXT = '一、现状<b>\n| 年<i> | 数 |\n| --- | --- |\n| 1 | a\\nb |\n[图：图"<.png｜题<注>]\n[图：没有.png]\n\n尾 & 段'


def test_blocks_are_markup_and_their_texts_are_not():
    shown = answer_blocks(TEXT, lambda name: "/p/?a=1&b=2" if name.startswith("图") else None)

    assert shown == (
        '<div class="answer-blocks">'
        '<p class="answer-item" data-level="1"><span class="answer-marker">一、</span><span>现状&lt;b&gt;</span></p>'
        '<div class="answer-table" tabindex="0" role="region" aria-label="表格"><table>'
        '<thead><tr><th scope="col">年&lt;i&gt;</th><th scope="col">数</th></tr></thead>'
        "<tbody><tr><td>1</td><td>a<br>b</td></tr></tbody></table></div>"
        '<figure class="answer-picture"><img src="/p/?a=1&amp;b=2" alt="题&lt;注&gt;" loading="lazy">'
        "<figcaption>题&lt;注&gt;</figcaption></figure>"
        '<figure class="answer-picture"><p class="muted">图片“没有.png”没有上传</p></figure>'
        "<p>尾 &amp; 段</p></div>"
    )


def test_nothing_becomes_nothing():
    assert answer_blocks(" \n ", lambda name: None) == '<div class="answer-blocks"></div>'
