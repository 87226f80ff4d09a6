"""Whatever is done to the history behind the system's back is found, and the database refuses to do it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.migrations.loader import MigrationLoader

from shidian.applications import actions as applications
from shidian.applications import comments, corrections, inbox, papers, signing
from shidian.applications.actions import explain, problems
from shidian.applications.models import Attestation, Correction
from shidian.audit.actions import SYSTEM, anchor, record
from shidian.audit.models import Anchor, Chain, Event
from shidian.audit.protection import Protect, create_statements, drop_statements
from shidian.audit.queries import subjects, verify
from shidian.calls.models import Call
from shidian.core import clock
from shidian.dispatch import actions as dispatch
from shidian.dispatch import registering
from shidian.dispatch.models import CandidateList, PaperCopy, QuotaWaiver
from shidian.dispatch.publishing import results
from shidian.dispatch.publishing.results import Row
from shidian.documents.inbox import Inbox
from shidian.documents.models import SealBox
from shidian.notifications.kinds import KINDS
from shidian.notifications.wording import word
from shidian.organisations import profiles
from shidian.reviews import actions as reviews
from shidian.reviews import joint
from shidian.reviews.actions import Said
from shidian.reviews.experts import declaring
from shidian.reviews.scoring import actions as scoring
from shidian.signoffs.models import Party
from tests import steps
from tests.dispatch import publishing_steps as acts
from tests.reviews.experts import scene
from tests.reviews.scoring import panel


@pytest.fixture
def history(db: None, clock_at: Callable[..., None]) -> None:
    """Three subjects with a few events each, and two anchors."""
    for name in ("甲", "乙", "丙"):
        for number in range(1, 5):
            record("thing.happened", f"thing:{name}", by=SYSTEM, detail={"number": number})
    anchor()
    clock_at(2023, 7, 3, 11, 0)
    for name in ("甲", "乙"):
        record("thing.ended", f"thing:{name}", by=SYSTEM)
    anchor()


@pytest.fixture
def forger(history: None) -> Iterator[Callable[..., None]]:
    """Somebody with the database's own keys, who takes the protection away first."""
    for table in (Event._meta.db_table, Anchor._meta.db_table):
        run(drop_statements(connection.vendor, table))

    def forge(statement: str, *values: object) -> None:
        run([statement], values)

    return forge


def run(statements: list[str], values: tuple[object, ...] = ()) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, values or None)


def faults() -> str:
    return "\n".join(verify().faults)


EVENT, ANCHOR = Event._meta.db_table, Anchor._meta.db_table


def test_an_untouched_history_passes(history: None) -> None:
    report = verify()

    assert report.ok
    assert (report.chains, report.events, report.anchors) == (3, 14, 2)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("detail", '{"number":7}'),
        ("actor_label", "别人"),
        ("name", "thing.other"),
        ("at", "2023-07-04 01:02:03+00:00"),
    ],
)
def test_a_changed_event_is_found(forger: Callable[..., None], column: str, value: str) -> None:
    forger(f"UPDATE {EVENT} SET {column} = %s WHERE chain = %s AND number = 2", value, "thing:甲")

    assert (
        faults()
        == "thing:甲 第 2 条（"
        + ("thing.other" if column == "name" else "thing.happened")
        + "）：内容被改动过"
    )


def test_an_event_changed_with_its_own_hash_is_found_by_the_next_one(forger: Callable[..., None]) -> None:
    event = Event.objects.get(chain="thing:甲", number=2)
    event.detail = {"number": 7}
    forger(
        f"UPDATE {EVENT} SET detail = %s, hash = %s WHERE id = %s",
        '{"number":7}',
        event.computed_hash(),
        event.pk,
    )

    assert "thing:甲 第 3 条（thing.happened）：与前一条接不上" in faults()


def test_a_chain_rewritten_whole_is_found_by_the_anchor(forger: Callable[..., None]) -> None:
    """All hashes and the head are made to fit; only the anchors know better."""
    before = ""
    for event in Event.objects.filter(chain="thing:丙").order_by("number"):
        event.detail, event.previous = {"number": 9}, before
        before = event.computed_hash()
        forger(
            f"UPDATE {EVENT} SET detail = %s, previous = %s, hash = %s WHERE id = %s",
            '{"number":9}',
            event.previous,
            before,
            event.pk,
        )
    Chain.objects.filter(name="thing:丙").update(head=before)

    assert faults() == "第 1 个锚点：thing:丙 第 4 条与当时不符"


def test_a_deleted_event_is_found(forger: Callable[..., None]) -> None:
    forger(f"DELETE FROM {EVENT} WHERE chain = %s AND number = 2", "thing:乙")

    assert "thing:乙 第 3 条（thing.happened）：前面缺第 2 条" in faults()


def test_an_inserted_event_is_found(forger: Callable[..., None]) -> None:
    first = Event.objects.get(chain="thing:甲", number=1)
    forger(f"UPDATE {EVENT} SET number = number + 100 WHERE chain = %s AND number > 1", "thing:甲")
    slipped = Event(
        chain="thing:甲",
        number=2,
        name="thing.slipped_in",
        at=first.at,
        actor_label="系统",
        detail={},
        previous=first.hash,
    )
    slipped.hash = slipped.computed_hash()
    slipped.save(force_insert=True)
    forger(f"UPDATE {EVENT} SET number = number - 99 WHERE chain = %s AND number > 100", "thing:甲")

    found = faults()
    assert "第 2 条（thing.slipped_in）" not in found
    assert "thing:甲 第 3 条（thing.happened）：与前一条接不上" in found


def test_reordered_events_are_found(forger: Callable[..., None]) -> None:
    for old, new in ((2, 102), (3, 2), (102, 3)):
        forger(f"UPDATE {EVENT} SET number = %s WHERE chain = %s AND number = %s", new, "thing:甲", old)

    assert "thing:甲 第 2 条（thing.happened）：与前一条接不上，有插入、删除或调换" in faults()


def test_an_event_moved_to_another_chain_is_found(forger: Callable[..., None]) -> None:
    forger(
        f"UPDATE {EVENT} SET chain = %s, number = 6 WHERE chain = %s AND number = 5", "thing:乙", "thing:甲"
    )

    found = faults()
    assert "thing:乙 第 6 条（thing.ended）：与前一条接不上" in found
    assert "thing:甲：链头与最后一条不一致" in found


def test_a_cut_tail_is_found(forger: Callable[..., None]) -> None:
    forger(f"DELETE FROM {EVENT} WHERE chain = %s AND number > 3", "thing:丙")

    assert "thing:丙：链头与最后一条不一致，末尾被截去或改动" in faults()


def test_a_tail_cut_together_with_its_head_is_found_by_the_anchor(forger: Callable[..., None]) -> None:
    forger(f"DELETE FROM {EVENT} WHERE chain = %s AND number > 3", "thing:丙")
    Chain.objects.filter(name="thing:丙").update(
        length=3, head=Event.objects.get(chain="thing:丙", number=3).hash
    )

    assert faults() == "第 1 个锚点：thing:丙 第 4 条与当时不符"


def test_a_chain_removed_whole_is_found_by_the_anchor(forger: Callable[..., None]) -> None:
    forger(f"DELETE FROM {EVENT} WHERE chain = %s", "thing:丙")
    Chain.objects.filter(name="thing:丙").delete()

    assert faults() == "第 1 个锚点：thing:丙 整条链不见了"


def test_a_chain_removed_whole_is_found_by_its_subject(
    forger: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(subjects, "事物", lambda: ["thing:丁"])

    assert faults() == "thing:丁：事物还在，但它的历史链整条不见了"


def test_a_changed_anchor_is_found(forger: Callable[..., None]) -> None:
    forger(f"UPDATE {ANCHOR} SET digest = %s WHERE id = %s", "0" * 64, Anchor.objects.earliest("pk").pk)

    found = faults()
    assert "第 1 个锚点：内容被改动过" in found
    assert "第 1 个锚点：所记各链与总摘要不一致" in found


def test_a_removed_anchor_is_found(forger: Callable[..., None]) -> None:
    forger(f"DELETE FROM {ANCHOR} WHERE id = %s", Anchor.objects.earliest("pk").pk)

    assert "第 1 个锚点：与前一个接不上，有锚点被删除或调换" in faults()


# The database refuses


def protected_tables() -> list[str]:
    """The tables that a migration put under protection."""
    loader = MigrationLoader(connection)
    found: list[str] = []
    for (app, _), migration in sorted(loader.disk_migrations.items()):
        for operation in migration.operations:
            if isinstance(operation, Protect):
                state = loader.project_state((app, migration.name))
                found += [state.apps.get_model(app, name)._meta.db_table for name in operation.models]
    # What a later migration has put something else in the place of is gone with its rows.
    return [table for table in found if table in connection.introspection.table_names()]


def test_every_table_of_evidence_is_protected_by_the_database(cast: steps.Cast, call: Call) -> None:
    """A row of each kind comes to be in the usual way; then the database itself is asked to change and delete it."""
    application = steps.lodged(cast, call)
    reviews.return_for_correction(application, by=cast.heping_handler, reasons=[Said("请补充", "goals")])
    correction = Correction.objects.get()
    corrections.reply(correction.items.get(), text="改了", by=cast.lead_writer)
    asked = corrections.ask_opening(correction, place="f:cover.name", reason="要一致", by=cast.lead_writer)
    corrections.answer_opening(asked, opened=True, by=cast.heping_handler)
    application, _ = steps.dispatched(cast, call)
    dispatch.count_copy(call, cast.institute, application, 1, by=cast.institute_clerk)
    counted = PaperCopy.objects.get()
    dispatch.void_copy(call, cast.institute, counted, by=cast.institute_clerk, reason="误登")
    dispatch.register_electronic(call, cast.institute, application, by=cast.institute_clerk)
    dispatch.count_copy(call, cast.institute, application, 2, by=cast.institute_clerk)
    registering.acknowledge(call, cast.institute, by=cast.institute_clerk, sender=cast.heping)
    papers.form(application.version)
    row = steps.laid_in(Inbox(office=cast.heping), application.version, cast.heping_handler)
    inbox.judge(row.boxes.get(), SealBox.Part.SEAL, SealBox.Seen.PRESENT, by=cast.heping_handler)
    again = steps.signed(cast, call)
    applications.reopen(again, by=cast.lead_writer, reason="看错了")
    applications.freeze(again, by=cast.lead_writer)
    draft = steps.start_filled(cast, call)
    comments.begin(draft, "goals", "goals", text="请核对", mentions=[cast.lead_head.pk], by=cast.lead_writer)
    steps.write(draft, cast.lead_writer, **{"conditions__foundation-body": "no"})
    doubt = next(found for found in problems(draft) if found.severity == "warning")
    explain(draft, doubt.code, "正在设立", by=cast.lead_writer)
    unsaid = Party.objects.select_related("round__version").get(
        round=again.document.versions.last().round, gate="national"
    )
    signing.give_mandate(
        steps.fresh(again),
        unsaid,
        delegate="受托人",
        given_by="负责人",
        since=steps.today(call),
        until=steps.today(call),
        file=steps.scan(cast.lead_writer),
        by=cast.lead_writer,
    )
    signing.end_mandate(
        steps.fresh(again),
        unsaid.mandates.get(),
        from_day=steps.today(call),
        reason="人员调整",
        by=cast.lead_writer,
    )
    steps.send_link(steps.fresh(again), unsaid, cast.lead_writer)
    signing.remind(steps.fresh(again), unsaid, by=cast.lead_writer)
    profiles.keep(cast.lead, {"phone": "27110001"}, by=cast.lead_head)
    steps.watchlist(cast)
    steps.extension(cast, call)
    word(call, KINDS["returned"], subject="请改", text="请改：{link}", by=cast.commission_officer)
    world = panel.reviewing(cast, call)
    sheet = panel.submitted(world.assignments[0, 0])
    panel.discussing(world)
    scoring.moderate(sheet, "plan", "20", by=world.officer, reason="合议")
    scoring.remark(world.panel, world.applications[0], "意见", by=world.officer)
    expert = scene.expert(cast)
    declaring.declare(expert, kind="other", text="顾问", unit="某单位", by=cast.expert)
    party = application.version.round.parties.first()
    Attestation.objects.create(  # not every machine can sign with SM2
        party=party, file=steps.scan(cast.lead_writer), digest="0" * 64, subject="TEST", at=clock.now()
    )
    acts.everything(cast, call, application)
    applications.nominate(application, by=cast.commission_approver, via="清单")
    letter = acts.letter(cast, call, "另一文号")
    row_of_result = Row(application.reference, "not_selected")
    results.record_results(letter, [row_of_result], by=cast.commission_officer)
    asked = joint.offer(steps.recommended(cast, call), cast.sector, by=cast.heping_handler, reason="同一试点")
    joint.answer(asked, agreed=True, by=cast.sector_officer, reason="同意")
    QuotaWaiver.objects.create(  # this call has no quota
        list=CandidateList.objects.first(), maximum=1, count=2, office=cast.commission, reason="同意",
        at=clock.now(), by=cast.commission_approver,
    )  # fmt: skip
    anchor()

    tables = protected_tables()

    assert EVENT in tables
    assert len(tables) >= 10
    for table in tables:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table}")
            count = cursor.fetchone()[0]
        assert count, f"no row in {table} to try"
        for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
            with pytest.raises(DatabaseError, match="evidence is never changed"), transaction.atomic():
                run([statement])
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone()[0] == count


def test_protection_can_be_put_back(forger: Callable[..., None]) -> None:
    run(create_statements(connection.vendor, EVENT))

    with pytest.raises(DatabaseError, match="evidence"), transaction.atomic():
        forger(f"DELETE FROM {EVENT}")
