//! What stands beside tokens: handles, tokens for broadcasters, many at once, static tokens, bans, and the linter.

use std::time::Duration;

use guard::{Credential, Door, Reason};
use serde_json::{Value, json};

use crate::{
    harness::{Client, T0, World, granted},
    signing_keys::{add, hs256},
};

pub(crate) const HANDLE: &str =
    "mutation($t: String!) { createHandle(input: {token: $t}) { handle change { id } errors { code message } } }";
pub(crate) const STATIC: &str = "mutation($i: CreateStaticTokenInput!) { createStaticToken(input: $i) {
    staticToken { id name prefix door streams organisationWide expiresAt } text advice { code } errors { code field } } }";
pub(crate) const LINT: &str = "mutation($t: String!) { lintToken(input: {token: $t}) {
    kind signed kid jti claims advice { code severity } errors { code message } } }";
const BAN: &str = "mutation($u: String!, $n: String) { banUser(input: {user: $u, note: $n}) {
    banned { user note bannedBy { name } } change { id } errors { code } } }";
const UNBAN: &str = "mutation($u: String!) { unbanUser(input: {user: $u}) { user change { id } errors { code } } }";

impl World {
    /// What a decision at `T0` says to a broadcaster with a credential: `None` where they may publish.
    fn bars(&self, stream: &str, text: &str) -> Option<Reason> {
        let policy = self.node.policy.lock().unwrap().clone();
        let credential = Credential::from_token(text);
        let mut request = guard::Request::new(
            Door::Ingest,
            Some(stream.parse().unwrap()),
            [192, 0, 2, 77].into(),
            credential,
        );
        loop {
            let facts = guard::Facts {
                publisher: guard::Presence::Absent,
                ..guard::Facts::default()
            };
            match guard::decide(&request, &facts, &policy, T0) {
                guard::Decision::Admit(_) => return None,
                guard::Decision::Deny(denial) => return Some(denial.reason),
                guard::Decision::Ask(guard::Question::Signature { token, key }) => {
                    request.proofs.add(guard::signature::check(&token, &key));
                }
                guard::Decision::Ask(question) => panic!("unexpected {question:?}"),
            }
        }
    }
}

pub(crate) async fn settings(admin: &Client, input: Value) {
    let update = "mutation($i: UpdateSettingsInput!) { updateSettings(input: $i) { errors { code } } }";
    let done = admin.data(update, json!({ "i": input })).await;
    assert_eq!(done["updateSettings"]["errors"], json!([]));
}

#[tokio::test]
async fn a_handle_plays_like_its_token_everywhere_and_dies_with_it() {
    let world = World::new().await;
    let client = world.as_role("nanoUser").await;
    let stream = world.stream().to_owned();
    let query = "mutation($i: CreatePlaybackTokenInput!) { createPlaybackToken(input: $i) {
        token handle record { jti } errors { code } } }";
    let input = json!({ "streams": [stream], "handle": true, "user": "ann" });
    let made = client.data(query, json!({ "i": input })).await["createPlaybackToken"].clone();
    let handle = made["handle"].as_str().unwrap().to_owned();
    assert_eq!((handle.len(), &handle[..2]), (24, "h_"));
    assert_eq!(world.node.denies(&stream, &handle, T0), None);
    let other = &world.demo.streams[0].name;
    assert_eq!(world.node.denies(other, &handle, T0), Some(Reason::TokenScope));
    // Another one for the same token.
    let second = client.data(HANDLE, json!({ "t": made["token"] })).await["createHandle"].clone();
    let second = second["handle"].as_str().unwrap().to_owned();
    assert_ne!(handle, second);

    // Known to a node that joins later, and stored as a hash only.
    let world = world.restarted().await;
    assert_eq!(world.node.denies(&stream, &second, T0), None);
    let file = std::fs::read(world.database.file("portcullis.db")).unwrap_or_default();
    assert!(!file.windows(24).any(|window| window == handle.as_bytes()));

    let client = world.as_role("nanoUser").await;
    // By the handle's text, as whoever found it in a log has it.
    let revoked = client.revoke(json!({ "token": handle })).await;
    assert_eq!(revoked["errors"], json!([]), "{revoked}");
    for text in [&handle, &second, made["token"].as_str().unwrap()] {
        assert_eq!(
            world.node.denies(&stream, text, T0),
            Some(Reason::TokenRevoked),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_handle_that_nobody_can_use_any_more_is_forgotten_by_every_node() {
    let world = World::new().await;
    let client = world.as_role("nanoUser").await;
    let made = client
        .make_token(json!({ "streams": [world.stream()], "ttlSeconds": 60 }))
        .await;
    let handle = client.data(HANDLE, json!({ "t": made["token"] })).await["createHandle"]["handle"].clone();
    let handle = handle.as_str().unwrap();
    let later = |seconds| T0.plus(Duration::from_secs(seconds));
    assert_eq!(
        world.node.denies(world.stream(), handle, later(61)),
        Some(Reason::TokenExpired)
    );
    world.pass(Duration::from_secs(61 + 24 * 3600));
    tokio::time::timeout(Duration::from_mins(1), async {
        while world.node.denies(world.stream(), handle, later(61)) != Some(Reason::TokenMalformed) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("the handle to be forgotten");
}

#[tokio::test]
async fn a_customers_own_token_can_be_had_as_a_handle_and_is_taken_back_with_its_key() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let secret = "a secret of the customer's own, shared";
    let map = json!({ "video": "streams" });
    let key = add(&admin, json!({ "hs256Secret": secret, "claimMap": map })).await;
    // Without `kid` and `jti`, in the customer's own names.
    let claims = json!({ "aud": "play", "exp": T0.s() + 600, "iat": T0.s(), "video": world.stream() });
    let token = hs256(secret, &json!({ "alg": "HS256" }), &claims);
    let handle = admin.data(HANDLE, json!({ "t": token })).await["createHandle"].clone();
    assert_eq!(handle["errors"], json!([]));
    let handle = handle["handle"].as_str().unwrap();
    assert_eq!(world.node.denies(world.stream(), handle, T0), None);
    for (wrong, code) in [
        ("nonsense".to_owned(), "MALFORMED"),
        (
            hs256("not the secret of anybody's, is it", &json!({}), &claims),
            "SIGNATURE",
        ),
        (hs256(secret, &json!({ "kid": "nobody's" }), &claims), "KEY"),
        (
            hs256(
                secret,
                &json!({}),
                &json!({ "aud": "play", "exp": T0.s() - 60, "video": world.stream() }),
            ),
            "EXPIRED",
        ),
    ] {
        let refused = admin.data(HANDLE, json!({ "t": wrong })).await;
        assert_eq!(refused["createHandle"]["errors"][0]["code"], code);
    }
    admin.revoke(json!({ "signingKey": key["signingKey"]["id"] })).await;
    assert_eq!(
        world.node.denies(world.stream(), handle, T0),
        Some(Reason::TokenRevoked)
    );
    admin
        .data(crate::signing_keys::REMOVE, json!({ "i": key["signingKey"]["id"] }))
        .await;
    assert_eq!(world.node.denies(world.stream(), handle, T0), Some(Reason::TokenKey));
}

#[tokio::test]
async fn a_token_for_publishing_publishes_and_never_plays() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    settings(&admin, json!({ "ingestAuthorisation": "TOKEN" })).await;
    let query = "mutation($i: CreatePublishTokenInput!) { createPublishToken(input: $i) {
        token handle record { jti door claims } errors { code field } } }";
    let input = json!({ "streams": [world.stream()], "ttlSeconds": 600, "handle": true });
    let made = admin.data(query, json!({ "i": input })).await["createPublishToken"].clone();
    assert_eq!(made["record"]["door"], "INGEST");
    assert_eq!(made["record"]["claims"]["aud"], "publish");
    for text in [&made["token"], &made["handle"]] {
        let text = text.as_str().unwrap();
        assert_eq!(world.bars(world.stream(), text), None);
        assert_eq!(world.node.denies(world.stream(), text, T0), Some(Reason::TokenAudience));
        assert_eq!(world.bars(&world.demo.streams[0].name, text), Some(Reason::TokenScope));
    }
    let play = admin.make_token(json!({ "streams": [world.stream()] })).await;
    assert_eq!(
        world.bars(world.stream(), play["token"].as_str().unwrap()),
        Some(Reason::TokenAudience)
    );
    let list = "query($d: TokenDoor) { organisation { playbackTokens(filter: {door: $d}) { nodes { jti } } } }";
    let found = admin.data(list, json!({ "d": "INGEST" })).await["organisation"]["playbackTokens"]["nodes"].clone();
    assert_eq!(found, json!([{ "jti": made["record"]["jti"] }]));
}

#[tokio::test]
async fn many_tokens_are_made_at_once_or_none_and_the_wrong_one_is_named() {
    let world = World::new().await;
    let client = world.as_role("nanoUser").await;
    let query = "mutation($t: [CreatePlaybackTokenInput!]!) { createPlaybackTokens(input: {tokens: $t}) {
        tokens { token handle record { jti user } advice { code } } errors { code field } } }";
    let one = |user: &str| json!({ "streams": [world.stream()], "user": user, "handle": user == "b" });
    let all = json!({ "t": [one("a"), one("b"), one("c")] });
    let made = client.data(query, all).await["createPlaybackTokens"]["tokens"].clone();
    let users: Vec<_> = made
        .as_array()
        .unwrap()
        .iter()
        .map(|made| made["record"]["user"].as_str().unwrap())
        .collect();
    assert_eq!(users, ["a", "b", "c"]);
    for made in made.as_array().unwrap() {
        assert_eq!(
            world.node.denies(world.stream(), made["token"].as_str().unwrap(), T0),
            None
        );
        assert_eq!(made["handle"].is_string(), made["record"]["user"] == "b");
    }
    let count = "{ organisation { playbackTokens { totalCount } } }";
    let before = client.data(count, json!({})).await;
    let mut wrong = one("d");
    wrong["ttlSeconds"] = json!(-1);
    let refused = client.data(query, json!({ "t": [one("c"), wrong] })).await["createPlaybackTokens"].clone();
    assert_eq!(refused["tokens"], json!([]));
    assert_eq!(
        refused["errors"],
        json!([{ "code": "INVALID", "field": ["input", "tokens", "1", "ttlSeconds"] }])
    );
    // A stream that is not there spoils all of them too.
    let elsewhere = json!({ "streams": ["22222-none"] });
    assert_eq!(
        client.code(query, json!({ "t": [one("c"), elsewhere] })).await,
        "NOT_FOUND"
    );
    assert_eq!(client.data(count, json!({})).await, before);
    for many in [0, 101] {
        let many = vec![one("x"); many];
        let refused = client.data(query, json!({ "t": many })).await["createPlaybackTokens"].clone();
        assert_eq!(refused["errors"][0]["field"], json!(["input", "tokens"]));
    }
}

#[tokio::test]
async fn a_token_for_a_group_and_with_a_second_factor_says_so() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let make = "mutation($s: [String!]) { createGroup(input: {name: \"g\", streams: $s}) { group { id } } }";
    let group = admin.data(make, json!({ "s": [world.stream()] })).await["createGroup"]["group"]["id"].clone();
    let made = admin
        .make_token(json!({ "groups": [group], "amr": ["pwd", "mfa"] }))
        .await;
    assert_eq!(made["record"]["claims"]["groups"], json!([group]));
    assert_eq!(made["record"]["claims"]["amr"], json!(["pwd", "mfa"]));
    let token = made["token"].as_str().unwrap();
    assert_eq!(world.node.denies(world.stream(), token, T0), None);
    assert_eq!(
        world.node.denies(&world.demo.streams[0].name, token, T0),
        Some(Reason::TokenScope)
    );
    let query = "mutation($g: [ID!]) { createPlaybackToken(input: {groups: $g}) { errors { code } } }";
    assert_eq!(
        admin
            .code(query, json!({ "g": ["grp_00000000000000000000000000"] }))
            .await,
        "NOT_FOUND"
    );
}

#[tokio::test]
async fn a_static_token_lets_in_where_the_organisation_wants_it_and_until_it_is_taken_out() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let stream = world.stream().to_owned();
    let input = json!({ "name": "studio", "streams": [stream], "ttlSeconds": 3600 });
    let made = admin.data(STATIC, json!({ "i": input })).await["createStaticToken"].clone();
    assert_eq!(made["errors"], json!([]));
    let text = made["text"].as_str().unwrap().to_owned();
    assert!(
        made["advice"]
            .as_array()
            .unwrap()
            .iter()
            .any(|advice| advice["code"] == "STATIC")
    );
    assert!(text.starts_with(made["staticToken"]["prefix"].as_str().unwrap()));
    // Off until the organisation says otherwise.
    assert_eq!(world.node.denies(&stream, &text, T0), Some(Reason::TokenMalformed));
    settings(&admin, json!({ "staticTokens": true })).await;
    assert_eq!(world.node.denies(&stream, &text, T0), None);
    assert_eq!(
        world.node.denies(&world.demo.streams[0].name, &text, T0),
        Some(Reason::TokenScope)
    );
    assert_eq!(
        world.node.denies(&stream, &text, T0.plus(Duration::from_hours(1))),
        Some(Reason::TokenExpired)
    );
    for (input, field, code) in [
        (json!({ "name": "studio", "organisation": true }), "name", "TAKEN"),
        (
            json!({ "name": "two", "organisation": true, "text": text }),
            "text",
            "TAKEN",
        ),
        (
            json!({ "name": "two", "organisation": true, "text": "short" }),
            "text",
            "INVALID",
        ),
        (
            json!({ "name": "two", "organisation": true, "text": "a.jwt.in.its.form" }),
            "text",
            "INVALID",
        ),
        (
            json!({ "name": "two", "organisation": true, "text": "h_0123456789abcdefghij-_" }),
            "text",
            "INVALID",
        ),
        (json!({ "name": "two" }), "streams", "INVALID"),
        (
            json!({ "name": "two", "organisation": true, "ttlSeconds": 366 * 24 * 3600 }),
            "ttlSeconds",
            "TOO_LONG",
        ),
    ] {
        let refused = admin.data(STATIC, json!({ "i": input })).await["createStaticToken"].clone();
        assert_eq!(
            refused["errors"],
            json!([{ "code": code, "field": ["input", field] }]),
            "{input}"
        );
    }

    let world = world.restarted().await;
    assert_eq!(world.node.denies(&stream, &text, T0), None);
    let admin = world.as_role("nanoAdmin").await;
    // A bulk revocation covers what says nothing of when it was issued.
    admin.revoke(json!({ "stream": stream })).await;
    assert_eq!(world.node.denies(&stream, &text, T0), Some(Reason::TokenRevoked));
    let remove = "mutation($i: ID!) { removeStaticToken(input: {id: $i}) { id errors { code } } }";
    admin.data(remove, json!({ "i": made["staticToken"]["id"] })).await;
    assert_eq!(world.node.denies(&stream, &text, T0), Some(Reason::TokenMalformed));
    assert_eq!(
        admin.code(remove, json!({ "i": made["staticToken"]["id"] })).await,
        "NOT_FOUND"
    );
}

#[tokio::test]
async fn a_banned_viewer_is_refused_with_tokens_of_any_time_until_the_ban_is_taken_back() {
    let world = World::new().await;
    let client = world.as_role("nanoUser").await;
    let stream = world.stream().to_owned();
    let token = async |user: &str| {
        let made = client.make_token(json!({ "streams": [stream], "user": user })).await;
        made["token"].as_str().unwrap().to_owned()
    };
    let (before, other) = (token("ann").await, token("bob").await);
    let banned = client.data(BAN, json!({ "u": "ann", "n": "shares her account" })).await["banUser"].clone();
    assert_eq!(banned["banned"]["bannedBy"]["name"], "Uma User", "{banned}");
    let after = token("ann").await;
    for token in [&before, &after] {
        assert_eq!(world.node.denies(&stream, token, T0), Some(Reason::TokenUserBanned));
    }
    assert_eq!(world.node.denies(&stream, &other, T0), None);
    // Twice is once, with the newer note.
    client.data(BAN, json!({ "u": "ann", "n": "again" })).await;
    let list = "{ organisation { bannedUsers { totalCount nodes { user note } } } }";
    assert_eq!(
        client.data(list, json!({})).await["organisation"]["bannedUsers"],
        json!({ "totalCount": 1, "nodes": [{ "user": "ann", "note": "again" }] })
    );
    let world = world.restarted().await;
    let client = world.as_role("nanoUser").await;
    assert_eq!(world.node.denies(&stream, &after, T0), Some(Reason::TokenUserBanned));
    client.data(UNBAN, json!({ "u": "ann" })).await;
    for token in [&before, &after] {
        assert_eq!(world.node.denies(&stream, token, T0), None);
    }
    assert_eq!(client.code(UNBAN, json!({ "u": "ann" })).await, "NOT_FOUND");
}

#[tokio::test]
async fn a_token_that_is_pasted_is_looked_at_and_kept_nowhere() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let made = admin
        .make_token(json!({ "organisation": true, "ttlSeconds": 48 * 3600 }))
        .await;
    let seen = admin.data(LINT, json!({ "t": made["token"] })).await["lintToken"].clone();
    assert_eq!((&seen["signed"], &seen["jti"]), (&json!(true), &made["record"]["jti"]));
    assert_eq!(seen["kind"], "JWT");
    assert_eq!(seen["advice"], made["advice"]);
    // Somebody else's looks the same, but for who signed it.
    let theirs = world.outsider().await.data(LINT, json!({ "t": made["token"] })).await["lintToken"].clone();
    assert_eq!((&theirs["signed"], &theirs["kid"]), (&json!(false), &Value::Null));
    assert_eq!(theirs["kind"], "JWT");
    for (text, message) in [
        (String::new(), "three parts"),
        ("no.sen.se".to_owned(), "three parts"),
        (hs256("x", &json!({ "crit": ["b64"] }), &json!({})), "crit"),
        (hs256("x", &json!({}), &json!({ "streams": ["x"] })), "exp"),
        (
            hs256("x", &json!({}), &json!({ "exp": 1, "streams": "22222-x", "org": true })),
            "more than one",
        ),
    ] {
        let refused = admin.data(LINT, json!({ "t": text })).await["lintToken"].clone();
        assert_eq!(refused["errors"][0]["code"], "MALFORMED", "{refused}");
        assert_eq!(refused["kind"], Value::Null);
        assert!(
            refused["errors"][0]["message"].as_str().unwrap().contains(message),
            "{refused}"
        );
    }
    let made = admin
        .data(STATIC, json!({ "i": { "name": "studio", "organisation": true } }))
        .await;
    let seen = admin
        .data(LINT, json!({ "t": made["createStaticToken"]["text"] }))
        .await["lintToken"]
        .clone();
    assert_eq!(
        (&seen["kind"], &seen["jti"]),
        (&json!("STATIC"), &json!("static:studio"))
    );
    assert!(
        seen["advice"]
            .as_array()
            .unwrap()
            .iter()
            .any(|advice| advice["code"] == "STATIC")
    );
    let reader = world.as_role("nanoReadOnly").await;
    assert_eq!(reader.code(LINT, json!({ "t": "x" })).await, "FORBIDDEN");
}

#[tokio::test]
async fn what_is_no_signed_token_is_told_by_its_form_and_never_whether_others_have_it() {
    let world = World::new().await;
    let (admin, outsider) = (world.as_role("nanoAdmin").await, world.outsider().await);
    let lint = async |client: &Client, text: &Value| client.data(LINT, json!({ "t": text })).await["lintToken"].clone();
    let token = admin.make_token(json!({ "organisation": true })).await["token"].clone();
    let handle = admin.data(HANDLE, json!({ "t": token })).await["createHandle"]["handle"].clone();
    let made = admin
        .data(STATIC, json!({ "i": { "name": "made", "organisation": true } }))
        .await;
    let chosen = json!("the-studio-is-open-today");
    let input = json!({ "name": "chosen", "text": chosen, "organisation": true });
    admin.data(STATIC, json!({ "i": input })).await;
    for (theirs, nobodys, kind, kind_outside) in [
        (handle, "h_0000000000000000000000", "HANDLE", "HANDLE"),
        (
            made["createStaticToken"]["text"].clone(),
            "s_0000000000000000000000",
            "STATIC",
            "STATIC",
        ),
        (chosen, "the-studio-is-closed-today", "STATIC", "OPAQUE"),
    ] {
        let seen = lint(&admin, &theirs).await;
        assert_eq!(seen["kind"], kind);
        assert_ne!(seen["jti"], Value::Null, "{seen}");
        let outside = lint(&outsider, &theirs).await;
        let nothing = json!({
            "kind": kind_outside, "signed": false, "kid": null, "jti": null, "claims": null, "advice": [], "errors": []
        });
        assert_eq!(outside, nothing);
        assert_eq!(lint(&outsider, &json!(nobodys)).await, nothing);
        assert_eq!(lint(&admin, &json!(nobodys)).await, nothing);
    }
}

#[tokio::test]
async fn a_preview_hits_whom_the_revocation_would_also_among_tokens_that_customers_sign() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    // What somebody else's clock issued is covered for 30 s more, and what says no time always.
    for (n, (issued, ours, hit)) in (1..).zip([
        (Some(0), true, 1),
        (Some(1), true, 0),
        (Some(30), false, 1),
        (Some(31), false, 0),
        (None, false, 1),
    ]) {
        let user = format!("viewer {n}");
        let facts = link::SessionFacts {
            grant: Some(guard::Grant {
                user: Some(user.as_str().into()),
                issued: issued.map(|seconds| T0.plus(Duration::from_secs(seconds))),
                revocable: false,
                word: guard::Word::Signed { ours },
                marks: guard::lint::Marks::default(),
                ..granted(&format!("theirs {n}"))
            }),
            ..world.viewing(world.stream(), n)
        };
        world.begins(&admin, facts).await;
        let preview = "query($i: RevokeTokensInput!) { revocationPreview(input: $i) { sessions } }";
        let seen = admin.data(preview, json!({ "i": { "user": user } })).await;
        assert_eq!(seen["revocationPreview"]["sessions"], hit, "{issued:?}, ours: {ours}");
    }
}

#[tokio::test]
async fn a_revocation_that_is_looked_at_first_says_whom_it_hits_and_hits_nobody() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let stream = world.stream().to_owned();
    let made = admin
        .make_token(json!({ "streams": [stream], "user": "ann", "tag": "web" }))
        .await;
    admin
        .make_token(json!({ "streams": [stream], "user": "bob", "tag": "web" }))
        .await;
    let jti = made["record"]["jti"].as_str().unwrap();
    let viewing = link::SessionFacts {
        grant: Some(guard::Grant {
            user: Some("ann".into()),
            tag: Some("web".into()),
            ..granted(jti)
        }),
        ..world.viewing(&stream, 1)
    };
    world.node.tell(world.clock.now(), link::Kind::Started(viewing));
    let live = "{ organisation { sessions { totalCount } } }";
    while admin.data(live, json!({})).await["organisation"]["sessions"]["totalCount"] == 0 {
        tokio::task::yield_now().await;
    }
    let preview = "query($i: RevokeTokensInput!) { revocationPreview(input: $i) { tokens sessions users streams } }";
    let hit = |tokens, users: &[&str]| {
        let streams = if users.is_empty() { vec![] } else { vec![stream.clone()] };
        json!({ "tokens": tokens, "sessions": users.len(), "users": users, "streams": streams })
    };
    for (input, expected) in [
        (json!({ "user": "ann" }), hit(1, &["ann"])),
        (json!({ "user": "bob" }), hit(1, &[])),
        (json!({ "tag": "web" }), hit(2, &["ann"])),
        (json!({ "jti": jti }), hit(1, &["ann"])),
        (json!({ "user": "nobody" }), hit(0, &[])),
        (json!({ "issuedBefore": "2020-01-01T00:00:00Z" }), hit(0, &[])),
    ] {
        let seen = admin.data(preview, json!({ "i": input })).await["revocationPreview"].clone();
        assert_eq!(seen, expected, "{input}");
    }
    assert_eq!(world.node.denies(&stream, made["token"].as_str().unwrap(), T0), None);
    let user = world.as_role("nanoUser").await;
    assert_eq!(
        user.code(preview, json!({ "i": { "stream": stream } })).await,
        "FORBIDDEN"
    );
    let revoked = admin.revoke(json!({ "tag": "web" })).await;
    assert_eq!(revoked["revoked"], 2);
}

async fn what_no_door_accepts_is_no_wish_on(kind: testkit::Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    for (wish, field) in [
        (json!({ "userAgent": "player\0" }), "userAgent"),
        (json!({ "userAgent": "player\u{1}" }), "userAgent"),
        (json!({ "userAgent": "player\n2" }), "userAgent"),
        (json!({ "amr": ["m\0fa"] }), "amr"),
        (json!({ "user": "a\0" }), "user"),
    ] {
        let mut input = json!({ "streams": [world.stream()] });
        input.as_object_mut().unwrap().extend(wish.as_object().unwrap().clone());
        let error = admin.make_token(input).await["errors"][0].clone();
        assert_eq!(
            (&error["code"], &error["field"]),
            (&json!("INVALID"), &json!(["input", field])),
            "{wish}"
        );
    }
    let unban = "mutation { unbanUser(input: { user: \"a\\u0000\" }) { errors { code field } } }";
    let error = admin.data(unban, json!({})).await["unbanUser"]["errors"][0].clone();
    assert_eq!(error, json!({ "code": "INVALID", "field": ["input", "user"] }));
    let answer = world.anonymous().sign_in("a\0@b.example", "some password").await;
    assert_eq!(
        answer.body["data"]["signIn"]["errors"][0]["code"], "SIGN_IN_FAILED",
        "{answer:?}"
    );
}

#[tokio::test]
async fn what_no_door_accepts_is_no_wish() {
    what_no_door_accepts_is_no_wish_on(testkit::Kind::Sqlite).await;
}

#[tokio::test]
async fn what_no_door_accepts_is_no_wish_on_postgresql() {
    what_no_door_accepts_is_no_wish_on(testkit::Kind::Postgres).await;
}
