"""A warning is answered with a reason, which the office reads with the version it stands in."""

from __future__ import annotations

import pytest

from shidian.applications import actions
from shidian.applications.models import Explanation
from shidian.core.errors import Invalid, NotNow, NotPermitted
from tests import steps
from tests.portal.pages import at, signed_in, text_of, title_of
from tests.steps import refused

CODE = "conditions.foundation-body:unfit"


@pytest.fixture
def doubtful(cast, call):
    """A form that may be frozen, with an answer that does not qualify."""
    application = steps.start_filled(cast, call)
    steps.write(
        application,
        cast.lead_writer,
        **{"conditions__foundation-body": "no", "conditions__foundation-body-note": "正在设立"},
    )
    return application


def code_of(application):
    return next(
        problem.code for problem in actions.problems(application) if problem.field == "foundation-body"
    )


def test_the_reason_stands_at_the_warning_and_goes_to_the_office_with_the_version(cast, call, doubtful):
    client = signed_in(cast.lead_writer)
    address = at("check", doubtful)

    answer = client.post(
        address, {"code": code_of(doubtful), "reason": "编办已批复设立，本月挂牌。"}, follow=True
    )
    assert "编办已批复设立，本月挂牌。" in text_of(answer)
    assert "说明已保存" in text_of(answer)

    version = actions.freeze(doubtful, by=cast.lead_writer)
    (told,) = version.data["explanations"]
    assert (told["section"], told["field"], told["reason"]) == (
        "conditions",
        "foundation-body",
        "编办已批复设立，本月挂牌。",
    )


def test_the_office_reads_it(cast, call, doubtful):
    actions.explain(doubtful, code_of(doubtful), "编办已批复设立。", by=cast.lead_writer)
    actions.freeze(doubtful, by=cast.lead_writer)
    application = steps.fresh(doubtful)
    steps.sign(application, [call.definition.stages[0].key], cast.lead_writer)
    actions.lodge(application, cast.heping, by=cast.lead_writer)

    page = text_of(signed_in(cast.heping_handler).get(f"/desk/applications/{application.reference}/"))

    assert "申请单位的说明" in page
    assert "编办已批复设立。" in page
    assert 'href="#a-conditions-foundation-body"' in page


def test_the_newest_reason_counts_and_an_empty_one_takes_it_back(cast, doubtful):
    code = code_of(doubtful)
    for reason in ("第一次说的", "第二次说的", "  "):
        actions.explain(doubtful, code, reason, by=cast.lead_writer)

    assert actions.freeze(doubtful, by=cast.lead_writer).data["explanations"] == []
    assert Explanation.objects.count() == 3


def test_what_is_not_warned_of_cannot_be_explained(cast, doubtful):
    actions.explain(doubtful, code_of(doubtful), "先说明", by=cast.lead_writer)
    code = code_of(doubtful)
    steps.write(doubtful, cast.lead_writer, **{"conditions__foundation-body": "yes"})

    refused(
        NotNow, lambda: actions.explain(doubtful, code, "再说明", by=cast.lead_writer), match="已经不在了"
    )
    # An old reason does not go along with an answer that is right now.
    assert actions.freeze(doubtful, by=cast.lead_writer).data["explanations"] == []


def test_strangers_explain_nothing_and_too_long_is_told_where_it_was_written(cast, doubtful):
    code = code_of(doubtful)
    refused(NotPermitted, lambda: actions.explain(doubtful, code, "别人", by=cast.outsider))
    refused(
        Invalid,
        lambda: actions.explain(doubtful, code, "长" * 501, by=cast.lead_writer),
        match="不能超过 500 字",
    )

    page = signed_in(cast.lead_writer).post(at("check", doubtful), {"code": code, "reason": "长" * 501})

    assert "长" * 501 in text_of(page)
    assert 'id="id_reason"' in text_of(page)
    assert title_of(page).startswith("错误")
