//! How tokens, viewers and addresses stand is said as it is, whoever took them back; and where they were of late.

use std::{collections::BTreeMap, time::Duration};

use guard::{Grant, Reason, Timestamp, Word};
use link::{Kind as Event, SessionEnd, SessionFacts};
use serde_json::{Value, json};
use testkit::Kind;

use crate::{
    analytics::{denied, range, until, viewing, watched},
    harness::{Client, World, granted},
    made::new_signing_key,
};

const TOKENS: &str = "query($r: TimeRange!, $f: AnalyticsFilter, $o: TokenUsageOrder, $first: Int, $after: String) {
    organisation { analytics(range: $r, filter: $f) { byToken(orderBy: $o, first: $first, after: $after) { totalCount
    pageInfo { endCursor hasNextPage } nodes { jti status notRevocableBecause sessions durationSumS lastEnd maxConcurrency
    ips topCountries { name value } } } } } }";
const TOKEN_ROWS: &str = "/organisation/analytics/byToken/nodes";

const FINDINGS: &str = "query($r: TimeRange!) { organisation { analytics(range: $r) { findings(first: 100) { nodes {
    jti user ip code status notRevocableBecause banned blocked
    blockedBy { id kind value } whereabouts { addresses networks { asn provider } countries
    referrers running } } } } } }";

/// What a key of the customer's own signed.
fn theirs(jti: &str) -> Grant {
    Grant {
        user: Some(format!("user of {jti}").into()),
        kid: Some("their key".into()),
        word: Word::Signed { ours: false },
        ..granted(jti)
    }
}

fn with(facts: SessionFacts, grant: Grant) -> SessionFacts {
    SessionFacts {
        grant: Some(grant),
        ..facts
    }
}

fn session(world: &World, n: u64, grant: Grant) -> SessionFacts {
    with(viewing(world, n, "", "198.51.100.7", "DE", 64_500), grant)
}

/// How each token stands, and why it cannot be revoked.
pub(crate) async fn stands(client: &Client, range: &Value, many: usize) -> BTreeMap<String, (String, Option<String>)> {
    let variables = json!({ "r": range, "first": 50 });
    let rows = until(client, TOKENS, variables, TOKEN_ROWS, many).await;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| {
        let stands = (text(&row["status"]).unwrap(), text(&row["notRevocableBecause"]));
        (text(&row["jti"]).unwrap(), stands)
    })
    .collect()
}

async fn what_customers_sign_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let r = range(&world, 3_600);
    new_signing_key(&admin, "standing").await;
    let made = "mutation { createStream(input: {}) { stream { name } } }";
    let other = admin.data(made, json!({})).await["createStream"]["stream"]["name"].clone();
    let other = other.as_str().unwrap();
    let begin = world.clock.now();
    let later = |seconds| Some(begin.plus(Duration::from_secs(seconds)));
    let over = Grant {
        expires: begin.plus(Duration::from_mins(1)),
        ..theirs("over")
    };
    let kept = Grant {
        revocable: false,
        ..theirs("kept")
    };
    let labelled = |jti: &str, issued: Option<Timestamp>| Grant {
        tag: Some("loud".into()),
        issued,
        ..theirs(jti)
    };
    let undated = Grant {
        issued: None,
        ..theirs("undated")
    };
    let grants = [
        theirs("open"),
        over,
        kept,
        labelled("loud", later(0)),
        // Their clock may be half a minute off, and no more.
        labelled("half a minute later", later(120)),
        labelled("loud again", later(121)),
        undated,
    ];
    for (n, grant) in (1..).zip(grants) {
        watched(&world, &session(&world, n, grant), begin, 20);
    }
    let there = viewing(&world, 20, "", "198.51.100.7", "DE", 64_500);
    let elsewhere = world.viewing(other, 21);
    let there = SessionFacts {
        stream: elsewhere.stream,
        name: elsewhere.name.clone(),
        ..there
    };
    watched(&world, &with(there.clone(), theirs("there")), begin, 20);
    let both = SessionFacts {
        session: elsewhere.session,
        ..there
    };
    watched(&world, &with(both, theirs("on both")), begin, 20);
    watched(&world, &session(&world, 22, theirs("on both")), begin, 20);

    let all_is_well = stands(&admin, &r, 9).await;
    for (jti, (status, because)) in &all_is_well {
        assert_eq!(status, "ACTIVE", "{jti}");
        assert_eq!(because.is_some(), jti == "kept", "{jti}: {because:?}");
    }
    // By its id, too, what says so is not revoked.
    let refused = admin.revoke(json!({ "jti": "kept" })).await;
    assert_eq!(refused["errors"][0]["code"], "NOT_REVOCABLE", "{refused}");
    world.pass(Duration::from_secs(90));
    admin.revoke(json!({ "tag": "loud" })).await;
    admin.revoke(json!({ "user": "user of undated" })).await;
    admin.revoke(json!({ "stream": other })).await;
    // Another organisation's revocations are about nobody here.
    let outsider = world.outsider().await;
    outsider.revoke(json!({ "user": "user of open" })).await;
    let now = stands(&admin, &r, 9).await;
    let revoked = ("REVOKED", Some("it is revoked already"));
    for (jti, expected) in [
        ("open", ("ACTIVE", None)),
        ("over", ("EXPIRED", Some("it has expired, and no session runs on it"))),
        ("kept", ("ACTIVE", Some("it was made not revocable"))),
        ("loud", revoked),
        ("half a minute later", revoked),
        ("loud again", ("ACTIVE", None)),
        ("undated", revoked),
        ("there", revoked),
        // Where it was used elsewhere it goes on.
        ("on both", ("ACTIVE", None)),
    ] {
        let (status, because) = &now[jti];
        assert_eq!((status.as_str(), because.as_deref()), expected, "{jti}");
    }
    assert_eq!(admin.revoke(json!({ "jti": "open" })).await["errors"], json!([]));
    assert_eq!(stands(&admin, &r, 9).await["open"].0, "REVOKED");
}

#[tokio::test]
async fn what_customers_sign_is_said_to_be_revoked_or_expired_once_it_is() {
    what_customers_sign_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn what_customers_sign_is_said_to_be_revoked_or_expired_once_it_is_on_postgresql() {
    what_customers_sign_on(Kind::Postgres).await;
}

const ORDERED: &str =
    "query($r: TimeRange!, $d: OrderDirection, $after: String) { organisation { analytics(range: $r) {
    byToken(orderBy: STATUS, direction: $d, first: 2, after: $after) { pageInfo { endCursor hasNextPage }
    nodes { jti status } } } } }";

async fn ordered_by_status_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let r = range(&world, 3_600);
    new_signing_key(&admin, "ordered").await;
    let begin = world.clock.now();
    let short = |grant: Grant| Grant {
        expires: begin.plus(Duration::from_mins(1)),
        ..grant
    };
    let loud = |jti: &str, seconds| Grant {
        tag: Some("loud".into()),
        issued: Some(begin.plus(Duration::from_secs(seconds))),
        ..theirs(jti)
    };
    let mut made = Vec::new();
    for ttl in [3_600, 3_600, 60] {
        let token = json!({ "streams": [world.stream()], "ttlSeconds": ttl });
        let record = admin.make_token(token).await["record"].clone();
        made.push(record["jti"].as_str().unwrap().to_owned());
    }
    let mut grants: Vec<_> = made.iter().map(|jti| granted(jti)).collect();
    grants.extend([
        theirs("open"),
        short(theirs("over")),
        theirs("taken"),
        loud("loud", 0),
        // It was issued after all of that label were taken back.
        loud("loud again", 121),
        short(loud("loud and over", 0)),
    ]);
    for (n, grant) in (1..).zip(grants) {
        watched(&world, &session(&world, n, grant), begin, 20);
    }
    stands(&admin, &r, 9).await;
    world.pass(Duration::from_secs(90));
    admin.revoke(json!({ "tag": "loud" })).await;
    for jti in ["taken", made[1].as_str()] {
        assert_eq!(admin.revoke(json!({ "jti": jti })).await["errors"], json!([]), "{jti}");
    }
    let (revoked, expired) = (
        ["taken", "loud", "loud and over", made[1].as_str()],
        ["over", made[2].as_str()],
    );
    let shown = stands(&admin, &r, 9).await;
    for (jti, (status, _)) in &shown {
        let expected = if revoked.contains(&jti.as_str()) {
            "REVOKED"
        } else if expired.contains(&jti.as_str()) {
            "EXPIRED"
        } else {
            "ACTIVE"
        };
        assert_eq!(status, expected, "{jti}");
    }
    for direction in ["DESCENDING", "ASCENDING"] {
        let (mut seen, mut after) = (Vec::new(), Value::Null);
        loop {
            let variables = json!({ "r": r, "d": direction, "after": after });
            let page = admin.data(ORDERED, variables).await["organisation"]["analytics"]["byToken"].clone();
            for row in page["nodes"].as_array().unwrap() {
                let text = |name: &str| row[name].as_str().unwrap().to_owned();
                seen.push((text("status"), text("jti")));
            }
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
        let mut statuses: Vec<_> = seen.iter().map(|(status, _)| status.as_str()).collect();
        if direction == "ASCENDING" {
            statuses.reverse();
        }
        let expected = [vec!["REVOKED"; 4], vec!["EXPIRED"; 2], vec!["ACTIVE"; 3]].concat();
        assert_eq!(statuses, expected, "{direction}: {seen:?}");
        seen.sort_by(|(_, one), (_, other)| one.cmp(other));
        seen.dedup();
        assert_eq!(seen.len(), 9, "none twice: {seen:?}");
    }
}

#[tokio::test]
async fn tokens_are_ordered_by_the_status_that_they_show() {
    ordered_by_status_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn tokens_are_ordered_by_the_status_that_they_show_on_postgresql() {
    ordered_by_status_on(Kind::Postgres).await;
}

#[tokio::test]
async fn a_token_made_not_revocable_says_so_in_the_view() {
    let world = World::new().await;
    let user = world.as_role("nanoUser").await;
    let r = range(&world, 60);
    let made = user
        .make_token(json!({ "streams": [world.stream()], "revocable": false }))
        .await;
    let jti = made["record"]["jti"].as_str().unwrap();
    watched(&world, &session(&world, 1, granted(jti)), world.clock.now(), 20);
    let (status, because) = stands(&user, &r, 1).await[jti].clone();
    assert_eq!(
        (status.as_str(), because.as_deref()),
        ("ACTIVE", Some("it was made not revocable"))
    );
}

/// Findings of which `wanted` holds, once there are any.
async fn found(client: &Client, range: &Value, wanted: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..400 {
        let data = client.data(FINDINGS, json!({ "r": range })).await;
        let all = data["organisation"]["analytics"]["findings"]["nodes"].clone();
        if let Some(one) = all.as_array().unwrap().iter().find(|one| wanted(one)) {
            return one.clone();
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("it was never found");
}

fn beats(world: &World, sessions: &[SessionFacts], begin: Timestamp) {
    for facts in sessions {
        world.node.tell(begin, Event::Started(facts.clone()));
    }
    for second in (10..70).step_by(10) {
        for facts in sessions {
            world
                .node
                .beats(begin.plus(Duration::from_secs(second)), facts, second * 1_000_000);
        }
    }
}

fn ends(world: &World, facts: &SessionFacts, at: Timestamp) {
    let end = SessionEnd {
        session: facts.session,
        organisation: facts.organisation,
        stream: facts.stream,
        bytes: 1_000_000,
        requests: 1,
        reason: None,
    };
    world.node.tell(at, Event::Ended(end));
}

async fn findings_stand_on(kind: Kind) {
    let world = World::on(kind).await;
    let (admin, user) = (world.as_role("nanoAdmin").await, world.as_role("nanoUser").await);
    new_signing_key(&admin, "findings").await;
    let r = range(&world, 3_600);
    let begin = world.clock.now();
    let places = [
        ("198.51.100.1", "DE", 64_500),
        ("203.0.113.1", "DE", 64_501),
        ("192.0.2.1", "AT", 64_500),
        ("2001:db8:7::9", "DE", 64_503),
    ];
    let sessions: Vec<_> = (1..)
        .zip(places)
        .map(|(n, (address, land, asn))| with(viewing(&world, n, "", address, land, asn), theirs("shared")))
        .collect();
    beats(&world, &sessions, begin);
    let of_token = |one: &Value| one["jti"] == "shared" && one["code"] == "ADDRESSES";
    let token = found(&user, &r, |one| of_token(one) && one["whereabouts"]["running"] == 4).await;
    assert_eq!(
        (
            &token["status"],
            &token["notRevocableBecause"],
            &token["banned"],
            &token["blocked"]
        ),
        (&json!("ACTIVE"), &Value::Null, &Value::Null, &Value::Null)
    );
    let whereabouts = &token["whereabouts"];
    assert_eq!(whereabouts["addresses"].as_array().unwrap().len(), 4, "{token}");
    assert_eq!(
        whereabouts["networks"][0],
        json!({ "asn": 64_500, "provider": "Telecom 64500" }),
        "the most common first"
    );
    assert_eq!(
        (&whereabouts["countries"], &whereabouts["referrers"]),
        (&json!(["DE", "AT"]), &json!(["shop.example"]))
    );
    let of_viewer = |one: &Value| one["user"] == "user of shared" && one["code"] == "ADDRESSES";
    let viewer = found(&user, &r, of_viewer).await;
    assert_eq!((&viewer["banned"], &viewer["status"]), (&json!(false), &Value::Null));
    assert_eq!(viewer["whereabouts"], token["whereabouts"]);

    // Somebody forges tokens at one of the addresses; an IPv6 one stands for its /64.
    for _ in 0..10 {
        denied(&world, begin, "2001:db8:7::1".parse().unwrap(), Reason::TokenSignature);
    }
    let of_address = |one: &Value| one["ip"] == "2001:db8:7::";
    let address = found(&user, &r, of_address).await;
    assert_eq!(address["blocked"], false);
    assert_eq!(
        (&address["whereabouts"]["addresses"], &address["whereabouts"]["running"]),
        (&json!(["2001:db8:7::9"]), &json!(1))
    );
    let running = "query($f: SessionFilter) { organisation { sessions(filter: $f) { nodes { address } } } }";
    for (filter, many) in [
        (json!({ "ip": "2001:db8:7::/64", "live": true }), 1),
        (json!({ "ip": "2001:db8:7:0:1::/64" }), 1),
        (json!({ "ip": "2001:db8:8::/64" }), 0),
        (json!({ "jti": "shared", "live": true }), 4),
        (json!({ "user": "user of shared", "live": true }), 4),
    ] {
        let data = user.data(running, json!({ "f": filter })).await;
        let nodes = data["organisation"]["sessions"]["nodes"].as_array().unwrap().len();
        assert_eq!(nodes, many, "{filter}");
    }

    // Whoever does it, and before anybody looks.
    admin.revoke(json!({ "jti": "shared" })).await;
    let ban = "mutation { banUser(input: {user: \"user of shared\"}) { errors { code } } }";
    admin.data(ban, json!({})).await;
    // By where it was last seen.
    for (kind, value) in [("ASN", "64503"), ("COUNTRY", "DE")] {
        let rule = "mutation($k: GuardianKind!, $v: String!) { createGuardianRule(input: {kind: $k, value: $v, action: DENY}) {
            errors { code } } }";
        admin.data(rule, json!({ "k": kind, "v": value })).await;
        let address = found(&user, &r, of_address).await;
        let by = &address["blockedBy"];
        assert_eq!(
            (&address["blocked"], &by["kind"], &by["value"]),
            (&json!(true), &json!(kind), &json!(value))
        );
        let unrule = "mutation($i: ID!) { deleteGuardianRule(input: {id: $i}) { errors { code } } }";
        admin.data(unrule, json!({ "i": by["id"] })).await;
    }
    let rule =
        "mutation($v: String!) { createGuardianRule(input: {kind: IP, value: $v, action: DENY}) { errors { code } } }";
    admin.data(rule, json!({ "v": "2001:db8:7::" })).await;
    assert_eq!(
        found(&user, &r, of_address).await["blocked"],
        false,
        "one address of it is"
    );
    admin.data(rule, json!({ "v": "2001:db8:7::/64" })).await;
    let token = found(&user, &r, of_token).await;
    assert_eq!(
        (&token["status"], &token["notRevocableBecause"]),
        (&json!("REVOKED"), &json!("it is revoked already"))
    );
    assert_eq!(found(&user, &r, of_viewer).await["banned"], true);
    assert_eq!(found(&user, &r, of_address).await["blocked"], true);

    for facts in &sessions {
        ends(&world, facts, begin.plus(Duration::from_secs(70)));
    }
    let left = |one: &Value| of_token(one) && one["whereabouts"]["running"] == 0;
    let token = found(&user, &r, left).await;
    assert_eq!(
        token["whereabouts"]["countries"],
        json!(["DE", "AT"]),
        "it is known still"
    );
}

#[tokio::test]
async fn a_finding_says_how_whom_it_is_of_stands_and_where_they_were() {
    findings_stand_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_finding_says_how_whom_it_is_of_stands_and_where_they_were_on_postgresql() {
    findings_stand_on(Kind::Postgres).await;
}

/// Goes on with another token.
fn renews(world: &World, facts: &SessionFacts, at: Timestamp, grant: Grant) {
    let renewed = Event::Renewed {
        session: facts.session,
        organisation: facts.organisation,
        grant,
    };
    world.node.tell(at, renewed);
}

async fn renewed_sessions_count_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let r = range(&world, 3_600);
    let begin = world.clock.now();
    let later = |seconds| begin.plus(Duration::from_secs(seconds));
    let short = Grant {
        expires: later(30),
        ..theirs("first")
    };
    let over = session(&world, 1, short.clone());
    world.node.tell(begin, Event::Started(over.clone()));
    renews(&world, &over, later(20), theirs("second"));
    renews(&world, &over, later(40), theirs("third"));
    ends(&world, &over, later(60));
    let on = with(viewing(&world, 2, "", "198.51.100.8", "AT", 64_501), theirs("fourth"));
    world.node.tell(later(10), Event::Started(on.clone()));
    renews(&world, &on, later(15), theirs("fifth"));
    watched(&world, &session(&world, 3, short), later(5), 20);

    let rows = until(&admin, TOKENS, json!({ "r": r, "o": "JTI" }), TOKEN_ROWS, 5).await;
    let of = |jti: &str| {
        rows.as_array()
            .unwrap()
            .iter()
            .find(|row| row["jti"] == jti)
            .unwrap()
            .clone()
    };
    let figures = |jti: &str| {
        let row = of(jti);
        (
            row["sessions"].clone(),
            row["durationSumS"].clone(),
            row["maxConcurrency"].clone(),
        )
    };
    assert_eq!(figures("first"), (json!(2), json!(80.0), json!(2)));
    assert_eq!(figures("second"), (json!(1), json!(60.0), json!(1)));
    assert_eq!(figures("third"), (json!(1), json!(60.0), json!(1)));
    assert_eq!(of("second")["topCountries"], json!([{ "name": "DE", "value": 1.0 }]));
    for jti in ["fourth", "fifth"] {
        assert_eq!(
            (&of(jti)["lastEnd"], &of(jti)["ips"]),
            (&Value::Null, &json!(1)),
            "{jti}"
        );
    }
    // Pages in every kind of order, one row at a time: none twice, and none left out.
    for order in ["SCORE", "LAST_END", "JTI", "DURATION_SUM", "MAX_CONCURRENCY"] {
        let (mut seen, mut after) = (Vec::new(), Value::Null);
        loop {
            let variables = json!({ "r": r, "o": order, "first": 1, "after": after });
            let page = admin.data(TOKENS, variables).await["organisation"]["analytics"]["byToken"].clone();
            assert_eq!(page["totalCount"], 5, "{order}");
            seen.push(page["nodes"][0]["jti"].as_str().unwrap().to_owned());
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
        seen.sort();
        assert_eq!(seen, ["fifth", "first", "fourth", "second", "third"], "{order}");
    }
    // By an earlier one, too: its row, its addresses, its countries.
    let one = json!({ "jti": "second" });
    let row = until(&admin, TOKENS, json!({ "r": r, "f": one }), TOKEN_ROWS, 1).await;
    assert_eq!(row[0]["jti"], "second");
    let apart = "query($r: TimeRange!, $f: AnalyticsFilter) { organisation { analytics(range: $r, filter: $f) {
        byAddress { nodes { ip sessions } } breakdown(metric: SESSIONS, by: COUNTRY) { name value } } } }";
    let apart = admin.data(apart, json!({ "r": r, "f": one })).await["organisation"]["analytics"].clone();
    assert_eq!(
        apart["byAddress"]["nodes"],
        json!([{ "ip": "198.51.100.7", "sessions": 1 }])
    );
    assert_eq!(apart["breakdown"], json!([{ "name": "DE", "value": 1.0 }]));
    // Each stands by itself.
    world.pass(Duration::from_secs(90));
    admin.revoke(json!({ "user": "user of fourth" })).await;
    let now = stands(&admin, &r, 5).await;
    let status = ["first", "second", "fourth", "fifth"].map(|jti| now[jti].0.as_str());
    assert_eq!(status, ["EXPIRED", "ACTIVE", "REVOKED", "REVOKED"]);
}

#[tokio::test]
async fn a_session_counts_for_each_token_that_it_ran_on() {
    renewed_sessions_count_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_session_counts_for_each_token_that_it_ran_on_on_postgresql() {
    renewed_sessions_count_on(Kind::Postgres).await;
}
