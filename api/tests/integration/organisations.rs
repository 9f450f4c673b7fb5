//! Organisations: settings, packages with limits, suspension; and what platform operators see and do.

use std::time::Duration;

use link::{Clock, Entropy};
use serde_json::{Value, json};
use testkit::Kind;

use crate::harness::{Client, T0, World, settings};

const SET: &str = "mutation($i: SetPackageInput!) { setPackage(input: $i) {
    organisation { hash packages { package enabled limits { name limit used } } } change { id } errors { code field } } }";
const SETTINGS: &str = "mutation($i: UpdateSettingsInput!) { updateSettings(input: $i) {
    organisation { name settings { securePlayback forceDisconnect ingestAuthorisation secondFactorRequired } }
    change { id } errors { code } } }";
const CREATE: &str = "mutation { createStream(input: {}) { stream { name } errors { code } } }";

/// The second organisation's administrator, made a platform operator.
pub(crate) async fn operator(world: &World) -> Client {
    let email = &world.demo.users[3].email;
    let settings = settings(&world.database);
    let link = api::operator::create(&settings, Clock::manual(T0), Entropy::seeded(77), email)
        .await
        .expect("an operator");
    assert!(link.starts_with("http://live.example.com/reset#"), "{link}");
    world.outsider().await
}

async fn standing(operator: &Client, operation: &str, hash: &str) -> Value {
    let query = format!(
        "mutation($h: String!) {{ {operation}(input: {{organisation: $h}}) {{
            organisation {{ standing }} change {{ nodes {{ acknowledged }} }} errors {{ code }} }} }}"
    );
    operator.data(&query, json!({ "h": hash })).await[operation].clone()
}

#[tokio::test]
async fn a_suspended_organisation_neither_plays_nor_answers_until_it_is_resumed() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let world = World::on(kind).await;
        let hash = world.demo.users[0].organisation.clone();
        let admin = world.as_role("nanoAdmin").await;
        let token = world.demo.streams[1].token.clone();
        let operator = operator(&world).await;
        let done = standing(&operator, "suspendOrganisation", &hash).await;
        assert_eq!(done["organisation"]["standing"], "SUSPENDED");
        assert_eq!(done["change"]["nodes"][0]["acknowledged"], true);
        assert_eq!(
            world.node.denies(world.stream(), &token, world.clock.now()),
            Some(guard::Reason::OrganisationSuspended)
        );
        let refused = admin.ask("{ organisation { name } }", json!({})).await;
        assert_eq!(refused.code().as_deref(), Some("FORBIDDEN"));
        assert_eq!(
            refused.body["errors"][0]["extensions"]["reason"],
            "ORGANISATION_SUSPENDED"
        );
        // Who is signed in is told what is the matter.
        let viewer = admin
            .data("{ viewer { role memberships { closed } } }", json!({}))
            .await;
        assert_eq!(
            viewer["viewer"],
            json!({ "role": null, "memberships": [{ "closed": "ORGANISATION_SUSPENDED" }] })
        );
        standing(&operator, "resumeOrganisation", &hash).await;
        assert_eq!(world.node.denies(world.stream(), &token, world.clock.now()), None);
        admin.data("{ organisation { name } }", json!({})).await;
    }
}

#[tokio::test]
async fn operators_see_organisations_and_nothing_inside_and_nobody_else_sees_the_platform() {
    let world = World::new().await;
    let query =
        "{ platform { organisations(text: \"north\") { totalCount nodes { name hash standing members streams viewers
        packages { package enabled } } } packageRequests { package } } }";
    for (client, code) in [
        (world.anonymous(), "UNAUTHENTICATED"),
        (world.as_role("nanoAdmin").await, "FORBIDDEN"),
        (world.outsider().await, "FORBIDDEN"),
    ] {
        assert_eq!(client.code(query, json!({})).await, code);
        let set = json!({ "i": { "organisation": "22222", "package": "LIVE", "enabled": false } });
        assert_eq!(client.code(SET, set).await, code);
    }
    let operator = operator(&world).await;
    let seen = operator.data(query, json!({})).await["platform"]["organisations"].clone();
    assert_eq!(seen["totalCount"], 1);
    assert_eq!(seen["nodes"][0]["name"], "Northwind Live");
    assert_eq!(
        (&seen["nodes"][0]["members"], &seen["nodes"][0]["streams"]),
        (&json!(3), &json!(2))
    );
    // Being an operator opens no organisation.
    let stream = "query($n: String!) { stream(name: $n) { name } }";
    assert_eq!(operator.code(stream, json!({ "n": world.stream() })).await, "NOT_FOUND");
    let mut inside = operator.clone();
    inside.organisation = Some(world.demo.users[0].organisation.clone());
    assert_eq!(inside.code("{ organisation { name } }", json!({})).await, "NOT_FOUND");
    let nowhere = json!({ "i": { "organisation": "22222", "package": "LIVE", "enabled": false } });
    assert_eq!(operator.code(SET, nowhere).await, "NOT_FOUND");
}

#[tokio::test]
async fn what_is_wrong_with_a_new_organisation_is_told_by_the_name_of_its_field() {
    let world = World::new().await;
    let operator = operator(&world).await;
    let make = "mutation($n: String!, $e: String!) { createOrganisation(input: {name: $n, adminEmail: $e}) { errors { field } } }";
    for (name, email, field) in [("x", "bad", "adminEmail"), ("\u{2066}x", "a@example.com", "name")] {
        let made = operator.data(make, json!({ "n": name, "e": email })).await;
        assert_eq!(
            made["createOrganisation"]["errors"][0]["field"],
            json!(["input", field])
        );
    }
}

#[tokio::test]
async fn who_was_an_operator_is_none_and_signed_out() {
    let world = World::new().await;
    let client = operator(&world).await;
    client.data("{ platform { packageRequests { id } } }", json!({})).await;
    let email = &world.demo.users[3].email;
    let settings = settings(&world.database);
    let (clock, entropy) = (Clock::manual(T0), Entropy::seeded(78));
    api::operator::remove(&settings, clock.clone(), entropy.clone(), email)
        .await
        .unwrap();
    assert_eq!(client.code("{ viewer { id } }", json!({})).await, "UNAUTHENTICATED");
    let again = world.outsider().await;
    assert_eq!(
        again.code("{ platform { packageRequests { id } } }", json!({})).await,
        "FORBIDDEN"
    );
    let nobody = api::operator::remove(&settings, clock.clone(), entropy.clone(), "x@example.com").await;
    assert!(matches!(nobody, Err(api::operator::OperatorError::Nobody(_))));
    let nonsense = api::operator::create(&settings, clock, entropy, "nonsense").await;
    assert!(matches!(nonsense, Err(api::operator::OperatorError::Address(_))));
}

#[tokio::test]
async fn a_package_that_is_taken_away_acts_at_once_and_is_asked_for_and_given_back() {
    let world = World::new().await;
    let hash = world.demo.users[0].organisation.clone();
    let admin = world.as_role("nanoAdmin").await;
    let operator = operator(&world).await;
    let set = |package: &'static str, enabled: bool| {
        let (operator, hash) = (operator.clone(), hash.clone());
        async move {
            let input = json!({ "i": { "organisation": hash, "package": package, "enabled": enabled } });
            operator.data(SET, input).await["setPackage"].clone()
        }
    };
    set("SECURE", false).await;
    let create = "mutation($i: CreatePlaybackTokenInput!) { createPlaybackToken(input: $i) { token } }";
    let refused = admin.ask(create, json!({ "i": { "streams": [world.stream()] } })).await;
    assert_eq!(refused.code().as_deref(), Some("PACKAGE_REQUIRED"));
    assert_eq!(refused.body["errors"][0]["extensions"]["package"], "SECURE");
    // Without it playback is open.
    assert_eq!(world.node.denies(world.stream(), "", world.clock.now()), None);
    set("LIVE", false).await;
    let start = "mutation($n: String!) { startTestSource(input: {name: $n}) { errors { code } } }";
    assert_eq!(
        admin.code(start, json!({ "n": world.stream() })).await,
        "PACKAGE_REQUIRED"
    );

    let request = "mutation($p: Package!) { requestPackage(input: {package: $p, note: \"for the finals\"}) {
        requested errors { code } } }";
    let user = world.as_role("nanoUser").await;
    assert_eq!(user.code(request, json!({ "p": "SECURE" })).await, "FORBIDDEN");
    for _ in 0..2 {
        let asked = admin.data(request, json!({ "p": "SECURE" })).await;
        assert_eq!(asked["requestPackage"]["requested"], true);
    }
    let has = admin.data(request, json!({ "p": "GUARDIAN" })).await;
    assert_eq!(has["requestPackage"]["errors"][0]["code"], "ENABLED");
    let wishes = "{ platform { packageRequests { package note organisation { hash } } } }";
    assert_eq!(
        operator.data(wishes, json!({})).await["platform"]["packageRequests"],
        json!([{ "package": "SECURE", "note": "for the finals", "organisation": { "hash": hash } }])
    );
    let status = "{ organisation { packages { package enabled requestedAt } } }";
    let before = admin.data(status, json!({})).await["organisation"]["packages"][1].clone();
    assert_eq!(before["requestedAt"], "2027-01-15T08:00:00+00:00");
    set("SECURE", true).await;
    let after = admin.data(status, json!({})).await["organisation"]["packages"][1].clone();
    assert_eq!(
        after,
        json!({ "package": "SECURE", "enabled": true, "requestedAt": null })
    );
    assert_eq!(
        operator.data(wishes, json!({})).await["platform"]["packageRequests"],
        json!([])
    );
    assert!(world.node.denies(world.stream(), "", world.clock.now()).is_some());
}

#[tokio::test]
async fn limits_are_shown_with_their_use_and_hold() {
    let world = World::new().await;
    let hash = world.demo.users[0].organisation.clone();
    let admin = world.as_role("nanoAdmin").await;
    let operator = operator(&world).await;
    let limited = json!({ "i": { "organisation": hash, "package": "LIVE", "enabled": true,
        "limits": { "streams": 3, "viewers": 100 } } });
    let set = operator.data(SET, limited).await["setPackage"].clone();
    assert_eq!(
        set["organisation"]["packages"][0]["limits"],
        json!([
            { "name": "STREAMS", "limit": 3, "used": 2.0 },
            { "name": "VIEWERS", "limit": 100, "used": 0.0 },
            { "name": "BANDWIDTH_MBIT_S", "limit": null, "used": 0.0 }
        ])
    );
    let made = admin.data(CREATE, json!({})).await;
    assert_eq!(made["createStream"]["errors"], json!([]));
    let refused = admin.data(CREATE, json!({})).await["createStream"].clone();
    assert_eq!(refused["errors"][0]["code"], "LIMIT_REACHED");
    let name = made["createStream"]["stream"]["name"].clone();
    let delete = "mutation($n: String!) { deleteStream(input: {name: $n}) { errors { code } } }";
    admin.data(delete, json!({ "n": name })).await;
    assert_eq!(admin.data(CREATE, json!({})).await["createStream"]["errors"], json!([]));
    let token = world.demo.streams[1].token.clone();
    assert_eq!(world.node.denies(world.stream(), &token, world.clock.now()), None);
    let nobody =
        json!({ "i": { "organisation": hash, "package": "LIVE", "enabled": true, "limits": { "viewers": 0 } } });
    operator.data(SET, nobody).await;
    assert_eq!(
        world.node.denies(world.stream(), &token, world.clock.now()),
        Some(guard::Reason::ViewerLimit)
    );
    for limits in [json!({ "rules": 3 }), json!({ "streams": -1 })] {
        let wrong = json!({ "i": { "organisation": hash, "package": "LIVE", "enabled": true, "limits": limits } });
        let wrong = operator.data(SET, wrong).await["setPackage"].clone();
        assert_eq!(wrong["errors"][0]["code"], "INVALID", "{wrong}");
    }
}

#[tokio::test]
async fn settings_are_the_administrators_and_reach_the_nodes() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    for client in [world.as_role("nanoUser").await, world.as_role("nanoReadOnly").await] {
        assert_eq!(client.code(SETTINGS, json!({ "i": { "name": "" } })).await, "FORBIDDEN");
    }
    let input =
        json!({ "name": "North", "securePlayback": false, "forceDisconnect": true, "ingestAuthorisation": "TOKEN" });
    let set = admin.data(SETTINGS, json!({ "i": input })).await["updateSettings"].clone();
    assert_eq!(
        set["organisation"],
        json!({ "name": "North", "settings": { "securePlayback": false, "forceDisconnect": true,
            "ingestAuthorisation": "TOKEN", "secondFactorRequired": false } })
    );
    assert_eq!(world.node.denies(world.stream(), "", world.clock.now()), None);
    admin.data(SETTINGS, json!({ "i": { "securePlayback": true } })).await;
    assert!(world.node.denies(world.stream(), "", world.clock.now()).is_some());
    for (input, code) in [
        (json!({ "name": " " }), "INVALID"),
        (json!({ "ingestAuthorisation": "INHERIT" }), "INVALID"),
        (json!({ "secondFactorRequired": true }), "SECOND_FACTOR_FIRST"),
        (json!({ "allowedOrigins": ["example.com"] }), "INVALID"),
        (json!({ "allowedOrigins": ["https://example.com/page"] }), "INVALID"),
        (json!({ "allowedOrigins": vec!["https://example.com"; 51] }), ""),
        (
            json!({ "allowedOrigins": (0..51).map(|n| format!("https://{n}.example")).collect::<Vec<_>>() }),
            "INVALID",
        ),
    ] {
        let refused = admin.data(SETTINGS, json!({ "i": input })).await["updateSettings"].clone();
        assert_eq!(
            refused["errors"][0]["code"].as_str().unwrap_or_default(),
            code,
            "{input}"
        );
    }
    let origins = "mutation($o: [String!]!) { updateSettings(input: { allowedOrigins: $o }) {
        organisation { settings { allowedOrigins } } } }";
    let input = json!({ "o": ["HTTPS://Shop.example.com/", "https://shop.example.com:443", "https://*.example.com"] });
    let set = admin.data(origins, input).await;
    let shown = json!(["https://shop.example.com", "https://*.example.com"]);
    assert_eq!(
        set["updateSettings"]["organisation"]["settings"]["allowedOrigins"],
        shown
    );
    assert_eq!(json!(world.node.origins(world.stream())), shown, "what nodes know");
}

#[tokio::test]
async fn a_wish_that_is_declined_is_told_to_every_administrator_and_may_be_made_again() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let world = World::on(kind).await;
        let hash = world.demo.users[0].organisation.clone();
        let (admin, operator) = (world.as_role("nanoAdmin").await, operator(&world).await);
        let second = world.join("second@northwind.example", &hash, "nanoAdmin").await;
        let decline = async |client: &Client, reason: &str| {
            let query = "mutation($i: DeclinePackageRequestInput!) { declinePackageRequest(input: $i) {
                organisation { packages { package declinedBecause } } errors { code field } } }";
            let input = json!({ "organisation": hash, "package": "RECORDING", "reason": reason });
            client.ask(query, json!({ "i": input })).await
        };
        let refused = async |reason: &str| {
            let answer = decline(&operator, reason).await;
            answer.body["data"]["declinePackageRequest"]["errors"][0]["code"].clone()
        };
        let set = |enabled: bool| {
            let input = json!({ "organisation": hash, "package": "RECORDING", "enabled": enabled });
            operator.data(SET, json!({ "i": input }))
        };
        set(false).await;
        assert_eq!(refused("Too early.").await, "NOT_REQUESTED");
        assert_eq!(decline(&admin, "").await.code().as_deref(), Some("FORBIDDEN"));
        let request = "mutation { requestPackage(input: {package: RECORDING}) { requested errors { code } } }";
        admin.data(request, json!({})).await;
        assert_eq!(refused(" ").await, "INVALID");
        world.pass(Duration::from_secs(1));
        let done =
            decline(&operator, "Sign the <b>contract</b> first.").await.body["data"]["declinePackageRequest"].clone();
        assert_eq!(done["errors"], json!([]));
        assert_eq!(
            done["organisation"]["packages"][6],
            json!({ "package": "RECORDING", "declinedBecause": "Sign the <b>contract</b> first." })
        );
        assert_eq!(refused("Again.").await, "NOT_REQUESTED");
        let wishes = "{ platform { packageRequests { package } } }";
        assert_eq!(
            operator.data(wishes, json!({})).await["platform"]["packageRequests"],
            json!([])
        );

        let status = "{ organisation { packages { enabled requestedAt declinedAt declinedBecause } } }";
        let status = async || admin.data(status, json!({})).await["organisation"]["packages"][6].clone();
        assert_eq!(
            status().await,
            json!({ "enabled": false, "requestedAt": null, "declinedAt": "2027-01-15T08:00:01+00:00",
                "declinedBecause": "Sign the <b>contract</b> first." })
        );
        for email in [&world.demo.users[0].email, "second@northwind.example"] {
            let letter = world.letter(email).await;
            assert!(
                letter.contains("Subject: The package RECORDING was declined"),
                "{letter}"
            );
            assert!(
                letter.contains("They write: Sign the <b>contract</b> first."),
                "{letter}"
            );
            assert!(
                letter.contains("They write: Sign the &lt;b&gt;contract&lt;/b&gt; first."),
                "{letter}"
            );
        }
        for other in &world.demo.users[1..3] {
            assert_eq!(world.letters(&other.email), [""; 0], "{second}");
        }
        let log = "{ organisation { auditLog(filter: {action: \"package.decline\"}) { nodes { actorKind detail } } } }";
        assert_eq!(
            admin.data(log, json!({})).await["organisation"]["auditLog"]["nodes"],
            json!([{ "actorKind": "PLATFORM", "detail": { "package": "RECORDING", "reason": "Sign the <b>contract</b> first." } }])
        );

        world.pass(Duration::from_secs(1));
        admin.data(request, json!({})).await;
        let again = status().await;
        assert_eq!(
            (&again["requestedAt"], &again["declinedBecause"]),
            (&json!("2027-01-15T08:00:02+00:00"), &Value::Null)
        );
        decline(&operator, "No.").await;
        set(true).await;
        assert_eq!(
            status().await,
            json!({ "enabled": true, "requestedAt": null, "declinedAt": null, "declinedBecause": null })
        );
    }
}

#[tokio::test]
async fn an_operator_sends_the_first_administrators_invitation_again_until_somebody_accepts_it() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let world = World::on(kind).await;
        let operator = operator(&world).await;
        let create = "mutation { createOrganisation(input: {name: \"Harbour\", adminEmail: \"ines@example.com\"}) {
            organisation { hash firstInvitation { email status expiresAt mail { status } } } } }";
        let made = operator.data(create, json!({})).await["createOrganisation"]["organisation"].clone();
        assert_eq!(
            (&made["firstInvitation"]["email"], &made["firstInvitation"]["status"]),
            (&json!("ines@example.com"), &json!("PENDING"))
        );
        let hash = made["hash"].clone();
        let again = async |client: &Client, hash: &Value| {
            let query = "mutation($h: String!) { resendFirstInvitation(input: {organisation: $h}) {
                invitation { status expiresAt } errors { code } } }";
            client.ask(query, json!({ "h": hash })).await
        };
        let first = world.mailed("invitation", "ines@example.com").await;
        // Also once it is too late.
        world.pass(Duration::from_hours(8 * 24));
        let seen = "{ platform { organisations(text: \"Harbour\") { nodes { firstInvitation { status } } } } }";
        let seen = async || {
            let data = operator.data(seen, json!({})).await;
            data["platform"]["organisations"]["nodes"][0]["firstInvitation"].clone()
        };
        assert_eq!(seen().await["status"], "EXPIRED");
        let resent = again(&operator, &hash).await.body["data"]["resendFirstInvitation"].clone();
        assert_eq!(
            (&resent["invitation"]["status"], &resent["errors"]),
            (&json!("PENDING"), &json!([]))
        );
        let accept = "mutation($s: String!) { acceptInvitation(input: {secret: $s, name: \"Ines\", password: \"correct horse\"}) {
            viewer { role } errors { code } } }";
        let second = loop {
            let newest = world.mailed("invitation", "ines@example.com").await;
            if newest != first {
                break newest;
            }
            tokio::task::yield_now().await;
        };
        assert_eq!(world.anonymous().code(accept, json!({ "s": first })).await, "NOT_FOUND");
        let joined = world.anonymous().data(accept, json!({ "s": second })).await;
        assert_eq!(joined["acceptInvitation"]["viewer"]["role"], "nanoAdmin");
        assert_eq!(seen().await, Value::Null);
        // Nothing of it is open there, nor where the installation seeded the people.
        for hash in [&hash, &json!(world.demo.users[0].organisation)] {
            let closed = again(&operator, hash).await.body["data"]["resendFirstInvitation"].clone();
            assert_eq!(closed["errors"][0]["code"], "CLOSED");
        }
        assert_eq!(
            again(&operator, &json!("22222")).await.code().as_deref(),
            Some("NOT_FOUND")
        );
        let admin = world.as_role("nanoAdmin").await;
        assert_eq!(again(&admin, &hash).await.code().as_deref(), Some("FORBIDDEN"));
    }
}
