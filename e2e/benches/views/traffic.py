"""Traffic that looks real, as rows: the same for the same size.

Streams and viewers follow power laws, hours of the day a curve, and twenty tokens are passed on to fifty addresses each.
Everything is of one organisation and of the last thirty days, and is over by `now`.
"""

import duckdb

DAYS = 30
STREAMS = 50
THIEVES = 20

# Of each thousand viewers, so many are in each country.
COUNTRIES = [
    ("DE", 480), ("AT", 130), ("CH", 90), ("FR", 60), ("NL", 45), ("PL", 40), ("IT", 35), ("ES", 30), ("GB", 25),
    ("US", 20), ("CZ", 12), ("DK", 9), ("SE", 8), ("BE", 6), ("TR", 4), ("BR", 3), ("IN", 2), ("JP", 1),
]


def make(connection: duckdb.DuckDBPyConnection, sessions: int, organisation: str, stream: str, node: str, now: int) -> None:
    """Fills the table `session`; `now` in microseconds, ids as hexadecimal digits."""
    viewers = max(sessions // 12, 10)
    each = max(sessions // (THIEVES * 500), 1)
    begin = now - DAYS * 86_400_000_000
    countries = "CASE " + " ".join(
        f"WHEN spread < {sum(share for _, share in COUNTRIES[:n + 1])} THEN '{code}'"
        for n, (code, _) in enumerate(COUNTRIES)
    ) + " END"
    connection.execute(f"""
        CREATE MACRO dice(n, salt) AS (hash(n * 1000 + salt) % 1000003) / 1000003.0;
        CREATE TABLE session AS
        WITH rolled AS (
            SELECT range AS n,
                range // {each} % {THIEVES} AS thief,
                range % {each} = 0 AS is_passed_on,
                CAST({viewers} * pow(dice(range, 1), 2) AS bigint) AS viewer,
                CAST({STREAMS} * pow(dice(range, 2), 3) AS bigint) AS stream,
                -- Most in the evening.
                {begin} + CAST(1e6 * 86400 * (
                    floor({DAYS} * dice(range, 3)) + dice(range, 4) - 0.12 * sin(2 * pi() * dice(range, 4))
                ) AS bigint) AS begun,
                CAST(1e6 * least(5 - 1500 * ln(1 - dice(range, 5)), 21600) AS bigint) AS took,
                dice(range, 6) AS protocol,
                dice(range, 7) AS page,
                dice(range, 8) AS player
            FROM range({sessions})
        ), placed AS (
            SELECT *,
                -- One in five sits behind an address that twenty share.
                CASE WHEN is_passed_on THEN 9000000 + thief * 50 + CAST(49 * dice(n, 9) AS bigint)
                    WHEN viewer % 5 = 0 THEN viewer // 100 ELSE viewer END AS home
            FROM rolled
        ), known AS (
            SELECT *, CAST(1000 * dice(home, 10) AS bigint) % 1000 AS spread, home % 7 = 3 AS is_v6 FROM placed
        )
        SELECT
            printf('%012x7%03x8%015x', begun // 1000, n % 4096, n) AS id,
            '{organisation}' AS organisation_id,
            '{stream}' AS stream_id,
            'stream-' || stream AS stream_name,
            '{node}' AS node_id,
            'playback' AS door,
            CASE WHEN protocol < 0.55 THEN 'hls' WHEN protocol < 0.95 THEN 'websocket' ELSE 'progressive' END AS protocol,
            CASE WHEN is_v6 THEN printf('2001:db8:%x:%x::%x', home // 65536, home % 65536, viewer % 3 + 1)
                ELSE concat_ws('.', 11 + home // 16777216, home // 65536 % 256, home // 256 % 256, home % 256) END AS address,
            CASE WHEN is_v6 THEN printf('2001:db8:%x:%x::', home // 65536, home % 65536)
                ELSE concat_ws('.', 11 + home // 16777216, home // 65536 % 256, home // 256 % 256, home % 256) END
                AS address_block,
            {countries} AS country,
            64500 + spread AS asn,
            'Telecom ' || spread AS provider,
            true AS encrypted,
            CASE WHEN is_passed_on THEN 'passed-on-' || thief
                ELSE 'of-' || viewer || '-day-' || (begun - {begin}) // 86400000000 END AS jti,
            CASE WHEN is_passed_on THEN 'thief-' || thief ELSE 'viewer-' || viewer END AS viewer,
            ['web', 'app', 'tv'][1 + CAST(2.99 * player AS bigint)] AS tag,
            'Player/' || CAST(40 * player AS bigint) AS user_agent,
            CASE WHEN page < 0.9 THEN 'shop.example' WHEN page < 0.97 THEN 'news.example' END AS referrer,
            begun AS started_at,
            -- Those that go on were heard of within the last ten seconds, each at another moment.
            least(begun + took, greatest(begun, {now} - n % 10000000)) AS beat_at,
            least(begun + took, greatest(begun, {now} - n % 10000000)) AS ended_at,
            took * 3 // 8 AS bytes,
            CAST(NULL AS text) AS reason,
            0 AS token_marks
        FROM known WHERE begun < {now}
        ORDER BY begun
    """)


def sum_up(connection: duckdb.DuckDBPyConnection) -> None:
    """Fills `usage_minute` with what the sessions are in each minute, as nodes would have told it."""
    connection.execute("""
        CREATE TABLE usage_minute AS
        WITH told AS (
            SELECT *, unnest(range(started_at // 60000000, ended_at // 60000000 + 1)) AS minute FROM session
        )
        SELECT organisation_id, minute * 60000000 AS minute_at, stream_name, protocol, country,
            count(*) FILTER (started_at // 60000000 = minute) AS sessions,
            CAST(sum(least(ended_at, (minute + 1) * 60000000) - greatest(started_at, minute * 60000000)) AS bigint)
                AS watched_us,
            CAST(sum(least(ended_at, (minute + 1) * 60000000) - greatest(started_at, minute * 60000000)) AS bigint) * 3 // 8
                AS bytes
        FROM told GROUP BY ALL ORDER BY minute_at
    """)
    connection.execute("""
        CREATE TABLE usage_hour AS
        SELECT organisation_id, minute_at - minute_at % 3600000000 AS hour_at, stream_name, protocol, country,
            CAST(sum(sessions) AS bigint) AS sessions, CAST(sum(watched_us) AS bigint) AS watched_us,
            CAST(sum(bytes) AS bigint) AS bytes
        FROM usage_minute GROUP BY ALL ORDER BY hour_at
    """)


def find(connection: duckdb.DuckDBPyConnection) -> None:
    """Fills `finding` with those who pass tokens on."""
    connection.execute("""
        CREATE TABLE finding AS
        SELECT printf('%032x', 1 + CAST(substr(jti, 11) AS bigint)) AS id, organisation_id, 'token' AS kind, jti AS subject,
            'ADDRESSES' AS indicator, 55 AS points, '50 addresses in 40 networks within 10 minutes' AS evidence,
            min(started_at) AS first_at, max(ended_at) AS last_at
        FROM session WHERE jti LIKE 'passed-on-%' GROUP BY ALL
    """)
