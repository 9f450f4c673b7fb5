//! Token state × stream state, as a golden table. A change of it says who gained or lost what.

use std::fmt::Write;

use guard::{
    Credential, Door, Facts, IngestKeyDigest, Policy, Presence, Update,
    policy::{IngestAuthorisation, Organisation, Subject},
};
use serde_json::{Value, json};

use super::scene::{KEY, NOW, STREAMS, Scene, claims, group, live, organisation, reason, request, scene, settle};

/// The scene's, with a token that was revoked and a viewer who is banned.
fn policy(scene: &Scene) -> Policy {
    let organisation = organisation(1);
    let (subject, at) = (Subject::Token("revoked".into()), NOW);
    let (user, banned) = ("banned".into(), true);
    let revoked = Update::Revoked {
        organisation,
        subject,
        at,
    };
    let banned = Update::Banned {
        organisation,
        user,
        banned,
    };
    scene.policy.with(&revoked).with(&banned)
}

/// Every state that a token can be in, by name.
fn tokens(scene: &Scene) -> Vec<(&'static str, Credential)> {
    let with = |more: Value| {
        let mut all = claims(1);
        for (name, value) in more.as_object().unwrap() {
            all[name] = value.clone();
        }
        Credential::from_token(&scene.sign(&all))
    };
    let good = scene.sign(&claims(1));
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let twisted = format!(
        "{}{}",
        if signature.starts_with('A') { 'B' } else { 'A' },
        &signature[1..]
    );
    vec![
        ("none", Credential::Missing),
        ("two", Credential::Conflicting),
        ("no token", Credential::from_token("abc")),
        ("ingest key", Credential::Key(IngestKeyDigest::of(KEY))),
        ("good", Credential::from_token(&good)),
        ("whole organisation", with(json!({"streams": null, "org": true}))),
        (
            "of the second organisation",
            Credential::from_token(&scene.sign_second(&claims(2))),
        ),
        ("other subject", with(json!({"sub": "org_00000000000000000000000000"}))),
        (
            "broken signature",
            Credential::from_token(&format!("{signed}.{twisted}")),
        ),
        ("for publishing", with(json!({"aud": "publish"}))),
        ("for both doors", with(json!({"aud": ["play", "publish"]}))),
        ("not yet valid", with(json!({"nbf": NOW.s() + 1}))),
        ("from the future", with(json!({"iat": NOW.s() + 31}))),
        ("expired now", with(json!({"exp": NOW.s()}))),
        ("a second left", with(json!({"exp": NOW.s() + 1}))),
        ("milliseconds", with(json!({"exp": NOW.ms() + 3_600_000}))),
        ("no expiry", with(json!({"exp": null}))),
        ("other streams", with(json!({"streams": ["7KQ2M-ANOTHER"]}))),
        ("no scope", with(json!({"streams": null}))),
        ("two scopes", with(json!({"org": true}))),
        ("group", with(json!({"streams": null, "groups": [group()]}))),
        ("no group's id", with(json!({"streams": null, "groups": ["g"]}))),
        ("address fits", with(json!({"ip": ["10.0.0.1", "192.0.2.0/24"]}))),
        ("mapped address fits", with(json!({"ip": "::ffff:192.0.2.7"}))),
        ("address does not fit", with(json!({"ip": "192.0.2.8"}))),
        ("critical claim", with(json!({"crit": ["x"]}))),
        ("understood critical claim", with(json!({"crit": ["exp"]}))),
        ("domain fits", with(json!({"domains": ["x.test", "*.example.com"]}))),
        ("domain does not fit", with(json!({"domains": "ample.com"}))),
        ("country fits", with(json!({"countries": ["FR", "de"]}))),
        ("country does not fit", with(json!({"countries": ["FR"]}))),
        ("network fits", with(json!({"asns": [1, "AS64500"]}))),
        ("network does not fit", with(json!({"asns": 64501}))),
        ("player fits", with(json!({"ua": "VLC/3.0.18"}))),
        (
            "player fits by digest",
            with(json!({"ua": "sha256:d4145e733c39c81b3efc49fa6cd5713275be4bdef2823102c40ade3b8a961bc7"})),
        ),
        ("player does not fit", with(json!({"ua": "VLC"}))),
        ("second factor", with(json!({"amr": ["pwd", "mfa"]}))),
        (
            "for sessions, addresses, uses",
            with(json!({"maxSessions": 1, "bindIps": 1, "maxUses": 1})),
        ),
        ("for no session", with(json!({"maxSessions": 0}))),
        ("for many sessions by mistake", with(json!({"maxSessions": "3"}))),
        (
            "not revocable for a day",
            with(json!({"revocable": false, "iat": NOW.s(), "exp": NOW.s() + 86_400})),
        ),
        (
            "not revocable, a day ago",
            with(json!({"revocable": false, "iat": NOW.s() - 86_400})),
        ),
        ("issued a year ago", with(json!({"iat": NOW.s() - 31_536_000}))),
        ("reserved id", with(json!({"jti": "sha256:00"}))),
        ("revoked", with(json!({"jti": "revoked"}))),
        ("of a banned viewer", with(json!({"user": "banned"}))),
        ("handle of nothing", Credential::from_token("h_0123456789abcdefghijkl")),
        ("too long", Credential::from_token(&"a".repeat(8193))),
    ]
}

#[test]
fn the_table_of_playback_is_as_it_was() {
    let scene = scene();
    let policy = policy(scene);
    let mut table = String::new();
    for (name, credential) in tokens(scene) {
        for stream in STREAMS {
            let request = request(Door::Playback, stream, credential.clone());
            let outcome = reason(&settle(request, live(), &policy, NOW));
            let outcome = outcome.map_or("pass", |reason| reason.as_str());
            writeln!(table, "{name:<30} {stream:<16} {outcome}").unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

/// Every state that what a broadcaster shows can be in, by name.
fn broadcasters(scene: &Scene) -> Vec<(&'static str, Credential)> {
    let publish = |more: Value| {
        let mut all = claims(1);
        all["aud"] = json!("publish");
        for (name, value) in more.as_object().unwrap() {
            all[name] = value.clone();
        }
        Credential::from_token(&scene.sign(&all))
    };
    vec![
        ("none", Credential::Missing),
        ("two", Credential::Conflicting),
        ("right key", Credential::Key(IngestKeyDigest::of(KEY))),
        ("wrong key", Credential::Key(IngestKeyDigest::of("wrong"))),
        ("playback token", Credential::from_token(&scene.sign(&claims(1)))),
        ("test source", Credential::TestSource),
        ("publish token", publish(json!({}))),
        ("expired now", publish(json!({"exp": NOW.s()}))),
        ("revoked", publish(json!({"jti": "revoked"}))),
        ("of a banned one", publish(json!({"user": "banned"}))),
        ("other streams", publish(json!({"streams": ["7KQ2M-ANOTHER"]}))),
    ]
}

/// What comes of each of them at each stream, beside another broadcaster and alone.
fn ingest(policy: &Policy) -> String {
    let mut table = String::new();
    for (name, credential) in broadcasters(scene()) {
        for stream in STREAMS {
            for publisher in [Presence::Absent, Presence::Present] {
                let request = request(Door::Ingest, stream, credential.clone());
                let facts = Facts {
                    publisher,
                    ..Facts::default()
                };
                let outcome = reason(&settle(request, facts, policy, NOW));
                let outcome = outcome.map_or("pass", |reason| reason.as_str());
                let publisher = format!("{publisher:?}");
                writeln!(table, "{name:<15} {stream:<16} publisher {publisher:<8} {outcome}").unwrap();
            }
        }
    }
    table
}

#[test]
fn the_table_of_ingest_is_as_it_was() {
    let table = ingest(&policy(scene()));
    insta::assert_snapshot!(table);
}

#[test]
fn the_table_of_ingest_by_token_is_as_it_was() {
    let policy = policy(scene());
    let by_token = Organisation {
        ingest: IngestAuthorisation::Token,
        ..policy.tenant(organisation(1)).unwrap().organisation.clone()
    };
    let table = ingest(&policy.with(&Update::Organisation(by_token)));
    insta::assert_snapshot!(table);
}

#[test]
fn the_table_of_reasons_is_as_it_was() {
    let mut table = String::new();
    for reason in guard::Reason::ALL {
        let ws = reason
            .ws_close()
            .map_or_else(|| "-".to_owned(), |code| code.to_string());
        writeln!(
            table,
            "{:<24} {} {ws:<4} {}",
            reason.as_str(),
            reason.http_status(),
            reason.srt_reject()
        )
        .unwrap();
    }
    insta::assert_snapshot!(table);
}
