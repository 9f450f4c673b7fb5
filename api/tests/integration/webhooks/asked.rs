//! Questions: what is said, what an answer means, and that nobody waits for somebody else's backend.

use std::time::Duration;

use guard::Verdict;
use ids::SessionId;
use link::{Inquiry, Kind, SessionFacts};
use serde_json::{Value, json};

use super::{
    answer, broadcaster, hook, log, logged,
    receiver::{Receiver, Says},
    set, viewer,
};
use crate::harness::{T0, World};

const ALWAYS: Option<Verdict> = Some(Verdict::Allowed { until: None });

fn until(seconds: u64) -> Verdict {
    Verdict::Allowed {
        until: Some(T0.plus(Duration::from_secs(seconds))),
    }
}

#[tokio::test]
async fn a_viewer_is_asked_about_in_the_names_of_the_guide_signed() {
    let world = World::new().await;
    let (admin, receiver) = (world.as_role("nanoAdmin").await, Receiver::start().await);
    let (id, secret) = hook(&admin, json!({ "url": receiver.url, "calls": ["ON_PLAY"] })).await;
    receiver.says(Says::Answer(200, json!({ "lifetime_s": 20 }).to_string()));
    let inquiry = link::Inquiry {
        credential: Some("opaque token".into()),
        ..viewer(&world, world.stream())
    };
    let session = inquiry.client.to_string();
    assert_eq!(answer(&world, inquiry).await, Some(until(20)));
    let seen = receiver.until(1).await.remove(0);
    assert_eq!(seen.signatures_by(&secret), 1);
    assert_eq!(seen.header("webhook-timestamp"), T0.s().to_string());
    let form = seen.form();
    let (seconds, ms) = ("0".to_owned(), T0.ms().to_string());
    let wanted = [
        ("addr", "203.0.113.9"),
        ("app", "live"),
        ("bytes_in", "0"),
        ("bytes_out", "0"),
        ("call", "play"),
        ("clientid", &session),
        ("name", world.stream()),
        ("protocol", "websocket"),
        ("referrer", "app.example.com"),
        ("session", &session),
        ("time", &seconds),
        ("timestamp", &ms),
        ("token", "opaque token"),
        ("user_agent", "player/1"),
    ];
    let form: Vec<_> = form
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(form, wanted);

    // The log says what came of it, and holds nothing of what was said.
    let entry = logged(&admin, |entry| entry["call"] == "play").await;
    assert_eq!(entry["id"], seen.header("webhook-id"));
    assert_eq!(
        (
            &entry["state"],
            &entry["status"],
            &entry["stream"],
            &entry["attempts"],
            &entry["webhook"]
        ),
        (&json!("DELIVERED"), &json!(200), &json!(world.stream()), &json!(1), &id)
    );
    assert_eq!(
        (&entry["error"], &entry["content"], &entry["nextAt"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert!(entry["tookMs"].is_number());
    assert!(!entry.to_string().contains("opaque"));
    let again = "mutation($i: ID!) { redeliverWebhook(input: {id: $i}) { errors { code } } }";
    let again = admin.data(again, json!({ "i": entry["id"] })).await;
    assert_eq!(again["redeliverWebhook"]["errors"][0]["code"], "NOT_REDELIVERABLE");
}

#[tokio::test]
async fn a_broadcaster_is_asked_about_with_their_parameters_beside_ours() {
    let world = World::new().await;
    let (admin, receiver) = (world.as_role("nanoAdmin").await, Receiver::start().await);
    let (id, _) = hook(&admin, json!({ "url": receiver.url, "calls": ["ON_PUBLISH"] })).await;
    assert_eq!(answer(&world, broadcaster(&world, world.stream())).await, ALWAYS);
    let form = receiver.until(1).await[0].form();
    assert_eq!(
        (&*form["call"], &*form["name"], &*form["quality"]),
        ("publish", world.stream(), "high")
    );
    assert!(!form.contains_key("token") && !form.contains_key("key"), "{form:?}");
    set(&admin, json!({ "id": id, "encoding": "JSON" })).await;
    assert_eq!(answer(&world, broadcaster(&world, world.stream())).await, ALWAYS);
    let body = receiver.until(2).await[1].json();
    assert_eq!(body["params"], json!({ "quality": "high" }));
    assert_eq!(
        (&body["call"], &body["time"], &body["timestamp"]),
        (&json!("publish"), &json!(0), &json!(T0.ms()))
    );
    // For playback nobody is asked here any more: a node that does not know it yet lets in whose token it believed, and
    // nobody whom the backend alone could judge.
    let believed = viewer(&world, world.stream());
    let opaque = Inquiry {
        credential: Some("opaque".into()),
        ..believed.clone()
    };
    assert_eq!(answer(&world, believed).await, ALWAYS);
    assert_eq!(answer(&world, opaque).await, Some(Verdict::Unavailable));
}

#[tokio::test]
async fn a_beginning_is_told_once_and_whoever_publishes_is_asked_about_by_another_name_only() {
    let world = World::new().await;
    let (admin, receiver) = (world.as_role("nanoAdmin").await, Receiver::start().await);
    let (id, _) = hook(&admin, json!({ "url": receiver.url, "calls": ["ON_PUBLISH"] })).await;
    let edition = || {
        let policy = world.node.policy.lock().unwrap().clone();
        let id = world.viewing(world.stream(), 1).organisation;
        policy.backend_edition(id)
    };
    let begins = broadcaster(&world, world.stream());
    assert_eq!(answer(&world, begins.clone()).await, ALWAYS);
    receiver.until(1).await;
    // A webhook that is changed is another edition, about which nodes ask anew. It would refuse a beginning now.
    let before = edition();
    receiver.says(Says::Answer(403, String::new()));
    set(&admin, json!({ "id": id, "encoding": "JSON" })).await;
    assert!(edition() > before);
    let goes_on = link::Inquiry {
        running: true,
        ..begins.clone()
    };
    assert_eq!(answer(&world, goes_on.clone()).await, ALWAYS);
    assert_eq!(receiver.seen().len(), 1, "nobody was called");
    assert_eq!(answer(&world, begins).await, Some(Verdict::Denied));
    // With a say in it, the same question is one.
    set(
        &admin,
        json!({ "id": id, "calls": ["ON_PUBLISH", "ON_PUBLISH_UPDATE"] }),
    )
    .await;
    assert_eq!(answer(&world, goes_on).await, Some(Verdict::Denied));
    let calls: Vec<_> = receiver.until(3).await[1..]
        .iter()
        .map(|seen| seen.json()["call"].clone())
        .collect();
    assert_eq!(calls, ["publish", "update_publish"]);
}

#[tokio::test]
async fn what_is_no_answer_follows_the_word_for_outages() {
    let world = World::new().await;
    let (admin, receiver) = (world.as_role("nanoAdmin").await, Receiver::start().await);
    let elsewhere = Receiver::start().await;
    let (id, _) = hook(&admin, json!({ "url": receiver.url, "calls": ["ON_PLAY"] })).await;
    let ask = async || answer(&world, viewer(&world, world.stream())).await;
    let lies = [
        Says::Redirect(elsewhere.url.clone()),
        Says::Answer(500, "{\"lifetime_s\": 60}".to_owned()),
        Says::Answer(200, "{\"lifetime_s\": -1}".to_owned()),
        Says::Answer(
            200,
            format!("{{\"lifetime_s\": 60, \"x\": \"{}\"}}", "x".repeat(70_000)),
        ),
        Says::Nothing,
    ];
    for (outage, wanted) in [("CLOSED", Some(Verdict::Unavailable)), ("OPEN", Some(until(60)))] {
        set(&admin, json!({ "id": id, "outage": outage })).await;
        for says in &lies {
            receiver.says(says.clone());
            assert_eq!(ask().await, wanted, "{says:?}");
        }
        for status in [400, 403, 404, 429] {
            receiver.says(Says::Answer(status, String::new()));
            assert_eq!(ask().await, Some(Verdict::Denied), "{status}");
        }
    }
    assert!(elsewhere.seen().is_empty(), "a redirect was followed");
    let errors = [
        "answered 302: redirects are not followed",
        "answered 500",
        "`lifetime_s` is not a number above 0",
        "the answer is larger than 64 KB",
        "no answer within 3 s",
    ];
    for error in errors {
        let entry = logged(&admin, |entry| entry["error"] == error).await;
        assert_eq!(entry["state"], "FAILED", "{entry}");
    }
    let denied = log(&admin, json!({ "state": "DENIED" })).await;
    assert!(denied.iter().any(|entry| entry["status"] == 403) && denied.iter().all(|entry| entry["error"].is_null()));
}

#[tokio::test]
async fn a_backend_that_does_not_answer_delays_nobody_elses() {
    let world = World::new().await;
    let (admin, outsider) = (world.as_role("nanoAdmin").await, world.outsider().await);
    let (slow, quick) = (Receiver::start().await, Receiver::start().await);
    hook(&admin, json!({ "url": slow.url, "calls": ["ON_PLAY"] })).await;
    hook(&outsider, json!({ "url": quick.url, "calls": ["ON_PLAY"] })).await;
    slow.says(Says::Nothing);
    let theirs = "mutation { createStream(input: {}) { stream { name } } }";
    let theirs = outsider.data(theirs, json!({})).await["createStream"]["stream"]["name"].clone();
    let mut waiting = tokio::task::JoinSet::new();
    for n in 0..300 {
        let inquiry = link::Inquiry {
            client: SessionId::mint(n, [1; 10]),
            ..viewer(&world, world.stream())
        };
        let questions = world.node.questions.clone();
        waiting.spawn(async move { questions.ask(link::Question::Backend(Box::new(inquiry))).await });
    }
    slow.until(200).await;
    let inquiry = viewer(&world, theirs.as_str().unwrap());
    assert_eq!(answer(&world, inquiry).await, ALWAYS);
    assert!(waiting.try_join_next().is_none(), "they still wait");
    while let Some(answer) = waiting.join_next().await {
        assert_eq!(answer.unwrap(), Some(link::Answer::Backend(Verdict::Unavailable)));
    }
}

#[tokio::test]
async fn whether_a_broadcaster_may_go_on_is_asked_with_what_came_in_so_far() {
    let world = World::new().await;
    let (admin, receiver) = (world.as_role("nanoAdmin").await, Receiver::start().await);
    let (id, _) = hook(
        &admin,
        json!({ "url": receiver.url, "calls": ["ON_PUBLISH_UPDATE"], "encoding": "JSON" }),
    )
    .await;
    // Nobody is asked at the door, and after 30 s for the first time: nodes ask 5 s before a word ends.
    let first = broadcaster(&world, world.stream());
    assert_eq!(answer(&world, first.clone()).await, Some(until(35)));
    assert!(receiver.seen().is_empty());
    let facts = SessionFacts {
        session: first.client,
        door: guard::Door::Ingest,
        protocol: link::Protocol::Rtmp,
        ..world.viewing(world.stream(), 1)
    };
    let (session, organisation) = (facts.session, facts.organisation);
    world.node.tell(world.clock.now(), Kind::Started(facts));
    let beat = Kind::Beat {
        session,
        organisation,
        bytes: 4711,
        requests: 1,
    };
    world.node.tell(world.clock.now(), beat);
    let sessions = "{ organisation { sessions { nodes { bytes } } } }";
    while admin.data(sessions, json!({})).await["organisation"]["sessions"]["nodes"][0]["bytes"] != 4711.0 {
        tokio::task::yield_now().await;
    }
    world.pass(Duration::from_secs(30));
    let again = link::Inquiry { running: true, ..first };
    assert_eq!(answer(&world, again.clone()).await, Some(until(65)));
    let body = receiver.until(1).await[0].json();
    assert_eq!(
        (
            &body["call"],
            &body["time"],
            &body["bytes_in"],
            &body["bytes_out"],
            &body["clientid"]
        ),
        (
            &json!("update_publish"),
            &json!(30),
            &json!(4711),
            &json!(0),
            &json!(session.to_string())
        )
    );
    assert_eq!(body["params"]["quality"], "high");
    receiver.says(Says::Answer(403, String::new()));
    assert_eq!(answer(&world, again.clone()).await, Some(Verdict::Denied));
    // Switched off meanwhile: whoever is in stays.
    set(&admin, json!({ "id": id, "calls": [] })).await;
    assert_eq!(answer(&world, again).await, ALWAYS);
}
