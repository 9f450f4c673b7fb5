//! For how long viewers are known: addresses that are masked, rows that are removed, persons who are erased.

use std::{net::IpAddr, time::Duration};

use guard::{Binding, Door, Grant, Reason, Step, Timestamp};
use ids::DecisionId;
use link::{Answer, Counted, Kind as Event, Protocol, Question, SessionEnd, SessionFacts, Visitor};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use serde_json::{Value, json};
use testkit::Kind;

use crate::{
    analytics::viewing,
    harness::{Client, World, granted},
    organisations::operator,
};

const SETTINGS: &str = "mutation($p: PrivacyInput, $r: RetentionInput) { updateSettings(input: { privacy: $p, retention: $r }) {
    organisation { settings { privacy { addressDays addressesAfterwards } retention { days } } } errors { code field } } }";
const SESSIONS: &str = "{ organisation { sessions(first: 100) { totalCount nodes { address user jti userAgent } } } }";

pub(crate) fn days(days: u64) -> Duration {
    Duration::from_hours(24 * days)
}

/// Says for how long addresses are full, which has the task look at once.
pub(crate) async fn set(admin: &Client, privacy: Value, retention: Value) -> Value {
    let set = admin.data(SETTINGS, json!({ "p": privacy, "r": retention })).await["updateSettings"].clone();
    assert_eq!(set["errors"], json!([]));
    set["organisation"]["settings"].clone()
}

/// A session that is over.
pub(crate) fn watched(world: &World, facts: &SessionFacts, at: Timestamp) {
    world.node.tell(at, Event::Started(facts.clone()));
    let end = SessionEnd {
        session: facts.session,
        organisation: facts.organisation,
        stream: facts.stream,
        bytes: 1,
        requests: 1,
        reason: None,
    };
    world.node.tell(at.plus(Duration::from_mins(1)), Event::Ended(end));
}

pub(crate) fn refused(world: &World, at: Timestamp, n: u64, address: &str, why: &str) -> String {
    refused_as(world, at, n, (address, Visitor::default()), why)
}

pub(crate) fn refused_as(
    world: &World,
    at: Timestamp,
    n: u64,
    (address, visitor): (&str, Visitor),
    why: &str,
) -> String {
    let facts = world.viewing(world.stream(), 99);
    let decision = DecisionId::mint(n, [3; 10]);
    let mut step = Step::afterwards(&Reason::TokenSignature.into());
    why.clone_into(&mut step.because);
    let refusal = Event::Denied {
        organisation: Some(facts.organisation),
        stream: facts.name,
        door: Door::Playback,
        protocol: Protocol::Hls,
        address: address.parse().unwrap(),
        reason: Reason::TokenSignature,
        decision,
        trace: vec![step],
        visitor,
    };
    world.node.tell(at, refusal);
    decision.to_string()
}

pub(crate) async fn eventually(what: &str, holds: impl AsyncFn() -> bool) {
    for _ in 0..2_000 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("never: {what}");
}

pub(crate) async fn addresses(client: &Client) -> Vec<String> {
    let found = client.data(SESSIONS, json!({})).await["organisation"]["sessions"]["nodes"].clone();
    let all = found.as_array().unwrap().iter();
    let mut all: Vec<_> = all.map(|row| row["address"].as_str().unwrap().to_owned()).collect();
    all.sort();
    all
}

pub(crate) async fn database(world: &World) -> DatabaseConnection {
    Database::connect(world.database.url()).await.unwrap()
}

pub(crate) async fn texts(database: &DatabaseConnection, query: &str) -> Vec<Vec<String>> {
    let statement = Statement::from_string(database.get_database_backend(), query);
    let rows = database.query_all_raw(statement).await.unwrap();
    let row = |row: &sea_orm::QueryResult| {
        let all = row.column_names().len();
        (0..all).map(|at| row.try_get_by_index(at).unwrap()).collect()
    };
    rows.iter().map(row).collect()
}

/// The tables in whose rows a text stands somewhere.
pub(crate) async fn where_it_stands(world: &World, text: &str) -> Vec<String> {
    let database = database(world).await;
    let sqlite = database.get_database_backend() == DbBackend::Sqlite;
    let columns = if sqlite {
        "SELECT m.name AS t, p.name AS c FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table' AND m.name NOT LIKE '%_fts%'"
    } else {
        // The parts of a table are looked at by looking at it.
        "SELECT relname::text AS t, attname::text AS c FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 \
         AND NOT attisdropped WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = current_schema()::regnamespace"
    };
    let mut found = std::collections::BTreeSet::new();
    for column in texts(&database, columns).await {
        let [table, column] = column.as_slice() else {
            unreachable!()
        };
        let cast = if sqlite { "TEXT" } else { "text" };
        let query =
            format!("SELECT 'x' AS x FROM \"{table}\" WHERE CAST(\"{column}\" AS {cast}) LIKE '%{text}%' LIMIT 1");
        if !texts(&database, &query).await.is_empty() {
            found.insert(table.clone());
        }
    }
    found.into_iter().collect()
}

async fn truncated_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let begin = world.clock.now();
    watched(&world, &viewing(&world, 1, "a", "198.51.100.200", "DE", 64_500), begin);
    watched(&world, &viewing(&world, 2, "b", "2001:db8:1:2::3", "DE", 64_500), begin);
    let mut refusal = String::new();
    for second in 1..20 {
        let at = begin.plus(Duration::from_secs(second));
        refusal = refused(
            &world,
            at,
            second,
            "198.51.100.200",
            "198.51.100.200 is not where it was made for",
        );
    }
    let scores = "{ organisation { analytics(range: {from: \"2027-01-01T00:00:00Z\"}) { byAddress { nodes { ip score } } findings { nodes { ip } } } } }";
    let of = async |client: &Client| client.data(scores, json!({})).await["organisation"]["analytics"].clone();
    world.pass(Duration::from_mins(2));
    eventually("it is found", async || {
        of(&admin).await["findings"]["nodes"] != json!([])
    })
    .await;
    let before = of(&admin).await;
    assert_eq!(before["byAddress"]["nodes"][0]["ip"], "198.51.100.200");
    let score = before["byAddress"]["nodes"][0]["score"].clone();
    assert_ne!(score, 0);

    // Whom a token bound itself to is in force: it stays as long as the token can be used.
    let bound = Counted {
        organisation: viewing(&world, 9, "x", "192.0.2.1", "DE", 1).organisation,
        jti: "bound".into(),
        expires: begin.plus(days(100)),
    };
    let bind = async |address: &str| {
        let address: IpAddr = address.parse().unwrap();
        let question = Question::Binding {
            token: bound.clone(),
            address,
            most: 1,
        };
        match world.node.questions.ask(question).await {
            Some(Answer::Binding(binding)) => binding,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(bind("203.0.113.77").await, Binding::Bound);

    // Ending a session tells the nodes where it was.
    let end = "mutation($id: ID!) { endSession(input: {id: $id}) { errors { code } } }";
    let ended = async |n: u64, address: &str| {
        let facts = viewing(&world, n, &format!("ended-{n}"), address, "DE", 1);
        let admin = world.as_role("nanoAdmin").await;
        world.begins(&admin, facts.clone()).await;
        admin.data(end, json!({ "id": facts.session.to_string() })).await;
        let over = SessionEnd {
            session: facts.session,
            organisation: facts.organisation,
            stream: facts.stream,
            bytes: 1,
            requests: 1,
            reason: None,
        };
        world.node.tell(world.clock.now(), Event::Ended(over));
    };
    ended(21, "198.51.100.200").await;

    world.pass(days(29));
    let admin = world.as_role("nanoAdmin").await;
    watched(
        &world,
        &viewing(&world, 3, "c", "192.0.2.99", "DE", 64_500),
        world.clock.now(),
    );
    eventually("all are there", async || addresses(&admin).await.len() == 4).await;
    let said = set(&admin, json!({ "addressDays": 30 }), Value::Null).await;
    assert_eq!(
        said,
        json!({ "privacy": { "addressDays": 30, "addressesAfterwards": "TRUNCATED" }, "retention": { "days": null } })
    );
    assert_eq!(addresses(&admin).await[1], "198.51.100.200", "for its days");
    world.pass(days(2));
    // Whom an end kept out is forgotten with the next.
    ended(22, "192.0.2.98").await;
    set(&admin, json!({}), Value::Null).await;
    eventually("masked", async || {
        addresses(&admin).await
            == [
                "192.0.2.98",
                "192.0.2.99",
                "198.51.100.0/24",
                "198.51.100.0/24",
                "2001:db8:1::/48",
            ]
    })
    .await;
    let mut reader = addresses(&world.as_role("nanoReadOnly").await).await;
    reader.sort();
    assert_eq!(
        reader,
        [
            "192.0.2.0/24",
            "192.0.2.0/24",
            "198.51.100.0/24",
            "198.51.100.0/24",
            "2001:db8:1::/48"
        ]
    );

    // Whatever knew it follows, and what was found stands beside what it was found of.
    assert_eq!(where_it_stands(&world, "198.51.100.200").await, Vec::<String>::new());
    assert_eq!(where_it_stands(&world, "2001:db8:1:2").await, Vec::<String>::new());
    assert_eq!(where_it_stands(&world, "192.0.2.99").await, ["session"]);
    let after = of(&admin).await;
    assert_eq!(
        after["byAddress"]["nodes"][0],
        json!({ "ip": "198.51.100.0/24", "score": score })
    );
    assert_eq!(after["findings"]["nodes"][0]["ip"], "198.51.100.0/24");
    let decision = format!("{{ decision(id: \"{refusal}\") {{ steps {{ because }} }} }}");
    // Refusals are kept for thirty days; this one may be gone.
    if let Some(because) = admin
        .ask(&decision, json!({}))
        .await
        .body
        .pointer("/data/decision/steps/0/because")
    {
        assert_eq!(because, "198.51.100.0/24 is not where it was made for");
    }
    let filter = "query($ip: String!) { organisation { analytics(range: {from: \"2027-01-01T00:00:00Z\"}, filter: { ip: $ip }) { byToken { totalCount } } } }";
    for ip in ["198.51.100.0/24", "2001:db8:1::/48"] {
        let data = admin.data(filter, json!({ "ip": ip })).await;
        assert_eq!(
            data["organisation"]["analytics"]["byToken"]["totalCount"],
            if ip.contains('.') { 2 } else { 1 },
            "{ip}"
        );
    }
    assert_eq!(bind("203.0.113.78").await, Binding::Elsewhere, "another one");
    assert_eq!(bind("203.0.113.77").await, Binding::Bound);
}

#[tokio::test]
async fn addresses_are_full_for_their_days_then_truncated_wherever_they_are_and_nobody_is_let_in_for_it() {
    truncated_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn addresses_are_full_for_their_days_then_truncated_wherever_they_are_and_nobody_is_let_in_for_it_on_postgresql()
{
    truncated_on(Kind::Postgres).await;
}

async fn hashed_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    set(
        &admin,
        json!({ "addressDays": 1, "addressesAfterwards": "HASHED" }),
        Value::Null,
    )
    .await;
    // The time of a key begins on a Thursday: all of the first three are within it.
    let week = 7 * 24 * 3_600;
    let begin = Timestamp::from_s((world.clock.now().s() / week + 1) * week);
    for (n, address, later) in [
        (1, "198.51.100.1", 0),
        (2, "198.51.100.1", 100_000),
        (3, "198.51.100.2", 0),
        (4, "198.51.100.1", week),
    ] {
        let at = begin.plus(Duration::from_secs(u64::try_from(later).unwrap()));
        watched(&world, &viewing(&world, n, &format!("t{n}"), address, "DE", 64_500), at);
    }
    eventually("all are there", async || addresses(&admin).await.len() == 4).await;
    let masked = async || {
        addresses(&admin)
            .await
            .iter()
            .filter(|one| one.starts_with("anon-"))
            .count()
    };
    world.clock.set(begin.plus(days(4)));
    set(&admin, json!({}), Value::Null).await;
    eventually("three are names", async || masked().await == 3).await;
    let place = database(&world).await;
    let keys = async || texts(&place, "SELECT CAST(COUNT(*) AS text) FROM address_key").await[0][0].clone();
    assert_eq!(keys().await, "1", "the week is not over");
    assert_eq!(where_it_stands(&world, "198.51.100.2").await, Vec::<String>::new());

    world.clock.set(begin.plus(days(20)));
    set(&admin, json!({}), Value::Null).await;
    eventually("all are names", async || masked().await == 4).await;
    let rows = "{ organisation { sessions(first: 10) { nodes { jti address } } } }";
    let rows = admin.data(rows, json!({})).await["organisation"]["sessions"]["nodes"].clone();
    let of = |jti: &str| {
        let row = rows.as_array().unwrap().iter().find(|row| row["jti"] == jti);
        row.unwrap()["address"].as_str().unwrap().to_owned()
    };
    assert_eq!(of("t1"), of("t2"), "within a week the same");
    assert_ne!(of("t1"), of("t3"), "another address");
    assert_ne!(of("t1"), of("t4"), "another week");
    eventually("the keys are destroyed", async || keys().await == "0").await;
    assert_eq!(where_it_stands(&world, "198.51.100").await, Vec::<String>::new());

    let view = "query($ip: String!) { organisation { analytics(range: {from: \"2027-01-01T00:00:00Z\"}, filter: { ip: $ip }) { byAddress { nodes { ip sessions blocked } } } } }";
    let data = admin.data(view, json!({ "ip": of("t1") })).await;
    assert_eq!(
        data["organisation"]["analytics"]["byAddress"]["nodes"],
        json!([{ "ip": of("t1"), "sessions": 2, "blocked": false }])
    );
}

#[tokio::test]
async fn hashed_addresses_are_the_same_within_a_week_and_their_key_is_destroyed() {
    hashed_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn hashed_addresses_are_the_same_within_a_week_and_their_key_is_destroyed_on_postgresql() {
    hashed_on(Kind::Postgres).await;
}

/// More than one step's, and what ends between two goes on where it was.
#[tokio::test]
async fn masking_and_forgetting_go_on_where_they_were_after_a_restart() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let begin = world.clock.now();
    let many = 1_203_u64;
    for n in 1..=many {
        let facts = viewing(
            &world,
            n,
            &format!("t{n}"),
            &format!("10.1.{}.{}", n / 256, n % 256),
            "DE",
            1,
        );
        watched(&world, &facts, begin.plus(Duration::from_secs(n)));
        if n % 200 == 0 || n == many {
            let over = "{ organisation { sessions(filter: {live: false}) { totalCount } } }";
            let over = async || admin.data(over, json!({})).await["organisation"]["sessions"]["totalCount"] == n;
            eventually("they are written", over).await;
        }
    }
    set(&admin, json!({ "addressDays": 1 }), json!({ "days": 60 })).await;
    world.pass(days(3));
    let admin = world.as_role("nanoAdmin").await;
    set(&admin, json!({}), Value::Null).await;
    let world = world.restarted().await;
    let place = database(&world).await;
    let count = async |which: &str| {
        let query = format!("SELECT CAST(COUNT(*) AS text) FROM {which}");
        texts(&place, &query).await[0][0].clone()
    };
    eventually("all are masked", async || {
        count("session WHERE address NOT LIKE '%/24'").await == "0"
    })
    .await;
    assert_eq!(count("session").await, many.to_string());
    world.pass(days(60));
    let admin = world.as_role("nanoAdmin").await;
    set(&admin, json!({}), Value::Null).await;
    for table in ["session", "usage_minute", "session_token"] {
        eventually("all are gone", async || count(table).await == "0").await;
    }
}

async fn kept_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let begin = world.clock.now();
    let on = SessionFacts {
        grant: Some(granted("goes-on")),
        ..world.viewing(world.stream(), 1)
    };
    world.begins(&admin, on).await;
    watched(&world, &viewing(&world, 2, "old", "198.51.100.1", "DE", 1), begin);
    watched(
        &world,
        &viewing(&world, 3, "new", "198.51.100.1", "DE", 1),
        begin.plus(days(30)),
    );
    let jtis = async |client: &Client| {
        let found = client.data(SESSIONS, json!({})).await["organisation"]["sessions"]["nodes"].clone();
        let all = found.as_array().unwrap().iter();
        let mut all: Vec<_> = all.map(|row| row["jti"].as_str().unwrap().to_owned()).collect();
        all.sort();
        all
    };
    eventually("all are there", async || jtis(&admin).await.len() == 3).await;
    for wrong in [json!({ "days": 0 }), json!({ "days": 4_000 })] {
        let answer = admin.data(SETTINGS, json!({ "r": wrong })).await["updateSettings"].clone();
        assert_eq!(
            answer["errors"],
            json!([{ "code": "INVALID", "field": ["input", "retention"] }])
        );
    }
    let wrong = admin.data(SETTINGS, json!({ "p": { "addressDays": 0 } })).await["updateSettings"].clone();
    assert_eq!(
        wrong["errors"],
        json!([{ "code": "INVALID", "field": ["input", "privacy"] }])
    );

    set(&admin, json!({}), json!({ "days": 20 })).await;
    world.pass(days(40));
    let admin = world.as_role("nanoAdmin").await;
    set(&admin, json!({}), json!({ "days": 20 })).await;
    eventually("the old one is gone", async || jtis(&admin).await == ["goes-on", "new"]).await;

    // The package says less.
    set(&admin, json!({}), json!({ "days": null })).await;
    let own = &world.demo.users[0].organisation;
    let limit = format!(
        "mutation {{ setPackage(input: {{organisation: \"{own}\", package: ANALYTICS, enabled: true, limits: {{retentionDays: 5}}}}) {{ errors {{ code }} }} }}"
    );
    operator(&world).await.data(&limit, json!({})).await;
    set(&admin, json!({}), Value::Null).await;
    eventually("one goes on", async || jtis(&admin).await == ["goes-on"]).await;
    let user = world.as_role("nanoUser").await;
    assert_eq!(
        user.code(SETTINGS, json!({ "p": { "addressDays": 5 } })).await,
        "FORBIDDEN"
    );
}

#[tokio::test]
async fn rows_are_kept_for_as_long_as_the_organisation_says_and_no_longer_than_the_package() {
    kept_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn rows_are_kept_for_as_long_as_the_organisation_says_and_no_longer_than_the_package_on_postgresql() {
    kept_on(Kind::Postgres).await;
}

async fn erased_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let outsider = world.outsider().await;
    let (name, begin) = ("anna \"100%\" <a_b>", world.clock.now());
    let session = |n: u64, user: &str| SessionFacts {
        grant: Some(Grant {
            user: Some(user.into()),
            ..granted(&format!("t{n}"))
        }),
        user_agent: Some("Anna's own player".into()),
        address: [198, 51, 100, u8::try_from(n).unwrap()].into(),
        ..world.viewing(world.stream(), n)
    };
    for n in 1..=3 {
        watched(&world, &session(n, name), begin);
    }
    watched(&world, &session(4, "anna"), begin);
    refused(&world, begin, 1, "192.0.2.1", &format!("by user {name}"));
    let visitor = Visitor {
        grant: session(9, name).grant,
        user_agent: Some("Anna's own player".into()),
        ..Visitor::default()
    };
    refused_as(&world, begin, 3, ("192.0.2.3", visitor), "by a token of hers");
    let kept = refused(&world, begin, 2, "192.0.2.1", "by user annabel");
    let token = |user: &str| json!({ "streams": [world.stream()], "user": user, "ttlSeconds": 3_600 });
    let made = admin.make_token(token(name)).await;
    let jti = made["record"]["jti"].as_str().unwrap().to_owned();
    admin.make_token(token("anna")).await;
    let theirs = "mutation($i: CreatePlaybackTokenInput!) { createPlaybackToken(input: $i) { record { user } } }";
    let input = json!({ "organisation": true, "user": name, "ttlSeconds": 3_600 });
    assert_eq!(
        outsider.data(theirs, json!({ "i": input })).await["createPlaybackToken"]["record"]["user"],
        name
    );
    let ban = "mutation($u: String!) { banUser(input: {user: $u}) { errors { code } } }";
    let unban = "mutation($u: String!) { unbanUser(input: {user: $u}) { errors { code } } }";
    for change in [ban, unban] {
        admin.data(change, json!({ "u": name })).await;
    }
    let path = "/token-usage.csv?from=2027-01-01T00:00:00Z&user=anna%20%22100%25%22%20%3Ca_b%3E";
    assert_eq!(admin.get(path).await.status, axum::http::StatusCode::OK);
    eventually("all are there", async || addresses(&admin).await.len() == 4).await;

    let erase =
        "mutation($u: String!) { eraseViewer(input: {user: $u}) { sessions findings tokens errors { code field } } }";
    for role in ["nanoUser", "nanoReadOnly"] {
        let client = world.as_role(role).await;
        assert_eq!(client.code(erase, json!({ "u": "" })).await, "FORBIDDEN");
    }
    let nobody = admin.data(erase, json!({ "u": "" })).await;
    assert_eq!(nobody["eraseViewer"]["errors"][0]["field"], json!(["input", "user"]));
    let erased = admin.data(erase, json!({ "u": name })).await["eraseViewer"].clone();
    assert_eq!(
        erased,
        json!({ "sessions": 3, "findings": 0, "tokens": 1, "errors": [] })
    );
    world.pass(Duration::from_millis(1));
    let again = admin.data(erase, json!({ "u": name })).await["eraseViewer"].clone();
    assert_eq!((&again["sessions"], &again["tokens"]), (&json!(0), &json!(0)));

    // Who is called as much else is, or as a part of somebody, takes nothing of others along.
    let decision = format!("{{ decision(id: \"{kept}\") {{ steps {{ check because }} }} }}");
    let steps = async || admin.data(&decision, json!({})).await["decision"].clone();
    eventually("it is written", async || steps().await["steps"][0].is_object()).await;
    let before = steps().await;
    for other in ["1", "check", "annabe", "bel", "user", "a"] {
        world.pass(Duration::from_millis(1));
        let none = admin.data(erase, json!({ "u": other })).await["eraseViewer"].clone();
        assert_eq!((&none["sessions"], &none["errors"]), (&json!(0), &json!([])), "{other}");
        assert_eq!(steps().await, before, "{other}");
    }

    // Nowhere but in the other organisation's own.
    let stands = where_it_stands(&world, "<a_b>").await;
    assert_eq!(stands, ["playback_token"], "theirs");
    let found = admin.data(SESSIONS, json!({})).await["organisation"]["sessions"]["nodes"].clone();
    for row in found.as_array().unwrap() {
        let is_anna = row["jti"] == "t4";
        let (user, agent) = if is_anna {
            (json!("anna"), json!("Anna's own player"))
        } else {
            (Value::Null, Value::Null)
        };
        assert_eq!((&row["user"], &row["userAgent"]), (&user, &agent), "{row}");
        assert_eq!(row["address"] == "198.51.100.0/24", !is_anna, "{row}");
    }
    let refusals = "{ organisation { refusals { nodes { address visitor { user userAgent jti } } } } }";
    let nodes = admin.data(refusals, json!({})).await["organisation"]["refusals"]["nodes"].clone();
    let hers = json!({ "address": "192.0.2.0/24", "visitor": { "user": null, "userAgent": null, "jti": "t9" } });
    assert!(nodes.as_array().unwrap().contains(&hers), "{nodes}");
    let record = "query($j: ID!) { playbackToken(jti: $j) { user claims } }";
    let record = admin.data(record, json!({ "j": jti })).await["playbackToken"].clone();
    assert_eq!((&record["user"], record["claims"].get("user")), (&Value::Null, None));
    let entries = "{ organisation { auditLog(first: 10, filter: {action: \"viewer.erase\"}) { totalCount nodes { object detail } } } }";
    let entries = admin.data(entries, json!({})).await["organisation"]["auditLog"].clone();
    assert_eq!(entries["totalCount"], 8);
    assert_eq!(
        entries["nodes"][7],
        json!({ "object": "user", "detail": { "sessions": 3, "findings": 0, "tokens": 1 } })
    );
}

#[tokio::test]
async fn an_erased_viewer_is_named_nowhere_and_nobody_else_is_erased() {
    erased_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn an_erased_viewer_is_named_nowhere_and_nobody_else_is_erased_on_postgresql() {
    erased_on(Kind::Postgres).await;
}
