"""Filling in a section: saving, autosave, rows without script, two people at once."""

import pytest

from shidian.applications import actions
from shidian.applications.queries import answers
from tests import steps
from tests.portal.pages import at, hidden, numbers, posted, signed_in, text_of, title_of


@pytest.fixture
def draft(cast, call):
    return actions.start(call, cast.lead, by=cast.lead_writer)


def save(client, application, section, data, **more):
    address = at("section", application, section=section)
    seen = numbers(client, application, section)
    return client.post(address, {"numbers": seen, "go": "save", **data, **more})


def test_every_section_opens_saves_and_shows_what_was_written(cast, call, draft):
    client = signed_in(cast.lead_writer)

    for section in call.questionnaire.sections:
        values = steps.filled(call)[section.key]
        answer = save(client, draft, section.key, posted(section, values))
        assert answer.status_code == 302, section.key
        stored = answers(draft)[section.key]
        assert {key: stored[key] for key in values if values[key] != []} == {
            key: value for key, value in values.items() if value != []
        }, section.key
        page = client.get(at("section", draft, section=section.key))
        assert not title_of(page).startswith("错误"), section.key


def test_a_new_draft_starts_with_what_the_unit_has_told(cast, draft):
    page = text_of(signed_in(cast.lead_writer).get(at("section", draft, section="lead")))

    assert 'value="和平区示范应急服务中心"' in page
    assert '<option value="120101" selected>' in page


def test_missing_answers_are_not_called_wrong_before_one_asks(cast, draft):
    client = signed_in(cast.lead_writer)

    plain = client.get(at("section", draft, section="cover"))
    asked = client.get(at("section", draft, section="cover") + "?check=all")

    assert "请填写“试点名称”" not in text_of(plain)
    assert title_of(asked).startswith("错误：")
    assert 'href="#f-name">请填写“试点名称”' in text_of(asked)


def test_a_field_filled_wrongly_is_saved_and_named_with_the_way_on(cast, draft):
    client = signed_in(cast.lead_writer)

    answer = save(client, draft, "cover", {"contact_mobile": "12"}, go="next")
    page = client.get(answer.url)

    assert answers(draft)["cover"]["contact_mobile"] == "12"
    assert title_of(page).startswith("错误：")
    assert 'value="12"' in text_of(page)
    assert f'href="{at("section", draft, section="lead")}">到下一部分' in text_of(page)


def test_save_and_go_on_leads_to_the_next_section_and_at_the_end_to_the_attachments(cast, call, draft):
    client = signed_in(cast.lead_writer)

    answer = save(client, draft, "cover", {"contact": "王经办"}, go="next")
    assert answer.url == at("section", draft, section="lead")
    last = call.questionnaire.sections[-1].key
    assert save(client, draft, last, {}, go="next").url == at("attachments", draft)
    assert save(client, draft, "cover", {}, go="list").url == at("application", draft)


def test_saving_what_is_frozen_is_refused_with_the_reason(cast, call):
    application = steps.frozen(cast, call)
    client = signed_in(cast.lead_writer)
    address = at("section", application, section="cover")

    plain = client.post(address, {"numbers": '{"contact": 1}', "contact": "别人"})

    assert plain.status_code == 409
    assert "重新打开" in text_of(plain)
    assert "现在只能看" in text_of(client.get(address))
    assert answers(application)["cover"]["contact"] == "王经办"


@pytest.mark.parametrize(
    ("button", "value", "left"),
    [
        ("rows-down", "plan-1", ["乙", "甲", "丙"]),
        ("rows-up", "plan-3", ["甲", "丙", "乙"]),
        ("rows-drop", "plan-2", ["甲", "丙"]),
        ("rows-up", "plan-1", ["甲", "乙", "丙"]),
        ("rows-drop", "plan-9", ["甲", "乙", "丙"]),
        ("rows-add", "plan", ["甲", "乙", "丙"]),
    ],
)
def test_rows_are_moved_and_dropped_without_script(cast, draft, button, value, left):
    client = signed_in(cast.lead_writer)
    rows = {f"plan-{no}-content": name for no, name in enumerate("甲乙丙", start=1)}

    answer = save(client, draft, "plan", {**rows, button: value})

    assert answer.url.endswith("#f-plan")
    assert [row["content"] for row in answers(draft)["plan"]["plan"]] == left
    # A blank row is there to be filled in.
    assert f'name="plan-{len(left) + 1}-content"' in text_of(client.get(at("section", draft, section="plan")))


def test_the_counties_of_a_province_are_listed_without_script(cast, draft):
    client = signed_in(cast.lead_writer)

    answer = save(client, draft, "lead", {"registered_region-province": "130000"}, go="stay")

    assert '<option value="130102"' in text_of(client.get(answer.url))


def test_a_condition_that_is_not_met_is_told_in_plain_words_and_locks_nothing(cast, draft):
    client = signed_in(cast.lead_writer)

    answer = save(client, draft, "conditions", {"foundation-body": "no"}, go="next")
    page = text_of(client.get(at("section", draft, section="conditions")))

    assert answer.url == at("attachments", draft)
    assert "尚未设置的，请先明确由哪个内设机构管理标准化工作，再申请。" in page


def two_texts(cast, draft, mine, theirs, section="cover"):
    """The writer has the page open, the head saves first, then the writer saves."""
    writer, head = signed_in(cast.lead_writer), signed_in(cast.lead_head)
    address = at("section", draft, section=section)
    seen = numbers(writer, draft, section)
    head.post(address, {"numbers": seen, "go": "save", **theirs})
    return writer, writer.post(address, {"numbers": seen, "go": "save", **mine})


def test_two_people_in_different_fields_lose_nothing_and_are_told(cast, draft):
    writer, answer = two_texts(cast, draft, {"contact": "王经办"}, {"contact_mobile": "13800000000"})

    stored = answers(draft)["cover"]
    assert (stored["contact"], stored["contact_mobile"]) == ("王经办", "13800000000")
    assert "两人的修改都已保存" in text_of(writer.get(answer.url))


def test_two_texts_of_one_field_stand_side_by_side(cast, draft):
    writer, answer = two_texts(cast, draft, {"contact": "王经办"}, {"contact": "李经办"})
    page = text_of(writer.get(answer.url))

    assert answer.url == at("conflict", draft, section="cover")
    assert "<ins>王</ins>经办" in page
    assert "<ins>李</ins>经办" in page
    assert "李负责写的" in page
    assert answers(draft)["cover"]["contact"] == "李经办"


@pytest.mark.parametrize(
    ("choice", "result"), [("mine", "王经办"), ("theirs", "李经办"), ("together", "王经办、李经办")]
)
def test_a_person_chooses_or_puts_together(cast, draft, choice, result):
    writer, answer = two_texts(cast, draft, {"contact": "王经办", "name": "甲试点"}, {"contact": "李经办"})
    number = hidden(writer.get(answer.url), "number-contact")

    done = writer.post(
        answer.url, {"number-contact": number, "keep-contact": choice, "together-contact": "王经办、李经办"}
    )

    assert done.url == at("section", draft, section="cover")
    assert answers(draft)["cover"]["contact"] == result
    assert answers(draft)["cover"]["name"] == "甲试点"
    kept = [row.value for row in draft.answers.get(field="contact").revisions.all()]
    assert {"王经办", "李经办", result} <= set(kept)


def test_without_a_choice_nothing_is_saved_and_both_texts_stay(cast, draft):
    writer, answer = two_texts(cast, draft, {"contact": "王经办"}, {"contact": "李经办"})
    number = hidden(writer.get(answer.url), "number-contact")

    page = writer.post(answer.url, {"number-contact": number, "together-contact": "两位经办"})

    assert title_of(page).startswith("错误：")
    assert "请为“项目联系人”选一份" in text_of(page)
    assert "两位经办" in text_of(page)
    assert answers(draft)["cover"]["contact"] == "李经办"


def test_a_third_save_while_choosing_asks_again(cast, draft):
    writer, answer = two_texts(cast, draft, {"contact": "王经办"}, {"contact": "李经办"})
    number = hidden(writer.get(answer.url), "number-contact")
    head = signed_in(cast.lead_head)
    save(head, draft, "cover", {"contact": "赵经办"})

    page = writer.post(answer.url, {"number-contact": number, "keep-contact": "mine"})

    assert "又有新的修改" in text_of(page)
    assert "<ins>赵</ins>" in text_of(page)
    assert answers(draft)["cover"]["contact"] == "赵经办"


def test_a_page_without_its_number_overwrites_nobody(cast, draft):
    head = signed_in(cast.lead_head)
    save(head, draft, "cover", {"contact": "李经办"})

    signed_in(cast.lead_writer).post(
        at("section", draft, section="cover"), {"contact": "王经办", "numbers": "新"}
    )

    assert answers(draft)["cover"]["contact"] == "李经办"


def test_reasons_of_a_return_stand_at_their_section(cast, call):
    from shidian.reviews import actions as reviews

    application = steps.judged(cast, call)
    said = [reviews.Said("请写全称", "cover"), reviews.Said("总体不够具体")]
    reviews.return_for_correction(application, by=cast.heping_handler, reasons=said)
    client = signed_in(cast.lead_writer)

    assert "请写全称" in text_of(client.get(at("section", application, section="cover")))
    assert "请写全称" not in text_of(client.get(at("section", application, section="goals")))
    whole = text_of(client.get(at("application", application)))
    assert whole.index("请写全称") < whole.index("轮到您办")
    assert "总体不够具体" in whole


def test_an_unknown_section_is_404(cast, draft):
    assert signed_in(cast.lead_writer).get(at("section", draft, section="nothing")).status_code == 404
