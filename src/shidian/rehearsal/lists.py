"""Acts about lists for a rehearsal: a joint recommendation, a quota waived, a supplement; the accounts must hold after each.

Each act takes the troupe on its stage and plays through the verbs; `refused` tries what must be refused.
"""

from __future__ import annotations

from base64 import b64encode

import orjson

from shidian.accounts.models import User
from shidian.calls import marked
from shidian.calls.packages import CALL, Package
from shidian.calls.queries import office_after, stage_of
from shidian.core.errors import Invalid, NotNow, NotPermitted
from shidian.dispatch import actions as dispatch
from shidian.dispatch import supplementing, waiving
from shidian.dispatch.lettering import write_letter
from shidian.dispatch.letters import drafted, text_of
from shidian.dispatch.models import CandidateList, ListChange
from shidian.dispatch.queries import effective, open_list, sent_lists
from shidian.dispatch.quotas import Standing, quotas
from shidian.dispatch.reconciling import accounts
from shidian.organisations.models import Office
from shidian.rehearsal.troupe import Player, Refuses, Troupe, must, there
from shidian.reviews import joint


def with_quota(package: Package, office: str, maximum: int) -> Package:
    """The same package, but `office` of its first stage may send no more than `maximum`: a notice need not say so."""
    content = marked.parse(package.files[CALL]).data
    content["stages"][0]["quota"] = {"offices": {office: {"maximum": maximum}}}
    stored = package.to_json()
    stored["files"][CALL] = b64encode(orjson.dumps(content)).decode()
    return Package.from_json(stored)


def books_agree(troupe: Troupe) -> int:
    """Every proof of every office holds; how many there are."""
    call = troupe.call
    offices = [troupe.office(key) for key in troupe.staff]
    found = accounts(call, [office for office in offices if stage_of(call, office) is not None])
    for account in found:
        for proof in account.faults:
            must(False, f"{account.office.name}对不上：{proof.label}，{proof.words}")
    return sum(len(account.proofs) for account in found)


def joint_recommendation(troupe: Troupe, player: Player, twin: Player, refused: Refuses) -> None:
    """The handler of a unit's office asks another office to join in; it refuses at first, then agrees.

    The application lies at the unit's office, and `twin`, the same project, at the other; it is closed as merged.
    """
    here, above = troupe.staff[player.office.key], troupe.staff[twin.office.key]
    troupe.time.tick()
    first = joint.offer(troupe.app(player), twin.office, by=here.handler, reason="属于贵单位主管的行业。")
    refused(
        "提出联合推荐的一方自己答复",
        NotPermitted,
        lambda: joint.answer(first, agreed=True, by=here.handler, reason="同意"),
    )
    troupe.time.tick()
    joint.answer(first, agreed=False, by=above.handler, reason="对这个项目还不了解。")
    troupe.time.tick()
    second = joint.offer(troupe.app(player), twin.office, by=here.handler, reason="已补充说明，请再考虑。")
    kept, merged = troupe.app(player), troupe.app(twin)
    refused(
        "把申请并入自己",
        Invalid,
        lambda: joint.answer(second, agreed=True, by=above.handler, reason="同意", merged=kept),
    )
    troupe.time.tick()
    joint.answer(second, agreed=True, by=above.handler, reason="同意联合推荐。", merged=merged)
    names = joint.joint_recommenders([kept.pk])[kept.pk]
    must(names == [twin.office.name], f"{player.name}的联合推荐单位不对：{names}")
    must(troupe.app(twin).state == "merged", f"{twin.name}没有并入联合推荐。")
    books_agree(troupe)


def quota_waiver(troupe: Troupe, listed: CandidateList, refused: Refuses) -> list[Standing]:
    """A sealed list over its quota is not sent; the receiving office lets it pass. Returns what was over."""
    call, office = listed.call, listed.office
    over = [row for row in quotas(call, office, listed) if row.blocks]
    must(over, f"{listed.reference}没有超过名额。")
    here = troupe.staff[office.key]
    above = there(office_after(call, office), f"{office.name}没有上级。")
    refused("超额报送", NotNow, lambda: dispatch.dispatch(listed, by=here.approver))
    troupe.time.tick()
    waiving.ask_waiver(call, office, by=here.handler, reason="项目都比较成熟，请予考虑。")
    refused(
        "自己同意自己超额",
        NotPermitted,
        lambda: waiving.waive(listed, over[0].scope, by=here.approver, reason="同意"),
    )
    for row in over:
        troupe.time.tick()
        waiving.waive(listed, row.scope, by=troupe.staff[above.key].approver, reason="同意超额报送。")
    must(not any(row.blocks for row in quotas(call, office, listed)), f"{listed.reference}同意以后仍然超额。")
    return over


def letter(troupe: Troupe, office: Office, serial: int, by: User) -> None:
    """The cover letter of the open list, in the words of the call, with its document number."""
    call = troupe.call
    if text_of(call, office) is None:
        return
    troupe.time.tick()
    year = troupe.time().astimezone(call.zone).year
    values = drafted(call, office, open_list(call, office)) | {"number": f"市监函[{year}]{serial:03d}号"}
    kept = write_letter(call, office, values, by=by)
    must(kept.number == f"市监函〔{year}〕{serial}号", f"文号没有改正：{kept.number}")


def supplement(troupe: Troupe, office: Office, withdrawn: str, corrected: str = "") -> CandidateList:
    """After a list was sent, its office withdraws one application and corrects another, with letter, approval and seal.

    What is withdrawn lies at the receiving office undecided. Returns the supplement that was sent.
    """
    call, here = troupe.call, troupe.staff[office.key]
    before = sent_lists(call, office)
    must(before, f"{office.name}还没有报送过清单。")
    troupe.time.tick()
    withdrawing = supplementing.Wanted(ListChange.Kind.WITHDRAW, "承担单位职能调整，不再具备条件。")
    supplementing.change(call, office, withdrawn, withdrawing, by=here.handler)
    if corrected:
        troupe.time.tick()
        correcting = supplementing.Wanted(ListChange.Kind.CORRECT, "排序有误。", place=1, remark="重点推荐")
        supplementing.change(call, office, corrected, correcting, by=here.handler)
    troupe.time.tick()
    supplementing.give_reason(call, office, "报送以后情况有变化。", by=here.handler)
    letter(troupe, office, len(before) + 1, here.handler)
    troupe.time.tick()
    listed = dispatch.propose(call, office, by=here.handler)
    troupe.time.tick()
    listed = dispatch.confirm(listed, by=here.approver)
    troupe.seal(listed, here.approver)
    troupe.time.tick()
    listed = dispatch.dispatch(listed, by=here.approver)
    must(len(sent_lists(call, office)) == len(before) + 1, "补充更正清单没有报送。")
    left = [row.application.reference for row in effective(call, office)]
    must(withdrawn not in left, f"{withdrawn} 撤下以后还在有效清单上。")
    must(not corrected or left[0] == corrected, f"{corrected} 更正以后不在第一位。")
    books_agree(troupe)
    return listed
