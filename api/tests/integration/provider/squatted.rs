//! Addresses that only identity providers vouched for: whoever has the mailbox gets them back.

use serde_json::{Value, json};
use testkit::Kind;

use super::{REMOVE, Stage, set, wish};
use crate::harness::Client;

const EMAIL: &str = "nora@nora.example";
const PASSWORD: &str = "correct horse";

const INVITE: &str =
    "mutation($e: String!) { inviteMember(input: {email: $e, role: nanoUser}) { errors { code field } } }";
const OFFER: &str = "query($s: String!) { invitation(secret: $s) { hasAccount } }";
const ACCEPT: &str = "mutation($i: AcceptInvitationInput!) { acceptInvitation(input: $i) {
    viewer { email name organisation { hash } } errors { code field } } }";
const ASK: &str = "mutation($e: String!) { requestPasswordReset(input: {email: $e}) { errors { code } } }";
const RESET: &str = "mutation($s: String!, $p: String!) { resetPassword(input: {secret: $s, password: $p}) {
    done errors { code field } } }";
const PLACES: &str = "{ viewer { role organisation { hash } memberships { organisation { hash } closed } } }";

/// The provider of the first organisation vouches for somebody whom nobody knows.
async fn squatted(kind: Kind) -> Stage {
    let stage = Stage::on(kind).await;
    let mut wish = wish(&stage.issuer);
    wish["domains"] = json!(["nora.example"]);
    set(&stage.admin, wish).await;
    stage.signed_in("s-9", EMAIL).await;
    stage
}

/// Signs in with the password.
async fn signed_in(stage: &Stage) -> Client {
    let mut client = stage.world.anonymous();
    let answer = client.sign_in(EMAIL, PASSWORD).await;
    assert_eq!(answer.body["data"]["signIn"]["errors"], json!([]), "{}", answer.text);
    client.cookie = answer.cookie();
    client
}

#[tokio::test]
async fn whom_a_foreign_provider_vouched_for_joins_like_anybody_who_is_new() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let stage = squatted(kind).await;
        let (first, second) = (
            &stage.world.demo.users[0].organisation,
            &stage.world.demo.users[3].organisation,
        );
        let invited = stage.world.outsider().await.data(INVITE, json!({ "e": EMAIL })).await;
        assert_eq!(invited["inviteMember"]["errors"], json!([]));
        let secret = stage.world.mailed("invitation", EMAIL).await;
        // Whoever the provider signed in is asked no more and no less than somebody who is signed out.
        let vouched = stage.signed_in("s-9", EMAIL).await;
        for client in [&vouched, &stage.world.anonymous()] {
            let offer = client.data(OFFER, json!({ "s": secret })).await;
            assert_eq!(offer["invitation"]["hasAccount"], false);
            let weak = json!({ "i": { "secret": secret, "name": "Nora", "password": "short" } });
            let weak = client.data(ACCEPT, weak).await["acceptInvitation"].clone();
            assert_eq!(weak["errors"][0]["code"], "WEAK", "{weak}");
        }
        let chosen = json!({ "i": { "secret": secret, "name": "Nora Own", "password": PASSWORD } });
        let joined = stage.world.anonymous().ask(ACCEPT, chosen.clone()).await;
        assert_eq!(
            joined.body["data"]["acceptInvitation"]["viewer"],
            json!({ "email": EMAIL, "name": "Nora Own", "organisation": { "hash": second } }),
            "{}",
            joined.text
        );
        assert!(joined.cookie().is_some(), "they are signed in");
        let again = stage.world.anonymous().code(ACCEPT, chosen).await;
        assert_eq!(again, "NOT_FOUND", "a link is good once");

        // What they chose opens their place, and not the one that the provider keeps.
        let mut nora = signed_in(&stage).await;
        let viewer = nora.data(PLACES, json!({})).await["viewer"].clone();
        assert_eq!(viewer["organisation"]["hash"], *second);
        let kept = |closed: Value| json!({ "organisation": { "hash": first }, "closed": closed });
        let memberships = viewer["memberships"].as_array().unwrap();
        assert!(memberships.contains(&kept(json!("SIGN_IN_AGAIN"))), "{memberships:?}");
        nora.organisation = Some(first.clone());
        assert_eq!(
            nora.code("{ organisation { name } }", json!({})).await,
            "UNAUTHENTICATED"
        );
        let vouched = stage.signed_in("s-9", EMAIL).await;
        let viewer = vouched.data(PLACES, json!({})).await["viewer"].clone();
        assert_eq!(viewer["organisation"]["hash"], *first);
    }
}

#[tokio::test]
async fn whoever_loses_the_only_provider_that_let_them_in_chooses_a_password_by_mail() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let stage = squatted(kind).await;
        let anonymous = stage.world.anonymous();
        let ask = async || anonymous.data(ASK, json!({ "e": EMAIL })).await;
        ask().await;
        assert!(
            !stage.world.letter(EMAIL).await.contains("/reset#"),
            "their provider is there"
        );
        stage.admin.data(REMOVE, json!({})).await;
        ask().await;
        let secret = stage.world.mailed("reset", EMAIL).await;
        let done = anonymous.data(RESET, json!({ "s": secret, "p": PASSWORD })).await["resetPassword"].clone();
        assert_eq!(done, json!({ "done": true, "errors": [] }));
        // With no provider left, their place is theirs.
        let viewer = signed_in(&stage).await.data(PLACES, json!({})).await["viewer"].clone();
        assert_eq!(viewer["role"], "nanoReadOnly");
    }
}
