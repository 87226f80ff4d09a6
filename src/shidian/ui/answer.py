"""Long answers to be read: their paragraphs, items, tables and pictures as HTML, every text escaped.

Pictures are shown by an address that the page knows; one that it does not know is told by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from shidian.questionnaires import prose
from shidian.questionnaires.prose import Block, Item, Paragraph, Picture, Table

Address = Callable[[str], str | None]
"""Where the picture of a name is served; None when there is none."""
Text = SafeString | str


def answer_blocks(text: str, address: Address) -> SafeString:
    """A long answer as HTML, to stand in any container."""
    parsed = prose.parse(text)
    return joined([block_markup(block, parsed.levels, address) for block in parsed.blocks])


def joined(blocks: Sequence[SafeString]) -> SafeString:
    """Blocks in their container."""
    return format_html(
        '<div class="answer-blocks">{}</div>', format_html_join("", "{}", ((block,) for block in blocks))
    )


def block_markup(block: Block, levels: dict[int, int], address: Address) -> SafeString:
    """One block as HTML."""
    match block:
        case Paragraph(text=text):
            return paragraph(text.strip())
        case Item(marker=marker, text=text):
            return item(marker, text.rstrip(), levels[block.rank])
        case Table(rows=rows, header=header):
            return table(rows, header=header)
        case Picture(name=name, caption=caption):
            return picture(name, caption, address(name))


def paragraph(text: Text) -> SafeString:
    """A paragraph."""
    return format_html("<p>{}</p>", text)


def item(marker: str, text: Text, level: int) -> SafeString:
    """A numbered item, its number as it was typed."""
    pattern = (
        '<p class="answer-item" data-level="{}"><span class="answer-marker">{}</span><span>{}</span></p>'
    )
    return format_html(pattern, min(level, 7), marker, text)


def table(rows: Sequence[Sequence[Text]], *, header: bool) -> SafeString:
    """A table that scrolls by itself where the page is narrow."""
    head = _row(rows[0], '<th scope="col">{}</th>') if header else None
    body = format_html_join("", "{}", ((_row(row, "<td>{}</td>"),) for row in rows[1 if header else 0 :]))
    return format_html(
        '<div class="answer-table" tabindex="0" role="region" aria-label="{}"><table>{}<tbody>{}</tbody></table></div>',
        _("表格"),
        format_html("<thead>{}</thead>", head) if head else "",
        body,
    )


def _row(cells: Sequence[Text], pattern: str) -> SafeString:
    return format_html("<tr>{}</tr>", format_html_join("", pattern, ((_lines(cell),) for cell in cells)))


def _lines(cell: Text) -> SafeString:
    return mark_safe(conditional_escape(cell).replace("\n", "<br>"))  # noqa: S308 (escaped, or marked up by the caller)


def picture(name: str, caption: Text, address: str | None) -> SafeString:
    """A picture with its caption; without an address the name says which one is missing."""
    words = format_html("<figcaption>{}</figcaption>", caption) if caption else ""
    if not address:
        missing = _("图片“{name}”没有上传").format(name=name)
        return format_html(
            '<figure class="answer-picture"><p class="muted">{}</p>{}</figure>', missing, words
        )
    return format_html(
        '<figure class="answer-picture"><img src="{}" alt="{}" loading="lazy">{}</figure>',
        address,
        name if isinstance(caption, SafeString) or not caption else caption,
        words,
    )
