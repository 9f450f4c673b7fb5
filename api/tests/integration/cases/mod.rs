//! Misuse cases: what they keep, and what they forget.

mod at_once;
mod report;

use std::time::Duration;

use axum::http::StatusCode;
use guard::Grant;
use link::SessionFacts;
use serde_json::{Value, json};
use testkit::Kind;

use crate::{
    analytics::viewing,
    harness::{Client, World, granted},
    privacy::{database, days, eventually, refused, set, texts, watched, where_it_stands},
};

const WHOLE: &str = "id title state closedAt score createdBy { name } findingCount tokenCount addressCount
    findings { id jti user ip code weight evidence firstAt lastAt }
    tokens { id jti user tag status score sessions firstAt lastAt }
    addresses { id ip country asn provider score sessions firstAt lastAt }
    sessions { id stream protocol address country jti user startedAt endedAt } notes { id text createdBy { name } }";

pub(crate) async fn created(client: &Client, title: &str, findings: &[Value]) -> Value {
    let query = format!(
        "mutation($t: String!, $f: [ID!]) {{ createCase(input: {{title: $t, findings: $f}}) {{ case {{ {WHOLE} }} errors {{ code field message }} }} }}"
    );
    client.data(&query, json!({ "t": title, "f": findings })).await["createCase"].clone()
}

pub(crate) async fn case(client: &Client, id: &Value) -> Value {
    let query = format!("query($id: ID!) {{ organisation {{ case(id: $id) {{ {WHOLE} }} }} }}");
    client.data(&query, json!({ "id": id })).await["organisation"]["case"].clone()
}

pub(crate) async fn changed(client: &Client, name: &str, input: Value) -> Value {
    let kind = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
    let query = format!(
        "mutation($i: {kind}!) {{ {name}(input: $i) {{ case {{ {WHOLE} }} errors {{ code field message }} }} }}"
    );
    client.data(&query, json!({ "i": input })).await[name].clone()
}

/// Signs of misuse, the newest first.
async fn findings(client: &Client) -> Vec<Value> {
    let query = "{ organisation { analytics(range: {from: \"2026-06-01T00:00:00Z\", to: \"2029-01-01T00:00:00Z\"}) {
        findings(first: 100) { nodes { id jti user ip code weight evidence firstAt lastAt } } } } }";
    let found = client.data(query, json!({})).await["organisation"]["analytics"]["findings"]["nodes"].clone();
    found.as_array().unwrap().clone()
}

/// Somebody who forges tokens at one address, and a viewer who watches from there: the finding, and the viewer's token.
pub(crate) async fn thief(world: &World, admin: &Client) -> (Value, String) {
    let begin = world.clock.now();
    let token = json!({ "streams": [world.stream()], "user": "user of stolen", "tag": "web" });
    let token = admin.make_token(token).await["record"]["jti"]
        .as_str()
        .unwrap()
        .to_owned();
    for n in 1..20 {
        refused(world, begin.plus(Duration::from_secs(n)), n, "198.51.100.200", "forged");
    }
    let theirs = SessionFacts {
        grant: Some(Grant {
            user: Some("user of stolen".into()),
            ..granted(&token)
        }),
        ..viewing(world, 1, "x", "198.51.100.200", "DE", 64_500)
    };
    watched(world, &theirs, begin);
    let known = "{ organisation { sessions(filter: {live: false}) { totalCount } } }";
    eventually("all is written", async || {
        let data = admin.data(known, json!({})).await;
        data["organisation"]["sessions"]["totalCount"] == 1 && !findings(admin).await.is_empty()
    })
    .await;
    (findings(admin).await[0].clone(), token)
}

async fn kept_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let (finding, stolen) = thief(&world, &admin).await;
    assert_eq!(
        (&finding["ip"], &finding["code"]),
        (&json!("198.51.100.200"), &json!("DENIALS"))
    );

    let user = world.as_role("nanoUser").await;
    let made = created(&user, "  Who forges  ", &[finding["id"].clone(), finding["id"].clone()]).await;
    assert_eq!(made["errors"], json!([]));
    let made = &made["case"];
    assert_eq!((&made["title"], &made["state"]), (&json!("Who forges"), &json!("OPEN")));
    assert_eq!(made["findings"].as_array().unwrap().len(), 1, "each once");
    for field in ["ip", "code", "weight", "evidence", "firstAt", "lastAt"] {
        assert_eq!(made["findings"][0][field], finding[field], "{field}");
    }
    // The address that it is of came along, with what was watched from there.
    let address = &made["addresses"][0];
    assert_eq!(
        (
            &address["ip"],
            &address["country"],
            &address["asn"],
            &address["provider"],
            &address["sessions"]
        ),
        (
            &json!("198.51.100.200"),
            &json!("DE"),
            &json!(64_500),
            &json!("Telecom 64500"),
            &json!(1)
        )
    );
    assert_eq!(made["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(made["score"], finding["weight"]);

    let id = &made["id"];
    let more = json!({ "id": id, "tokens": [stolen], "addresses": ["203.0.113.7", "2001:db8:1:2::/64"] });
    let more = changed(&user, "addToCase", more).await["case"].clone();
    assert_eq!(
        (
            &more["tokens"][0]["jti"],
            &more["tokens"][0]["user"],
            &more["tokens"][0]["tag"],
            &more["tokens"][0]["sessions"]
        ),
        (&json!(stolen), &json!("user of stolen"), &json!("web"), &json!(1))
    );
    assert_eq!(more["addresses"].as_array().unwrap().len(), 3);
    assert_eq!(
        (&more["findingCount"], &more["tokenCount"], &more["addressCount"]),
        (&json!(1), &json!(1), &json!(3))
    );
    assert_eq!(
        more["sessions"].as_array().unwrap().len(),
        1,
        "one that came twice is one"
    );
    let revoked = admin.revoke(json!({ "jti": stolen })).await;
    assert_eq!(revoked["errors"], json!([]));
    assert_eq!(
        case(&user, id).await["tokens"][0]["status"],
        "REVOKED",
        "as it stands now"
    );
    changed(
        &user,
        "addCaseNote",
        json!({ "id": id, "text": "Asked the host\r\nto take it down" }),
    )
    .await;

    // Whatever it was copied from is forgotten, and what is brought up to date loses nothing.
    world.pass(Duration::from_millis(1));
    set(&admin, json!({}), json!({ "days": 20 })).await;
    world.pass(days(21));
    let admin = world.as_role("nanoAdmin").await;
    set(&admin, json!({}), json!({ "days": 20 })).await;
    eventually("it is forgotten", async || findings(&admin).await.is_empty()).await;
    let place = database(&world).await;
    let count =
        async |table: &str| texts(&place, &format!("SELECT CAST(COUNT(*) AS text) FROM {table}")).await[0][0].clone();
    eventually("it is forgotten", async || count("session").await == "0").await;
    let again = json!({ "id": id, "tokens": [stolen], "addresses": ["198.51.100.200"] });
    let kept = changed(&admin, "addToCase", again).await["case"].clone();
    assert_eq!(kept["findings"], made["findings"]);
    assert_eq!(
        (&kept["tokens"][0]["sessions"], &kept["tokens"][0]["user"]),
        (&json!(1), &json!("user of stolen"))
    );
    let mut theirs = kept["addresses"].as_array().unwrap().iter();
    let theirs = theirs.find(|one| one["ip"] == "198.51.100.200").unwrap();
    assert_eq!((&theirs["sessions"], &kept["score"]), (&json!(1), &finding["weight"]));
    for field in ["firstAt", "lastAt"] {
        assert_eq!(theirs[field], address[field], "nobody was seen since: {field}");
    }
    assert_eq!(kept["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(kept["notes"][0]["text"], "Asked the host\nto take it down");
    let unknown = changed(&admin, "addToCase", json!({ "id": id, "findings": [finding["id"]] })).await;
    assert_eq!(unknown["errors"][0]["field"], json!(["input", "findings"]));

    // What is taken out takes its sessions along.
    let items: Vec<_> = ["findings", "tokens", "addresses"]
        .iter()
        .flat_map(|list| kept[list].as_array().unwrap().iter().map(|item| item["id"].clone()))
        .collect();
    let gone = json!({ "id": id, "items": items[..2], "notes": [kept["notes"][0]["id"]] });
    let gone = changed(&admin, "removeFromCase", gone).await["case"].clone();
    assert_eq!(
        (&gone["findings"], &gone["tokens"], &gone["notes"]),
        (&json!([]), &json!([]), &json!([]))
    );
    assert_eq!(gone["sessions"].as_array().unwrap().len(), 1, "that of the address");

    // A closed one goes after as many days; one that is open stays.
    let open = created(&admin, "Goes on", &[]).await["case"]["id"].clone();
    let closed = changed(&admin, "updateCase", json!({ "id": id, "state": "CLOSED" })).await["case"].clone();
    assert_eq!(
        (&closed["title"], &closed["state"]),
        (&json!("Who forges"), &json!("CLOSED"))
    );
    world.pass(days(19));
    let admin = world.as_role("nanoAdmin").await;
    set(&admin, json!({}), json!({ "days": 20 })).await;
    assert_eq!(case(&admin, id).await["state"], "CLOSED");
    world.pass(days(2));
    let admin = world.as_role("nanoAdmin").await;
    set(&admin, json!({}), json!({ "days": 20 })).await;
    eventually("it is gone", async || count("misuse_case").await == "1").await;
    assert_eq!(
        (count("case_item").await, count("case_session").await),
        ("0".to_owned(), "0".to_owned())
    );
    assert_eq!(case(&admin, &open).await["title"], "Goes on");
}

#[tokio::test]
async fn a_case_keeps_what_was_put_in_when_the_rest_is_forgotten_and_goes_some_time_after_it_is_closed() {
    kept_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_case_keeps_what_was_put_in_when_the_rest_is_forgotten_and_goes_some_time_after_it_is_closed_on_postgresql() {
    kept_on(Kind::Postgres).await;
}

async fn forgets_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let (finding, _) = thief(&world, &admin).await;
    let name = "anna \"100%\" <a_b>";
    let theirs = SessionFacts {
        grant: Some(Grant {
            user: Some(name.into()),
            ..granted("annas")
        }),
        address: [198, 51, 100, 201].into(),
        ..world.viewing(world.stream(), 2)
    };
    watched(&world, &theirs, world.clock.now());
    let over = "{ organisation { sessions(filter: {live: false}) { totalCount } } }";
    eventually("it is written", async || {
        admin.data(over, json!({})).await["organisation"]["sessions"]["totalCount"] == 2
    })
    .await;
    let title = format!("{name} sells 198.51.100.200:8080");
    let made = created(&admin, &title, &[finding["id"].clone()]).await["case"].clone();
    let id = &made["id"];
    changed(
        &admin,
        "addToCase",
        json!({ "id": id, "tokens": ["annas"], "addresses": ["198.51.100.201", "2001:db8:1:2::/64"] }),
    )
    .await;
    let note = format!("It is {name}, at 198.51.100.201, 2001:db8:1:2::3 and 192.0.2.0/24.");
    changed(&admin, "addCaseNote", json!({ "id": id, "text": note })).await;
    assert_eq!(
        admin
            .get(&format!("/cases/{}/report.html", id.as_str().unwrap()))
            .await
            .status,
        StatusCode::OK
    );

    // The audit log knows neither, outside of what can be erased.
    let place = database(&world).await;
    for row in texts(&place, "SELECT object, CAST(detail AS text) FROM audit_entry").await {
        let text = row.concat();
        assert!(
            !text.contains("198.51.100") && !text.contains("<a_b>") && !text.contains("2001:db8"),
            "{text}"
        );
    }

    world.pass(Duration::from_millis(1));
    let erase = "mutation($u: String!) { eraseViewer(input: {user: $u}) { errors { code } } }";
    admin.data(erase, json!({ "u": name })).await;
    assert_eq!(where_it_stands(&world, "<a_b>").await, Vec::<String>::new());
    let erased = case(&admin, id).await;
    assert_eq!(erased["title"], "(erased) sells 198.51.100.200:8080");
    assert_eq!(
        erased["notes"][0]["text"],
        "It is (erased), at 198.51.100.201, 2001:db8:1:2::3 and 192.0.2.0/24."
    );
    let token = &erased["tokens"][0];
    assert_eq!((&token["jti"], &token["user"]), (&json!("annas"), &Value::Null));
    let theirs: Vec<_> = erased["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["jti"] == "annas")
        .collect();
    assert_eq!(
        (&theirs[0]["user"], &theirs[0]["address"]),
        (&Value::Null, &json!("198.51.100.0/24"))
    );

    set(&admin, json!({ "addressDays": 5 }), Value::Null).await;
    world.pass(days(6));
    let admin = world.as_role("nanoAdmin").await;
    set(&admin, json!({}), Value::Null).await;
    eventually("it is masked", async || {
        where_it_stands(&world, "198.51.100.2").await.is_empty()
            && where_it_stands(&world, "2001:db8:1:2").await.is_empty()
    })
    .await;
    let masked = case(&admin, id).await;
    assert_eq!(masked["title"], "(erased) sells 198.51.100.0/24:8080");
    assert_eq!(
        masked["notes"][0]["text"],
        "It is (erased), at 198.51.100.0/24, 2001:db8:1::/48 and 192.0.2.0/24."
    );
    assert_eq!(masked["findings"][0]["ip"], "198.51.100.0/24");
    for list in ["addresses", "sessions"] {
        for one in masked[list].as_array().unwrap() {
            let address = if list == "sessions" {
                &one["address"]
            } else {
                &one["ip"]
            };
            assert!(
                ["198.51.100.0/24", "2001:db8:1::/48"]
                    .iter()
                    .any(|masked| address == masked),
                "{address}"
            );
        }
    }
    assert_eq!(
        masked["addressCount"], 3,
        "the address, hers, and the network that somebody named"
    );

    // What is put in later, of a time whose addresses are masked, is masked all the same; what is named today in its days.
    changed(&admin, "addToCase", json!({ "id": id, "addresses": ["203.0.113.250"] })).await;
    world.pass(days(4));
    let admin = world.as_role("nanoAdmin").await;
    set(&admin, json!({}), Value::Null).await;
    assert_eq!(where_it_stands(&world, "203.0.113.250").await, ["case_item"]);
    world.pass(days(2));
    let admin = world.as_role("nanoAdmin").await;
    set(&admin, json!({}), Value::Null).await;
    eventually("it is masked", async || {
        where_it_stands(&world, "203.0.113.250").await.is_empty()
    })
    .await;
}

#[tokio::test]
async fn a_case_forgets_viewers_and_addresses_when_the_rest_does_in_what_people_wrote_too() {
    forgets_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_case_forgets_viewers_and_addresses_when_the_rest_does_in_what_people_wrote_too_on_postgresql() {
    forgets_on(Kind::Postgres).await;
}

async fn networks_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let begin = world.clock.now();
    for (n, address) in (1..).zip([
        "198.51.100.1",
        "198.51.100.20",
        "198.51.10.1",
        "2001:db8:1:2::3",
        "2001:db8:1:2::4",
        "2001:db8:1:2f::1",
        "2001:db8:1::9",
        "2001:db8:10::1",
    ]) {
        watched(&world, &viewing(&world, n, "x", address, "DE", 64_500), begin);
    }
    // Of two in one network less is found of one than of the other.
    for (from, times, address) in [
        (0, 19, "2001:db8:1:2::3"),
        (100, 19, "198.51.100.20"),
        (200, 40, "198.51.100.1"),
    ] {
        for n in 1..=times {
            refused(&world, begin.plus(Duration::from_secs(n)), from + n, address, "forged");
        }
    }
    let known = "{ organisation { sessions(filter: {live: false}) { totalCount } } }";
    eventually("all is written", async || {
        let data = admin.data(known, json!({})).await;
        let found = findings(&admin).await;
        let is_found = |(ip, weight): (&str, i32)| found.iter().any(|one| one["ip"] == ip && one["weight"] == weight);
        let all = [("2001:db8:1:2::", 51), ("198.51.100.20", 51), ("198.51.100.1", 54)];
        data["organisation"]["sessions"]["totalCount"] == 8 && all.into_iter().all(is_found)
    })
    .await;
    let found = findings(&admin).await;
    let finding = found.iter().find(|one| one["ip"] == "2001:db8:1:2::").unwrap();
    let made = created(&admin, "From there", &[finding["id"].clone()]).await["case"].clone();
    let addresses = [
        "198.51.100.0/24",
        "198.51.100.1",
        "2001:db8:1:2::/64",
        "2001:db8:1:2::3",
        "2001:db8:1::/48",
    ];
    let filled = json!({ "id": made["id"], "addresses": addresses });
    let filled = changed(&admin, "addToCase", filled).await["case"].clone();
    let score = &finding["weight"];
    let of = |ip: &str| found.iter().find(|one| one["ip"] == ip).unwrap()["weight"].clone();
    let (less, most) = (of("198.51.100.20"), of("198.51.100.1"));
    assert_eq!((&less, &most), (&json!(51), &json!(54)));
    // The address of a finding is its /64, and so is one of IPv6 that somebody names.
    for (ip, sessions, score) in [
        ("2001:db8:1:2::", 2, score),
        ("2001:db8:1:2::3", 2, score),
        ("2001:db8:1:2::/64", 2, score),
        ("2001:db8:1::/48", 4, score),
        ("198.51.100.0/24", 2, &most),
        ("198.51.100.1", 1, &most),
    ] {
        let mut all = filled["addresses"].as_array().unwrap().iter();
        let one = all.find(|one| one["ip"] == ip).unwrap();
        assert_eq!((&one["sessions"], &one["score"]), (&json!(sessions), score), "{ip}");
    }
    assert_eq!(filled["sessions"].as_array().unwrap().len(), 6, "each once");

    // A network's score is that of the view.
    let view = "{ organisation { analytics(range: {from: \"2026-06-01T00:00:00Z\", to: \"2029-01-01T00:00:00Z\"}) {
        byAddress(groupBy: SUBNET, first: 100) { nodes { ip score } } } } }";
    let view = admin.data(view, json!({})).await["organisation"]["analytics"]["byAddress"]["nodes"].clone();
    for subnet in ["198.51.100.0/24", "2001:db8:1:2::/64"] {
        let of = |rows: &Value| {
            let mut rows = rows.as_array().unwrap().iter();
            rows.find(|one| one["ip"] == subnet).unwrap()["score"].clone()
        };
        assert_eq!(of(&filled["addresses"]), of(&view), "{subnet}");
    }
}

#[tokio::test]
async fn what_is_watched_from_a_network_or_from_an_address_of_ipv6_is_found_for_a_case() {
    networks_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn what_is_watched_from_a_network_or_from_an_address_of_ipv6_is_found_for_a_case_on_postgresql() {
    networks_on(Kind::Postgres).await;
}

#[tokio::test]
async fn only_what_is_sent_changes_and_each_limit_names_its_field() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let made = created(&admin, "One", &[]).await["case"].clone();
    let id = &made["id"];
    assert_eq!(made["createdBy"]["name"], "Ada Admin");
    let titled = changed(&admin, "updateCase", json!({ "id": id, "title": "Other" })).await["case"].clone();
    assert_eq!((&titled["title"], &titled["state"]), (&json!("Other"), &json!("OPEN")));
    world.pass(Duration::from_secs(1));
    changed(&admin, "updateCase", json!({ "id": id, "state": "CLOSED" })).await;
    let closed = case(&admin, id).await;
    assert_eq!(
        (&closed["title"], closed["closedAt"].is_string()),
        (&json!("Other"), true)
    );
    let open = changed(&admin, "updateCase", json!({ "id": id, "state": "OPEN" })).await["case"].clone();
    assert_eq!(open["closedAt"], Value::Null);
    let same = changed(&admin, "updateCase", json!({ "id": id })).await["case"].clone();
    assert_eq!(same, open);
    let log = "{ organisation { auditLog(filter: {action: \"case.*\"}) { nodes { object detail } } } }";
    let log = admin.data(log, json!({})).await["organisation"]["auditLog"]["nodes"].clone();
    assert_eq!(
        log.as_array().unwrap().len(),
        4,
        "what changes nothing leaves no entry: {log}"
    );
    assert!(
        log.as_array().unwrap().iter().all(|entry| entry["object"] == *id),
        "{log}"
    );

    let many = |n: usize, text: &str| (0..n).map(|n| json!(format!("{text}{n}"))).collect::<Vec<_>>();
    let addresses = |from: u8, many: u8| (0..many).map(|n| json!(format!("10.0.{from}.{n}"))).collect::<Vec<_>>();
    for (name, input, field, code) in [
        ("updateCase", json!({ "title": " " }), "title", "INVALID"),
        ("updateCase", json!({ "title": "x".repeat(121) }), "title", "INVALID"),
        ("updateCase", json!({ "title": "turned \u{202e}" }), "title", "INVALID"),
        ("addCaseNote", json!({ "text": "\n" }), "text", "INVALID"),
        ("addCaseNote", json!({ "text": "x".repeat(4_001) }), "text", "INVALID"),
        ("addCaseNote", json!({ "text": "a\u{1b}[2J" }), "text", "INVALID"),
        (
            "addToCase",
            json!({ "findings": many(101, "fnd_") }),
            "findings",
            "INVALID",
        ),
        ("addToCase", json!({ "findings": ["nonsense"] }), "findings", "UNKNOWN"),
        ("addToCase", json!({ "tokens": many(101, "t") }), "tokens", "INVALID"),
        ("addToCase", json!({ "tokens": ["never seen"] }), "tokens", "UNKNOWN"),
        ("addToCase", json!({ "tokens": ["a\u{0}"] }), "tokens", "INVALID"),
        (
            "addToCase",
            json!({ "addresses": addresses(0, 21) }),
            "addresses",
            "INVALID",
        ),
        (
            "addToCase",
            json!({ "addresses": ["10.0.0.0/8"] }),
            "addresses",
            "UNKNOWN",
        ),
        (
            "addToCase",
            json!({ "addresses": ["example.com"] }),
            "addresses",
            "UNKNOWN",
        ),
        (
            "removeFromCase",
            json!({ "items": many(101, "cit_") }),
            "items",
            "INVALID",
        ),
        (
            "removeFromCase",
            json!({ "notes": many(101, "cno_") }),
            "notes",
            "INVALID",
        ),
    ] {
        let mut with = input.clone();
        with["id"] = id.clone();
        let refused = changed(&admin, name, with).await;
        assert_eq!(refused["case"], Value::Null, "{name} {input}");
        assert_eq!(
            (&refused["errors"][0]["field"], &refused["errors"][0]["code"]),
            (&json!(["input", field]), &json!(code))
        );
    }
    for from in 0..10 {
        let filled = changed(
            &admin,
            "addToCase",
            json!({ "id": id, "addresses": addresses(from, 20) }),
        )
        .await;
        assert_eq!(filled["errors"], json!([]));
    }
    let full = changed(&admin, "addToCase", json!({ "id": id, "addresses": ["10.0.99.1"] })).await;
    assert_eq!(
        (&full["errors"][0]["code"], &full["errors"][0]["field"][1]),
        (&json!("LIMIT_REACHED"), &json!("addresses"))
    );
    let known = changed(&admin, "addToCase", json!({ "id": id, "addresses": ["10.0.1.1"] })).await;
    assert_eq!(known["errors"], json!([]), "it is in it already");
    for n in 0..100 {
        changed(&admin, "addCaseNote", json!({ "id": id, "text": format!("note {n}") })).await;
    }
    let full = changed(&admin, "addCaseNote", json!({ "id": id, "text": "one more" })).await;
    assert_eq!(
        (&full["errors"][0]["code"], &full["errors"][0]["field"][1]),
        (&json!("LIMIT_REACHED"), &json!("text"))
    );
    let make = |n: u32| format!("a{n}: createCase(input: {{title: \"{n}\"}}) {{ errors {{ code field }} }} ");
    for round in 0..20 {
        let made: String = (0..25).map(|n| make(round * 25 + n)).collect();
        admin.data(&format!("mutation {{ {made} }}"), json!({})).await;
    }
    let full = created(&admin, "one more", &[]).await;
    assert_eq!(
        (&full["errors"][0]["code"], &full["errors"][0]["field"][1]),
        (&json!("LIMIT_REACHED"), &json!("title"))
    );
    let some = "{ organisation { cases(state: OPEN, first: 1) { totalCount nodes { title } } closed: cases(state: CLOSED) { totalCount } } }";
    let some = admin.data(some, json!({})).await["organisation"].clone();
    assert_eq!(
        (&some["cases"]["totalCount"], &some["closed"]["totalCount"]),
        (&json!(500), &json!(0))
    );
}
