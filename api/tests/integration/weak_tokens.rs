//! What could be better about the tokens that are shown at the doors: told of each session, and summed up by key.

use std::time::Duration;

use guard::{
    Grant, Word,
    lint::{Marks, Traits},
};
use link::{Kind as Event, SessionFacts};
use serde_json::{Value, json};
use testkit::Kind;

use crate::harness::{Client, World, granted};

const GOOD: Traits = Traits {
    publishes: false,
    lifetime: Duration::from_mins(5),
    organisation_wide: false,
    has_ip: true,
    has_domains: true,
    has_user: true,
    has_tag: true,
    revocable: true,
    force_disconnect: true,
    is_static: false,
};

fn theirs(kid: Option<&str>, jti: &str, marks: Marks) -> Grant {
    let word = match kid {
        Some(_) => Word::Signed { ours: false },
        None => Word::Listed,
    };
    Grant {
        kid: kid.map(Into::into),
        word,
        marks,
        ..granted(jti)
    }
}

async fn seen(person: &Client) -> Vec<Value> {
    let query =
        "{ organisation { weakTokens { advice { code severity } kid ours sessions jti firstSeenAt lastSeenAt } } }";
    let found = person.data(query, json!({})).await["organisation"]["weakTokens"].clone();
    found.as_array().unwrap().clone()
}

/// Code, severity, key, sessions and example of each, in an order of their own.
fn told(seen: &[Value]) -> Vec<(String, String, Value, i64, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut told: Vec<_> = seen
        .iter()
        .map(|one| {
            let advice = &one["advice"];
            (
                text(&advice["code"]),
                text(&advice["severity"]),
                one["kid"].clone(),
                one["sessions"].as_i64().unwrap(),
                text(&one["jti"]),
            )
        })
        .collect();
    told.sort_by(|one, other| (&one.0, one.2.to_string()).cmp(&(&other.0, other.2.to_string())));
    told
}

async fn tokens_are_linted_as_they_are_seen(kind: Kind) {
    let world = World::on(kind).await;
    let (admin, user) = (world.as_role("nanoAdmin").await, world.as_role("nanoUser").await);
    assert_eq!(seen(&admin).await, [] as [Value; 0]);
    let open = Traits {
        has_ip: false,
        lifetime: Duration::from_hours(25),
        ..GOOD
    };
    let fixed = Traits {
        is_static: true,
        has_user: false,
        ..GOOD
    };
    let stream = world.stream();
    let begin = async |n, grant| {
        let facts = SessionFacts {
            grant: Some(grant),
            ..world.viewing(stream, n)
        };
        world.begins(&admin, facts).await;
    };
    begin(1, theirs(Some("theirs"), "one", open.marks())).await;
    world.pass(Duration::from_mins(1));
    begin(2, theirs(Some("theirs"), "two", open.marks())).await;
    begin(
        3,
        theirs(Some("other"), "three", Traits { has_ip: false, ..GOOD }.marks()),
    )
    .await;
    begin(4, theirs(None, "static:test", fixed.marks())).await;
    // What is only good to know is nothing to list, nor are the dashboard's own viewers.
    begin(
        5,
        theirs(Some("good"), "four", Traits { has_tag: false, ..GOOD }.marks()),
    )
    .await;
    let member = admin.data("{ viewer { memberships { id } } }", json!({})).await;
    let member = member["viewer"]["memberships"][0]["id"].as_str().unwrap().to_owned();
    let own = Grant {
        user: Some(member.as_str().into()),
        kid: Some("key_ours".into()),
        marks: open.marks(),
        ..granted("tok_watch")
    };
    begin(6, own).await;
    let of = |code: &str, severity: &str, kid: Value, sessions, jti: &str| {
        (code.to_owned(), severity.to_owned(), kid, sessions, jti.to_owned())
    };
    let expected = [
        of("LIFETIME", "FAIL", json!("theirs"), 2, "two"),
        of("NO_IP", "WARN", json!("other"), 1, "three"),
        of("NO_IP", "WARN", json!("theirs"), 2, "two"),
        of("NO_USER", "WARN", Value::Null, 1, "static:test"),
        of("STATIC", "WARN", Value::Null, 1, "static:test"),
    ];
    assert_eq!(told(&seen(&user).await), expected);

    // Each session says it of its own token, and a newer one takes its place.
    let one =
        "query($jti: ID) { organisation { sessions(filter: { jti: $jti }) { nodes { jti tokenAdvice { code } } } } }";
    let advice = async |jti: &str| {
        let found = user.data(one, json!({ "jti": jti })).await;
        found["organisation"]["sessions"]["nodes"][0].clone()
    };
    let codes = |codes: &[&str]| codes.iter().map(|code| json!({ "code": code })).collect::<Vec<_>>();
    assert_eq!(
        advice("two").await["tokenAdvice"],
        json!(codes(&["LIFETIME", "NO_IP", "NEEDS_REFERRER"]))
    );
    assert_eq!(
        advice("four").await["tokenAdvice"],
        json!(codes(&["NO_TAG", "NEEDS_REFERRER"]))
    );
    let facts = world.viewing(stream, 2);
    let newer = Event::Renewed {
        session: facts.session,
        organisation: facts.organisation,
        grant: theirs(Some("theirs"), "newer", GOOD.marks()),
    };
    world.node.tell(world.clock.now(), newer);
    while advice("newer").await["jti"] != "newer" {
        tokio::task::yield_now().await;
    }
    assert_eq!(advice("newer").await["tokenAdvice"], json!(codes(&["NEEDS_REFERRER"])));
    assert_eq!(
        told(&seen(&user).await),
        expected,
        "nothing stands against the newer one"
    );

    // Nobody else sees it, and it is not told for ever.
    let reader = world.as_role("nanoReadOnly").await;
    let query = "{ organisation { weakTokens { jti } } }";
    assert_eq!(reader.code(query, json!({})).await, "FORBIDDEN");
    assert_eq!(seen(&world.outsider().await).await, [] as [Value; 0]);
    world.pass(Duration::from_hours(24 * 31));
    let admin = world.as_role("nanoAdmin").await;
    assert_eq!(seen(&admin).await, [] as [Value; 0]);
}

#[tokio::test]
async fn tokens_are_linted_as_they_are_seen_at_the_doors() {
    tokens_are_linted_as_they_are_seen(Kind::Sqlite).await;
}

#[tokio::test]
async fn tokens_are_linted_as_they_are_seen_at_the_doors_on_postgres() {
    tokens_are_linted_as_they_are_seen(Kind::Postgres).await;
}
