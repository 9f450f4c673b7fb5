//! The IP view by address, by subnet and by network.

use std::{collections::BTreeMap, time::Duration};

use guard::{Place, Reason, Timestamp};
use link::SessionFacts;
use serde_json::{Value, json};
use testkit::Kind;

use crate::{
    analytics::{denied, range, until, viewing, watched},
    harness::{Client, World},
};

const VIEW: &str = "query($r: TimeRange!, $f: AnalyticsFilter, $g: AddressGroup, $o: AddressUsageOrder,
    $d: OrderDirection, $first: Int, $after: String) { organisation { analytics(range: $r, filter: $f) {
    byAddress(groupBy: $g, orderBy: $o, direction: $d, first: $first, after: $after) { totalCount
    pageInfo { endCursor hasNextPage } nodes { ip addresses sessions streams tokens tags provider asn country
    durationSumS maxConcurrency blocked blockedBy { kind value } score indicators { code evidence } } } } } }";
const ROWS: &str = "/organisation/analytics/byAddress/nodes";

const SESSIONS: &str = "query($r: TimeRange!, $f: AnalyticsFilter, $first: Int, $after: String) { organisation {
    analytics(range: $r, filter: $f) { sessions(first: $first, after: $after) { totalCount pageInfo { endCursor }
    nodes { id } } } } }";

/// The rows, by what they are of.
async fn rows(admin: &Client, r: &Value, group: &str) -> BTreeMap<String, Value> {
    let data = admin.data(VIEW, json!({ "r": r, "g": group, "first": 100 })).await;
    let rows = data.pointer(ROWS).unwrap().as_array().unwrap().iter();
    rows.map(|row| (row["ip"].as_str().unwrap().to_owned(), row.clone()))
        .collect()
}

async fn grouped_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let begin = world.clock.now();
    for (n, jti, address, country, asn) in [
        (1, "a", "198.51.100.1", "DE", 64_500),
        (2, "b", "198.51.100.200", "DE", 64_500),
        (3, "c", "198.51.101.1", "AT", 64_500),
        (4, "d", "2001:db8:0:1::7", "FR", 64_501),
        (5, "d", "2001:db8:0:1:ffff::8", "FR", 64_501),
    ] {
        watched(&world, &viewing(&world, n, jti, address, country, asn), begin, 60);
    }
    let nowhere = SessionFacts {
        place: Place::default(),
        provider: None,
        ..viewing(&world, 6, "f", "192.0.2.9", "DE", 1)
    };
    watched(&world, &nowhere, begin, 60);
    let r = range(&world, 3_600);
    until(&admin, VIEW, json!({ "r": r, "f": { "ip": "192.0.2.9" } }), ROWS, 1).await;

    let subnets = rows(&admin, &r, "SUBNET").await;
    let names: Vec<_> = subnets.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "192.0.2.0/24",
            "198.51.100.0/24",
            "198.51.101.0/24",
            "2001:db8:0:1::/64"
        ]
    );
    assert_eq!(
        subnets["198.51.100.0/24"],
        json!({ "ip": "198.51.100.0/24", "addresses": 2, "sessions": 2, "streams": 1, "tokens": 2, "tags": ["web"],
            "provider": "Telecom 64500", "asn": 64_500, "country": "DE", "durationSumS": 120.0, "maxConcurrency": 2,
            "blocked": false, "blockedBy": null, "score": 0, "indicators": [] })
    );
    let six = &subnets["2001:db8:0:1::/64"];
    assert_eq!((&six["addresses"], &six["tokens"]), (&json!(2), &json!(1)));

    let networks = rows(&admin, &r, "NETWORK").await;
    assert_eq!(networks.keys().collect::<Vec<_>>(), ["AS64500", "AS64501", "none"]);
    let one = &networks["AS64500"];
    assert_eq!(
        (&one["addresses"], &one["sessions"], &one["country"], &one["asn"]),
        (&json!(3), &json!(3), &Value::Null, &json!(64_500)),
        "in two countries, so in none"
    );
    assert_eq!(networks["none"]["asn"], Value::Null);

    // What is in one of them.
    for (ip, addresses) in [
        ("198.51.100.0/24", 2),
        (" 2001:db8:0:1::/64", 2),
        ("198.51.102.0/24", 0),
    ] {
        until(&admin, VIEW, json!({ "r": r, "f": { "ip": ip } }), ROWS, addresses).await;
    }
    for ip in ["198.51.100.0/25", "2001:db8::/32", "198.51.100", "0.0.0.0/0"] {
        assert_eq!(
            admin.code(VIEW, json!({ "r": r, "f": { "ip": ip } })).await,
            "INVALID",
            "{ip}"
        );
    }

    // The sessions themselves: those that reach into the time.
    let whose = |seconds: u64, filter: Value| {
        let at = |at: Timestamp| chrono::DateTime::from_timestamp_micros(at.us()).unwrap().to_rfc3339();
        let (from, to) = (
            begin.plus(Duration::from_secs(seconds)),
            begin.plus(Duration::from_hours(1)),
        );
        json!({ "r": { "from": at(from), "to": at(to) }, "f": filter, "first": 1 })
    };
    for (seconds, filter, total) in [
        (0, json!({ "ip": "198.51.100.0/24" }), 2),
        (0, json!({ "ip": "2001:db8:0:1::/64" }), 2),
        (0, json!({ "asn": 64_500 }), 3),
        (0, json!({ "jti": "d" }), 2),
        (30, json!({ "ip": "198.51.100.1" }), 1),
        (90, json!({ "ip": "198.51.100.1" }), 0),
        (0, json!({ "user": "nobody" }), 0),
    ] {
        let data = admin.data(SESSIONS, whose(seconds, filter.clone())).await;
        let page = &data["organisation"]["analytics"]["sessions"];
        let nodes = page["nodes"].as_array().unwrap();
        assert_eq!(
            (&page["totalCount"], nodes.len()),
            (&json!(total), total.min(1)),
            "{filter}"
        );
        let mut after = whose(seconds, filter.clone());
        after["after"] = page["pageInfo"]["endCursor"].clone();
        let data = admin.data(SESSIONS, after).await;
        let rest = data["organisation"]["analytics"]["sessions"]["nodes"].clone();
        assert_eq!(
            rest.as_array().unwrap().len(),
            total.saturating_sub(1).min(1),
            "{filter}"
        );
        assert!(total < 2 || rest[0]["id"] != nodes[0]["id"], "{filter}");
    }
    let reader = world.as_role("nanoReadOnly").await;
    assert_eq!(reader.code(SESSIONS, whose(0, json!({}))).await, "FORBIDDEN");
    let outsider = world.outsider().await;
    let data = outsider.data(SESSIONS, whose(0, json!({}))).await;
    assert_eq!(data["organisation"]["analytics"]["sessions"]["totalCount"], 0);

    // Whom rules keep out, and by which.
    let rule = "mutation($i: CreateGuardianRuleInput!) { createGuardianRule(input: $i) { errors { code } } }";
    let make = async |kind: &str, value: &str, more: Value| {
        let mut input = json!({ "kind": kind, "value": value, "action": "DENY" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = admin.data(rule, json!({ "i": input })).await;
        assert_eq!(made["createGuardianRule"]["errors"], json!([]), "{kind} {value}");
    };
    for (kind, value) in [
        ("IP", "198.51.100.0/25"),
        ("IP", "198.51.101.0/24"),
        ("IP", "2001:db8::/32"),
        ("ASN", "64501"),
        ("ASN", "none"),
        ("ASN", "*"),
    ] {
        make(kind, value, json!({})).await;
    }
    make("ASN", "64500", json!({ "action": "ALLOW" })).await;
    // None of these keeps a viewer out of the whole organisation.
    make("COUNTRY", "DE", json!({ "mode": "MONITOR" })).await;
    make("COUNTRY", "DE", json!({ "door": "INGEST" })).await;
    make("COUNTRY", "DE", json!({ "stream": world.stream() })).await;
    let blocked = async |group: &str| {
        let rows = rows(&admin, &r, group).await;
        rows.into_iter()
            .filter_map(|(ip, row)| {
                let by = &row["blockedBy"];
                assert_eq!(row["blocked"], !by.is_null(), "{row}");
                let text = |name: &str| by[name].as_str().map(str::to_owned);
                Some(format!("{ip} by {} {}", text("kind")?, text("value")?))
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(
        blocked("ADDRESS").await,
        [
            "192.0.2.9 by ASN none",
            "198.51.100.1 by IP 198.51.100.0/25",
            "198.51.101.1 by IP 198.51.101.0/24",
            "2001:db8:0:1::7 by IP 2001:db8::/32",
            "2001:db8:0:1:ffff::8 by IP 2001:db8::/32",
        ]
    );
    assert_eq!(
        blocked("SUBNET").await,
        [
            "192.0.2.0/24 by ASN none",
            "198.51.101.0/24 by IP 198.51.101.0/24",
            "2001:db8:0:1::/64 by IP 2001:db8::/32",
        ],
        "half of one is not it"
    );
    assert_eq!(
        blocked("NETWORK").await,
        ["AS64501 by ASN 64501", "none by ASN none"],
        "another is excepted from the rule for all"
    );
    // The blocked first, or last, as each row shows it.
    for group in ["ADDRESS", "SUBNET", "NETWORK"] {
        for (direction, first) in [("DESCENDING", true), ("ASCENDING", false)] {
            let asked = json!({ "r": r, "g": group, "o": "BLOCKED", "d": direction, "first": 100 });
            let data = admin.data(VIEW, asked).await;
            let rows = data.pointer(ROWS).unwrap().as_array().unwrap();
            let shown: Vec<_> = rows.iter().map(|row| row["blocked"] == first).collect();
            assert!(
                shown.is_sorted_by(|one, next| one >= next),
                "{group} {direction}: {rows:?}"
            );
            assert!(shown[0] && !shown[shown.len() - 1], "{group}: both are there");
        }
    }
    make("COUNTRY", "DE", json!({})).await;
    let addresses = blocked("ADDRESS").await;
    assert_eq!(addresses[2], "198.51.100.200 by COUNTRY DE", "{addresses:?}");
    assert_eq!(
        addresses[1], "198.51.100.1 by IP 198.51.100.0/25",
        "the address comes first"
    );
    assert_eq!(blocked("SUBNET").await[1], "198.51.100.0/24 by COUNTRY DE");
    assert_eq!(blocked("NETWORK").await.len(), 2, "some of the other are in Austria");
    make("COUNTRY", "AT", json!({})).await;
    let networks = blocked("NETWORK").await;
    assert!(networks[0].starts_with("AS64500 by COUNTRY "), "{networks:?}");

    // The score is that of the one address that scores most, which is named.
    for second in 1..20 {
        let at = begin.plus(Duration::from_secs(second));
        denied(&world, at, "198.51.100.200".parse().unwrap(), Reason::TokenSignature);
    }
    let scored = loop {
        let rows = rows(&admin, &r, "ADDRESS").await;
        if rows["198.51.100.200"]["score"] != 0 {
            break rows["198.51.100.200"].clone();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    for (group, name) in [("SUBNET", "198.51.100.0/24"), ("NETWORK", "AS64500")] {
        let rows = rows(&admin, &r, group).await;
        assert_eq!(rows[name]["score"], scored["score"], "{group}");
        let own = scored["indicators"][0]["evidence"].as_str().unwrap();
        assert_eq!(
            rows[name]["indicators"][0]["evidence"],
            format!("198.51.100.200: {own}")
        );
        let others = rows.iter().filter(|(one, _)| *one != name);
        assert!(others.into_iter().all(|(_, row)| row["score"] == 0));
    }

    let file = admin
        .get("/address-usage.csv?from=2027-01-01T00:00:00Z&to=2028-01-01T00:00:00Z&groupBy=NETWORK&orderBy=IP&direction=ASCENDING")
        .await;
    let firsts: Vec<_> = file
        .text
        .trim_end()
        .split("\r\n")
        .map(|line| line.split(',').next().unwrap())
        .collect();
    assert_eq!(
        firsts,
        ["\"ip\"", "\"none\"", "\"AS64500\"", "\"AS64501\""],
        "{}",
        file.text
    );
}

#[tokio::test]
async fn addresses_are_grouped_by_subnet_and_by_network_with_score_and_standing() {
    grouped_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn addresses_are_grouped_by_subnet_and_by_network_with_score_and_standing_on_postgresql() {
    grouped_on(Kind::Postgres).await;
}
