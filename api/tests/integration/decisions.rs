//! Why somebody was refused, and whether somebody would be: for whoever may know, by the decision that the doors make.

use std::time::Duration;

use guard::{Binding, Use};
use ids::UseId;
use link::{Answer, Counted, Kind, Question, Visitor};
use serde_json::{Value, json};

use crate::harness::{Client, T0, World};

const DECISION: &str = "query($id: ID!) { decision(id: $id) {
    id at stream door protocol address admitted reason until steps { check lookedAt outcome because } } }";
const EXPLAIN: &str = "query($i: ExplainInput!) { explain(input: $i) {
    id admitted reason until steps { check lookedAt outcome because } } }";

#[tokio::test]
async fn a_refusal_is_found_by_its_id_by_whoever_may_know_why() {
    let world = World::new().await;
    let user = world.as_role("nanoUser").await;
    let id = world.refused(&user, 1).await;
    let found = user.data(DECISION, json!({ "id": id })).await["decision"].clone();
    assert_eq!(
        (&found["id"], &found["admitted"], &found["reason"], &found["protocol"]),
        (&json!(id), &json!(false), &json!("TOKEN_EXPIRED"), &json!("HLS"))
    );
    assert_eq!(
        (&found["stream"], &found["address"]),
        (&json!(world.stream()), &json!("203.0.113.9"))
    );
    assert_eq!(
        (&found["steps"][0]["outcome"], &found["steps"][0]["because"]),
        (&json!("FAILED"), &json!("TOKEN_EXPIRED: the token has expired"))
    );
    let reader = world.as_role("nanoReadOnly").await;
    assert_eq!(reader.code(DECISION, json!({ "id": id })).await, "FORBIDDEN");
    let outsider = world.outsider().await;
    assert_eq!(outsider.code(DECISION, json!({ "id": id })).await, "NOT_FOUND");
    let world = world.restarted().await;
    let user = world.as_role("nanoUser").await;
    assert_eq!(user.data(DECISION, json!({ "id": id })).await["decision"]["id"], *id);
}

const REFUSALS: &str = "query($f: RefusalFilter, $n: Int, $a: String) {
    organisation { refusals(filter: $f, first: $n, after: $a) {
        totalCount pageInfo { hasNextPage endCursor }
        nodes { id reason stream address visitor { country asn provider user tag jti userAgent referrer } } } } }";

async fn refusals_are_listed_on(kind: testkit::Kind) {
    let world = World::on(kind).await;
    let user = world.as_role("nanoUser").await;
    let bare = world.refused(&user, 1).await;
    let viewing = world.viewing(world.stream(), 1);
    let decision = ids::DecisionId::mint(2, [5; 10]).to_string();
    let visitor = Visitor {
        place: guard::Place {
            country: "DE".parse().ok(),
            asn: Some(guard::Asn::new(64_500)),
        },
        provider: Some("Telecom".into()),
        grant: Some(guard::Grant {
            user: Some("ann".into()),
            tag: Some("web".into()),
            ..crate::harness::granted("tok")
        }),
        user_agent: Some("Player/1".into()),
        referrer: Some("shop.example".into()),
    };
    let kind = Kind::Denied {
        organisation: Some(viewing.organisation),
        stream: viewing.name.clone(),
        door: viewing.door,
        protocol: viewing.protocol,
        address: [192, 0, 2, 7].into(),
        reason: guard::Reason::TokenRevoked,
        decision: decision.parse().unwrap(),
        trace: vec![],
        visitor,
    };
    world.node.tell(world.clock.now(), kind);
    while user.ask(DECISION, json!({ "id": decision })).await.code().is_some() {
        tokio::task::yield_now().await;
    }
    let ask = async |variables: Value| user.data(REFUSALS, variables).await["organisation"]["refusals"].clone();
    let all = ask(json!({})).await;
    assert_eq!(
        (&all["totalCount"], &all["nodes"][0]["id"], &all["nodes"][1]["id"]),
        (&json!(2), &json!(decision), &json!(bare))
    );
    assert_eq!(
        all["nodes"][0]["visitor"],
        json!({ "country": "DE", "asn": 64_500, "provider": "Telecom", "user": "ann", "tag": "web", "jti": "tok",
            "userAgent": "Player/1", "referrer": "shop.example" })
    );
    assert_eq!(all["nodes"][1]["visitor"]["jti"], Value::Null);
    let first = ask(json!({ "n": 1 })).await;
    let cursor = first["pageInfo"]["endCursor"].clone();
    let second = ask(json!({ "n": 1, "a": cursor })).await;
    assert_eq!(
        (&first["pageInfo"]["hasNextPage"], &second["pageInfo"]["hasNextPage"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(second["nodes"][0]["id"], json!(bare));
    let filters = [
        (json!({ "jti": "tok" }), 1),
        (json!({ "user": "ann" }), 1),
        (json!({ "ip": " ::ffff:192.0.2.7" }), 1),
        (json!({ "reason": "TOKEN_EXPIRED" }), 1),
        (json!({ "stream": world.stream() }), 2),
        (json!({ "door": "INGEST" }), 0),
        (json!({ "jti": "tok", "reason": "TOKEN_EXPIRED" }), 0),
    ];
    for (filter, many) in filters {
        assert_eq!(ask(json!({ "f": filter })).await["totalCount"], many, "{filter}");
    }
    let nul = user.ask(REFUSALS, json!({ "f": { "user": "a\u{0}" } })).await;
    assert_eq!(nul.code().as_deref(), Some("INVALID"));

    let reader = world.as_role("nanoReadOnly").await;
    assert_eq!(reader.code(REFUSALS, json!({})).await, "FORBIDDEN");
    let outsider = world.outsider().await;
    assert_eq!(
        outsider.data(REFUSALS, json!({})).await["organisation"]["refusals"]["totalCount"],
        0
    );
}

#[tokio::test]
async fn who_was_refused_is_listed_with_who_it_was_and_found_by_it() {
    refusals_are_listed_on(testkit::Kind::Sqlite).await;
}

#[tokio::test]
async fn who_was_refused_is_listed_with_who_it_was_and_found_by_it_on_postgresql() {
    refusals_are_listed_on(testkit::Kind::Postgres).await;
}

#[tokio::test]
async fn a_crowd_of_refusals_keeps_the_newest_and_costs_no_more_than_so_many() {
    let world = World::new().await;
    let user = world.as_role("nanoUser").await;
    let first = world.refused(&user, 1).await;
    // Older than anybody asks about.
    world.pass(Duration::from_hours(31 * 24));
    let world = world.restarted().await;
    let user = world.as_role("nanoUser").await;
    while user.ask(DECISION, json!({ "id": first })).await.code().is_none() {
        tokio::task::yield_now().await;
    }
    // All in one batch: a batch is what came while the one before was written.
    let viewing = world.viewing(world.stream(), 1);
    for n in 0..500 {
        let kind = Kind::Denied {
            organisation: Some(viewing.organisation),
            stream: viewing.name.clone(),
            door: viewing.door,
            protocol: viewing.protocol,
            address: viewing.address,
            reason: guard::Reason::TokenMissing,
            decision: ids::DecisionId::mint(1000 + n, [5; 10]),
            trace: vec![],
            visitor: link::Visitor::default(),
        };
        world.node.tell(world.clock.now(), kind);
    }
    let last = world.refused(&user, 9_000).await;
    let mut kept = 0;
    for n in 0..500 {
        let id = ids::DecisionId::mint(1000 + n, [5; 10]).to_string();
        kept += usize::from(user.ask(DECISION, json!({ "id": id })).await.code().is_none());
    }
    assert!((1..500).contains(&kept), "{kept} of 500 were kept");
    assert!(user.ask(DECISION, json!({ "id": last })).await.code().is_none());
}

async fn explain(client: &Client, input: Value) -> Value {
    client.data(EXPLAIN, json!({ "i": input })).await["explain"].clone()
}

fn failed(explained: &Value) -> Vec<String> {
    let steps = explained["steps"].as_array().unwrap();
    steps
        .iter()
        .filter(|step| step["outcome"] == "FAILED")
        .map(|step| step["check"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn what_is_explained_is_what_would_be_decided() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let name = world.stream();
    let token = |made: Value| made["token"].as_str().unwrap().to_owned();
    let good = token(admin.make_token(json!({ "streams": [name], "ttlSeconds": 600 })).await);
    let ask = |more: Value| {
        let mut input = json!({ "stream": name, "ip": "192.0.2.9", "token": good });
        for (field, value) in more.as_object().unwrap() {
            input[field] = value.clone();
        }
        input
    };
    // Nobody publishes.
    let offline = explain(&admin, ask(json!({}))).await;
    assert_eq!(
        (&offline["admitted"], &offline["reason"]),
        (&json!(false), &json!("STREAM_OFFLINE"))
    );
    assert_eq!(failed(&offline), ["live"]);
    let viewing = world.viewing(name, 1);
    let (stream, organisation) = (viewing.stream, viewing.organisation);
    world.node.tell(T0, Kind::Live { stream, organisation });
    let passes = loop {
        let explained = explain(&admin, ask(json!({}))).await;
        if explained["admitted"] == true {
            break explained;
        }
        assert_eq!(explained["reason"], "STREAM_OFFLINE");
        tokio::task::yield_now().await;
    };
    assert_eq!((&passes["id"], &passes["reason"]), (&json!(null), &json!(null)));
    assert!(passes["until"].is_string() && failed(&passes).is_empty(), "{passes}");
    let checks = |explained: &Value| -> Vec<String> {
        let steps = explained["steps"].as_array().unwrap();
        steps
            .iter()
            .map(|step| step["check"].as_str().unwrap().to_owned())
            .collect()
    };
    assert!(checks(&passes).iter().any(|check| check == "signature"), "{passes}");

    let bound = token(
        admin
            .make_token(json!({ "streams": [name], "bindIps": 1, "maxUses": 1 }))
            .await,
    );
    let site = token(
        admin
            .make_token(json!({ "streams": [name], "domains": ["example.com"] }))
            .await,
    );
    let rule =
        "mutation { createGuardianRule(input: {kind: IP, value: \"203.0.113.0/24\", action: DENY}) { rule { id } } }";
    admin.data(rule, json!({})).await;
    for (more, reason) in [
        (json!({ "token": null }), "TOKEN_MISSING"),
        (json!({ "token": "a.b.c" }), "TOKEN_MALFORMED"),
        (json!({ "at": "2027-01-16T08:00:00Z" }), "TOKEN_EXPIRED"),
        (json!({ "ip": "203.0.113.9" }), "GUARDIAN_IP"),
        (
            json!({ "token": site, "referer": "https://evil-example.com/" }),
            "TOKEN_DOMAIN",
        ),
        (json!({ "door": "INGEST", "token": null, "key": "wrong" }), "INGEST_KEY"),
    ] {
        let explained = explain(&admin, ask(more.clone())).await;
        assert_eq!(
            (&explained["admitted"], &explained["reason"]),
            (&json!(false), &json!(reason)),
            "{more}"
        );
        assert_eq!(failed(&explained).len(), 1, "{more}: {explained}");
    }
    let on_site = ask(json!({ "token": site, "origin": "https://example.com" }));
    assert_eq!(explain(&admin, on_site).await["admitted"], true);

    // Nothing is counted or bound for an explanation, and what was counted is known to it.
    let of_bound = ask(json!({ "token": bound }));
    for _ in 0..3 {
        assert_eq!(explain(&admin, of_bound.clone()).await["admitted"], true);
    }
    let jti = guard::Token::parse(&bound).unwrap().claims().unwrap().jti.clone();
    let counted = Counted {
        organisation,
        jti,
        expires: T0,
    };
    let questions = &world.node.questions;
    let used = Question::Use {
        token: counted.clone(),
        id: UseId::mint(1, [1; 10]),
        most: 1,
    };
    assert_eq!(questions.ask(used).await, Some(Answer::Use(Use::Reserved)));
    assert_eq!(explain(&admin, of_bound.clone()).await["reason"], "TOKEN_USED");
    let there = Question::Binding {
        token: counted,
        address: [192, 0, 2, 10].into(),
        most: 1,
    };
    assert_eq!(questions.ask(there).await, Some(Answer::Binding(Binding::Bound)));
    assert_eq!(explain(&admin, of_bound).await["reason"], "TOKEN_BOUND");

    // Of what is revoked, and of what is others'.
    admin.revoke(json!({ "token": good })).await;
    assert_eq!(explain(&admin, ask(json!({}))).await["reason"], "TOKEN_REVOKED");
    let query = json!({ "i": { "stream": name, "ip": "192.0.2.9" } });
    assert_eq!(world.outsider().await.code(EXPLAIN, query.clone()).await, "NOT_FOUND");
    assert_eq!(
        world.as_role("nanoReadOnly").await.code(EXPLAIN, query).await,
        "FORBIDDEN"
    );
    let nowhere = json!({ "i": { "stream": name, "ip": "nowhere" } });
    assert_eq!(admin.code(EXPLAIN, nowhere).await, "INVALID");
}
