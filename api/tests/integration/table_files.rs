//! Tables of the dashboard as files: whole, as they are filtered, and for who may see persons.

use std::{collections::BTreeSet, time::Duration};

use axum::http::StatusCode;
use guard::Grant;
use link::{Kind as Event, SessionEnd, SessionFacts, Visitor};
use sea_orm::{ConnectionTrait, Database, TransactionTrait};
use serde_json::{Value, json};
use testkit::Kind;

use crate::{
    cases::{created, thief},
    harness::{Answer, Client, World, granted},
    organisations::operator,
    privacy::{eventually, refused_as},
};

/// Of each table whether it needs the package `ANALYTICS`.
const TABLES: [(&str, bool); 13] = [
    ("token-usage", true),
    ("viewer-usage", true),
    ("address-usage", true),
    ("findings", true),
    ("timeseries", true),
    ("world", true),
    ("sessions", false),
    ("changes", false),
    ("responses", false),
    ("cases", false),
    ("alerts", false),
    ("alert-deliveries", false),
    ("refusals", false),
];
/// More than are read at once.
const MANY: u64 = 1_203;

/// So many sessions, each of a token of its own, two of each address, of a minute each.
async fn crowded(kind: Kind) -> (World, Client) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let begin = world.clock.now();
    for n in 1..=MANY {
        let facts = SessionFacts {
            grant: Some(Grant {
                user: Some(if n == 7 {
                    "=cmd()".into()
                } else {
                    format!("user {n}").into()
                }),
                tag: Some("web".into()),
                ..granted(&format!("t{n:04}"))
            }),
            address: format!("10.1.{}.{}", n / 2 / 256, n / 2 % 256).parse().unwrap(),
            ..world.viewing(world.stream(), n)
        };
        world.node.tell(begin, Event::Started(facts.clone()));
        let end = SessionEnd {
            session: facts.session,
            organisation: facts.organisation,
            stream: facts.stream,
            bytes: 1,
            requests: 1,
            reason: None,
        };
        world.node.tell(begin.plus(Duration::from_secs(n)), Event::Ended(end));
        // The queue is bounded.
        if n % 200 == 0 || n == MANY {
            let over = "{ organisation { sessions(filter: {live: false}) { totalCount } } }";
            while admin.data(over, json!({})).await["organisation"]["sessions"]["totalCount"] != n {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
    (world, admin)
}

fn lines(file: &Answer) -> Vec<&str> {
    assert_eq!(file.status, StatusCode::OK, "{}", file.text);
    assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8; header=present");
    assert_eq!(file.headers["cache-control"], "no-store");
    file.text.trim_end().split("\r\n").skip(1).collect()
}

fn first(line: &str) -> &str {
    line.split(',').next().unwrap().trim_matches('"')
}

/// What the audit log says of exports, the newest first.
async fn entries(admin: &Client) -> Vec<Value> {
    let query =
        "{ organisation { auditLog(first: 100, filter: {action: \"table.export\"}) { nodes { object detail } } } }";
    let found = admin.data(query, json!({})).await["organisation"]["auditLog"]["nodes"].clone();
    found.as_array().unwrap().clone()
}

async fn whole_on(kind: Kind) {
    let (world, admin) = crowded(kind).await;
    let many = usize::try_from(MANY).unwrap();
    let time = "from=2027-01-01T00:00:00Z&to=2028-01-01T00:00:00Z";

    let file = admin
        .get(&format!("/token-usage.csv?{time}&orderBy=JTI&direction=ASCENDING"))
        .await;
    let rows = lines(&file);
    let ids: Vec<_> = rows.iter().map(|line| first(line).to_owned()).collect();
    assert_eq!(ids, (1..=MANY).map(|n| format!("t{n:04}")).collect::<Vec<_>>());
    assert!(file.text.contains("\"'=cmd()\"") && !file.text.contains("\"=cmd()\""));
    assert!(rows[9].starts_with("\"t0010\",\"user 10\",\"web\",\"10.000\",\"10.000\",\"1\",\"1\",\"1\","));

    // The view's own order: the longest last, whoever was there last first.
    let file = admin.get(&format!("/token-usage.csv?{time}")).await;
    let ids: Vec<_> = lines(&file).iter().map(|line| first(line).to_owned()).collect();
    assert_eq!(ids, (1..=MANY).rev().map(|n| format!("t{n:04}")).collect::<Vec<_>>());

    let file = admin
        .get(&format!(
            "/address-usage.csv?{time}&orderBy=SESSIONS&direction=ASCENDING"
        ))
        .await;
    let addresses: BTreeSet<_> = lines(&file).iter().map(|line| first(line).to_owned()).collect();
    assert_eq!((lines(&file).len(), addresses.len()), (many / 2 + 1, many / 2 + 1));
    assert_eq!(first(lines(&file)[0]), "10.1.0.0", "the one with one session");

    let file = admin.get("/sessions.csv").await;
    let ids: BTreeSet<_> = lines(&file).iter().map(|line| first(line).to_owned()).collect();
    assert_eq!((lines(&file).len(), ids.len()), (many, many));
    for (path, rows) in [
        ("/sessions.csv?live=true".to_owned(), 0),
        ("/sessions.csv?ip=10.1.0.1&door=PLAYBACK".to_owned(), 2),
        ("/sessions.csv?jti=t0007".to_owned(), 1),
        ("/sessions.csv?to=2027-01-01T00:00:00Z".to_owned(), 0),
        (format!("/sessions.csv?{time}"), many),
        (format!("/token-usage.csv?{time}&user=user%2010"), 1),
        (format!("/token-usage.csv?{time}&asn=64500"), 0),
        (format!("/address-usage.csv?{time}&ip=10.1.0.1&protocol=HLS"), 1),
        (format!("/findings.csv?{time}"), 0),
    ] {
        assert_eq!(lines(&admin.get(&path).await).len(), rows, "{path}");
    }
    let rule =
        "mutation { createGuardianRule(input: {kind: IP, value: \"192.0.2.1\", action: DENY}) { errors { code } } }";
    world.pass(Duration::from_millis(1));
    admin.data(rule, json!({})).await;
    let changes = admin.get("/changes.csv").await;
    assert!(lines(&changes)[0].contains("\"rule.write\""), "{}", changes.text);

    let entries = entries(&admin).await;
    assert_eq!(entries.len(), 14, "one for each file");
    let of = |object: &str| entries.iter().find(|entry| entry["object"] == object).unwrap();
    assert_eq!(
        of("token-usage of user user 10")["detail"],
        json!({ "from": "2027-01-01T00:00:00Z", "to": "2028-01-01T00:00:00Z" }),
        "whom it names can be erased"
    );
    assert_eq!(of("sessions of an address")["detail"], json!({ "door": "PLAYBACK" }));
    drop(world);
}

#[tokio::test]
async fn a_table_as_a_file_is_whole_in_order_harmless_and_itself_an_entry() {
    whole_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_table_as_a_file_is_whole_in_order_harmless_and_itself_an_entry_on_postgresql() {
    whole_on(Kind::Postgres).await;
}

/// What was found, done about it and told of it, each with a name that a spreadsheet would take for a formula.
async fn lists_on(kind: Kind) {
    let world = World::on(kind).await;
    let (admin, user) = (world.as_role("nanoAdmin").await, world.as_role("nanoUser").await);
    let (finding, _) = thief(&world, &admin).await;
    created(&user, "=1+1", &[finding["id"].clone()]).await;
    let suggest = "mutation($f: ID!) { suggestResponse(input: {finding: $f, note: \"=cmd()\"}) { errors { code } } }";
    let suggested = user.data(suggest, json!({ "f": finding["id"] })).await["suggestResponse"].clone();
    assert_eq!(suggested["errors"], json!([]));

    let receiver = "mutation { saveAlertReceiver(input: {name: \"People\", emails: [\"ops@example.com\"]}) {
        alertReceiver { id } errors { code } } }";
    let receiver = admin.data(receiver, json!({})).await["saveAlertReceiver"]["alertReceiver"]["id"].clone();
    let test = "mutation($i: ID!) { testAlertReceiver(input: {id: $i}) { errors { code } } }";
    admin.data(test, json!({ "i": receiver })).await;
    let rule = "mutation { saveAlertRule(input: {name: \"=Refusals\", metric: DENIALS, threshold: 1, windowS: 3600}) {
        errors { code } } }";
    assert_eq!(admin.data(rule, json!({})).await["saveAlertRule"]["errors"], json!([]));
    let visitor = Visitor {
        grant: Some(Grant {
            user: Some("ann".into()),
            ..granted("tok_ann")
        }),
        user_agent: Some("=HYPERLINK(1)".into()),
        ..Visitor::default()
    };
    let refused = refused_as(&world, world.clock.now(), 900, ("203.0.113.77", visitor), "+why");
    eventually("it is told and written", async || {
        let query = "{ organisation { alerts { totalCount } refusals(filter: {user: \"ann\"}) { totalCount } } }";
        let data = admin.data(query, json!({})).await["organisation"].clone();
        data["alerts"]["totalCount"] == 1 && data["refusals"]["totalCount"] == 1
    })
    .await;
    let time = "from=2026-06-01T00:00:00Z&to=2028-06-01T00:00:00Z";
    eventually("it is added up", async || {
        lines(&admin.get(&format!("/world.csv?{time}")).await).len() == 1
    })
    .await;

    let score = format!("\"1\",\"0\",\"1\",\"{}\"", finding["weight"]);
    let by_country = format!("/timeseries.csv?{time}&metric=SESSIONS&interval=DAY");
    for (path, cells) in [
        (
            "/responses.csv".to_owned(),
            &["\"suggested\"", "\"198.51.100.200\",\"DENIALS\"", "\"'=cmd()\""][..],
        ),
        ("/responses.csv?state=SUGGESTED".to_owned(), &["\"suggested\""]),
        ("/cases.csv".to_owned(), &["\"'=1+1\",\"open\"", score.as_str()]),
        (
            "/alerts.csv?state=OPEN".to_owned(),
            &["\"'=Refusals\",\"open\",\"warning\",\"denials\""],
        ),
        ("/alert-deliveries.csv".to_owned(), &["\"test\",\"ops@example.com\""]),
        (
            format!("/refusals.csv?user=ann&ip=203.0.113.77&stream={}", world.stream()),
            &[
                refused.as_str(),
                "\"TOKEN_SIGNATURE\",\"'+why\"",
                "\"ann\",",
                "\"tok_ann\",\"'=HYPERLINK(1)\"",
            ],
        ),
        (format!("/world.csv?{time}"), &["\"DE\",\"1\""]),
        (
            format!("{by_country}&groupBy=COUNTRY"),
            &["\"DE\",\"2027-01-15T00:00:00.000Z\",\"1\""],
        ),
        (by_country, &["\"\",\"2027-01-15T00:00:00.000Z\",\"1\""]),
    ] {
        let file = admin.get(&path).await;
        let rows = lines(&file);
        assert_eq!(rows.len(), 1, "{path}: {}", file.text);
        for cell in cells {
            assert!(rows[0].contains(cell), "{path}: {cell}: {}", rows[0]);
        }
        let columns = file.text.lines().next().unwrap().split("\",\"").count();
        assert_eq!(rows[0].split("\",\"").count(), columns, "{path}: {}", file.text);
    }
    let who = "{ organisation { responses { nodes { proposedBy { name } } } } }";
    let who = user.data(who, json!({})).await["organisation"]["responses"]["nodes"][0]["proposedBy"]["name"].clone();
    for path in ["/responses.csv", "/cases.csv"] {
        assert!(admin.get(path).await.text.contains(&who.to_string()), "{path}");
    }
    let wider =
        "mutation($f: ID!) { suggestResponse(input: {finding: $f, block: {kind: IP, value: \"203.0.113.7/24\"}}) {
        errors { code } } }";
    let wider = user.data(wider, json!({ "f": finding["id"] })).await["suggestResponse"].clone();
    assert_eq!(wider["errors"], json!([]));
    let file = admin.get("/responses.csv").await;
    for whom in ["\"address\",\"198.51.100.200\"", "\"subnet\",\"203.0.113.0/24\""] {
        assert!(file.text.contains(whom), "{whom}: {}", file.text);
    }
    for path in [
        "/responses.csv?state=APPLIED".to_owned(),
        "/cases.csv?state=CLOSED".to_owned(),
        "/alerts.csv?state=RESOLVED".to_owned(),
        "/alerts.csv?rule=nobody".to_owned(),
        "/refusals.csv?user=bob".to_owned(),
        "/refusals.csv?door=INGEST".to_owned(),
        "/refusals.csv?reason=TOKEN_EXPIRED".to_owned(),
        format!("/world.csv?{time}&metric=INGEST"),
        format!("/timeseries.csv?{time}&metric=DENIALS&interval=DAY&protocol=RTMP"),
    ] {
        assert_eq!(lines(&admin.get(&path).await), [""; 0], "{path}");
    }
    let named = entries(&admin).await;
    let named = named
        .iter()
        .find(|entry| entry["object"] == "refusals of user bob")
        .unwrap();
    assert_eq!(named["detail"], json!({}));

    // Of the refusals of another organisation, and of what is done about them, nobody has a line.
    let outsider = world.outsider().await;
    for table in ["responses", "cases", "alerts", "alert-deliveries", "refusals"] {
        assert_eq!(lines(&outsider.get(&format!("/{table}.csv")).await), [""; 0], "{table}");
    }
}

#[tokio::test]
async fn lists_of_what_was_found_done_and_told_are_files() {
    lists_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn lists_of_what_was_found_done_and_told_are_files_on_postgresql() {
    lists_on(Kind::Postgres).await;
}

#[tokio::test]
async fn tables_as_files_are_for_who_sees_persons_of_that_organisation() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let viewer = SessionFacts {
        grant: Some(granted("of-the-first")),
        ..world.viewing(world.stream(), 1)
    };
    world.begins(&admin, viewer).await;
    world.pass(Duration::from_secs(1));
    let from = "from=2027-01-01T00:00:00Z";
    let asked = |table: &str| match table {
        "timeseries" => format!("/{table}.csv?{from}&metric=VIEWERS&interval=DAY"),
        "token-usage" | "viewer-usage" | "address-usage" | "findings" | "world" => format!("/{table}.csv?{from}"),
        _ => format!("/{table}.csv?"),
    };
    let statuses = [
        (world.anonymous(), StatusCode::UNAUTHORIZED),
        (world.as_role("nanoReadOnly").await, StatusCode::FORBIDDEN),
    ];
    let outsider = world.outsider().await;
    let own = &world.demo.users[0].organisation;
    for (table, _) in TABLES {
        for (client, status) in &statuses {
            // The role is judged before the parameters are.
            for path in [asked(table), format!("/{table}.csv?other=1")] {
                assert_eq!(client.get(&path).await.status, *status, "{path}");
            }
        }
        let theirs = outsider.get(&format!("{}&organisation={own}", asked(table))).await;
        let nowhere = outsider.get(&format!("{}&organisation=22222", asked(table))).await;
        assert_eq!((theirs.status, &theirs.text), (StatusCode::NOT_FOUND, &nowhere.text));
        let file = outsider.get(&asked(table)).await;
        assert_eq!(file.status, StatusCode::OK, "{}", file.text);
        assert!(!file.text.contains("of-the-first") && !file.text.contains(world.stream()));
        let other_site = [("origin", "https://evil.example")];
        assert_eq!(
            admin.fetch(&asked(table), &other_site).await.status,
            StatusCode::FORBIDDEN
        );
        let for_users = if table == "alert-deliveries" {
            StatusCode::FORBIDDEN
        } else {
            StatusCode::OK
        };
        let user = world.as_role("nanoUser").await;
        assert_eq!(user.get(&asked(table)).await.status, for_users, "{table}");
    }
    assert!(admin.get(&asked("token-usage")).await.text.contains("of-the-first"));

    // What is wrong is named.
    for (path, field) in [
        ("/token-usage.csv", "from"),
        ("/token-usage.csv?from=2027-01-01T00:00:00Z&orderBy=COLOUR", "orderBy"),
        ("/address-usage.csv?from=2027-01-01T00:00:00Z&direction=UP", "direction"),
        (
            "/address-usage.csv?from=2027-01-01T00:00:00Z&protocol=TELEX",
            "protocol",
        ),
        ("/token-usage.csv?from=2027-01-01T00:00:00Z&asn=many", "asn"),
        ("/findings.csv?from=2027-01-01T00:00:00Z&user=x", "user"),
        ("/quality.csv?from=2027-01-01T00:00:00Z&by=COLOUR", "by"),
        ("/timeseries.csv?from=2027-01-01T00:00:00Z", "metric"),
        ("/timeseries.csv?from=2027-01-01T00:00:00Z&metric=VIEWERS", "interval"),
        (
            "/timeseries.csv?from=2027-01-01T00:00:00Z&metric=VIEWERS&interval=DAY&groupBy=COLOUR",
            "groupBy",
        ),
        ("/world.csv?from=2027-01-01T00:00:00Z&metric=EVERYBODY", "metric"),
        ("/world.csv?from=2027-01-01T00:00:00Z&user=x", "user"),
        ("/responses.csv?state=GONE", "state"),
        ("/cases.csv?state=GONE", "state"),
        ("/alerts.csv?state=GONE", "state"),
        ("/alert-deliveries.csv?state=WAITING", "state"),
        ("/refusals.csv?door=WINDOW", "door"),
        ("/sessions.csv?live=perhaps", "live"),
        ("/changes.csv?other=1", "other"),
    ] {
        let answer = admin.get(path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        assert_eq!(answer.code().as_deref(), Some("INVALID"));
        assert!(answer.text.contains(&format!("`{field}`")), "{path}: {}", answer.text);
    }
    let asked_of_nothing = entries(&admin).await.len();
    assert_eq!(asked_of_nothing, 13, "what is refused leaves no entry");

    let take = format!(
        "mutation {{ setPackage(input: {{organisation: \"{own}\", package: ANALYTICS, enabled: false}}) {{ errors {{ code }} }} }}"
    );
    operator(&world).await.data(&take, json!({})).await;
    for (table, needs) in TABLES {
        let answer = admin.get(&asked(table)).await;
        let code = answer.code();
        assert_eq!(
            code.as_deref(),
            needs.then_some("PACKAGE_REQUIRED"),
            "{table}: {}",
            answer.text
        );
    }
}

/// Neither database is asked what it cannot compare: not one byte of an answer is sent by then.
async fn what_nothing_can_be_is_named_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let time = "from=2027-01-01T00:00:00Z";
    let long = "x".repeat(600);
    let texts = ["stream", "jti", "user", "tag", "ip", "provider", "referrer", "country"];
    for value in ["%00", "a%00b", &long] {
        for table in ["token-usage", "viewer-usage", "address-usage", "sessions"] {
            for field in &texts[..if table == "sessions" { 5 } else { 8 }] {
                let answer = admin.get(&format!("/{table}.csv?{time}&{field}={value}")).await;
                assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{table} {field} {value}");
                assert!(answer.text.contains(&format!("`{field}`")), "{table}: {}", answer.text);
            }
        }
        for field in ["stream", "jti", "user", "ip"] {
            let answer = admin.get(&format!("/refusals.csv?{field}={value}")).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{field} {value}");
            assert!(answer.text.contains(&format!("`{field}`")), "{}", answer.text);
        }
        for path in [
            "/audit.csv?object=",
            "/audit.csv?actor=",
            "/audit.csv?action=",
            "/rules.csv?text=",
            "/rules.json?text=",
        ] {
            let answer = admin.get(&format!("{path}{value}")).await;
            assert_eq!(
                (answer.status, answer.code().as_deref()),
                (StatusCode::BAD_REQUEST, Some("INVALID")),
                "{path}"
            );
        }
        let nowhere = admin.get(&format!("/sessions.csv?organisation={value}")).await;
        assert_eq!(nowhere.status, StatusCode::NOT_FOUND, "{}", nowhere.text);
    }
    for field in texts {
        for value in ["\0", "a\0", &long] {
            let variables = json!({ "f": { field: value } });
            for (query, fields) in [
                (
                    "query($f: AnalyticsFilter) { organisation { analytics(range: {from: \"2027-01-01T00:00:00Z\"}, filter: $f) { byToken { totalCount } } } }",
                    8,
                ),
                (
                    "query($f: SessionFilter) { organisation { sessions(filter: $f) { totalCount } } }",
                    5,
                ),
            ] {
                if texts[..fields].contains(&field) {
                    let answer = admin.ask(query, variables.clone()).await;
                    assert_eq!(answer.code().as_deref(), Some("INVALID"), "{field}: {}", answer.text);
                    assert!(answer.text.contains(&format!("`{field}`")), "{}", answer.text);
                }
            }
        }
    }
    assert_eq!(entries(&admin).await.len(), 0, "what is refused leaves no entry");
}

#[tokio::test]
async fn what_nothing_can_be_is_named_before_anything_is_sent() {
    what_nothing_can_be_is_named_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn what_nothing_can_be_is_named_before_anything_is_sent_on_postgresql() {
    what_nothing_can_be_is_named_on(Kind::Postgres).await;
}

#[tokio::test]
async fn who_asks_for_the_head_of_a_file_takes_nothing_away() {
    let world = World::on(Kind::Postgres).await;
    let admin = world.as_role("nanoAdmin").await;
    let read_only = world.as_role("nanoReadOnly").await;
    let all = "{ organisation { auditLog { totalCount } } }";
    let before = admin.data(all, json!({})).await;
    // Nothing is added up for it either: that would wait.
    let connection = Database::connect(world.database.url()).await.unwrap();
    let other = connection.begin().await.unwrap();
    let held = "LOCK TABLE usage_minute, usage_hour, quality_minute IN ACCESS EXCLUSIVE MODE";
    other.execute_unprepared(held).await.unwrap();
    let time = "from=2027-01-01T00:00:00Z";
    for path in [
        &format!("/token-usage.csv?{time}"),
        &format!("/viewer-usage.csv?{time}"),
        &format!("/address-usage.csv?{time}"),
        &format!("/findings.csv?{time}"),
        &format!("/quality.csv?{time}"),
        &format!("/timeseries.csv?{time}&metric=BYTES&interval=DAY"),
        &format!("/world.csv?{time}"),
        "/responses.csv",
        "/cases.csv",
        "/alerts.csv",
        "/alert-deliveries.csv",
        "/refusals.csv",
        "/sessions.csv",
        "/changes.csv",
        "/audit.csv",
        "/rules.csv",
        "/rules.json",
    ] {
        let head = tokio::time::timeout(Duration::from_secs(20), admin.head(path)).await;
        let head = head.expect("nothing is waited for");
        assert_eq!((head.status, head.text.as_str()), (StatusCode::OK, ""), "{path}");
        assert!(
            head.headers["content-disposition"]
                .to_str()
                .unwrap()
                .starts_with("attachment"),
            "{path}"
        );
        // It says no more to whom the file is not for.
        assert_eq!(read_only.head(path).await.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(
            world.anonymous().head(path).await.status,
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
    }
    other.rollback().await.unwrap();
    assert_eq!(admin.data(all, json!({})).await, before);
}

/// What may name a person stands where it can be erased, beside the chain of hashes.
#[tokio::test]
async fn whom_a_file_was_narrowed_to_stands_outside_the_hashes() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    for path in [
        "/sessions.csv?user=anna-s&tag=label-of-anna&ip=192.0.2.7",
        "/token-usage.csv?from=2027-01-01T00:00:00Z&tag=label-of-anna",
        "/audit.csv?object=anna-s",
    ] {
        assert_eq!(admin.get(path).await.status, StatusCode::OK, "{path}");
    }
    let of = async |action: &str| {
        let query = format!(
            "{{ organisation {{ auditLog(filter: {{action: \"{action}\"}}) {{ nodes {{ object detail }} }} }} }}"
        );
        admin.data(&query, json!({})).await["organisation"]["auditLog"]["nodes"].clone()
    };
    let (tables, log) = (of("table.export").await, of("audit.export").await);
    for entry in tables.as_array().unwrap().iter().chain(log.as_array().unwrap()) {
        assert!(!entry["detail"].to_string().contains("anna"), "{entry}");
        assert!(!entry["detail"].to_string().contains("192.0.2.7"), "{entry}");
    }
    assert_eq!(tables[0]["object"], "token-usage of tag label-of-anna");
    assert_eq!(
        tables[1]["object"],
        "sessions of an address, tag label-of-anna, user anna-s"
    );
    assert_eq!(log[0]["object"], "entries of anna-s");
    let erase = "mutation { eraseViewer(input: {user: \"anna-s\"}) { errors { code } } }";
    assert_eq!(admin.data(erase, json!({})).await["eraseViewer"]["errors"], json!([]));
    assert_eq!(of("table.export").await[1]["object"], "sessions");
    assert_ne!(of("audit.export").await[0]["object"], "entries of anna-s");
}

/// Whatever GraphQL can narrow a table by, its file can.
#[tokio::test]
async fn a_file_takes_every_argument_that_its_table_does() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let fields = async |kind: &str| {
        let query = format!("{{ __type(name: \"{kind}\") {{ inputFields {{ name }} }} }}");
        let found = admin.data(&query, json!({})).await["__type"]["inputFields"].clone();
        let name = |field: &Value| field["name"].as_str().unwrap().to_owned();
        found.as_array().unwrap().iter().map(name).collect::<Vec<_>>()
    };
    for (kind, paths) in [
        (
            "AnalyticsFilter",
            &[
                "/token-usage.csv?from=2027-01-01T00:00:00Z",
                "/viewer-usage.csv?from=2027-01-01T00:00:00Z",
                "/address-usage.csv?from=2027-01-01T00:00:00Z",
            ][..],
        ),
        ("SessionFilter", &["/sessions.csv?"]),
        ("AlertFilter", &["/alerts.csv?"]),
        ("RefusalFilter", &["/refusals.csv?"]),
    ] {
        for field in fields(kind).await {
            for path in paths {
                let answer = admin.get(&format!("{path}&{field}=x")).await;
                assert!(!answer.text.contains("there is no parameter"), "{path}: {field}");
            }
        }
    }
}
