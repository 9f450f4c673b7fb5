//! Addresses that only identity providers vouched for: whoever has the mailbox gets them back.

use link::{Clock, Entropy};
use serde_json::{Value, json};
use testkit::Kind;

use super::{REMOVE, Stage, set, wish};
use crate::harness::{Client, T0};

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
async fn whoever_only_providers_let_in_chooses_a_password_by_mail_which_opens_no_place_that_one_keeps() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let stage = squatted(kind).await;
        let anonymous = stage.world.anonymous();
        anonymous.data(ASK, json!({ "e": EMAIL })).await;
        let secret = stage.world.mailed("reset", EMAIL).await;
        let done = anonymous.data(RESET, json!({ "s": secret, "p": PASSWORD })).await["resetPassword"].clone();
        assert_eq!(done, json!({ "done": true, "errors": [] }));
        let role = async |stage: &Stage| signed_in(stage).await.data(PLACES, json!({})).await["viewer"]["role"].clone();
        assert_eq!(role(&stage).await, Value::Null);
        stage.admin.data(REMOVE, json!({})).await;
        assert_eq!(
            role(&stage).await,
            "nanoReadOnly",
            "with no provider left, their place is theirs"
        );
    }
}

/// Nobody is locked out of their own organisation by a provider that lets in nobody.
#[tokio::test]
async fn an_administrator_comes_in_by_password_and_mends_the_provider() {
    let stage = squatted(Kind::Sqlite).await;
    let mut chief = stage.says("s-9", EMAIL);
    chief["groups"] = json!(["chiefs"]);
    let mut browser = super::Browser::new(&stage.world);
    assert_eq!(stage.sign_in(&mut browser, chief).await, "/streams");
    let anonymous = stage.world.anonymous();
    anonymous.data(ASK, json!({ "e": EMAIL })).await;
    let secret = stage.world.mailed("reset", EMAIL).await;
    anonymous.data(RESET, json!({ "s": secret, "p": PASSWORD })).await;
    let chief = signed_in(&stage).await;
    let mut wrong = wish(&stage.issuer);
    wrong["domains"] = json!(["typo.example"]);
    assert_eq!(set(&chief, wrong).await["errors"], json!([]));
    let removed = chief.data(REMOVE, json!({})).await["removeIdentityProvider"].clone();
    assert_eq!(removed, json!({ "removed": true, "errors": [] }));
}

/// An operator's first password is chosen by the link that the machine shows, and by no mail.
#[tokio::test]
async fn an_operator_without_a_password_gets_none_by_mail_or_invitation() {
    let stage = Stage::new().await;
    let settings = crate::harness::settings(&stage.world.database);
    let (clock, entropy) = (Clock::manual(T0), Entropy::seeded(79));
    api::operator::create(&settings, clock, entropy, EMAIL).await.unwrap();
    stage.world.outsider().await.data(INVITE, json!({ "e": EMAIL })).await;
    let secret = stage.world.mailed("invitation", EMAIL).await;
    let anonymous = stage.world.anonymous();
    let offer = anonymous.data(OFFER, json!({ "s": secret })).await;
    assert_eq!(offer["invitation"]["hasAccount"], true);
    let chosen = json!({ "i": { "secret": secret, "name": "Nora Own", "password": PASSWORD } });
    let refused = anonymous.data(ACCEPT, chosen).await["acceptInvitation"].clone();
    assert_eq!(refused["errors"][0]["code"], "SIGN_IN_FIRST");
    let before = stage.world.letters(EMAIL).len();
    anonymous.data(ASK, json!({ "e": EMAIL })).await;
    while stage.world.letters(EMAIL).len() == before {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let letters = stage.world.letters(EMAIL).join("\n");
    assert!(letters.contains("the machine showed"), "{letters}");
    assert!(!letters.contains("/reset#"), "{letters}");
}
