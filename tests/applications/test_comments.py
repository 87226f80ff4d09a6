"""Comments: who writes and reads them, that they stay, and whom they call."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from shidian.applications import actions, comments, sharing
from shidian.applications.models import Application, Comment, Thread
from shidian.applications.roles import Role
from shidian.audit.models import Event
from shidian.calls.models import Call
from shidian.core.errors import Invalid, NotNow, NotPermitted
from tests import steps

WHERE = ("cover", "name")


@pytest.fixture
def draft(cast: steps.Cast, call: Call) -> Application:
    return actions.start(call, cast.lead, by=cast.lead_writer)


@pytest.fixture
def thread(cast: steps.Cast, draft: Application) -> Thread:
    return comments.begin(draft, *WHERE, text="名称要改", by=cast.lead_writer)


def test_a_thread_is_answered_resolved_and_opened_again_and_all_of_it_stays(
    cast: steps.Cast, draft: Application, thread: Thread
) -> None:
    events = steps.traces()["audit.Event"]
    comments.reply(thread, text=" 改好了\r\n请看 ", by=cast.lead_head)
    comments.resolve(thread, by=cast.lead_writer)
    with pytest.raises(NotNow):
        comments.resolve(thread, by=cast.lead_head)
    comments.reopen(thread, by=cast.lead_head)
    with pytest.raises(NotNow):
        comments.reopen(thread, by=cast.lead_head)

    (found,) = comments.threads(draft, section="cover", field="name")
    assert found.is_open
    assert [(entry.kind, entry.text, entry.by) for entry in found.comments.all()] == [
        ("said", "名称要改", cast.lead_writer),
        ("said", "改好了\n请看", cast.lead_head),
        ("resolved", "", cast.lead_writer),
        ("reopened", "", cast.lead_head),
    ]
    assert steps.traces()["audit.Event"] == events  # offices read the chain


def test_open_threads_come_first_and_are_counted_by_field(
    cast: steps.Cast, draft: Application, thread: Thread
) -> None:
    second = comments.begin(draft, *WHERE, text="再看", by=cast.lead_head)
    comments.begin(draft, "cover", "contact", text="联系人？", by=cast.lead_head)
    comments.resolve(thread, by=cast.lead_head)

    assert [each.pk for each in comments.threads(draft, section="cover", field="name")] == [
        second.pk,
        thread.pk,
    ]
    assert comments.tallies(draft, "cover") == {
        "name": comments.Tally(2, 1),
        "contact": comments.Tally(1, 1),
    }


def test_commenters_and_those_with_a_section_write_viewers_and_strangers_do_not(
    cast: steps.Cast, draft: Application, thread: Thread
) -> None:
    sharing.give(draft, "plan", to=cast.other_unit, by=cast.lead_writer)
    sharing.share(draft, Role.COMMENTER, person=cast.partner, by=cast.lead_head)
    sharing.share(draft, Role.VIEWER, person=cast.guarantor, by=cast.lead_head)

    for user in (cast.outsider, cast.partner):
        comments.reply(steps_thread(thread), text="看过", by=user)
    for user in (cast.guarantor, cast.expert, cast.auditor, cast.administrator, cast.heping_handler):
        for attempt in (
            lambda user=user: comments.begin(steps.fresh(draft), *WHERE, text="不该有", by=user),
            lambda user=user: comments.reply(steps_thread(thread), text="不该有", by=user),
            lambda user=user: comments.resolve(steps_thread(thread), by=user),
        ):
            with pytest.raises(NotPermitted):
                attempt()


def steps_thread(thread: Thread) -> Thread:
    return Thread.objects.select_related("application").get(pk=thread.pk)


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "请写下"), (" \n\t", "请写下"), ("\x00", "请写下"), ("字" * 2001, "现在 2001 个")],
)
def test_a_text_that_cannot_be_taken_is_refused_at_its_place(
    cast: steps.Cast, draft: Application, text: str, words: str
) -> None:
    with pytest.raises(Invalid, match=words) as refused:
        comments.begin(draft, *WHERE, text=text, by=cast.lead_writer)

    assert refused.value.problems[0][0] == "text"
    assert not Thread.objects.exists()


def test_2000_characters_are_taken(cast: steps.Cast, draft: Application) -> None:
    comments.begin(draft, *WHERE, text="字" * 2000, by=cast.lead_writer)


def test_only_people_who_work_on_it_are_named(cast: steps.Cast, draft: Application) -> None:
    for key in (cast.outsider.pk, cast.auditor.pk, 0, 10**15):
        with pytest.raises(Invalid, match="参加填写"):
            comments.begin(draft, *WHERE, text="请看", mentions=[key], by=cast.lead_writer)


def test_who_is_named_gets_a_letter_without_the_text_and_finds_it_until_it_is_resolved(
    cast: steps.Cast, draft: Application, mailoutbox, django_capture_on_commit_callbacks
) -> None:
    steps.write(draft, cast.lead_writer, cover__name="保密的名称")
    with django_capture_on_commit_callbacks(execute=True):
        thread = comments.begin(
            draft,
            *WHERE,
            text="机密意见",
            mentions=[cast.lead_head.pk, cast.lead_writer.pk],
            by=cast.lead_writer,
        )

    (letter,) = mailoutbox
    assert letter.to == [cast.lead_head.email]
    whole = letter.subject + letter.body
    assert draft.reference in whole
    assert f"/applications/{draft.reference}/sections/cover/name/comments/" in whole
    assert "机密意见" not in whole
    assert "保密的名称" not in whole
    assert [mention.comment.thread for mention in comments.naming(cast.lead_head)] == [thread]
    assert comments.naming(cast.lead_writer) == []  # one's own words
    comments.resolve(thread, by=cast.lead_head)
    assert comments.naming(cast.lead_head) == []


def test_who_works_on_it_no_longer_finds_no_mention(cast: steps.Cast, draft: Application) -> None:
    row = sharing.share(draft, Role.COMMENTER, person=cast.partner, by=cast.lead_head)
    comments.begin(draft, *WHERE, text="请看", mentions=[cast.partner.pk], by=cast.lead_writer)
    assert len(comments.naming(cast.partner)) == 1

    sharing.unshare(row, by=cast.lead_head)

    assert comments.naming(cast.partner) == []


def test_the_database_keeps_every_comment(cast: steps.Cast, draft: Application) -> None:
    comments.begin(draft, *WHERE, text="留下", mentions=[cast.lead_head.pk], by=cast.lead_writer)
    comment = Comment.objects.get()

    for attempt in (
        lambda: Comment.objects.update(text="改掉"),
        lambda: Comment.objects.all().delete(),
        lambda: comment.mentions.all().delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            attempt()


def test_comments_are_in_no_version(cast: steps.Cast, call: Call) -> None:
    application = steps.start_filled(cast, call)
    comments.begin(application, *WHERE, text="不递交的话", by=cast.lead_writer)
    version = actions.freeze(application, by=cast.lead_writer)

    assert "不递交的话" not in str(version.data)
    assert not Event.objects.filter(chain=application.chain, detail__contains="不递交的话").exists()
