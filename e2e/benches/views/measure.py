"""How long the views take among many sessions, beside DuckDB, which is asked the same of the same rows.

    python measure.py --binary target/release/portcullis --sessions 1000000 [--postgres]

First both are asked once, and have to say the same: who is on the first page and in which order, how many there are, and
the sums of the map. Then the platform is asked by GraphQL, as its dashboard asks; once it has ended DuckDB in this process,
with the data in a file of its own. Each is asked some times; the median is printed.
"""

import argparse
import atexit
import datetime
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import statistics
import subprocess
import tempfile
import time
import urllib.request

import duckdb

import traffic

TIMES = 5
# What takes long is asked less often.
LONG_S = 20
HTTP = "127.0.0.1:18480"
RTMP = "127.0.0.1:18435"


class Portcullis:
    """A running platform, with its demo's accounts."""

    def __init__(self, binary: str, data: pathlib.Path, postgres: str | None):
        self.ready = data / "ready.json"
        self.ready.unlink(missing_ok=True)
        command = [binary, "up", "--data", str(data), "--http", HTTP, "--rtmp", RTMP, "--demo"]
        environment = {"PATH": "/usr/bin:/bin", "PORTCULLIS__DATABASE__URL": postgres} if postgres else {"PATH": "/usr/bin:/bin"}
        self.log = open(data / "log", "ab")
        self.process = subprocess.Popen(command, env=environment, stdout=self.log, stderr=self.log)
        began = time.monotonic()
        while not self.ready.exists():
            if self.process.poll() is not None:
                raise SystemExit(f"the platform ended: see {data / 'log'}")
            time.sleep(0.1)
        self.start_s = time.monotonic() - began
        known = json.loads(self.ready.read_text())
        account = next(user for user in known["users"] if user["role"] == "nanoAdmin")
        self.cookie = None
        self.organisation = account["organisation"]
        sign_in = "mutation($i: SignInInput!) { signIn(input: $i) { errors { code } } }"
        credentials = {"email": account["email"], "password": account["password"]}
        _, headers = self.post(sign_in, {"i": credentials})
        self.cookie = headers["set-cookie"].split(";")[0]

    def post(self, query: str, variables: dict):
        headers = {"content-type": "application/json", "x-organisation": self.organisation}
        if self.cookie:
            headers["cookie"] = self.cookie
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"http://{HTTP}/graphql", body, headers)
        with urllib.request.urlopen(request, timeout=600) as response:
            answer = json.load(response)
            if answer.get("errors"):
                raise SystemExit(f"{query}: {answer['errors']}")
            return answer["data"], response.headers

    def ask(self, question: str, variables: dict) -> tuple[float, object]:
        """Milliseconds, and what came back."""
        query = f"query($r: TimeRange!, $f: AnalyticsFilter) {{ organisation {{ analytics(range: $r, filter: $f) {{ {question} }} }} }}"
        began = time.monotonic()
        data, _ = self.post(query, variables)
        return (time.monotonic() - began) * 1e3, data["organisation"]["analytics"]

    def keep_addresses(self):
        """Has addresses stay as they are for longer than there are sessions: what is masked is none of DuckDB's."""
        setting = "mutation { updateSettings(input: { privacy: { addressDays: 3650 } }) { errors { code } } }"
        data, _ = self.post(setting, {})
        if data["updateSettings"]["errors"]:
            raise SystemExit(f"{setting}: {data['updateSettings']['errors']}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self.log.close()


class Cluster:
    """A PostgreSQL of its own, as it comes, on a Unix socket; it does not run as root."""

    def __init__(self, folder: pathlib.Path):
        folder.mkdir()
        user = {"user": "postgres"} if os.getuid() == 0 else {}
        if user:
            shutil.chown(folder, "postgres")
            folder.parent.chmod(0o755)
        self.binaries = max(pathlib.Path("/usr/lib/postgresql").iterdir()) / "bin"
        data = folder / "data"
        made = [self.binaries / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C"]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL, **user)
        command = [self.binaries / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses="]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL, **user)
        self.url = f"postgres://postgres@localhost/postgres?host={folder}"
        while subprocess.run([self.binaries / "pg_isready", "-q", "-h", folder]).returncode:
            time.sleep(0.1)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)


def load_sqlite(rows: duckdb.DuckDBPyConnection, data: pathlib.Path) -> None:
    database = sqlite3.connect(data / "portcullis.db")
    database.execute("PRAGMA synchronous = OFF")
    for table in ["session", "usage_minute", "usage_hour", "finding"]:
        cursor = rows.execute(f"SELECT * FROM {table}")
        columns = [column[0] for column in cursor.description]
        ids = {n for n, column in enumerate(columns) if column == "id" or column.endswith("_id")}
        marks = ", ".join("?" for _ in columns)
        while some := cursor.fetchmany(100_000):
            database.executemany(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})",
                [[bytes.fromhex(value) if n in ids else value for n, value in enumerate(row)] for row in some],
            )
        database.commit()
    database.close()


def load_postgres(rows: duckdb.DuckDBPyConnection, data: pathlib.Path, postgres: str) -> None:
    for table in ["session", "usage_minute", "usage_hour", "finding"]:
        file = data / f"{table}.csv"
        cursor = rows.execute(f"SELECT * FROM {table} LIMIT 0")
        columns = ", ".join(column[0] for column in cursor.description)
        rows.execute(f"COPY {table} TO '{file}' (HEADER false)")
        copy = f"\\copy {table} ({columns}) FROM '{file}' (FORMAT csv)"
        subprocess.run(["psql", "-q", postgres, "-c", copy], check=True)
        file.unlink()
    subprocess.run(["psql", "-q", postgres, "-c", "VACUUM ANALYZE"], check=True)


def organisation_of(data: pathlib.Path, postgres: str | None, name: str) -> dict:
    """What rows need to know, as hexadecimal digits."""
    query = "SELECT {0}, {1} FROM stream JOIN organisation ON organisation.id = stream.organisation_id WHERE hash = '{2}' LIMIT 1"
    if postgres:
        query = query.format("organisation.id", "stream.id", name)
        found = subprocess.run(["psql", "-qtA", postgres, "-c", query], check=True, capture_output=True, text=True)
        ids = found.stdout.strip().replace("-", "").split("|")
    else:
        query = query.format("hex(organisation.id)", "hex(stream.id)", name)
        ids = sqlite3.connect(data / "portcullis.db").execute(query).fetchone()
    return {"organisation": ids[0].lower(), "stream": ids[1].lower(), "node": ids[1].lower()}


TOKEN = """jti user tag durationSumS durationAvgS sessions streams ips topProviders { name value } topCountries { name value }
    topReferrers { name value } firstStart lastEnd maxConcurrency status score"""
ADDRESS = """ip durationSumS durationAvgS sessions streams tokens tags provider country firstStart lastEnd maxConcurrency
    blocked score"""

# What DuckDB is asked; `{where}` are the sessions of the time.
GROUPED = """SELECT {subject}, max(viewer), max(tag), sum(took), count(*), count(DISTINCT stream_name), count(DISTINCT {other}),
    min(started_at), max(ends), max(score) FROM part LEFT JOIN scored ON scored.subject = {subject}
    GROUP BY {subject} ORDER BY {order} DESC, max(ends) DESC, {subject} LIMIT 50"""
PART = """WITH part AS (SELECT *, least(coalesce(ended_at, beat_at), $to) AS ends,
    least(coalesce(ended_at, beat_at), $to) - greatest(started_at, $from) AS took
    FROM session WHERE started_at < $to AND ended_at >= $from {filter}),
    scored AS (SELECT subject, least(sum(points), 100) AS score FROM finding WHERE last_at >= $from AND first_at < $to GROUP BY 1) """
TOPS = """SELECT {subject}, {column}, count(*) FROM part WHERE {subject} IN (SELECT unnest($some)) GROUP BY 1, 2"""
AT_ONCE = """SELECT {subject}, max(running) FROM (SELECT {subject}, sum(step) OVER (PARTITION BY {subject} ORDER BY moment, step) AS running
    FROM (SELECT {subject}, greatest(started_at, $from) AS moment, 1 AS step FROM part WHERE {subject} IN (SELECT unnest($some))
    UNION ALL SELECT {subject}, ends, -1 FROM part WHERE {subject} IN (SELECT unnest($some)))) GROUP BY 1"""


class Duck:
    """The same rows, and the same questions."""

    def __init__(self, rows: duckdb.DuckDBPyConnection, begin: int, end: int):
        self.rows, self.time = rows, {"from": begin, "to": end}

    def part(self, query: str, filter: str = "", **more):
        return self.rows.execute(PART.format(filter=filter) + query, self.time | more).fetchall()

    def view(self, subject: str, other: str, order: str, columns: list[str], filter: str = ""):
        page = self.part(GROUPED.format(subject=subject, other=other, order=order), filter)
        some = [row[0] for row in page]
        for column in columns:
            self.part(TOPS.format(subject=subject, column=column), filter, some=some)
        self.part(AT_ONCE.format(subject=subject), filter, some=some)
        return page

    def tokens(self, order: str):
        return self.view("jti", "address", order, ["provider", "country", "referrer"])

    def addresses(self, order: str):
        return self.view("address", "jti", order, ["tag"])

    def count(self):
        return self.part("SELECT count(DISTINCT jti) FROM part")[0][0]

    def world(self):
        sums = "SELECT country, sum(sessions) FROM usage_minute WHERE minute_at >= $from AND minute_at < $to GROUP BY 1"
        return self.rows.execute(sums, self.time).fetchall()

    def series(self, step: int, by: str):
        sums = f"""SELECT minute_at - minute_at % {step}, {by}, sum(watched_us) FROM usage_minute
            WHERE minute_at >= $from AND minute_at < $to GROUP BY 1, 2"""
        return self.rows.execute(sums, self.time).fetchall()

    def detail(self, jti: str):
        mine = f"AND jti = '{jti}'"
        return [self.view("jti", "address", "coalesce(max(score), 0)", ["provider", "country", "referrer"], mine),
            self.view("address", "jti", "max(ends)", ["tag"], mine),
            self.part("SELECT user_agent, count(*) FROM part GROUP BY 1", mine)]


def questions(duck: Duck) -> list:
    """The name of each, how the platform is asked and of whom, how DuckDB is, and of what either answers what has to be the
    same: of series nothing, since the platform's are averages of the minutes of which everything is known."""
    hour, day = 3_600_000_000, 86_400_000_000
    score = "coalesce(max(score), 0)"
    tokens = lambda order: f"byToken(first: 50, orderBy: {order}) {{ nodes {{ {TOKEN} }} }}"
    addresses = lambda order: f"byAddress(first: 50, orderBy: {order}) {{ nodes {{ {ADDRESS} }} }}"
    series = lambda interval, more: f"timeseries(metric: VIEWERS, interval: {interval}{more}) {{ name points {{ at value }} }}"
    detail = f"{tokens('SCORE')} {addresses('LAST_END')} breakdown(metric: SESSIONS, by: USER_AGENT) {{ name value }}"
    thief = {"jti": "passed-on-7"}
    jtis = lambda answer: [row["jti"] for row in answer["byToken"]["nodes"]]
    ips = lambda answer: [row["ip"] for row in answer["byAddress"]["nodes"]]
    countries = lambda answer: {row["country"]: row["value"] for row in answer["world"]}
    agents = lambda answer: {row["name"]: row["value"] for row in answer["breakdown"]}
    firsts = lambda rows: [row[0] for row in rows]
    of_detail = lambda rows: [firsts(rows[0]), firsts(rows[1]), dict(rows[2])]
    nothing = lambda _: None
    return [
        ("Token view, by score", tokens("SCORE"), None, lambda: duck.tokens(score), jtis, firsts),
        ("Token view, by duration", tokens("DURATION_SUM"), None, lambda: duck.tokens("sum(took)"), jtis, firsts),
        ("IP view, by score", addresses("SCORE"), None, lambda: duck.addresses(score), ips, firsts),
        ("IP view, by duration", addresses("DURATION_SUM"), None, lambda: duck.addresses("sum(took)"), ips, firsts),
        ("how many tokens", "byToken(first: 1) { totalCount }", None, duck.count,
            lambda answer: answer["byToken"]["totalCount"], lambda count: count),
        ("world map", "world { country value }", None, duck.world, countries, dict),
        ("viewers, by the hour", series("HOUR", ""), None, lambda: duck.series(hour, "''"), nothing, nothing),
        ("viewers, by day and country", series("DAY", ", groupBy: COUNTRY"), None, lambda: duck.series(day, "country"),
            nothing, nothing),
        ("one token's detail", detail, thief, lambda: duck.detail(thief["jti"]),
            lambda answer: [jtis(answer), ips(answer), agents(answer)], of_detail),
    ]


def compare(platform: Portcullis, duck: Duck, words: str, range: dict) -> None:
    """Ends this where the two do not say the same."""
    for name, question, filter, same, said, told in questions(duck):
        _, answer = platform.ask(question, {"r": range, "f": filter})
        ours, theirs = said(answer), told(same())
        if ours != theirs:
            raise SystemExit(f"{words}, {name}: the platform says {ours}, and DuckDB {theirs}")


def median(ask) -> float:
    """Milliseconds."""
    took = []
    while len(took) < TIMES and sum(took) < LONG_S * 1e3:
        began = time.monotonic()
        ask()
        took.append((time.monotonic() - began) * 1e3)
    return statistics.median(took)


def times(now: int) -> list:
    """What each time is called, and when it begins."""
    return [(words, now - days * 86_400_000_000) for words, days in [("30 days", traffic.DAYS), ("1 day", 1)]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--sessions", type=int, default=1_000_000)
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL; on SQLite without it")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="views-") as folder:
        data = pathlib.Path(folder)
        postgres = None
        if arguments.postgres:
            cluster = Cluster(data / "postgres")
            atexit.register(cluster.stop)
            postgres = cluster.url
        first = Portcullis(arguments.binary, data, postgres)
        first.keep_addresses()
        first.stop()
        known = organisation_of(data, postgres, first.organisation)
        now = int(time.time() * 1e6)
        file = str(data / "rows.duckdb")
        rows = duckdb.connect(file, config={"threads": 2, "memory_limit": "10GB"})
        traffic.make(rows, arguments.sessions, **known, now=now)
        traffic.sum_up(rows)
        traffic.find(rows)
        print(*(f"{count} rows of {table}" for table in ["session", "usage_minute", "usage_hour"]
            for (count,) in rows.execute(f"SELECT count(*) FROM {table}").fetchall()), sep=", ")
        if postgres:
            load_postgres(rows, data, postgres)
        else:
            load_sqlite(rows, data)
        rows.close()
        platform = Portcullis(arguments.binary, data, postgres)
        print(f"the platform starts in {platform.start_s:.1f} s", flush=True)
        iso = lambda us: datetime.datetime.fromtimestamp(us / 1e6, datetime.UTC).isoformat()
        ours = {}
        try:
            rows = duckdb.connect(file, read_only=True, config={"threads": 2, "memory_limit": "10GB"})
            for words, begin in times(now):
                compare(platform, Duck(rows, begin, now), words, {"from": iso(begin), "to": iso(now)})
            rows.close()
            print("the platform and DuckDB say the same", flush=True)
            for words, begin in times(now):
                range = {"from": iso(begin), "to": iso(now)}
                for name, question, filter, *_ in questions(Duck(None, begin, now)):
                    ours[words, name] = median(lambda: platform.ask(question, {"r": range, "f": filter}))
                    print(f"{words}, {name}: {ours[words, name]:.0f} ms", flush=True)
        finally:
            platform.stop()
        rows = duckdb.connect(file, read_only=True, config={"threads": 2, "memory_limit": "10GB"})
        for words, begin in times(now):
            print(f"| {words} | platform | DuckDB | ratio |\n| --- | --- | --- | --- |")
            for name, _, _, same, *_ in questions(Duck(rows, begin, now)):
                mine, theirs = ours[words, name], median(same)
                print(f"| {name} | {mine:.0f} ms | {theirs:.0f} ms | {mine / theirs:.2f} |", flush=True)
        rows.close()


main()
