//! Who was in a session that is ended is kept out: by each of its tokens, by nodes that join later too, and for as long as
//! it is said.

use std::time::Duration;

use guard::{Grant, Reason, Word};
use link::{Kind, SessionFacts};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::{
    harness::{Node, T0, World, granted},
    made::new_signing_key,
    privacy::database,
};

const END: &str = "mutation($i: ID!) { endSession(input: {id: $i}) {
    barredUntil token { jti } change { sessionsEnded } errors { field code } } }";

async fn who_was_sent_away_is_kept_out(kind: testkit::Kind) {
    let world = World::on(kind).await;
    let user = world.as_role("nanoUser").await;
    let mut tokens = Vec::new();
    for _ in 0..3 {
        let made = user.make_token(json!({ "streams": [world.stream()] })).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        tokens.push((text(&made["token"]), text(&made["record"]["jti"])));
    }
    let [(first, first_jti), (newer, newer_jti), (other, _)] = <[_; 3]>::try_from(tokens).unwrap();
    let facts = SessionFacts {
        grant: Some(granted(&first_jti)),
        address: [192, 0, 2, 77].into(),
        ..world.viewing(world.stream(), 6)
    };
    let (session, organisation) = (facts.session, facts.organisation);
    let id = json!({ "i": session.to_string() });
    world.begins(&user, facts).await;
    let grant = granted(&newer_jti);
    world.node.tell(
        T0,
        Kind::Renewed {
            session,
            organisation,
            grant,
        },
    );
    let found = "query($j: ID!) { organisation { sessions(filter: {jti: $j}) { nodes { id } } } }";
    while user.data(found, json!({ "j": newer_jti })).await["organisation"]["sessions"]["nodes"] == json!([]) {
        tokio::task::yield_now().await;
    }
    // It is found by what it ran on before, and by where it is.
    let of = |by: Value| json!({ "f": by });
    let which = "query($f: SessionFilter) { organisation { sessions(filter: $f) { nodes { id } } } }";
    for (by, there) in [
        (json!({ "jti": first_jti }), true),
        (json!({ "ip": "::ffff:192.0.2.77" }), true),
        (json!({ "jti": "tok_of_nobody" }), false),
        (json!({ "ip": "192.0.2.78" }), false),
        (json!({ "ip": "nowhere" }), false),
    ] {
        let found = user.data(which, of(by.clone())).await["organisation"]["sessions"]["nodes"].clone();
        let expected = if there {
            json!([{ "id": session.to_string() }])
        } else {
            json!([])
        };
        assert_eq!(found, expected, "{by}");
        let reader = world.as_role("nanoReadOnly").await;
        assert_eq!(reader.code(which, of(by)).await, "FORBIDDEN");
    }
    assert_eq!(
        world.as_role("nanoReadOnly").await.code(END, id.clone()).await,
        "FORBIDDEN"
    );
    assert_eq!(world.outsider().await.code(END, id.clone()).await, "NOT_FOUND");
    assert_eq!(world.node.denies(world.stream(), &first, T0), None);

    let ended = user.data(END, id.clone()).await["endSession"].clone();
    assert_eq!(
        (&ended["errors"], &ended["barredUntil"]),
        (&json!([]), &json!("2027-01-15T08:05:00+00:00"))
    );
    assert_eq!(ended["token"]["jti"], *newer_jti);
    let later = Node::join(&world.connector, 8).await;
    let (last, over) = (T0.plus(Duration::from_secs(299)), T0.plus(Duration::from_mins(5)));
    for node in [&world.node, &later] {
        for token in [&first, &newer] {
            for at in [T0, last] {
                assert_eq!(node.denies(world.stream(), token, at), Some(Reason::SessionEnded));
            }
            assert_eq!(node.denies(world.stream(), token, over), None);
        }
        assert_eq!(node.denies(world.stream(), &other, T0), None);
    }
    // Who joins once that is over is told nothing of it.
    world.pass(Duration::from_mins(5));
    let world = world.restarted().await;
    assert_eq!(world.node.denies(world.stream(), &first, T0), None);
    let user = world.as_role("nanoUser").await;
    let again = user.data(END, id).await["endSession"].clone();
    assert_eq!(again["errors"], json!([{ "field": ["input", "id"], "code": "ENDED" }]));
}

const OFFER: &str = "mutation($i: ID!) { endSession(input: {id: $i}) {
    jti notRevocableBecause token { jti } errors { field code } } }";

async fn what_can_be_revoked_is_said_on(kind: testkit::Kind) {
    let world = World::on(kind).await;
    let (admin, user) = (world.as_role("nanoAdmin").await, world.as_role("nanoUser").await);
    let ended = async |n: u64, grant: Option<Grant>| {
        let facts = SessionFacts {
            grant,
            ..world.viewing(world.stream(), n)
        };
        let id = json!({ "i": facts.session.to_string() });
        world.begins(&admin, facts).await;
        user.data(OFFER, id).await["endSession"].clone()
    };
    let unrecorded = json!({ "token": null, "errors": [] });
    let says = |jti: Option<&str>, because: Option<&str>| {
        let mut said = unrecorded.clone();
        said["jti"] = json!(jti);
        said["notRevocableBecause"] = json!(because);
        said
    };
    let theirs = |jti: &str| Grant {
        word: Word::Signed { ours: false },
        ..granted(jti)
    };
    let kept = Grant {
        revocable: false,
        ..theirs("kept")
    };
    let stranger = Some("no key of your own signed it");
    assert_eq!(ended(1, Some(theirs("early"))).await, says(Some("early"), stranger));
    new_signing_key(&admin, "ending").await;
    assert_eq!(ended(2, Some(theirs("theirs"))).await, says(Some("theirs"), None));
    let shielded = Some("it was made not revocable");
    assert_eq!(ended(3, Some(kept)).await, says(Some("kept"), shielded));
    assert_eq!(ended(4, None).await, says(None, None));
    let made = user.make_token(json!({ "streams": [world.stream()] })).await["record"]["jti"].clone();
    let ours = ended(5, Some(granted(made.as_str().unwrap()))).await;
    assert_eq!(
        ours,
        json!({ "jti": made, "notRevocableBecause": null, "token": { "jti": made }, "errors": [] })
    );
    // What is offered can be taken up, once.
    for jti in [json!("theirs"), made] {
        let done = user.revoke(json!({ "jti": jti })).await;
        assert_eq!((&done["errors"], &done["revoked"]), (&json!([]), &json!(1)), "{jti}");
    }
    let again = Some("it is revoked already");
    assert_eq!(ended(6, Some(theirs("theirs"))).await, says(Some("theirs"), again));
}

#[tokio::test]
async fn whose_session_is_ended_is_said_to_be_revocable_whoever_signed_their_token() {
    what_can_be_revoked_is_said_on(testkit::Kind::Sqlite).await;
}

#[tokio::test]
async fn whose_session_is_ended_is_said_to_be_revocable_whoever_signed_their_token_on_postgresql() {
    what_can_be_revoked_is_said_on(testkit::Kind::Postgres).await;
}

async fn what_cannot_be_read_fails_no_end_on(kind: testkit::Kind) {
    let world = World::on(kind).await;
    let user = world.as_role("nanoUser").await;
    let facts = SessionFacts {
        grant: Some(granted("theirs")),
        ..world.viewing(world.stream(), 6)
    };
    let id = json!({ "i": facts.session.to_string() });
    world.begins(&user, facts).await;
    // Ending reads nothing there, only what is offered afterwards does.
    let database = database(&world).await;
    let run = async |statement: &str| database.execute_unprepared(statement).await.unwrap();
    run("ALTER TABLE revocation RENAME TO hidden").await;
    let ended = user.data(OFFER, id.clone()).await["endSession"].clone();
    let without = json!({ "jti": null, "notRevocableBecause": null, "token": null, "errors": [] });
    assert_eq!(ended, without);
    run("ALTER TABLE hidden RENAME TO revocation").await;
    let world = world.restarted().await;
    let user = world.as_role("nanoUser").await;
    let again = user.data(END, id).await["endSession"].clone();
    assert_eq!(again["errors"], json!([{ "field": ["input", "id"], "code": "ENDED" }]));
}

#[tokio::test]
async fn an_end_is_answered_where_nothing_can_be_offered_after_it() {
    what_cannot_be_read_fails_no_end_on(testkit::Kind::Sqlite).await;
}

#[tokio::test]
async fn an_end_is_answered_where_nothing_can_be_offered_after_it_on_postgresql() {
    what_cannot_be_read_fails_no_end_on(testkit::Kind::Postgres).await;
}

/// More than are closed in one transaction.
#[tokio::test]
async fn what_a_crash_left_open_is_closed_when_it_was_heard_of_last_however_many_there_are() {
    let world = World::new().await;
    let beat = T0.plus(Duration::from_secs(7));
    for n in 100..1301 {
        let facts = world.viewing(world.stream(), n);
        let (session, organisation) = (facts.session, facts.organisation);
        for (at, kind) in [
            (T0, Kind::Started(facts)),
            (
                beat,
                Kind::Beat {
                    session,
                    organisation,
                    bytes: n,
                    requests: 1,
                },
            ),
        ] {
            let node = world.node.id;
            while !world.node.events.tell(link::Event {
                at,
                node,
                kind: kind.clone(),
            }) {
                tokio::task::yield_now().await;
            }
        }
    }
    // They never end, as far as anybody is told.
    let world = world.restarted().await;
    let admin = world.as_role("nanoAdmin").await;
    let query = "query($l: Boolean!, $a: String) { organisation { sessions(first: 100, after: $a, filter: {live: $l}) {
        nodes { endedAt bytes } pageInfo { hasNextPage endCursor } } } }";
    let live = admin.data(query, json!({ "l": true })).await;
    assert_eq!(live["organisation"]["sessions"]["nodes"], json!([]));
    let (mut over, mut after) = (0, json!(null));
    loop {
        let page = admin.data(query, json!({ "l": false, "a": after })).await["organisation"]["sessions"].clone();
        for session in page["nodes"].as_array().unwrap() {
            over += 1;
            assert_eq!(session["endedAt"], "2027-01-15T08:00:07+00:00", "{session}");
        }
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(over, 1201);
}

#[tokio::test]
async fn who_was_sent_away_is_kept_out_by_nodes_that_join_later_and_for_five_minutes() {
    who_was_sent_away_is_kept_out(testkit::Kind::Sqlite).await;
}

#[tokio::test]
async fn who_was_sent_away_is_kept_out_by_nodes_that_join_later_and_for_five_minutes_on_postgresql() {
    who_was_sent_away_is_kept_out(testkit::Kind::Postgres).await;
}
