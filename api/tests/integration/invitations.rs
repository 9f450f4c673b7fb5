//! Invitations and forgotten passwords: by mail, once, for whom they are meant.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::Kind;

use crate::harness::{Client, World};

const INVITE: &str = "mutation($e: String!, $r: Role!) { inviteMember(input: {email: $e, role: $r}) {
    invitation { id status mail { status } } errors { code field } } }";
const OFFER: &str = "query($s: String!) { invitation(secret: $s) { email role organisation hasAccount } }";
const ACCEPT: &str = "mutation($i: AcceptInvitationInput!) { acceptInvitation(input: $i) {
    viewer { email role } errors { code field } } }";
const LIST: &str = "{ organisation { invitations { nodes { email status mail { status attempts trouble } } } } }";
const ASK: &str = "mutation($e: String!) { requestPasswordReset(input: {email: $e}) { errors { code } } }";
const RESET: &str = "mutation($s: String!, $p: String!) { resetPassword(input: {secret: $s, password: $p}) {
    done errors { code field } } }";

async fn invite(client: &Client, email: &str, role: &str) -> Value {
    client.data(INVITE, json!({ "e": email, "r": role })).await["inviteMember"].clone()
}

fn enrol(secret: &str) -> Value {
    json!({ "i": { "secret": secret, "name": "Nora New", "password": "correct horse" } })
}

async fn by_id(client: &Client, operation: &str, id: &Value) -> Value {
    let query = format!(
        "mutation($id: ID!) {{ {operation}(input: {{id: $id}}) {{ invitation {{ status }} errors {{ code }} }} }}"
    );
    client.data(&query, json!({ "id": id })).await[operation].clone()
}

#[tokio::test]
async fn who_is_slowed_in_inviting_is_told_for_how_long() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let id = invite(&admin, "often@example.com", "nanoUser").await["invitation"]["id"].clone();
    let resend = "mutation($i: ID!) { resendInvitation(input: {id: $i}) { errors { code } } }";
    for _ in 0..9 {
        assert_eq!(admin.ask(resend, json!({ "i": id })).await.code(), None);
    }
    let resent = admin.ask(resend, json!({ "i": id })).await;
    by_id(&admin, "withdrawInvitation", &id).await;
    let anew = json!({ "e": "often@example.com", "r": "nanoUser" });
    for slowed in [resent, admin.ask(INVITE, anew).await] {
        assert_eq!(slowed.code().as_deref(), Some("RATE_LIMITED"), "{}", slowed.text);
        assert_eq!(slowed.headers["retry-after"], "600");
    }
}

#[tokio::test]
async fn whoever_is_invited_by_mail_joins_with_the_role_once() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let world = World::on(kind).await;
        let admin = world.as_role("nanoAdmin").await;
        let invited = invite(&admin, "Nora@Example.com", "nanoUser").await;
        assert_eq!(invited["errors"], json!([]));
        assert_eq!(invited["invitation"]["status"], "PENDING");
        let secret = world.mailed("invitation", "nora@example.com").await;
        let anonymous = world.anonymous();
        let offer = anonymous.data(OFFER, json!({ "s": secret })).await["invitation"].clone();
        assert_eq!(
            offer,
            json!({ "email": "nora@example.com", "role": "nanoUser", "organisation": "Northwind Live", "hasAccount": false })
        );
        for (password, code) in [("short", "WEAK"), ("nora@example.com", "WEAK")] {
            let weak = json!({ "i": { "secret": secret, "name": "Nora", "password": password } });
            let weak = anonymous.data(ACCEPT, weak).await["acceptInvitation"].clone();
            assert_eq!(weak["errors"][0]["code"], code, "{password}");
        }
        let answer = anonymous.ask(ACCEPT, enrol(&secret)).await;
        let viewer = &answer.body["data"]["acceptInvitation"]["viewer"];
        assert_eq!(
            viewer,
            &json!({ "email": "nora@example.com", "role": "nanoUser" }),
            "{}",
            answer.text
        );
        let mut nora = world.anonymous();
        nora.cookie = answer.cookie();
        let made = nora.make_token(json!({ "streams": [world.stream()] })).await;
        assert!(made["token"].is_string());
        // The link is used up.
        assert_eq!(anonymous.code(OFFER, json!({ "s": secret })).await, "NOT_FOUND");
        assert_eq!(anonymous.code(ACCEPT, enrol(&secret)).await, "NOT_FOUND");
        let again = world.anonymous().sign_in("nora@example.com", "correct horse").await;
        assert!(again.cookie().is_some(), "{}", again.text);
        let listed = admin.data(LIST, json!({})).await;
        let one = &listed["organisation"]["invitations"]["nodes"][0];
        assert_eq!(
            (&one["status"], &one["mail"]["status"]),
            (&json!("ACCEPTED"), &json!("SENT"))
        );
    }
}

#[tokio::test]
async fn two_who_accept_one_invitation_at_once_are_one() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let world = World::on(kind).await;
        let admin = world.as_role("nanoAdmin").await;
        invite(&admin, "nora@example.com", "nanoUser").await;
        let secret = world.mailed("invitation", "nora@example.com").await;
        let (one, other) = (world.anonymous(), world.anonymous());
        let (one, other) = tokio::join!(one.ask(ACCEPT, enrol(&secret)), other.ask(ACCEPT, enrol(&secret)));
        let cookies = [one.cookie(), other.cookie()];
        assert_eq!(cookies.iter().flatten().count(), 1, "{} {}", one.text, other.text);
    }
}

#[tokio::test]
async fn whoever_has_an_account_joins_with_it_and_nobody_else_does() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let outsider = world.outsider().await;
    let email = &world.demo.users[3].email;
    invite(&admin, email, "nanoReadOnly").await;
    let secret = world.mailed("invitation", email).await;
    let only = json!({ "i": { "secret": secret } });
    let refused = world.anonymous().data(ACCEPT, only.clone()).await["acceptInvitation"].clone();
    assert_eq!(refused["errors"][0]["code"], "SIGN_IN_FIRST");
    let user = world.as_role("nanoUser").await;
    let refused = user.data(ACCEPT, only.clone()).await["acceptInvitation"].clone();
    assert_eq!(refused["errors"][0]["code"], "OTHER_ACCOUNT");
    let joined = outsider.data(ACCEPT, only).await["acceptInvitation"].clone();
    assert_eq!(joined["errors"], json!([]));
    let mut here = outsider.clone();

    here.organisation = Some(world.demo.users[0].organisation.clone());
    let viewer = here.data("{ viewer { role memberships { role } } }", json!({})).await["viewer"].clone();
    assert_eq!(viewer["role"], "nanoReadOnly");
    assert_eq!(viewer["memberships"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_link_that_was_replaced_withdrawn_or_is_a_week_old_is_no_link() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let anonymous = world.anonymous();
    let nothing = anonymous.ask(OFFER, json!({ "s": "nothing" })).await;
    let invited = invite(&admin, "nora@example.com", "nanoUser").await;
    let first = world.mailed("invitation", "nora@example.com").await;
    let twice = invite(&admin, "nora@example.com", "nanoUser").await;
    assert_eq!(twice["errors"][0]["code"], "INVITED");
    let member = invite(&admin, &world.demo.users[1].email, "nanoUser").await;
    assert_eq!(member["errors"][0]["code"], "MEMBER");
    let id = &invited["invitation"]["id"];
    // Mails are found by their time.
    world.pass(Duration::from_secs(1));
    by_id(&admin, "resendInvitation", id).await;
    let mut second = first.clone();
    while second == first {
        second = world.mailed("invitation", "nora@example.com").await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(anonymous.ask(OFFER, json!({ "s": first })).await.text, nothing.text);
    anonymous.data(OFFER, json!({ "s": second })).await;
    world.pass(Duration::from_hours(7 * 24));
    assert_eq!(anonymous.ask(OFFER, json!({ "s": second })).await.text, nothing.text);
    assert_eq!(
        anonymous.ask(ACCEPT, enrol(&second)).await.code().as_deref(),
        Some("NOT_FOUND")
    );

    let invited = invite(&admin, "otto@example.com", "nanoUser").await;
    let secret = world.mailed("invitation", "otto@example.com").await;
    let id = &invited["invitation"]["id"];
    assert_eq!(
        by_id(&admin, "withdrawInvitation", id).await["invitation"]["status"],
        "WITHDRAWN"
    );
    assert_eq!(anonymous.ask(OFFER, json!({ "s": secret })).await.text, nothing.text);
    // Another organisation's invitation is like one that never was.
    let outsider = world.outsider().await;
    for operation in ["resendInvitation", "withdrawInvitation"] {
        let query = format!("mutation($id: ID!) {{ {operation}(input: {{id: $id}}) {{ errors {{ code }} }} }}");
        let theirs = outsider.ask(&query, json!({ "id": id })).await;
        let never = outsider
            .ask(&query, json!({ "id": "inv_00000000000000000000000000" }))
            .await;
        assert_eq!(theirs.code().as_deref(), Some("NOT_FOUND"));
        assert_eq!(theirs.text, never.text);
    }
}

#[tokio::test]
async fn a_forgotten_password_is_chosen_anew_by_a_link_and_ends_every_sign_in() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let world = World::on(kind).await;
        let user = world.as_role("nanoUser").await;
        let email = &world.demo.users[1].email;
        let anonymous = world.anonymous();
        let known = anonymous.ask(ASK, json!({ "e": email })).await;
        let unknown = anonymous.ask(ASK, json!({ "e": "nobody@example.com" })).await;
        assert_eq!((known.status, &known.text), (unknown.status, &unknown.text));
        let secret = world.mailed("reset", email).await;
        let weak = anonymous.data(RESET, json!({ "s": secret, "p": "short" })).await["resetPassword"].clone();
        assert_eq!(weak["errors"][0]["code"], "WEAK");
        let done = anonymous
            .ask(RESET, json!({ "s": secret, "p": "a new password" }))
            .await;
        assert_eq!(done.body["data"]["resetPassword"]["done"], true, "{}", done.text);
        assert!(done.cookie().is_none(), "nobody is signed in by it");
        assert_eq!(user.code("{ viewer { id } }", json!({})).await, "UNAUTHENTICATED");
        let again = anonymous
            .ask(RESET, json!({ "s": secret, "p": "another password" }))
            .await;
        let never = anonymous
            .ask(RESET, json!({ "s": "nothing", "p": "another password" }))
            .await;
        assert_eq!(again.text, never.text);
        assert!(anonymous.sign_in(email, "a new password").await.cookie().is_some());
    }
}

#[tokio::test]
async fn only_the_newest_link_to_a_password_works_and_only_for_an_hour() {
    let world = World::new().await;
    let email = &world.demo.users[1].email;
    let anonymous = world.anonymous();
    anonymous.data(ASK, json!({ "e": email })).await;
    let first = world.mailed("reset", email).await;
    world.pass(Duration::from_secs(1));
    anonymous.data(ASK, json!({ "e": email })).await;
    let mut second = first.clone();
    while second == first {
        second = world.mailed("reset", email).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let old = anonymous.ask(RESET, json!({ "s": first, "p": "a new password" })).await;
    assert_ne!(old.body["data"]["resetPassword"]["done"], true, "{}", old.text);
    world.pass(Duration::from_hours(1));
    let late = anonymous
        .ask(RESET, json!({ "s": second, "p": "a new password" }))
        .await;
    assert_eq!(late.text, old.text);
}

#[tokio::test]
async fn an_operator_creates_an_organisation_and_its_first_administrator_comes_by_invitation() {
    let world = World::new().await;
    let operator = crate::organisations::operator(&world).await;
    let create = "mutation($n: String!, $e: String!) { createOrganisation(input: {name: $n, adminEmail: $e}) {
        organisation { hash name members packages { package enabled } } invitation { email role status } errors { code } } }";
    let made = operator
        .data(create, json!({ "n": "Eastbay TV", "e": "eve@example.com" }))
        .await["createOrganisation"]
        .clone();
    assert_eq!(made["errors"], json!([]));
    assert_eq!(made["organisation"]["members"], 0);
    assert_eq!(
        made["invitation"],
        json!({ "email": "eve@example.com", "role": "nanoAdmin", "status": "PENDING" })
    );
    let secret = world.mailed("invitation", "eve@example.com").await;
    let mut eve = world.anonymous();
    eve.cookie = eve.ask(ACCEPT, enrol(&secret)).await.cookie();
    let own = eve.data("{ organisation { hash } viewer { role } }", json!({})).await;
    assert_eq!(own["organisation"]["hash"], made["organisation"]["hash"]);
    assert_eq!(own["viewer"]["role"], "nanoAdmin");
    let stream = "mutation { createStream(input: {}) { stream { name } errors { code } } }";
    assert_eq!(eve.data(stream, json!({})).await["createStream"]["errors"], json!([]));
    // Without a good address there is no organisation either.
    let bad = operator.data(create, json!({ "n": "Nowhere", "e": "nonsense" })).await["createOrganisation"].clone();
    assert_eq!(bad["errors"][0]["code"], "INVALID", "{bad}");
    let all = "{ platform { organisations { totalCount } } }";
    assert_eq!(
        operator.data(all, json!({})).await["platform"]["organisations"]["totalCount"],
        3
    );
}
