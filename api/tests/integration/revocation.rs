//! What was answered as revoked is revoked: on the nodes, in the tables, after a crash.

use std::time::Duration;

use guard::Grant;
use link::SessionFacts;
use sea_orm::{ConnectionTrait, Database as Open, DatabaseConnection, Statement};
use serde_json::json;
use testkit::{Database, Kind};

use tokio::runtime::Runtime;

use crate::{
    harness::{Client, Node, REVOKE, T0, World, granted, start},
    privacy::{database, texts},
    signing_keys::{add, hs256},
};

async fn a_revoked_token_is_refused(kind: Kind) {
    let world = World::on(kind).await;
    let client = world.as_role("nanoUser").await;
    let made = client.make_token(json!({ "streams": [world.stream()] })).await;
    let (token, jti) = (
        made["token"].as_str().unwrap().to_owned(),
        made["record"]["jti"].clone(),
    );
    assert_eq!(world.node.denies(world.stream(), &token, T0), None);

    let done = client.revoke(json!({ "jti": jti })).await;
    assert_eq!((&done["revoked"], &done["errors"]), (&json!(1), &json!([])));
    let change = &done["change"];
    assert_eq!(
        change["nodes"],
        json!([{ "node": world.node.id.to_string(), "acknowledged": true, "sessionsEnded": 1 }])
    );
    assert_eq!(
        (&change["sessionsEnded"], &change["bytesAfter"]),
        (&json!(1), &json!(0.0))
    );
    assert_eq!(
        world.node.denies(world.stream(), &token, T0),
        Some(guard::Reason::TokenRevoked)
    );

    let query = "query($j: ID!, $c: ID!) { playbackToken(jti: $j) { status revokedAt notRevocableBecause } change(id: $c) { nodes { acknowledged } doneAfterMs } }";
    let read = client.data(query, json!({ "j": jti, "c": change["id"] })).await;
    assert_eq!(read["playbackToken"]["status"], "REVOKED");
    assert_eq!(read["change"]["nodes"], json!([{ "acknowledged": true }]));

    let world = world.restarted().await;
    assert_eq!(
        world.node.denies(world.stream(), &token, T0),
        Some(guard::Reason::TokenRevoked)
    );
}

/// One sign-in each: the viewer's older tokens are taken back and a new one is made, at the same moment as often as wanted.
async fn turns_push_nothing_ahead_on(kind: Kind) {
    let world = World::on(kind).await;
    let client = world.as_role("nanoAdmin").await;
    for _ in 0..40 {
        client.revoke(json!({ "user": "ann" })).await;
        let made = client
            .make_token(json!({ "streams": [world.stream()], "user": "ann" }))
            .await;
        let token = made["token"].as_str().unwrap();
        assert_eq!(world.node.denies(world.stream(), token, T0), None);
    }
    let last = client
        .make_token(json!({ "streams": [world.stream()], "user": "ann" }))
        .await;
    let token = last["token"].as_str().unwrap();
    let parsed = guard::Token::parse(token).unwrap();
    let ahead = parsed.claims().unwrap().iat.unwrap().since(T0);
    assert!(ahead < Duration::from_millis(1), "{ahead:?}");
    client.revoke(json!({ "user": "ann" })).await;
    assert_eq!(
        world.node.denies(world.stream(), token, T0),
        Some(guard::Reason::TokenRevoked)
    );
}

#[tokio::test]
async fn revoking_and_making_by_turns_pushes_nothing_ahead() {
    turns_push_nothing_ahead_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn revoking_and_making_by_turns_pushes_nothing_ahead_on_postgresql() {
    turns_push_nothing_ahead_on(Kind::Postgres).await;
}

#[tokio::test]
async fn a_revoked_token_is_refused_from_the_answer_on_and_after_a_restart() {
    a_revoked_token_is_refused(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_revoked_token_is_refused_from_the_answer_on_and_after_a_restart_on_postgresql() {
    a_revoked_token_is_refused(Kind::Postgres).await;
}

/// The process dies between the commit and the end of the delivery. The database holds that moment open, however busy the
/// machine is: it refuses to note that a change was delivered.
fn a_crash_after_the_commit_loses_nothing(kind: Kind) {
    let database = Database::new(kind);
    let clock = link::Clock::manual(T0);
    let first = Runtime::new().unwrap();
    let (stream, token) = first.block_on(async {
        let (control, connector) = link::in_process(1024);
        let running = start(&database, &clock, control).await;
        let demo = api::seed_demo(&running).await.unwrap();
        let silent = connector.join(ids::NodeId::mint(9, [9; 10])).await.unwrap();
        tokio::spawn(async move {
            let _silent = silent;
            std::future::pending::<()>().await;
        });
        let mut client = Client::of(&running);
        client.cookie = client
            .sign_in(&demo.users[0].email, &demo.users[0].password)
            .await
            .cookie();
        let aside = Open::connect(database.url()).await.unwrap();
        // A node is let in when nothing waits.
        assert_eq!(undelivered(&aside).await, 0);
        aside.execute_unprepared(refusing(kind)).await.unwrap();
        let token = demo.streams[1].token.clone();
        let revoked = token.clone();
        tokio::spawn(async move { client.ask(REVOKE, json!({ "i": { "token": revoked } })).await });
        while undelivered(&aside).await == 0 {
            tokio::task::yield_now().await;
        }
        aside.close().await.unwrap();
        (demo.streams[1].name.clone(), token)
    });
    first.shutdown_timeout(Duration::from_secs(5));

    Runtime::new().unwrap().block_on(async {
        let aside = Open::connect(database.url()).await.unwrap();
        aside.execute_unprepared(accepting(kind)).await.unwrap();
        assert_eq!(
            undelivered(&aside).await,
            1,
            "the crash came before the delivery was over"
        );
        let (control, connector) = link::in_process(16);
        let running = start(&database, &clock, control).await;
        let node = Node::join(&connector, 8).await;
        assert_eq!(node.denies(&stream, &token, T0), Some(guard::Reason::TokenRevoked));
        assert_eq!(undelivered(&aside).await, 0);
        aside.close().await.unwrap();
        running.shutdown().await;
    });
}

/// Has the database refuse every change of the outbox's rows; new ones are welcome.
fn refusing(kind: Kind) -> &'static str {
    match kind {
        Kind::Sqlite => "CREATE TRIGGER held BEFORE UPDATE ON outbox BEGIN SELECT RAISE(ABORT, 'held'); END",
        Kind::Postgres => {
            "CREATE FUNCTION held() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'held'; END $$;
            CREATE TRIGGER held BEFORE UPDATE ON outbox FOR EACH ROW EXECUTE FUNCTION held()"
        }
    }
}

/// Ends that.
fn accepting(kind: Kind) -> &'static str {
    match kind {
        Kind::Sqlite => "DROP TRIGGER held",
        Kind::Postgres => "DROP TRIGGER held ON outbox",
    }
}

async fn undelivered(connection: &DatabaseConnection) -> i64 {
    let query = "SELECT count(*) AS n FROM outbox WHERE delivered_at IS NULL";
    let statement = Statement::from_string(connection.get_database_backend(), query);
    let row = connection.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get("", "n").unwrap()
}

#[test]
fn a_crash_between_the_commit_and_the_nodes_loses_nothing() {
    a_crash_after_the_commit_loses_nothing(Kind::Sqlite);
}

#[test]
fn a_crash_between_the_commit_and_the_nodes_loses_nothing_on_postgresql() {
    a_crash_after_the_commit_loses_nothing(Kind::Postgres);
}

#[tokio::test]
async fn a_node_that_does_not_answer_is_named_after_a_second() {
    let database = Database::new(Kind::Sqlite);
    let (control, connector) = link::in_process(1024);
    let running = start(&database, &link::Clock::manual(T0), control).await;
    let demo = api::seed_demo(&running).await.unwrap();
    let _silent = connector.join(ids::NodeId::mint(9, [9; 10])).await.unwrap();
    let mut client = Client::of(&running);
    client.cookie = client
        .sign_in(&demo.users[0].email, &demo.users[0].password)
        .await
        .cookie();
    let done = client.revoke(json!({ "token": demo.streams[1].token })).await;
    assert_eq!(done["revoked"], 1);
    assert_eq!(done["change"]["nodes"][0]["acknowledged"], false);
    assert_eq!(done["change"]["doneAfterMs"], json!(null));
}

async fn what_lets_in_years_later_stays_taken_back_on(kind: Kind) {
    const SECRET: &str = "thirty-two bytes and some more, shared";
    const DAY_S: i64 = 24 * 3600;
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let key = add(&admin, json!({ "hs256Secret": SECRET, "kid": "theirs" })).await;
    assert_eq!(key["errors"], json!([]));
    let stream = world.stream().to_owned();
    let token = |more: serde_json::Value| {
        let mut claims = json!({ "aud": "play", "exp": T0.s() + 3 * 365 * DAY_S, "streams": [stream] });
        claims
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        hs256(SECRET, &json!({ "kid": "theirs" }), &claims)
    };
    // Without a moment of issue a token lets in during its last year; dated ahead, from then on.
    let taken = [
        token(json!({ "user": "ann" })),
        token(json!({ "jti": "undated" })),
        token(json!({ "jti": "ahead", "iat": T0.s() + 2 * 365 * DAY_S })),
    ];
    let kept = token(json!({ "user": "bert", "jti": "kept" }));
    for by in [
        json!({ "user": "ann" }),
        json!({ "jti": "undated" }),
        json!({ "jti": "ahead" }),
    ] {
        assert_eq!(admin.revoke(by).await["errors"], json!([]));
    }
    world.pass(Duration::from_hours((2 * 365 + 1) * 24));
    let world = world.restarted().await;
    let now = world.clock.now();
    assert_eq!(world.node.denies(&stream, &kept, now), None);
    for token in &taken {
        assert_eq!(
            world.node.denies(&stream, token, now),
            Some(guard::Reason::TokenRevoked),
            "{token}"
        );
    }
}

#[tokio::test]
async fn what_was_taken_back_stays_so_however_late_it_would_let_in() {
    what_lets_in_years_later_stays_taken_back_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn what_was_taken_back_stays_so_however_late_it_would_let_in_on_postgresql() {
    what_lets_in_years_later_stays_taken_back_on(Kind::Postgres).await;
}

#[tokio::test]
async fn a_bulk_revocation_covers_what_was_issued_and_nothing_that_is_issued_later() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let (encoder, test) = (world.stream().to_owned(), world.demo.streams[0].name.clone());
    let keys = "{ organisation { signingKeys { id } } }";
    let key = admin.data(keys, json!({})).await["organisation"]["signingKeys"][0]["id"].clone();
    // What the demo made is out of the way.
    assert_eq!(
        admin.revoke(json!({ "issuedBefore": "2027-01-15T08:00:00Z" })).await["revoked"],
        2
    );
    for (by, covered) in [
        (json!({ "user": "ann" }), 2),
        (json!({ "tag": "web" }), 2),
        (json!({ "stream": encoder }), 4),
        (json!({ "signingKey": key }), 4),
        (json!({ "issuedBefore": "NOW" }), 4),
    ] {
        let mut tokens = Vec::new();
        for input in [
            json!({ "streams": [encoder], "user": "ann", "tag": "web" }),
            json!({ "streams": [encoder, test], "user": "ann", "revocable": false }),
            json!({ "organisation": true, "tag": "web" }),
            json!({ "streams": [encoder] }),
        ] {
            tokens.push(admin.make_token(input).await["token"].as_str().unwrap().to_owned());
        }
        let now = world.clock.now();
        assert!(
            tokens
                .iter()
                .all(|token| world.node.denies(&encoder, token, now).is_none()),
            "{by}"
        );
        world.pass(Duration::from_millis(1_500));
        let now = world.clock.now();
        let by = if by.get("issuedBefore").is_some() {
            json!({ "issuedBefore": chrono_text(now) })
        } else {
            by
        };
        let done = admin.revoke(by.clone()).await;
        assert_eq!(done["revoked"], covered, "{by}");
        let refused = tokens
            .iter()
            .filter(|token| world.node.denies(&encoder, token, now).is_some());
        assert_eq!(refused.count(), covered, "{by}");

        // In the very same moment.
        let later = admin
            .make_token(json!({ "streams": [encoder], "user": "ann", "tag": "web" }))
            .await;
        assert_eq!(
            world.node.denies(&encoder, later["token"].as_str().unwrap(), now),
            None,
            "{by}"
        );
        world.pass(Duration::from_secs(2));
        admin
            .revoke(json!({ "issuedBefore": chrono_text(world.clock.now()) }))
            .await;
        world.pass(Duration::from_secs(2));
    }
}

#[tokio::test]
async fn a_bulk_revocation_leaves_the_same_user_tag_and_moment_of_another_organisation_alone() {
    let world = World::new().await;
    let (admin, outsider) = (world.as_role("nanoAdmin").await, world.outsider().await);
    let made = "mutation { createStream(input: {}) { stream { name } } }";
    let name = outsider.data(made, json!({})).await["createStream"]["stream"]["name"].clone();
    let wanted = |stream: &str| json!({ "streams": [stream], "user": "ann", "tag": "web" });
    let theirs = outsider.make_token(wanted(name.as_str().unwrap())).await["token"].clone();
    let own = admin.make_token(wanted(world.stream())).await["token"].clone();
    world.pass(Duration::from_secs(2));
    let now = world.clock.now();
    for by in [
        json!({ "user": "ann" }),
        json!({ "tag": "web" }),
        json!({ "issuedBefore": chrono_text(now) }),
    ] {
        admin.revoke(by).await;
    }
    assert!(world.node.denies(world.stream(), own.as_str().unwrap(), now).is_some());
    let denied = world.node.denies(name.as_str().unwrap(), theirs.as_str().unwrap(), now);
    assert_eq!(denied, None);
}

async fn the_same_leaves_one_row_on(kind: Kind) {
    let world = World::on(kind).await;
    let (admin, outsider) = (world.as_role("nanoAdmin").await, world.outsider().await);
    let database = database(&world).await;
    let rows = async |of: &str| {
        let query = format!(r#"SELECT subject, CAST("at" AS text) FROM revocation WHERE kind = '{of}' ORDER BY 1, 2"#);
        texts(&database, &query).await
    };
    let row = |subject: &str, at: guard::Timestamp| vec![subject.to_owned(), at.us().to_string()];
    for client in [&admin, &outsider] {
        client.revoke(json!({ "user": "ann" })).await;
    }
    admin.revoke(json!({ "user": "bert" })).await;
    world.pass(Duration::from_secs(2));
    let now = world.clock.now();
    let made = admin
        .make_token(json!({ "streams": [world.stream()], "user": "ann" }))
        .await;
    world.pass(Duration::from_secs(2));
    let later = world.clock.now();
    assert_eq!(admin.revoke(json!({ "user": "ann" })).await["revoked"], 1);
    // Another viewer's stays, and another organisation's.
    assert_eq!(rows("user").await, [row("ann", T0), row("ann", later), row("bert", T0)]);
    for (at, left) in [(now, vec![now]), (later, vec![later]), (now, vec![now, later])] {
        admin.revoke(json!({ "issuedBefore": chrono_text(at) })).await;
        // What an earlier one covers is covered by the later one.
        let left: Vec<_> = left.into_iter().map(|at| row("", at)).collect();
        assert_eq!(rows("everything").await, left);
    }
    let world = world.restarted().await;
    let denied = world
        .node
        .denies(world.stream(), made["token"].as_str().unwrap(), later);
    assert_eq!(denied, Some(guard::Reason::TokenRevoked));
}

#[tokio::test]
async fn whoever_is_taken_back_again_and_again_leaves_one_row() {
    the_same_leaves_one_row_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn whoever_is_taken_back_again_and_again_leaves_one_row_on_postgresql() {
    the_same_leaves_one_row_on(Kind::Postgres).await;
}

/// RFC 3339, to the microsecond.
fn chrono_text(at: guard::Timestamp) -> String {
    let (s, us) = (at.s() - T0.s(), at.us().rem_euclid(1_000_000));
    format!("2027-01-15T08:{:02}:{:02}.{us:06}Z", s / 60, s % 60)
}

#[tokio::test]
async fn a_token_that_cannot_be_revoked_by_itself_says_why() {
    let world = World::new().await;
    let client = world.as_role("nanoUser").await;
    let shielded = client
        .make_token(json!({ "streams": [world.stream()], "revocable": false, "user": "ann" }))
        .await;
    let refused = client.revoke(json!({ "jti": shielded["record"]["jti"] })).await;
    assert_eq!(refused["errors"][0]["code"], "NOT_REVOCABLE");
    let refused = client.revoke(json!({ "token": shielded["token"] })).await;
    assert_eq!(refused["errors"][0]["code"], "NOT_REVOCABLE");
    assert_eq!(client.revoke(json!({ "user": "ann" })).await["revoked"], 1);

    let short = client
        .make_token(json!({ "streams": [world.stream()], "ttlSeconds": 60 }))
        .await;
    let why = "query($j: ID!) { playbackToken(jti: $j) { status notRevocableBecause } }";
    let jti = json!({ "j": short["record"]["jti"] });
    world.pass(Duration::from_mins(1));
    let record = client.data(why, jti.clone()).await["playbackToken"].clone();
    assert_eq!(record["status"], "EXPIRED");
    assert!(record["notRevocableBecause"].as_str().unwrap().contains("no session"));
    let refused = client.revoke(json!({ "jti": short["record"]["jti"] })).await;
    assert_eq!(refused["errors"][0]["code"], "EXPIRED");
    world.pass(Duration::from_hours(24));
    let record = client.data(why, jti).await["playbackToken"].clone();
    assert!(record["notRevocableBecause"].as_str().unwrap().contains("24 hours"));
    let refused = client.revoke(json!({ "jti": short["record"]["jti"] })).await;
    assert_eq!(refused["errors"][0]["code"], "EXPIRED");
}

#[tokio::test]
async fn a_text_that_only_names_a_token_takes_none_back() {
    let world = World::new().await;
    let client = world.as_role("nanoUser").await;
    let made = client.make_token(json!({ "streams": [world.stream()] })).await;
    let token = made["token"].as_str().unwrap();
    let (signed, _) = token.rsplit_once('.').unwrap();
    for signature in ["", "AAAA"] {
        let by = json!({ "token": format!("{signed}.{signature}") });
        assert_eq!(
            client.code(REVOKE, json!({ "i": by })).await,
            "NOT_FOUND",
            "{signature}"
        );
    }
    assert_eq!(world.node.denies(world.stream(), token, T0), None);
    let done = client.revoke(json!({ "token": token })).await;
    assert_eq!(done["revoked"], 1, "{done}");
}

#[tokio::test]
async fn an_expired_token_is_revoked_for_a_day_while_a_session_runs_on_it_and_ends_that() {
    let world = World::new().await;
    let client = world.as_role("nanoUser").await;
    let mut tokens = Vec::new();
    for n in 1..=3 {
        let wanted = json!({ "streams": [world.stream()], "ttlSeconds": 60, "forceDisconnect": false });
        let made = client.make_token(wanted).await;
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let (token, jti) = (text(&made["token"]), text(&made["record"]["jti"]));
        let grant = Grant {
            expires: T0.plus(Duration::from_mins(1)),
            ..granted(&jti)
        };
        let facts = SessionFacts {
            grant: Some(grant),
            ..world.viewing(world.stream(), n)
        };
        world.begins(&client, facts).await;
        tokens.push((token, jti));
    }
    let [early, late, too_late] = <[_; 3]>::try_from(tokens).unwrap();
    let why = "query($j: ID!) { playbackToken(jti: $j) { status notRevocableBecause } }";
    let stands = async |jti: &str| client.data(why, json!({ "j": jti })).await["playbackToken"].clone();
    let last = Duration::from_hours(24) - Duration::from_secs(1);
    for ((token, jti), passes) in [(early, Duration::from_mins(1)), (late, last)] {
        world.pass(passes);
        let now = world.clock.now();
        // Nobody new comes by it, and who is there goes on.
        let denied = world.node.denies(world.stream(), &token, now);
        assert_eq!(denied, Some(guard::Reason::TokenExpired));
        assert_eq!(world.node.cuts(world.stream(), &token, now), None);
        let expired = json!({ "status": "EXPIRED", "notRevocableBecause": null });
        assert_eq!(stands(&jti).await, expired);
        let done = client.revoke(json!({ "jti": jti })).await;
        assert_eq!((&done["revoked"], &done["errors"]), (&json!(1), &json!([])));
        let cut = world.node.cuts(world.stream(), &token, now);
        assert_eq!(cut, Some(guard::Reason::TokenRevoked));
        assert_eq!(stands(&jti).await["status"], "REVOKED");
    }
    // Then the session is over by itself.
    world.pass(Duration::from_secs(1));
    let (token, jti) = too_late;
    let cut = world.node.cuts(world.stream(), &token, world.clock.now());
    assert_eq!(cut, Some(guard::Reason::TokenExpired));
    let because = stands(&jti).await["notRevocableBecause"].clone();
    assert!(because.as_str().unwrap().contains("24 hours"), "{because}");
    let refused = client.revoke(json!({ "jti": jti })).await;
    assert_eq!(refused["errors"][0]["code"], "EXPIRED");
}

#[tokio::test]
async fn revoking_by_stream_key_and_moment_is_for_administrators_and_judged_first() {
    let world = World::new().await;
    let user = world.as_role("nanoUser").await;
    for by in [
        json!({ "stream": world.stream() }),
        json!({ "stream": "22222-none" }),
        json!({ "signingKey": "nonsense" }),
        json!({ "issuedBefore": "2999-01-01T00:00:00Z" }),
    ] {
        assert_eq!(user.code(REVOKE, json!({ "i": by })).await, "FORBIDDEN", "{by}");
    }
    let admin = world.as_role("nanoAdmin").await;
    let ahead = admin.revoke(json!({ "issuedBefore": "2999-01-01T00:00:00Z" })).await;
    assert_eq!(ahead["errors"][0]["code"], "INVALID");
}
