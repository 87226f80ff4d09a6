"""Every text of the interface can be said in English, and is: no Chinese outside gettext, no gap in the catalogues."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import polib
import pytest
from tools.messages import DOMAINS, IGNORED, catalogue

from shidian.config.catalogues import SOURCE as CATALOGUES

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "shidian"
CHINESE = re.compile(r"[\u3400-\u9fff\u3001-\u303f\uff01-\uff5e]")
MARKS = {"_", "gettext", "gettext_lazy", "gettext_noop", "pgettext", "pgettext_lazy", "say"}
SKIPPED = {"migrations", "management", "rehearsal"}
"""What an operator reads on a terminal, and what the demonstration puts into the database."""

ALLOWED = {
    # What is kept, sent or printed is Chinese: letters, papers, sheets, names of files, words in the history.
    "applications/actions.py": "words kept in the history",
    "applications/certifying.py": "what stands in a signed paper; names of files",
    "applications/correction_papers.py": "the paper",
    "applications/packs.py": "the papers of a print pack",
    "applications/papers.py": "the paper",
    "applications/scanned.py": "words printed on a sheet, to compare with",
    "applications/sealing.py": "what a seal platform is told",
    "applications/pictures.py": "names of files and the marks in long answers",
    "applications/word_form.py": "the paper",
    "dispatch/letters.py": "the paper",
    "dispatch/packages.py": "names of files in the package",
    "dispatch/papers.py": "the papers",
    "dispatch/publishing/objections.py": "words kept in the history",
    "dispatch/publishing/papers.py": "the papers",
    "dispatch/publishing/results.py": "headings and words of sheets from outside",
    "dispatch/verify.py": "the report of a program for a terminal",
    "dispatch/word.py": "the papers",
    "documents/intake.py": "characters in the names of files",
    "documents/render/compiler.py": "names of fonts, and faults of a template for its author",
    "documents/sheets.py": "sheets",
    "documents/uploads.py": "a reason that is kept",
    "documents/word/plain.py": "the paper",
    "documents/word/writer.py": "the paper",
    "desk/views/letters.py": "names of files",
    "desk/views/lists.py": "names of files",
    "desk/views/panel_results.py": "names of files",
    "desk/views/problems.py": "names of files",
    "desk/views/messages.py": "signs around made-up values",
    "desk/views/missing.py": "sheets, letters and names of files",
    "desk/views/results.py": "headings of a sheet that is read again; names of files",
    "desk/views/supplements.py": "names of files",
    "desk/views/registry.py": "the paper of the registry",
    "notifications/enclosures.py": "names of files",
    "notifications/experts.py": "letters",
    "notifications/letters.py": "letters",
    "notifications/publicity.py": "letters",
    "notifications/telling.py": "letters and short messages",
    "notifications/told.py": "a sign between reasons",
    "notifications/wording.py": "letters",
    "notifications/signing.py": "letters and short messages",
    "portal/reset_letter.py": "a letter",
    "portal/views/corrections.py": "names of files",
    "portal/views/handing_in.py": "names of files",
    "portal/views/packs.py": "names of files",
    "portal/views/papers.py": "names of files",
    "portal/views/word.py": "names of files",
    "questionnaires/printing.py": "the paper",
    "reviews/scoring/meeting.py": "signs in words that are kept",
    "reviews/scoring/papers.py": "minutes and sheets",
    "reviews/scoring/queries.py": "signs in words that are kept",
    "reviews/watchlists.py": "words kept in the history",
    "organisations/profiles.py": "words kept in the history",
    # Reading Chinese: patterns, signs and synonyms that people write.
    "desk/forms/deadlines.py": "signs in times",
    "desk/forms/scoring.py": "signs in times",
    "documents/marks/payload.py": "signs in codes",
    "documents/scans/boxes.py": "words printed in boxes",
    "public/sheets.py": "a sign in codes",
    "desk/forms/experts.py": "signs in times and between words",
    "desk/views/experts.py": "a sign between words in a sheet",
    "reviews/experts/assignment.py": "headings and words of sheets; words kept in the history",
    "reviews/experts/masking.py": "signs in telephone numbers",
    "reviews/experts/pool.py": "headings and signs of sheets",
    "reviews/experts/tables.py": "signs in sheets",
    "reviews/similar.py": "a sign between texts that are compared",
    "documents/word/claims.py": "labels and signs in Word files",
    "documents/word/contents.py": "captions in Word files",
    "documents/word/labels.py": "labels in Word files",
    "documents/word/numbers.py": "numerals in Word files",
    "documents/word/tables.py": "numerals in Word files",
    "core/querying.py": "signs that people write in queries",
    "search/batches.py": "the name of a file, and a sign between two names",
    "search/figures.py": "keys of queries, which are kept and shared",
    "search/finding.py": "keys of queries, which are kept and shared",
    "search/keys.py": "keys of queries, and what people write as dates",
    "ui/searching.py": "examples of queries",
    "dispatch/actions.py": "a sign between names",
    "desk/forms/watchlists.py": "headings as the reading of a sheet names them",
    "organisations/codes/contacts.py": "signs in telephone numbers",
    "organisations/codes/document_number.py": "signs in document numbers",
    "organisations/codes/industries.py": "signs in answers",
    "organisations/codes/months.py": "signs in dates",
    "organisations/names.py": "signs in names",
    "organisations/watchlists.py": "headings of lists from outside; doubts about rows, kept with the list",
    "public/notice.py": "the text of a notice",
    "questionnaires/forms.py": "answers as people write them",
    "questionnaires/functions.py": "words in answers",
    "questionnaires/prose.py": "the grammar of long answers",
    "questionnaires/spans.py": "periods in answers",
    "reviews/actions.py": "signs in reasons",
    "reviews/listings.py": "signs in labels",
    "ui/changes.py": "ends of sentences in answers",
    "ui/errors.py": "the range of Chinese characters",
    "ui/history.py": "signs around missing values",
    "ui/questionnaire.py": "signs in labels of a call",
    "ui/templatetags/ui.py": "the end that names of pilots share",
    # Code lists and what a call package says.
    "calls/definition.py": "defaults of a call, and faults of a package for its author",
    "calls/lint.py": "faults of a package for its author",
    "calls/marked.py": "faults of a package for its author",
    "calls/scoring.py": "defaults of a call, and faults of a package for its author",
    "calls/packages.py": "faults of a package for its author, and the demonstration",
    "questionnaires/definition.py": "faults of a package for its author",
    "questionnaires/expressions.py": "faults of a package for its author",
    "config/settings.py": "the name of a language in itself",
    "organisations/codes/economic_types.py": "a code list",
    "organisations/codes/regions.py": "a code list",
    "organisations/codes/standard_number.py": "a code list",
    "organisations/codes/unit_code.py": "a code list",
    "core/masking.py": "surnames of two signs",
    "core/workdays.py": "faults of a table for the operator",
    "documents/apps.py": "keys of kinds of chains, translated where they are shown",
    "documents/certificates/signing.py": "printed into the picture of a signature",
    "documents/certificates/trial.py": "names in test certificates, and a page of a test server",
    "documents/certificates/trial_sm2.py": "names in test certificates",
    "documents/certificates/trust.py": "faults of a folder for the operator",
}  # fmt: skip
"""Files whose Chinese is content, each with the reason; a text of a page in them still belongs into gettext."""

QUOTED = re.compile(
    "国家企业信用信息公示系统|企业名称|单位名称|国民经济行业分类|不适用|国有全资|其他|综合事务管理机构|设置新密码"
    r"|机关代字〔年份〕序号号|国标委发〔2023〕27号|津和市监函〔2023〕5号|〔\{year\}〕|\[图：file name｜caption\]|2024年1月|2023年7月10日|27110000转801|“、”|“(?:动作|分配|撤回|姓名|电子邮箱|工作单位)”|^标$"
)
"""What English texts quote on purpose: what stands in Chinese files and letters, what has to be typed, the seal."""

DROPPED = {"verb", "verb_recommend", "recommend_word", "word"}
"""The word of a call for recommending is Chinese content; English says recommend."""

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{[^{}]*\}|%%")
TAG = re.compile(r"</?[a-z][^<>]*>")
ATTRIBUTE = re.compile(r'="[^"]*"')


def chinese_outside(path: Path) -> Iterator[tuple[int, str]]:
    """The Chinese literals of a Python file that no gettext sees; docstrings are none."""
    tree = ast.parse(path.read_text())
    seen = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in MARKS:
                said = node.args[1] if name.startswith("pgettext") else node.args[0]
                seen |= {id(part) for part in ast.walk(said)}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in seen else None
        if isinstance(text, str) and CHINESE.search(text):
            yield node.lineno, text


@cache
def sources() -> dict[str, list[tuple[int, str]]]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        if not SKIPPED & set(path.parts):
            found[str(path.relative_to(PACKAGE))] = list(chinese_outside(path))
    return found


def test_no_python_source_says_chinese_past_gettext() -> None:
    wrong = {name: said[:3] for name, said in sources().items() if said and name not in ALLOWED and said}

    assert wrong == {}


def test_the_list_of_exceptions_holds_nothing_that_is_none() -> None:
    found = sources()

    assert [name for name in ALLOWED if not found.get(name)] == []


def test_no_sentence_stands_in_a_view_past_gettext() -> None:
    """Where pages are made, an exception is for names of files and signs, never for a sentence."""
    screens = ("desk/", "portal/", "public/", "ui/")
    wrong = {
        name: said
        for name, said in (
            (name, [text for _line, text in found if re.search("[。，！？]", text) and len(text) > 6])
            for name, found in sources().items()
        )
        if said and name.startswith(screens) and name not in ("portal/reset_letter.py", "ui/changes.py")
    }

    assert wrong == {}


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.html")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_no_template_says_chinese_past_gettext(path: Path) -> None:
    text = path.read_text()
    for translated in (
        r"\{% comment %\}.*?\{% endcomment %\}",
        r"\{#.*?#\}",
        r"\{% blocktranslate.*?%\}.*?\{% endblocktranslate %\}",
        r"""\{% translate "[^"]*".*?%\}""",
        r"""_\("[^"]*"\)""",
        r"""_\('[^']*'\)""",
    ):
        text = re.sub(translated, "", text, flags=re.DOTALL)

    assert [line.strip() for line in text.splitlines() if CHINESE.search(line)] == []


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "ui/static/ui/js").glob("*.js")), ids=lambda path: path.name
)
def test_no_module_says_chinese_past_gettext(path: Path) -> None:
    if path.name == "prose.js":
        return  # the grammar of long answers, the same as questionnaires/prose.py
    text = re.sub(r"^\s*//.*$", "", path.read_text(), flags=re.MULTILINE)
    text = re.sub(r'\b_\("[^"]*"', "", text)

    assert [line.strip() for line in text.splitlines() if CHINESE.search(line)] == []


def test_the_catalogues_have_exactly_the_texts_of_the_sources(tmp_path: Path) -> None:
    """What `make messages` writes is what lies there: nothing missing, nothing obsolete."""
    if shutil.which("xgettext") is None:
        assert os.environ.get("CI") != "true", "CI has GNU gettext"
        pytest.skip("needs GNU gettext")
    copied = tmp_path / "shidian"
    kept = {".py", ".html", ".js", ".txt", ".po"}
    shutil.copytree(
        PACKAGE,
        copied,
        ignore=lambda folder, names: [
            name
            for name in names
            if name in (*IGNORED, "__pycache__")
            or (Path(folder, name).is_file() and Path(name).suffix not in kept)
        ],
    )
    clean = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    subprocess.run(
        [sys.executable, "-m", "tools.messages", str(copied)], cwd=ROOT, env=clean, check=True, timeout=120
    )

    for domain in DOMAINS:
        written, lies = catalogue(copied, domain).read_text(), catalogue(PACKAGE, domain).read_text()
        assert written == lies, "run `make messages` and translate what is new (docs/developer, Translating)"


def entries() -> Iterator[tuple[str, polib.POEntry]]:
    for path in sorted(CATALOGUES.glob("en/LC_MESSAGES/*.po")):
        for entry in polib.pofile(str(path), encoding="utf-8"):
            yield path.stem, entry


def of(pattern: re.Pattern[str], text: str) -> Counter[str]:
    return Counter(ATTRIBUTE.sub("=", found) for found in pattern.findall(text))


def test_every_text_is_translated() -> None:
    assert {domain for domain, _entry in entries()} == set(DOMAINS)
    assert [
        entry.msgid for _domain, entry in entries() if not entry.msgstr or entry.fuzzy or entry.obsolete
    ] == []


def test_translations_keep_placeholders_and_tags() -> None:
    wrong = []
    for _domain, entry in entries():
        said, meant = of(PLACEHOLDER, entry.msgid), of(PLACEHOLDER, entry.msgstr)
        for name in DROPPED:
            said[f"{{{name}}}"] = min(said[f"{{{name}}}"], meant[f"{{{name}}}"])
            said[f"%({name})s"] = min(said[f"%({name})s"], meant[f"%({name})s"])
        if +said != meant:
            wrong.append(entry.msgstr)
        if of(TAG, entry.msgid) != of(TAG, entry.msgstr):
            wrong.append(entry.msgstr)

    assert wrong == []


def test_translations_are_english() -> None:
    assert [
        entry.msgstr for _domain, entry in entries() if CHINESE.search(QUOTED.sub("", entry.msgstr))
    ] == []


def test_blanks_at_the_ends_stay_where_english_needs_no_others() -> None:
    """Chinese needs none after its own punctuation, English does; elsewhere a blank was lost or added."""
    wrong = []
    for _domain, entry in entries():
        lost = entry.msgid.startswith(" ") and not entry.msgstr.startswith((" ", "{"))
        if lost or entry.msgstr != entry.msgstr.strip("\n\t") or "  " in entry.msgstr.replace("\n", ""):
            wrong.append(entry.msgid)

    assert wrong == []


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.css")), ids=lambda path: path.name)
def test_words_of_styles_have_their_english(path: Path) -> None:
    """A style may say a Chinese word when its next line says it in English, and may select by none."""
    lines = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL).splitlines()
    english = "\n".join(line for line in lines if ":lang(en)" in line).replace(":lang(en)", "")
    for line in lines:
        if re.search(r"[\u3400-\u9fff]", line):
            selector, said, _rest = line.partition("{ content: ")
            assert said, line
            assert f"{selector.strip()} {{ content: " in english, line
