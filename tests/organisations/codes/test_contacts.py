import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shidian.organisations.codes import contacts


@pytest.mark.parametrize(
    "typed",
    [
        "27113062",
        "022-27113062",
        "02227113062",
        "（022）27113062",
        "022－27113062",
        "022 2711 3062",
        "0315-2345678",
        "022-27113062转801",
        "022-27113062-801",
        "13812345678",
        "+86 138 1234 5678",
        "400-123-4567",
        "12345",
        "27113062、27182057",
        "27113062；13812345678/022-27182057",
        "27113062 27182057",
        "27113062或者13812345678",
        "电话：27113062、27182057",
        "手机13812345678 座机022-27113062",
        "022-27113062 转 801",
        "022-27113062分机801",
        "022-27113062 ext. 801",
        "138-1234-5678",
        "+86-22-27113062",
        "0086 22 27113062",
    ],
)
def test_phone_numbers_as_people_write_them(typed):
    assert contacts.check_phone(contacts.normalise_phone(typed)) is None


@pytest.mark.parametrize(
    "typed", ["1234", "1381234567", "128123456789", "022-1711306", "电话", "27113062、x", ""]
)
def test_what_is_no_phone_number(typed):
    assert "写法不对" in str(contacts.check_phone(contacts.normalise_phone(typed)))


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("27113062 27182057", "27113062、27182057"),
        ("27113062 或 27182057，13812345678", "27113062、27182057、13812345678"),
        ("022 2711 3062", "02227113062"),
        ("022-27113062分机801", "022-27113062转801"),
        ("022—27113062转分机801", "022-27113062转801"),
        ("+86 138 1234 5678", "13812345678"),
        ("0086-22-27113062", "022-27113062"),
        ("联系电话：２７１１３０６２", "27113062"),
    ],
)
def test_numbers_get_one_spelling(typed, stored):
    assert contacts.normalise_phone(typed) == stored


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("1381234567", "应为 11 位，现有 10 位"),
        ("12812345678", "第 2 位应为 3 至 9"),
        ("022-2711306", "区号 022 后面的固定电话应为 8 位，现有 7 位"),
        ("27113062/63", "“63”的写法不对：号码太短"),
        ("周钧", "请填手机号码"),
    ],
)
def test_what_is_wrong_with_a_number_is_said(typed, why):
    assert why in str(contacts.check_phone(contacts.normalise_phone(typed)))


@pytest.mark.parametrize(
    ("typed", "why"),
    [("zgy", "缺少“@”"), ("a@x.cn;b@x.cn", "只能填一个"), ("张@x.cn", "汉字"), ("a..b@x.cn", "前后的内容")],
)
def test_what_is_wrong_with_an_address_is_said(typed, why):
    assert why in str(contacts.check_email(contacts.normalise_email(typed)))


def test_labels_and_chinese_stops_are_no_part_of_an_address():
    assert contacts.normalise_email("邮箱：zgy@tjtsi。ac。cn") == "zgy@tjtsi.ac.cn"
    assert contacts.normalise_postcode("邮编：300 000") == "300000"


def test_several_numbers_get_one_separator():
    assert contacts.normalise_phone("27113062 ；２７１８２０５７") == "27113062、27182057"


@pytest.mark.parametrize("address", ["zgy@tjtsi.ac.cn", "a.b+c@x.gov.cn", "ZGY@TJTSI.AC.CN"])
def test_addresses(address):
    assert contacts.check_email(contacts.normalise_email(address)) is None


@pytest.mark.parametrize(
    "address", ["zgy", "a@b", "@x.cn", "a..b@x.cn", ".a@x.cn", "中文@x.cn", "a@-x.cn", "a b@x.cn"]
)
def test_what_is_no_address(address):
    assert contacts.check_email(address)


def test_a_full_width_address_becomes_half_width():
    assert contacts.normalise_email("ｚｇｙ＠ｔｊｔｓｉ．ａｃ．ｃｎ") == "zgy@tjtsi.ac.cn"


def test_postcodes():
    assert contacts.check_postcode(contacts.normalise_postcode("３０００００")) is None
    assert contacts.check_postcode("30000")
    assert contacts.check_postcode("30000a")


def test_a_postcode_of_another_province_is_odd():
    assert contacts.doubt_postcode("300000", "120101") is None
    assert contacts.doubt_postcode("301999", "120101") is None
    assert "300、301" in str(contacts.doubt_postcode("302000", "120101"))
    assert "天津市" in str(contacts.doubt_postcode("100000", "120101"))
    assert contacts.doubt_postcode("999077", "810000") is None


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_answered_and_normalising_twice_changes_nothing_more(text):
    for normalise in (contacts.normalise_phone, contacts.normalise_email, contacts.normalise_postcode):
        once = normalise(text)
        assert normalise(once) == once
    contacts.check_phone(contacts.normalise_phone(text))
    contacts.check_email(contacts.normalise_email(text))
    contacts.check_postcode(contacts.normalise_postcode(text))


def test_very_long_texts_are_answered_at_once():
    for character in ("1", "a@", "、", "-", "．"):
        long = character * 100_000
        assert contacts.check_phone(contacts.normalise_phone(long))
        assert contacts.check_email(contacts.normalise_email(long))
        assert contacts.check_postcode(contacts.normalise_postcode(long))


def test_a_mark_that_meets_its_letter_is_joined_with_it():
    for normalise in (contacts.normalise_phone, contacts.normalise_email, contacts.normalise_postcode):
        assert normalise("U¨") == "Ü"
