"""Hostile and unlucky input: a clear message at its field, or correct handling; never a 500, never lost text."""

import io
import struct
import zipfile
import zlib

import pikepdf
import pytest

from shidian.applications import actions
from shidian.applications.queries import answers
from tests import steps
from tests.portal.pages import at, numbers, signed_in, text_of, title_of

LIMIT_WORDS = "合计超过 60 MB，一个也没有接收"


@pytest.fixture
def draft(cast, call):
    return actions.start(call, cast.lead, by=cast.lead_writer)


def put(client, application, values, section="cover"):
    seen = numbers(client, application, section)
    return client.post(at("section", application, section=section), {"numbers": seen, "go": "save", **values})


def test_a_text_of_100_000_characters_is_kept_and_named(cast, draft):
    client = signed_in(cast.lead_writer)
    text = "很长的目标" * 20_000

    answer = put(client, draft, {"goals": text}, "goals")
    page = client.get(answer.url)

    assert answers(draft)["goals"]["goals"] == text
    assert title_of(page).startswith("错误：")
    assert "不能超过 5000 字，现有 100000 字" in text_of(page)
    assert text in text_of(page)


def test_control_characters_go_and_the_words_stay(cast, draft):
    client = signed_in(cast.lead_writer)

    put(client, draft, {"goals": "第一\x00行\x08\u202e\n第二行"}, "goals")

    assert answers(draft)["goals"]["goals"] == "第一行\n第二行"


def test_rare_names_are_saved_shown_and_printed(cast, call):
    application = steps.start_filled(cast, call)
    client = signed_in(cast.lead_writer)

    client.post(
        at("section", application, section="cover"),
        {"numbers": numbers(client, application, "cover"), "contact": "𬭎𠅤㛃", "go": "save"},
    )

    assert answers(application)["cover"]["contact"] == "𬭎𠅤㛃"
    assert "𬭎𠅤㛃" in text_of(client.get(at("section", application, section="cover")))
    client.post(
        at("section", application, section="lead"),
        {"numbers": numbers(client, application, "lead"), "legal_head": "𬭎𠅤", "go": "save"},
    )
    form = client.get(at("form", application))
    assert (form.status_code, form.headers["Content-Type"]) == (200, "application/pdf")


def test_a_character_without_a_font_is_named_instead_of_a_failure(cast, call):
    application = steps.start_filled(cast, call)
    client = signed_in(cast.lead_writer)
    client.post(
        at("section", application, section="goals"),
        {"numbers": numbers(client, application, "goals"), "goals": "目标\U00012000", "go": "save"},
    )

    answer = client.get(at("form", application))

    assert answer.status_code == 302
    assert "打印不出来" in text_of(client.get(answer.url))


@pytest.mark.parametrize(
    ("section", "name", "value"),
    [
        ("lead", "unit_code", "12120101PDY00001X1"),
        ("cover", "period-from", "2024-13"),
        ("lead", "email", "不是邮箱"),
        ("lead", "postcode", "1"),
        ("lead", "registered_region-county", "999999"),
        ("lead", "industry", "ZZZ"),
        ("cover", "area", "nothing/there"),
        ("conditions", "foundation-body", "perhaps"),
    ],
)
def test_wrong_values_are_kept_and_named_at_their_field(cast, draft, section, name, value):
    client = signed_in(cast.lead_writer)

    page = client.get(put(client, draft, {name: value}, section).url)

    assert page.status_code == 200
    assert title_of(page).startswith("错误：")
    assert 'class="wrong"' in text_of(page)


def test_an_impossible_date_of_sealing_is_named(cast, call):
    application = steps.frozen(cast, call)
    party = application.version.round.parties.first()

    page = signed_in(cast.lead_writer).post(
        at("opinion", application, party=party.pk),
        {
            "decision": "agree",
            "signatory": "李负责",
            "signed_on": "2023-02-30",
            "scan": upload("页.pdf", steps.pdf_bytes()),
        },
    )

    assert page.status_code == 200
    assert title_of(page).startswith("错误：")
    assert 'value="2023-02-30"' in text_of(page)


def upload(name, content):
    file = io.BytesIO(content)
    file.name = name
    return file


def pdf_with_script():
    out = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        action = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))
        pdf.Root.OpenAction = action
        pdf.save(out)
    return out.getvalue()


def bomb():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr("word/document.xml", b"0" * 300_000_000)
    return out.getvalue()


def picture_that_claims_a_gigapixel():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("name", "content", "slot"),
    [
        ("申请.pdf", b"MZ\x90\x00" + b"\x00" * 500, "registration"),
        ("材料.docx", bomb, "support"),
        ("脚本.pdf", pdf_with_script, "registration"),
        ("照片.png", lambda: steps.png_bytes()[:150], "registration"),
        ("大图.png", picture_that_claims_a_gigapixel, "registration"),
        ("空.pdf", b"", "registration"),
        ("网页.pdf", b"<html><script>1</script></html>", "registration"),
    ],
)
def test_dangerous_and_broken_files_are_named_with_the_reason(cast, draft, name, content, slot):
    client = signed_in(cast.lead_writer)
    body = content() if callable(content) else content

    page = client.post(at("attachments", draft), {"slot": slot, "files": upload(name, body)})

    assert page.status_code == 200
    assert title_of(page).startswith("错误：")
    assert f"“{name}”没有收下：" in text_of(page)
    assert not draft.attachments.exists()


def test_of_several_files_the_good_ones_are_kept(cast, draft):
    client = signed_in(cast.lead_writer)
    files = [
        upload("好.pdf", steps.pdf_bytes()),
        upload("坏.pdf", b"MZ" + b"0" * 99),
        upload("图.png", steps.png_bytes()),
    ]

    page = text_of(client.post(at("attachments", draft), {"slot": "registration", "files": files}))

    assert sorted(row.file.name for row in draft.attachments.all()) == ["图.png", "好.pdf"]
    assert "“坏.pdf”没有收下" in page
    assert "已收下 2 个文件" in page


class Endless(io.RawIOBase):
    """A multipart body of a given size that is never held in memory."""

    def __init__(self, head, size, tail):
        self.parts = [head, size, tail]
        self.given = 0
        self.total = len(head) + size + len(tail)

    def readable(self):
        return True

    def read(self, count=-1):
        head, size, tail = self.parts
        left = self.total - self.given
        count = left if count is None or count < 0 else min(count, left)
        start, end = self.given, self.given + count
        self.given = end
        if end <= len(head):
            return head[start:end]
        if start >= len(head) + size:
            return tail[start - len(head) - size : end - len(head) - size]
        piece = head[start:] if start < len(head) else b""
        middle = min(end, len(head) + size) - max(start, len(head))
        piece += b"\x00" * middle
        if end > len(head) + size:
            piece += tail[: end - len(head) - size]
        return piece


def post_huge(client, address, fields, file_field, size=200_000_000):
    boundary = b"----huge"
    head = b"".join(
        b"--" + boundary + f'\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
    )
    head += (
        b"--"
        + boundary
        + f'\r\nContent-Disposition: form-data; name="{file_field}"; filename="big.pdf"\r\n'.encode()
        + b"Content-Type: application/pdf\r\n\r\n%PDF-1.7\n"
    )
    body = Endless(head, size, b"\r\n--" + boundary + b"--\r\n")
    return client.post(
        address,
        content_type=f"multipart/form-data; boundary={boundary.decode()}",
        **{"wsgi.input": body, "CONTENT_LENGTH": str(body.total)},
    )


def test_an_upload_of_200_mb_is_refused_politely_at_its_field(cast, draft, tmp_path, settings):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    client = signed_in(cast.lead_writer)

    page = post_huge(client, at("attachments", draft), {"slot": "registration"}, "files")

    assert page.status_code == 200
    assert title_of(page).startswith("错误：")
    assert LIMIT_WORDS in text_of(page)
    assert [path for path in tmp_path.iterdir() if path.is_file()] == []


def test_an_opinion_with_200_mb_keeps_what_was_typed(cast, call):
    application = steps.frozen(cast, call)
    party = application.version.round.parties.first()
    fields = {"decision": "agree", "signatory": "李负责", "signed_on": "2023-07-03", "opinion": "同意申报"}

    page = post_huge(signed_in(cast.lead_writer), at("opinion", application, party=party.pk), fields, "scan")

    assert page.status_code == 200
    assert LIMIT_WORDS in text_of(page)
    assert 'value="李负责"' in text_of(page)
    assert "同意申报" in text_of(page)
    assert party.signature is None


def test_too_many_fields_are_refused_as_a_page(cast, draft):
    answer = put(signed_in(cast.lead_writer), draft, {f"x{n}": "1" for n in range(6000)})

    assert answer.status_code == 413
    assert "没有保存" in text_of(answer)
