"""Fills a database with many applications at once, and measures pages on it; run by `bench.desks` in a process of its own.

The rows are put in past the verbs, as many as asked, with texts made of stock sentences: one application has about 600
characters of long answers. Every application was handed in at a district and sent on to the commission.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

PLACES = [
    "和平",
    "河东",
    "河西",
    "南开",
    "河北",
    "红桥",
    "东丽",
    "西青",
    "津南",
    "北辰",
    "武清",
    "宝坻",
    "滨海新区",
    "宁河",
    "静海",
    "蓟州",
]
REGIONS = [f"1201{number:02d}" for number in (1, 2, 3, 4, 5, 6, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19)]
SUBJECTS = [
    "应急救援队伍建设",
    "综合减灾社区",
    "智慧养老服务",
    "公共文化服务",
    "政务服务大厅",
    "社区矫正管理",
    "城市公园管理",
    "公共图书馆",
    "残疾人康复服务",
    "婚姻登记服务",
    "学校食堂管理",
    "公共法律服务",
    "物业管理",
    "殡葬服务",
    "公共交通",
    "河道管护",
    "垃圾分类",
    "人民调解",
    "家政服务",
    "退役军人服务",
    "农村公路养护",
    "公共就业服务",
    "医疗保障经办",
    "不动产登记",
    "社会救助",
    "博物馆服务",
    "全民健身",
    "网格管理",
]
SENTENCES = (
    "本单位承担{place}{subject}职能，已建立标准化工作机制，制定并实施内部标准{number}项",
    "围绕{subject}，梳理现行国家标准、行业标准和地方标准，形成标准体系框架和明细表",
    "计划用两年时间，建成覆盖{subject}全过程的标准体系，服务满意度达到百分之{number}",
    "成立由主要负责人任组长的试点工作领导小组，明确{place}各部门职责，落实专项经费{number}万元",
    "开展{subject}标准宣传培训{number}次，培养标准化专业人员，提高全员标准化意识",
    "按季度开展标准实施情况检查，记录问题，持续改进，定期评价{subject}的成效",
    "总结可复制、可推广的{subject}经验，在{place}及周边地区推广应用",
    "完善{subject}信息平台，实现受理、办理、反馈全流程在线运行，平均办理时间缩短到{number}分钟",
)
STATES = ("lodged",) * 14 + ("recommended",) * 2 + ("returned", "returned", "declined", "nominated")
DECIDED = {"returned": "return", "declined": "decline", "recommended": "recommend", "nominated": "recommend"}
BEGIN = datetime(2023, 6, 1, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
CHUNK = 2000
TIMES, FEWEST, LONGEST = 7, 3, 15.0
"""Runs that are counted; and how many at least, once so many seconds have gone."""

LISTS: tuple[tuple[str, dict[str, str]], ...] = (
    ("", {}),
    ("tab", {"state": "recommended"}),
    ("word", {"q": "殡葬"}),
    ("by unit", {"sort": "lead"}),
    ("last page", {"page": "999999"}),
)

QUERIES = (
    "", "标准化", "标准体系框架", "应急救援队伍", "殡葬服务 和平", "殡 -河东", "单位:社区矫正 状态:退回", "领域:应急 标准化",
    "区:河西区 状态:已推荐 受理:>=2023-06-10", "状态:不予推荐", "编号:0016", "垃圾分类 OR 物业管理", "没有这样的词",
)  # fmt: skip


def text(chance: random.Random, place: str, subject: str) -> str:
    """About six hundred characters."""
    said = [
        chance.choice(SENTENCES).format(place=place, subject=subject, number=chance.randint(2, 98))
        for _number in range(15)
    ]
    return "。".join(said) + "。"


def seats(call: Any) -> dict[str, Any]:
    """The people who look: one of the commission, one of a district."""
    from shidian.accounts.models import User
    from shidian.organisations.models import Office, Officer

    found = {}
    for name, kind in (("commission", "commission"), ("district", "bureau")):
        user = User.objects.create_user(f"{name}@bench.cn", None, name=name)
        key = next(each.key for each in call.package.offices if each.kind == kind)
        office = Office.objects.get(key=key)
        Officer.objects.create(user=user, office=office, role="handler", since=BEGIN)
        found[name] = (user, office)
    return found


def fill(call: Any, user: Any, start: int, count: int) -> None:
    """Put in the applications `start` to `count`, with their entries for searching."""
    from django.db import transaction

    from shidian.calls.queries import offices_at
    from shidian.organisations.models import Office

    bureaus = [
        office for office in offices_at(call, call.definition.stages[0].key) if office.kind == "bureau"
    ]
    commission = offices_at(call, call.definition.stages[-1].key)[0]
    areas = [
        f"{area.key}/{child.key}" if child else area.key
        for area in call.definition.areas
        for child in (area.children or [None])
    ]
    assert isinstance(commission, Office)
    with _quickly():
        for first in range(start, count, CHUNK):
            with transaction.atomic():
                _chunk(call, user, range(first, min(first + CHUNK, count)), (bureaus, commission, areas))


@contextmanager
def _quickly() -> Iterator[None]:
    """Many rows at once: indexes of words are made at the end, and nothing needs to survive a power cut."""
    from django.db import connection

    from shidian.search import engine

    postgres = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        if postgres:
            cursor.execute("DROP INDEX search_words_vector")
        else:
            cursor.execute("PRAGMA synchronous=OFF")
            cursor.execute("INSERT INTO search_words (search_words, rank) VALUES ('hashsize', 100000000)")
    yield
    with connection.cursor() as cursor:
        if postgres:
            cursor.execute("SET maintenance_work_mem = '256MB'")
            cursor.execute(next(sql for sql in engine.CREATE["postgresql"] if "USING gin" in sql))
            cursor.execute("VACUUM ANALYZE")
        else:
            cursor.execute("INSERT INTO search_words (search_words, rank) VALUES ('hashsize', 1048576)")
            cursor.execute("PRAGMA synchronous=FULL")
    engine.tidy()


def _chunk(call: Any, user: Any, numbers: range, where: tuple[list[Any], Any, list[str]]) -> None:
    from shidian.applications.models import Application, Lodgement
    from shidian.core.digests import sha256_of_bytes
    from shidian.documents.models import Document, DocumentVersion
    from shidian.organisations.models import Organisation
    from shidian.reviews.models import Decision
    from shidian.search import engine
    from shidian.search.indexing import row_of
    from shidian.search.models import Entry

    bureaus, commission, areas = where
    stages = [stage.key for stage in call.definition.stages]
    uses = call.definition.uses
    made: list[dict[str, Any]] = []
    for number in numbers:
        chance = random.Random(number)
        at = chance.randrange(len(PLACES))
        place, subject = PLACES[at], chance.choice(SUBJECTS)
        made.append(
            {
                "number": number, "place": place, "subject": subject, "region": REGIONS[at],
                "bureau": bureaus[at % len(bureaus)], "title": f"{place}{subject}综合标准化试点（{number}）",
                "area": chance.choice(areas), "state": chance.choice(STATES),
                "at": BEGIN + timedelta(seconds=number * 40), "text": text(chance, place, subject),
                "unit": f"{place}{subject}中心{number}",
            }
        )  # fmt: skip
    units = Organisation.objects.bulk_create(
        Organisation(
            name=row["unit"],
            code=f"B{row['number']:017d}",
            region=row["region"],
            state="confirmed",
            registered_at=BEGIN,
        )
        for row in made
    )
    documents = Document.objects.bulk_create(
        Document(kind="application", reference=f"B-{row['number']:06d}") for row in made
    )
    contents = []
    for row, unit in zip(made, units, strict=True):
        answers: dict[str, dict[str, Any]] = {}
        for path, value in ((uses.name, row["title"]), (uses.area, row["area"]), (uses.lead_name, unit.name)):
            section, _dot, field = path.partition(".")
            answers.setdefault(section, {})[field] = value
        contents.append(
            json.dumps(
                {
                    "schema": "shidian/application/1", "reference": f"B-{row['number']:06d}",
                    "call": {"key": call.key, "version": call.number, "digest": call.digest},
                    "lead": {"name": unit.name, "code": unit.code}, "answers": answers, "parties": [],
                    "explanations": [], "attachments": [],
                },
                ensure_ascii=False,
            )
        )  # fmt: skip
    versions = DocumentVersion.objects.bulk_create(
        DocumentVersion(
            document=document,
            number=1,
            content=content,
            digest=sha256_of_bytes(content.encode()),
            created_at=BEGIN,
        )
        for document, content in zip(documents, contents, strict=True)
    )
    applications = Application.objects.bulk_create(
        Application(
            reference=f"B-{row['number']:06d}", call=call, lead=unit, state=row["state"], title=row["title"],
            area=row["area"], stage=stages[-1], office=commission, document=document, version=version,
            started_at=row["at"], started_by=user,
        )
        for row, unit, document, version in zip(made, units, documents, versions, strict=True)
    )  # fmt: skip
    arrivals: list[Lodgement] = []
    for row, application, version in zip(made, applications, versions, strict=True):
        common = {"application": application, "version": version, "digest": version.digest, "by": user}
        arrivals += [
            Lodgement(
                **common, office=row["bureau"], stage=stages[0], number=f"{application.reference}-1", at=row["at"]
            ),
            Lodgement(
                **common, office=commission, stage=stages[-1], number=f"{application.reference}-2",
                at=row["at"] + timedelta(days=5), sent_by=row["bureau"], via="B-LIST",
            ),
        ]  # fmt: skip
    Lodgement.objects.bulk_create(arrivals)
    Decision.objects.bulk_create(
        Decision(lodgement=arrival, kind=DECIDED[row["state"]], at=arrival.at + timedelta(days=3), by=user)
        for row, arrival in zip(made, arrivals[1::2], strict=True)
        if row["state"] in DECIDED
    )
    entries = [
        Entry(
            application=application, office=arrival.office if arrival else None, lodgement=arrival,
            call=call, reference=application.reference, unit=row["unit"], region=row["region"],
            state=application.state, stage=application.stage, here=commission,
            is_latest=arrival is arrivals[2 * at + 1], title=row["title"], area=row["area"],
            arrived_at=arrival.at if arrival else row["at"], heads=f"{row['title']}\n{application.reference}",
            units=row["unit"], body=row["text"], indexed_at=BEGIN,
        )
        for at, (row, application) in enumerate(zip(made, applications, strict=True))
        for arrival in (None, arrivals[2 * at], arrivals[2 * at + 1])
    ]  # fmt: skip
    entries = Entry.objects.bulk_create(entries)
    leads = {application.pk: application.lead_id for application in applications}
    engine.put(row_of(entry, leads[entry.application_id]) for entry in entries)


@dataclass(frozen=True, slots=True)
class Took:
    """The middle of a few runs, in milliseconds: by the clock, and of processors (this one's and the database's)."""

    wall: float
    cpu: float


class Stopwatch:
    """Times a job. A server of a database is a process of its own: what its backend has used is added to one's own."""

    def __init__(self) -> None:
        from django.db import connection

        self.backend: Path | None = None
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                row = cursor.fetchone()
                self.backend = Path(f"/proc/{row[0]}/schedstat") if row else None

    def used(self) -> float:
        """Seconds of processors until now."""
        other = (
            int(self.backend.read_text().split()[0]) / 1e9 if self.backend and self.backend.exists() else 0.0
        )
        return time.process_time() + other

    def time(self, job: Callable[[], Any]) -> Took:
        """The medians of `TIMES` runs after two that are not counted; of fewer where one takes long."""
        walls: list[float] = []
        used: list[float] = []
        begin = time.perf_counter()
        for number in range(TIMES + 2):
            cpu, wall = self.used(), time.perf_counter()
            job()
            if number >= 2:
                walls.append((time.perf_counter() - wall) * 1000)
                used.append((self.used() - cpu) * 1000)
            if len(walls) >= FEWEST and time.perf_counter() - begin > LONGEST:
                break
        return Took(round(median(walls), 1), round(median(used), 1))


def measured(call: Any, people: dict[str, Any]) -> Iterator[tuple[str, Took]]:
    """The pages, each through the real view, and the bare framework's page before and after them."""
    from django.test import Client
    from django.urls import reverse

    watch = Stopwatch()
    yield "bare before", watch.time(_bare(people["commission"][0]))
    for name, (user, office) in people.items():
        client = Client()
        client.force_login(user)

        def get(url: str, query: dict[str, str] | None = None, client: Client = client) -> None:
            answer = client.get(url, query or {})
            if answer.status_code != 200:
                raise SystemExit(f"{url}: {answer.status_code}")

        listed = reverse("desk:applications", args=(call.key, office.key))
        for words, query in LISTS:
            yield f"list {name} {words}", watch.time(partial(get, listed, query))
        search = reverse("desk:search")
        for text in QUERIES:
            yield f"search {name} {text}", watch.time(partial(get, search, {"q": text}))
        yield f"search {name} by unit", watch.time(partial(get, search, {"q": "标准化", "sort": "unit"}))
        figures = reverse("desk:figures", args=(call.key,))
        yield f"figures {name}", watch.time(partial(get, figures))
    yield "bare after", watch.time(_bare(people["commission"][0]))


def _bare(user: Any) -> Callable[[], None]:
    """The bare framework's page for who is signed in, by the same client: session, user and a small template."""
    from django.test import Client, override_settings

    from bench import bare

    client = Client()
    client.force_login(user, backend=bare.AUTHENTICATION_BACKENDS[0])

    def get() -> None:
        with override_settings(
            ROOT_URLCONF="bench.bare",
            MIDDLEWARE=bare.MIDDLEWARE,
            AUTHENTICATION_BACKENDS=bare.AUTHENTICATION_BACKENDS,
        ):
            if client.get("/").status_code != 200:
                raise SystemExit("the bare page did not answer")

    return get


def main(sizes: list[int]) -> None:
    """Fill up to each size and measure there; one line of JSON a size."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shidian.config.settings")
    django.setup()
    from bench import ROOT
    from shidian.audit.actions import SYSTEM
    from shidian.calls.actions import load, publish
    from shidian.calls.models import Call
    from shidian.calls.packages import read

    loaded = load(read(ROOT / "calls" / "tianjin-2023-smps10"), by=SYSTEM)
    publish(loaded, by=SYSTEM)
    call = Call.objects.get(pk=loaded.pk)
    people = seats(call)
    before = 0
    for size in sizes:
        begin = time.perf_counter()
        fill(call, people["commission"][0], before, size)
        print(f"  filled to {size} in {time.perf_counter() - begin:.0f} s", file=sys.stderr, flush=True)
        before = size
        times = {name: asdict(took) for name, took in measured(call, people)}
        print(json.dumps({"size": size, "times": times}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]])
