//! A provider that vouches for people of other organisations: what it gains, and what it learns.

use link::{Clock, Entropy};
use serde_json::{Value, json};

use super::{REMOVE, Stage, VIEWER, browser::Browser, set, wish};
use crate::harness::T0;

/// The provider of one organisation vouches for the administrator of another one, who is a platform operator too.
#[tokio::test]
async fn a_hostile_provider_acts_in_its_own_organisation_only_and_never_as_operator() {
    let stage = Stage::new().await;
    let victim = &stage.world.demo.users[3];
    let (domain, theirs) = ("southgate.example", victim.organisation.clone());
    let outsider = stage.world.outsider().await;
    let settings = crate::harness::settings(&stage.world.database);
    let (clock, entropy) = (Clock::manual(T0), Entropy::seeded(78));
    api::operator::create(&settings, clock, entropy, &victim.email)
        .await
        .unwrap();
    assert_eq!(outsider.data(VIEWER, json!({})).await["viewer"]["operator"], true);
    let mut wish = wish(&stage.issuer);
    wish["domains"] = json!([domain]);
    set(&stage.admin, wish).await;

    let mut claims = stage.says("s-1", &victim.email);
    claims["groups"] = json!(["chiefs"]);
    let mut browser = Browser::new(&stage.world);
    assert_eq!(stage.sign_in(&mut browser, claims).await, "/streams");
    let mut thief = browser.client(&stage.world);
    let viewer = thief.data(VIEWER, json!({})).await["viewer"].clone();
    assert_eq!(viewer["email"], victim.email);
    assert_eq!(viewer["operator"], false);
    // It does not even learn where else the person belongs.
    let own = &stage.world.demo.users[0].organisation;
    assert_eq!(viewer["memberships"], json!([{ "organisation": { "hash": own } }]));
    assert_eq!(
        thief
            .code("{ platform { organisations { totalCount } } }", json!({}))
            .await,
        "FORBIDDEN"
    );
    thief.organisation = Some(theirs.clone());
    let there = thief.ask("{ organisation { name } }", json!({})).await;
    thief.organisation = Some("22222".to_owned());
    let nowhere = thief.ask("{ organisation { name } }", json!({})).await;
    assert_eq!(there.code().as_deref(), Some("NOT_FOUND"));
    assert_eq!(there.text, nowhere.text);
    // The person themselves goes on as before, where they were, and has gained a place that they need not use.
    let viewer = outsider.data(VIEWER, json!({})).await["viewer"].clone();
    assert_eq!(viewer["organisation"]["hash"], theirs);
    assert_eq!(viewer["role"], "nanoAdmin");
}

/// Whom a provider brought into its organisation keeps their own, and the organisation learns of what it vouched for only.
#[tokio::test]
async fn a_place_that_a_provider_gave_stays_nobodys_default_and_shows_no_sign_in_from_elsewhere() {
    let stage = Stage::new().await;
    let victim = &stage.world.demo.users[3];
    let before = stage.world.outsider().await;
    let mut wish = wish(&stage.issuer);
    wish["domains"] = json!(["southgate.example"]);
    wish["defaultRole"] = json!("nanoAdmin");
    set(&stage.admin, wish).await;
    stage.signed_in("s-1", &victim.email).await;
    let told = "{ organisation { auditLog(first: 100) { nodes { action object detail } } \
                members(first: 100) { nodes { email secondFactor lastSeenAt signIns { how } } } } }";
    let of_victim = async || {
        let told = stage.admin.data(told, json!({})).await["organisation"].clone();
        let members = told["members"]["nodes"].as_array().unwrap().clone();
        let log = told["auditLog"]["nodes"].as_array().unwrap().clone();
        let passwords = log.iter().filter(|entry| entry["detail"]["how"] == "password");
        let member = members.into_iter().find(|member| member["email"] == victim.email);
        (member.unwrap(), passwords.count())
    };
    let (member, passwords) = of_victim().await;
    assert_eq!(member["signIns"], json!([{ "how": "provider" }]));
    let again = stage.world.outsider().await;
    assert_eq!(
        of_victim().await,
        (member, passwords),
        "of what they do elsewhere nothing is told"
    );

    // With the provider gone, too.
    stage.admin.data(REMOVE, json!({})).await;
    let (member, still) = of_victim().await;
    assert_eq!((&member["signIns"], &member["lastSeenAt"]), (&json!([]), &Value::Null));
    assert_eq!(still, passwords);
    for client in [before, again, stage.world.outsider().await] {
        let viewer = client.data(VIEWER, json!({})).await["viewer"].clone();
        assert_eq!(viewer["organisation"]["hash"], victim.organisation);
    }
}

#[tokio::test]
async fn a_sign_in_that_a_provider_vouched_for_sees_and_ends_its_like_only_and_is_told_of_nowhere_else() {
    let stage = Stage::new().await;
    let victim = &stage.world.demo.users[3];
    let outsider = stage.world.outsider().await;
    let mut wish = wish(&stage.issuer);
    wish["domains"] = json!(["southgate.example"]);
    set(&stage.admin, wish).await;
    let list = "{ viewer { signIns { id } } }";
    let all = outsider.data(list, json!({})).await["viewer"]["signIns"].clone();
    let thief = stage.signed_in("s-1", &victim.email).await;
    let seen = thief.data(list, json!({})).await["viewer"]["signIns"].clone();
    assert_eq!(seen.as_array().unwrap().len(), 1, "{seen}");
    let end = "mutation($i: ID!) { endSignIn(input: {id: $i}) { errors { code } } }";
    for theirs in all.as_array().unwrap() {
        assert_eq!(thief.code(end, json!({ "i": theirs["id"] })).await, "NOT_FOUND");
    }
    let log = "{ organisation { auditLog { totalCount } } }";
    let (here, there) = (
        stage.admin.data(log, json!({})).await,
        outsider.data(log, json!({})).await,
    );
    thief.data(end, json!({ "i": seen[0]["id"] })).await;
    assert_eq!(thief.code(VIEWER, json!({})).await, "UNAUTHENTICATED");
    assert_ne!(stage.admin.data(log, json!({})).await, here);
    assert_eq!(outsider.data(log, json!({})).await, there);
    assert_eq!(outsider.data(list, json!({})).await["viewer"]["signIns"], all);
}
