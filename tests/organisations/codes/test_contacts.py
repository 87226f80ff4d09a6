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
    ],
)
def test_phone_numbers_as_people_write_them(typed):
    assert contacts.check_phone(contacts.normalise_phone(typed)) is None


@pytest.mark.parametrize(
    "typed", ["1234", "1381234567", "128123456789", "022-1711306", "电话", "27113062、x", ""]
)
def test_what_is_no_phone_number(typed):
    assert "写法不对" in str(contacts.check_phone(contacts.normalise_phone(typed)))


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
    assert "天津市" in str(contacts.doubt_postcode("100000", "120101"))
    assert contacts.doubt_postcode("999077", "810000") is None


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_answered(text):
    contacts.check_phone(contacts.normalise_phone(text))
    contacts.check_email(contacts.normalise_email(text))
    contacts.check_postcode(contacts.normalise_postcode(text))


def test_very_long_texts_are_answered_at_once():
    for character in ("1", "a@", "、", "-", "．"):
        long = character * 100_000
        assert contacts.check_phone(contacts.normalise_phone(long))
        assert contacts.check_email(contacts.normalise_email(long))
        assert contacts.check_postcode(contacts.normalise_postcode(long))
