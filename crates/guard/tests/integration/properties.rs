//! What holds for all requests.

use std::time::Duration;

use guard::{
    Credential, Decision, Door, Facts, Policy, Presence, Reason, Timestamp, Update, decide, explain, policy::Subject,
    signature,
};
use proptest::prelude::*;
use serde_json::json;

use super::scene::{NOW, STREAMS, claims, live, organisation, reason, request, scene, settle};

fn good(stream: &str) -> guard::Request {
    request(
        Door::Playback,
        stream,
        Credential::from_token(&scene().sign(&claims(1))),
    )
}

fn revoked(subject: Subject, at: Timestamp) -> Policy {
    scene().policy.with(&Update::Revoked {
        organisation: organisation(1),
        subject,
        at,
    })
}

#[test]
fn what_is_admitted_until_t_is_denied_at_t() {
    let Decision::Admit(permit) = settle(good("7KQ2M-SECURED"), live(), &scene().policy, NOW) else {
        panic!("it passes");
    };
    let until = permit.until().unwrap();
    let running = Facts {
        running: true,
        ..Facts::default()
    };
    let just_before = Timestamp::from_us(until.us() - 1);
    assert_eq!(
        reason(&settle(good("7KQ2M-SECURED"), running, &scene().policy, just_before)),
        None
    );
    assert_eq!(
        reason(&settle(good("7KQ2M-SECURED"), running, &scene().policy, until)),
        Some(Reason::TokenExpired)
    );
}

#[test]
fn without_a_forced_end_a_session_lasts_a_day_longer_and_nobody_new_comes() {
    let mut lasting = claims(1);
    lasting["forceDisconnect"] = json!(false);
    let ask = || {
        request(
            Door::Playback,
            "7KQ2M-SECURED",
            Credential::from_token(&scene().sign(&lasting)),
        )
    };
    let after = NOW.plus(Duration::from_hours(2));
    let running = Facts {
        running: true,
        ..Facts::default()
    };
    assert_eq!(reason(&settle(ask(), running, &scene().policy, after)), None);
    assert_eq!(
        reason(&settle(ask(), live(), &scene().policy, after)),
        Some(Reason::TokenExpired)
    );
    let day_after = NOW.plus(Duration::from_hours(25));
    assert_eq!(
        reason(&settle(ask(), running, &scene().policy, day_after)),
        Some(Reason::TokenExpired)
    );
}

#[test]
fn a_revocation_of_another_organisation_means_nothing_here() {
    let policy = scene().policy.with(&Update::Revoked {
        organisation: organisation(2),
        subject: Subject::Token("tok".into()),
        at: NOW,
    });
    assert_eq!(reason(&settle(good("7KQ2M-SECURED"), live(), &policy, NOW)), None);
}

#[test]
fn a_bulk_revocation_covers_what_was_issued_up_to_its_moment() {
    let issued = Timestamp::from_s(NOW.s() - 60);
    for subject in [
        Subject::User("viewer".into()),
        Subject::Tag("label".into()),
        Subject::Key("key_first".into()),
        Subject::Everything,
    ] {
        let at = revoked(subject.clone(), issued);
        assert_eq!(
            reason(&settle(good("7KQ2M-SECURED"), live(), &at, NOW)),
            Some(Reason::TokenRevoked)
        );
        let before = revoked(subject, Timestamp::from_us(issued.us() - 1));
        assert_eq!(reason(&settle(good("7KQ2M-SECURED"), live(), &before, NOW)), None);
    }
}

#[test]
fn a_token_that_cannot_be_revoked_is_still_reached_in_bulk() {
    let mut shielded = claims(1);
    shielded["revocable"] = json!(false);
    let ask = || {
        request(
            Door::Playback,
            "7KQ2M-SECURED",
            Credential::from_token(&scene().sign(&shielded)),
        )
    };
    let by_id = revoked(Subject::Token("tok".into()), NOW);
    assert_eq!(reason(&settle(ask(), live(), &by_id, NOW)), None);
    let by_user = revoked(Subject::User("viewer".into()), NOW);
    assert_eq!(
        reason(&settle(ask(), live(), &by_user, NOW)),
        Some(Reason::TokenRevoked)
    );
}

#[test]
fn a_proof_serves_one_token_and_one_key() {
    let scene = scene();
    let mut ask = good("7KQ2M-SECURED");
    let Decision::Ask(guard::Question::Signature { token, key }) = decide(&ask, &live(), &scene.policy, NOW) else {
        panic!("the signature is asked for");
    };
    ask.proofs.add(signature::check(&token, &key));
    assert!(matches!(decide(&ask, &live(), &scene.policy, NOW), Decision::Admit(_)));

    let mut another = claims(1);
    another["jti"] = json!("another");
    let stolen = guard::Request {
        credential: Credential::from_token(&scene.sign(&another)),
        ..ask.clone()
    };
    assert!(
        matches!(decide(&stolen, &live(), &scene.policy, NOW), Decision::Ask(_)),
        "a proof is not transferable"
    );

    let replaced = guard::VerifyingKey::ours(key.kid().clone(), vec![7; 32]).unwrap();
    let policy = scene.policy.with(&Update::Key {
        organisation: organisation(1),
        key: replaced,
    });
    assert!(
        matches!(decide(&ask, &live(), &policy, NOW), Decision::Ask(_)),
        "a replaced key proves nothing"
    );
}

#[test]
fn an_offline_stream_is_told_only_to_who_may_see_it() {
    let offline = Facts {
        publisher: Presence::Absent,
        ..Facts::default()
    };
    let policy = &scene().policy;
    assert_eq!(
        reason(&settle(good("7KQ2M-SECURED"), offline, policy, NOW)),
        Some(Reason::StreamOffline)
    );
    let bare = request(Door::Playback, "7KQ2M-SECURED", Credential::Missing);
    assert_eq!(reason(&settle(bare, offline, policy, NOW)), Some(Reason::TokenMissing));
    let open = request(Door::Playback, "7KQ2M-OPEN", Credential::Missing);
    assert_eq!(reason(&settle(open, offline, policy, NOW)), Some(Reason::StreamOffline));
}

proptest! {
    #[test]
    fn the_explanation_decides_like_the_decision(stream in prop::sample::select(&STREAMS), expired: bool, here: bool) {
        let mut said = claims(1);
        if expired {
            said["exp"] = json!(NOW.s() - 1);
        }
        said["ip"] = json!(if here { "192.0.2.7" } else { "192.0.2.9" });
        let mut ask = request(Door::Playback, stream, Credential::from_token(&scene().sign(&said)));
        let decided = settle(ask.clone(), live(), &scene().policy, NOW);
        if let Decision::Ask(guard::Question::Signature { token, key }) = decide(&ask, &live(), &scene().policy, NOW) {
            ask.proofs.add(signature::check(&token, &key));
        }
        let (explained, steps) = explain(&ask, &live(), &scene().policy, NOW);
        prop_assert_eq!(reason(&decided), reason(&explained));
        let failed = steps.iter().filter(|step| step.outcome == guard::StepOutcome::Failed).count();
        prop_assert_eq!(failed, usize::from(reason(&decided).is_some()));
    }

    #[test]
    fn a_revocation_never_opens(subject in 0..5_usize, ahead in 0..7200_i64, stream in prop::sample::select(&STREAMS)) {
        let subject = [
            Subject::Token("tok".into()),
            Subject::User("viewer".into()),
            Subject::Tag("label".into()),
            Subject::Key("key_first".into()),
            Subject::Everything,
        ][subject].clone();
        let now = Timestamp::from_s(NOW.s() + ahead);
        let policy = revoked(subject, NOW);
        if reason(&settle(good(stream), live(), &scene().policy, now)).is_some() {
            prop_assert!(reason(&settle(good(stream), live(), &policy, now)).is_some());
        }
    }

    #[test]
    fn updates_may_arrive_twice(stream in prop::sample::select(&STREAMS)) {
        let update = Update::Revoked { organisation: organisation(1), subject: Subject::Token("tok".into()), at: NOW };
        let once = scene().policy.with(&update);
        let twice = once.with(&update);
        prop_assert_eq!(
            reason(&settle(good(stream), live(), &once, NOW)),
            reason(&settle(good(stream), live(), &twice, NOW))
        );
    }
}
