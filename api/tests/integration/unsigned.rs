//! What nobody signed, static tokens and what a customer's backend judges, is taken back by its text and by its id like any
//! other token, and the lists say so. No key is needed for that.

use std::time::Duration;

use guard::{Grant, Reason, Timestamp, Word, policy::CredentialDigest};
use serde_json::{Value, json};
use testkit::Kind;

use crate::{
    analytics::{range, viewing, watched},
    credentials::{LINT, STATIC, settings},
    harness::{Client, REVOKE, T0, World, granted},
    standing::stands,
};

const HOOK: &str = "mutation { setWebhook(input: {url: \"http://127.0.0.1:9/hooks\", judgesTokens: true}) {
    webhook { id } errors { code } } }";
const PREVIEW: &str = "query($i: RevokeTokensInput!) { revocationPreview(input: $i) { sessions } }";

/// Makes a static token for the stream; its text.
async fn listed(world: &World, admin: &Client, name: &str) -> String {
    let input = json!({ "name": name, "streams": [world.stream()] });
    let made = admin.data(STATIC, json!({ "i": input })).await["createStaticToken"].clone();
    assert_eq!(made["errors"], json!([]), "{name}");
    made["text"].as_str().unwrap().to_owned()
}

fn by_list(name: &str) -> Grant {
    Grant {
        word: Word::Listed,
        ..granted(&format!("static:{name}"))
    }
}

/// As a backend's word is: for ever, and of nobody.
fn by_backend(jti: &str) -> Grant {
    Grant {
        expires: Timestamp::from_us(i64::MAX),
        word: Word::Backend { until: None },
        ..granted(jti)
    }
}

/// Somebody watched on each, for a while.
fn watched_on(world: &World, grants: impl IntoIterator<Item = Grant>) {
    for (n, grant) in (1..).zip(grants) {
        let facts = link::SessionFacts {
            grant: Some(grant),
            ..viewing(world, n, "", "198.51.100.7", "DE", 64_500)
        };
        watched(world, &facts, world.clock.now(), 20);
    }
}

async fn static_tokens_are_taken_back_on(kind: Kind) {
    let world = World::on(kind).await;
    let (admin, user) = (world.as_role("nanoAdmin").await, world.as_role("nanoUser").await);
    let r = range(&world, 3_600);
    settings(&admin, json!({ "staticTokens": true })).await;
    let names = ["studio", "hall", "lobby"];
    let mut texts = Vec::new();
    for name in names {
        texts.push(listed(&world, &admin, name).await);
    }
    watched_on(&world, names.into_iter().chain(["gone"]).map(by_list));
    let before = stands(&user, &r, 4).await;
    let stand = |of: &str| {
        let (status, because) = &before[of];
        (status.as_str(), because.as_deref())
    };
    for name in names {
        assert_eq!(stand(&format!("static:{name}")), ("ACTIVE", None));
    }
    let gone = "there is no static token of that name any more";
    assert_eq!(stand("static:gone"), ("ACTIVE", Some(gone)));

    let outsider = world.outsider().await;
    for by in [json!({ "jti": "static:studio" }), json!({ "token": texts[0] })] {
        assert_eq!(outsider.code(REVOKE, json!({ "i": by })).await, "NOT_FOUND", "{by}");
    }
    for by in [
        json!({ "jti": "static:gone" }),
        json!({ "token": "open-sesame-of-nobody" }),
    ] {
        assert_eq!(user.code(REVOKE, json!({ "i": by })).await, "NOT_FOUND", "{by}");
    }
    for (by, revoked) in [
        (json!({ "token": texts[0] }), 1),
        (json!({ "jti": "static:hall" }), 1),
        (json!({ "jti": "static:studio" }), 0),
    ] {
        let done = user.revoke(by.clone()).await;
        assert_eq!(
            (&done["errors"], &done["revoked"]),
            (&json!([]), &json!(revoked)),
            "{by}"
        );
    }
    let after = stands(&user, &r, 4).await;
    let revoked = ("REVOKED".to_owned(), Some("it is revoked already".to_owned()));
    for name in ["studio", "hall"] {
        assert_eq!(after[&format!("static:{name}")], revoked);
    }
    assert_eq!(after["static:lobby"], ("ACTIVE".to_owned(), None));
    let world = world.restarted().await;
    let denies = |text: &str| world.node.denies(world.stream(), text, T0);
    let refused = Some(Reason::TokenRevoked);
    assert_eq!(
        [denies(&texts[0]), denies(&texts[1]), denies(&texts[2])],
        [refused, refused, None]
    );
}

#[tokio::test]
async fn static_tokens_are_revoked_by_their_text_and_by_their_id() {
    static_tokens_are_taken_back_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn static_tokens_are_revoked_by_their_text_and_by_their_id_on_postgresql() {
    static_tokens_are_taken_back_on(Kind::Postgres).await;
}

async fn a_revoked_name_stays_out_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    settings(&admin, json!({ "staticTokens": true })).await;
    let remove = "mutation($i: ID!) { removeStaticToken(input: {id: $i}) { errors { code } } }";
    let known = "{ organisation { staticTokens { id } } }";
    let again = |name: &str| json!({ "i": { "name": name, "streams": [world.stream()], "text": "open-sesame-4711" } });
    for (name, is_revoked) in [("studio", true), ("hall", false)] {
        let made = admin.data(STATIC, again(name)).await["createStaticToken"].clone();
        assert_eq!(made["errors"], json!([]), "{name}");
        if is_revoked {
            admin.revoke(json!({ "jti": format!("static:{name}") })).await;
        }
        let id = admin.data(known, json!({})).await["organisation"]["staticTokens"][0]["id"].clone();
        admin.data(remove, json!({ "i": id })).await;
    }
    let refused = admin.data(STATIC, again("studio")).await["createStaticToken"].clone();
    assert_eq!(
        refused["errors"],
        json!([{ "code": "REVOKED", "field": ["input", "name"] }])
    );
    let made = admin.data(STATIC, again("hall")).await["createStaticToken"].clone();
    assert_eq!(made["errors"], json!([]));
    assert_eq!(world.node.denies(world.stream(), "open-sesame-4711", T0), None);
    // Another organisation's revocations are about nobody here.
    let outsider = world.outsider().await;
    let theirs = json!({ "i": { "name": "studio", "organisation": true } });
    let made = outsider.data(STATIC, theirs).await["createStaticToken"].clone();
    assert_eq!(made["errors"], json!([]));
}

#[tokio::test]
async fn no_static_token_is_made_under_a_name_that_was_revoked() {
    a_revoked_name_stays_out_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn no_static_token_is_made_under_a_name_that_was_revoked_on_postgresql() {
    a_revoked_name_stays_out_on(Kind::Postgres).await;
}

async fn what_a_backend_judges_is_taken_back_on(kind: Kind) {
    let world = World::on(kind).await;
    let (admin, user) = (world.as_role("nanoAdmin").await, world.as_role("nanoUser").await);
    let r = range(&world, 3_600);
    let tickets = ["ticket-4711", "ticket-4712", "ticket-4713"];
    let ids = tickets.map(|ticket| CredentialDigest::of(ticket).opaque_id().to_string());
    watched_on(&world, ids.iter().map(|id| by_backend(id)));
    let stand = async |n: usize| {
        let (status, because) = stands(&user, &r, 3).await[&ids[n]].clone();
        (status, because.unwrap_or_default())
    };
    let is = |status: &str, because: &str| (status.to_owned(), because.to_owned());
    let nobody = "no webhook of yours judges tokens any more";
    assert_eq!(stand(0).await, is("ACTIVE", nobody));
    let ways = [json!({ "token": tickets[0] }), json!({ "jti": ids[1] })];
    for by in &ways {
        assert_eq!(user.code(REVOKE, json!({ "i": by })).await, "NOT_FOUND", "{by}");
    }

    let hook: Value = admin.data(HOOK, json!({})).await["setWebhook"].clone();
    assert_eq!(hook["errors"], json!([]));
    assert_eq!(stand(0).await, is("ACTIVE", ""));
    for ticket in tickets {
        assert_eq!(world.node.denies(world.stream(), ticket, T0), None, "{ticket}");
    }
    let on = link::SessionFacts {
        grant: Some(by_backend(&ids[1])),
        ..world.viewing(world.stream(), 40)
    };
    world.begins(&admin, on).await;
    let preview = user.data(PREVIEW, json!({ "i": ways[1] })).await;
    assert_eq!(preview["revocationPreview"]["sessions"], 1);
    // In bulk, those end who were let in before; who comes again is for the backend to judge.
    world.pass(Duration::from_secs(30));
    let all = json!({ "stream": world.stream() });
    let preview = admin.data(PREVIEW, json!({ "i": all })).await;
    assert_eq!(preview["revocationPreview"]["sessions"], 1);
    admin.revoke(all).await;
    assert_eq!(stand(1).await, is("ACTIVE", ""));
    let now = world.clock.now();
    assert_eq!(world.node.denies(world.stream(), tickets[1], now), None);
    for by in [json!({ "token": "" }), json!({ "jti": "opaque:4711" })] {
        assert_eq!(user.code(REVOKE, json!({ "i": by })).await, "NOT_FOUND", "{by}");
    }
    for by in ways {
        let done = user.revoke(by.clone()).await;
        assert_eq!((&done["errors"], &done["revoked"]), (&json!([]), &json!(1)), "{by}");
    }
    for n in [0, 1] {
        assert_eq!(stand(n).await, is("REVOKED", "it is revoked already"));
    }
    assert_eq!(stand(2).await, is("ACTIVE", ""));
    let world = world.restarted().await;
    let refused = Some(Reason::TokenRevoked);
    let denied = tickets.map(|ticket| world.node.denies(world.stream(), ticket, world.clock.now()));
    assert_eq!(denied, [refused, refused, None]);
}

#[tokio::test]
async fn what_a_backend_judges_is_revoked_by_its_text_and_by_its_id() {
    what_a_backend_judges_is_taken_back_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn what_a_backend_judges_is_revoked_by_its_text_and_by_its_id_on_postgresql() {
    what_a_backend_judges_is_taken_back_on(Kind::Postgres).await;
}

async fn a_text_on_either_word_is_taken_back_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let r = range(&world, 3_600);
    settings(&admin, json!({ "staticTokens": true })).await;
    let text = listed(&world, &admin, "studio").await;
    let brief = json!({ "i": { "name": "brief", "streams": [world.stream()], "ttlSeconds": 60 } });
    let brief = admin.data(STATIC, brief).await["createStaticToken"]["text"].clone();
    let brief = brief.as_str().unwrap();
    admin.data(HOOK, json!({})).await;
    let opaque = CredentialDigest::of(&text).opaque_id().to_string();
    let ids = ["static:studio", &*opaque];
    watched_on(&world, [by_list("studio"), by_backend(&opaque)]);
    let before = stands(&admin, &r, 2).await;
    for id in ids {
        assert_eq!(before[id], ("ACTIVE".to_owned(), None), "{id}");
    }
    for revoked in [1, 0] {
        let done = admin.revoke(json!({ "token": text })).await;
        assert_eq!((&done["errors"], &done["revoked"]), (&json!([]), &json!(revoked)));
    }
    let told = "{ organisation { auditLog(first: 100) { nodes { action object } } } }";
    let told = admin.data(told, json!({})).await["organisation"]["auditLog"]["nodes"].clone();
    let mut revoked = told
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["action"] == "token.revoke");
    assert_eq!(revoked.next().unwrap()["object"], ids.join(" "), "{told}");
    let after = stands(&admin, &r, 2).await;
    for id in ids {
        assert_eq!(after[id].0, "REVOKED", "{id}");
    }
    let denies = |text: &str| world.node.denies(world.stream(), text, world.clock.now());
    let refused = Some(Reason::TokenRevoked);
    for counts in [true, false] {
        settings(&admin, json!({ "staticTokens": counts })).await;
        assert_eq!(denies(&text), refused, "the list counts: {counts}");
    }

    // One that the list holds no more than in name, and one that only begins as a handle does.
    world.pass(Duration::from_hours(26));
    let admin = world.as_role("nanoAdmin").await;
    for text in [brief, "h_ticket-4711"] {
        assert_eq!(denies(text), None, "{text}");
        let done = admin.revoke(json!({ "token": text })).await;
        assert_eq!((&done["errors"], &done["revoked"]), (&json!([]), &json!(1)), "{text}");
        assert_eq!(denies(text), refused, "{text}");
    }
}

#[tokio::test]
async fn what_list_and_backend_may_both_vouch_for_is_revoked_on_either_word() {
    a_text_on_either_word_is_taken_back_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn what_list_and_backend_may_both_vouch_for_is_revoked_on_either_word_on_postgresql() {
    a_text_on_either_word_is_taken_back_on(Kind::Postgres).await;
}

#[tokio::test]
async fn a_text_with_two_dots_is_looked_at_as_the_door_takes_it() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let agree = async |is_asked: bool| {
        let (kind, error, advice) = if is_asked {
            let damaged = json!([{ "code": "DAMAGED", "severity": "INFO" }]);
            (json!("OPAQUE"), Value::Null, damaged)
        } else {
            (Value::Null, json!("MALFORMED"), json!([]))
        };
        let malformed = Some(Reason::TokenMalformed);
        for text in ["user.123.abc", "a.b.c", "W10.e30.AAAA", "\u{feff}user.123.abc\u{a0}"] {
            let seen = admin.data(LINT, json!({ "t": text })).await["lintToken"].clone();
            let told = (&seen["kind"], &seen["errors"][0]["code"], &seen["advice"]);
            assert_eq!(told, (&kind, &error, &advice), "{text}");
            let denied = world.node.denies(world.stream(), text, T0);
            assert_eq!(denied, malformed.filter(|_| !is_asked), "{text}");
        }
        // Nothing, and a JWT that is spoilt behind its header, nobody is asked about.
        for text in [
            "",
            "\u{feff}",
            "e30.W10.AAAA",
            "e30.e30=.AAAA",
            "e30.e30.AAA~",
            "eyJjcml0IjpbXX0.e30.AAAA",
        ] {
            let seen = admin.data(LINT, json!({ "t": text })).await["lintToken"].clone();
            assert_eq!(seen["errors"][0]["code"], "MALFORMED", "{text}");
            assert_eq!(world.node.denies(world.stream(), text, T0), malformed, "{text}");
        }
    };
    agree(false).await;
    settings(&admin, json!({ "staticTokens": true })).await;
    agree(false).await;
    let hook = admin.data(HOOK, json!({})).await;
    assert_eq!(hook["setWebhook"]["errors"], json!([]));
    agree(true).await;
    settings(&admin, json!({ "backendTokens": false })).await;
    agree(false).await;
    let on = "mutation($n: String!) { updateStream(input: {name: $n, backendTokens: ON}) { errors { code } } }";
    admin.data(on, json!({ "n": world.stream() })).await;
    agree(true).await;
}
