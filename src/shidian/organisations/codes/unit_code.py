"""Unified social credit codes (GB 32100-2015, 18 characters) and organisation codes (GB 11714, 9 characters).

A code that passes is well made; that the body exists is not proved by it.
"""

import re
import unicodedata

from django.utils.translation import gettext as _

from shidian.organisations.codes import regions

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_WEIGHTS = tuple(pow(3, position, 31) for position in range(17))
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ORGANISATION_VALUES = {
    character: value for value, character in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
}

DEPARTMENTS: dict[str, tuple[str, dict[str, str]]] = {
    "1": (
        "机构编制",
        {
            "1": "机关",
            "2": "事业单位",
            "3": "编办直接管理机构编制的群众团体",
            "9": "其他",
        },
    ),
    "2": ("外交", {"1": "外国常驻新闻机构", "9": "其他"}),
    "3": (
        "司法行政",
        {
            "1": "律师执业机构",
            "2": "公证处",
            "3": "基层法律服务所",
            "4": "司法鉴定机构",
            "5": "仲裁委员会",
            "9": "其他",
        },
    ),
    "4": ("文化", {"1": "外国在华文化中心", "9": "其他"}),
    "5": (
        "民政",
        {
            "1": "社会团体",
            "2": "民办非企业单位",
            "3": "基金会",
            "9": "其他",
        },
    ),
    "6": (
        "旅游",
        {
            "1": "外国旅游部门常驻代表机构",
            "2": "港澳台地区旅游部门常驻内地（大陆）代表机构",
            "9": "其他",
        },
    ),
    "7": (
        "宗教",
        {"1": "宗教活动场所", "2": "宗教院校", "9": "其他"},
    ),
    "8": ("工会", {"1": "基层工会", "9": "其他"}),
    "9": (
        "工商",
        {"1": "企业", "2": "个体工商户", "3": "农民专业合作社"},
    ),
    "A": (
        "中央军委改革和编制办公室",
        {"1": "军队事业单位", "9": "其他"},
    ),
    "N": (
        "农业",
        {
            "1": "组级集体经济组织",
            "2": "村级集体经济组织",
            "3": "乡镇级集体经济组织",
            "9": "其他",
        },
    ),
    "Y": ("其他", {"1": "其他"}),
}
"""Registering departments by the first character, kinds of body by the second (GB 32100-2015, table 1)."""

_LABEL = re.compile(
    r"^(?:统一社会信用代码(?:/组织机构代码)?|社会信用代码|信用代码|组织机构代码|机构代码|代码)(?:证号?)?[:：]?"
)
_BLANKS = re.compile(r"[\s\-_‐-―−﹣·.]+")
_LONGEST = 200
_PERSON = re.compile(
    r"[1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]", re.ASCII
)


def normalise(text: str) -> str:
    """What is meant by a typed or pasted code: half-width capitals without blanks, dashes and label.

    Text that is far too long to be a code comes back as it is.
    """
    if text.isascii() and text.isalnum():
        return text.upper()
    if len(text) > _LONGEST:
        return text
    plain = text
    # A capital can fall apart into letters that are plain again, and a label can stand behind a label.
    while (tidy := _LABEL.sub("", _BLANKS.sub("", unicodedata.normalize("NFKC", plain).upper()))) != plain:
        plain = tidy
    return plain


def check(code: str) -> str | None:
    """None for a well-made code of 18 or 9 characters; else what is wrong, naming the character.

    The code must be normalised. The check digit of 18 decides alone: the digit of the organisation code inside it is
    not examined, since real codes exist in which it differs.
    """
    if len(code) == 18:
        return _check_18(code)
    if len(code) == 9:
        return _check_9(code)
    if not code:
        return _("请填写 18 位统一社会信用代码或者 9 位组织机构代码")
    if len(code) == 15 and code.isascii() and code.isdigit():
        return _("这像是 15 位的旧注册号或者税号，请填写 18 位统一社会信用代码或者 9 位组织机构代码")
    if len(code) > _LONGEST:
        return _("代码应为 18 位或者 9 位，现有 {count} 位，请检查是否填错了地方").format(count=len(code))
    return _(
        "统一社会信用代码应为 18 位（组织机构代码为 9 位），现有 {count} 位，请对照证书检查是否多填或者漏填"
    ).format(count=len(code))


def region(code: str) -> str:
    """The six digits of the region in an 18-character code; nothing for a nine-character one."""
    return code[2:8] if len(code) == 18 else ""


def organisation_code(code: str) -> str:
    """The nine characters of the organisation code: the code itself, or those inside an 18-character one."""
    return code[8:17] if len(code) == 18 else code


def kind(code: str) -> str:
    """What an 18-character code says of the body: 机构编制·事业单位; nothing when it says nothing."""
    if len(code) != 18 or code[0] not in DEPARTMENTS:
        return ""
    department, categories = DEPARTMENTS[code[0]]
    return f"{department}·{categories[code[1]]}" if code[1] in categories else ""


def doubt(code: str) -> str | None:
    """What is odd in a well-made 18-character code without being wrong: an unknown region, an inner check digit."""
    found = region(code)
    if not found:
        return None
    if found != "100000" and not regions.exists(found):
        return _("代码第 3 至 8 位“{found}”不在行政区划代码表里，请对照证书确认").format(found=found)
    if _check_9(organisation_code(code)):
        return _("代码第 9 至 17 位（组织机构代码）的校验位与通常的算法不同，请对照证书确认")
    return None


def _check_18(code: str) -> str | None:
    wrong = _wrong_18(code)
    if wrong and _PERSON.fullmatch(code):
        return _("这像是个人的身份证号码，请填写单位的统一社会信用代码")
    return wrong


def _wrong_18(code: str) -> str | None:
    total = 0
    for position, character in enumerate(code):
        value = _VALUES.get(character)
        if value is None:
            return _("第 {position} 位“{character}”不能用在统一社会信用代码里{advice}").format(
                position=position + 1, character=_shown(character), advice=_advice(character)
            )
        if position < 17:
            total += value * _WEIGHTS[position]
    department = DEPARTMENTS.get(code[0])
    if department is None:
        return _("第 1 位“{code}”不是登记管理部门代码，请对照证书检查").format(code=code[0])
    if code[1] not in department[1]:
        return _("第 2 位“{code}”不是{department}部门登记的机构类别，请对照证书检查").format(
            code=code[1], department=department[0]
        )
    for position in range(2, 8):
        if not "0" <= code[position] <= "9":
            return _("第 {position} 位“{code}”应为数字（第 3 至 8 位是行政区划代码）{advice}").format(
                position=position + 1, code=code[position], advice=_advice(code[position])
            )
    # The remainder 0 gives 31, which is written 0.
    if code[17] != _ALPHABET[(31 - total % 31) % 31]:
        # The organisation code inside has a check digit of its own, which tells the halves apart.
        where = _("第 9 至 17 位") if _check_9(organisation_code(code)) else _("第 1 至 8 位或者第 18 位")
        return _("校验不通过：18 位里至少有一位填错，多半在{where}，请对照证书逐位检查").format(where=where)
    return None


def _check_9(code: str) -> str | None:
    total = 0
    for position in range(8):
        value = _ORGANISATION_VALUES.get(code[position])
        if value is None:
            return _("第 {position} 位“{code}”不能用在组织机构代码里，只能用数字和大写字母").format(
                position=position + 1, code=_shown(code[position])
            )
        total += value * _ORGANISATION_WEIGHTS[position]
    last = 11 - total % 11
    expected = "X" if last == 10 else "0" if last == 11 else str(last)
    if code[8] not in "0123456789X":
        return _("第 9 位“{code}”应为数字或者 X").format(code=_shown(code[8]))
    if code[8] != expected:
        return _("校验不通过：9 位里至少有一位填错，请对照证书逐位检查")
    return None


def _shown(character: str) -> str:
    return character if character.isprintable() else f"U+{ord(character):04X}"


def _advice(character: str) -> str:
    instead = {"I": "1", "O": "0", "S": "5", "Z": "2"}.get(character)
    return _("，是否应为数字 {instead}？").format(instead=instead) if instead else _("，请对照证书检查")
