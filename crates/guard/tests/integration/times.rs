//! Leeway, lifetimes, and what ends when.

use std::time::Duration;

use guard::{
    Credential, Decision, Door, Facts, Policy, Reason, Timestamp, Update, VerifyingKey,
    key::{Algorithm, Dialect},
    policy::{Held, Hold, Subject},
};
use serde_json::{Value, json};

use super::scene::{NOW, live, organisation, reason, request, scene, settle};

const SECRET: &[u8; 32] = b"0123456789abcdef0123456789abcdef";

fn foreign() -> Policy {
    scene().policy.with(&Update::Key {
        organisation: organisation(1),
        key: VerifyingKey::theirs("theirs", Algorithm::Hs256, SECRET.to_vec(), Dialect::Ours).unwrap(),
    })
}

fn sign(claims: &Value) -> Credential {
    use aws_lc_rs::hmac;
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&json!({"kid": "theirs"})), part(claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
    let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()));
    Credential::from_token(&format!("{signed}.{signature}"))
}

fn outcome(credential: &Credential, facts: Facts, policy: &Policy, now: Timestamp) -> Decision {
    settle(
        request(Door::Playback, "7KQ2M-SECURED", credential.clone()),
        facts,
        policy,
        now,
    )
}

fn foreign_claims(more: &Value) -> Value {
    let mut claims = json!({"aud": "play", "streams": ["7KQ2M-SECURED"], "exp": NOW.s() + 600});
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

#[test]
fn a_customers_clock_gets_thirty_seconds_and_ours_none() {
    let s = NOW.s();
    for (claims, theirs, ours) in [
        (json!({"exp": s - 29}), None, Some(Reason::TokenExpired)),
        (
            json!({"exp": s - 30}),
            Some(Reason::TokenExpired),
            Some(Reason::TokenExpired),
        ),
        (json!({"nbf": s + 30}), None, Some(Reason::TokenNotYetValid)),
        (
            json!({"nbf": s + 31}),
            Some(Reason::TokenNotYetValid),
            Some(Reason::TokenNotYetValid),
        ),
        (json!({"iat": s + 30}), None, None),
        (
            json!({"iat": s + 31}),
            Some(Reason::TokenNotYetValid),
            Some(Reason::TokenNotYetValid),
        ),
    ] {
        let token = sign(&foreign_claims(&claims));
        assert_eq!(reason(&outcome(&token, live(), &foreign(), NOW)), theirs, "{claims}");
        let mut own = super::scene::claims(1);
        own[claims.as_object().unwrap().keys().next().unwrap()] =
            claims.as_object().unwrap().values().next().unwrap().clone();
        let token = Credential::from_token(&scene().sign(&own));
        assert_eq!(reason(&outcome(&token, live(), &foreign(), NOW)), ours, "{claims}");
    }
}

#[test]
fn what_is_admitted_within_the_leeway_lasts_for_the_leeway() {
    let token = sign(&foreign_claims(&json!({"exp": NOW.s() - 10})));
    let Decision::Admit(permit) = outcome(&token, live(), &foreign(), NOW) else {
        panic!("it passes");
    };
    assert_eq!(permit.until(), Some(NOW.plus(Duration::from_secs(20))));
    assert_eq!(permit.end().unwrap().reason, Reason::TokenExpired);
}

#[test]
fn a_bulk_revocation_covers_thirty_seconds_more_of_customers_and_all_that_has_no_date() {
    let token = |iat: Value| sign(&foreign_claims(&json!({"iat": iat, "user": "u"})));
    let policy = foreign().with(&Update::Revoked {
        organisation: organisation(1),
        subject: Subject::User("u".into()),
        at: Timestamp::from_s(NOW.s() - 60),
    });
    let of = |iat: Value| reason(&outcome(&token(iat), live(), &policy, NOW));
    assert_eq!(of(json!(NOW.s() - 60)), Some(Reason::TokenRevoked));
    assert_eq!(of(json!(NOW.s() - 30)), Some(Reason::TokenRevoked));
    assert_eq!(of(json!(NOW.s() - 29)), None);
    assert_eq!(of(Value::Null), Some(Reason::TokenRevoked));
}

#[test]
fn a_token_that_cannot_be_revoked_ends_a_day_after_its_issue() {
    let s = NOW.s();
    let of = |claims: Value| {
        let token = sign(&foreign_claims(&claims));
        outcome(&token, live(), &foreign(), NOW)
    };
    let day = 86_400;
    let Decision::Admit(permit) = of(json!({"revocable": false, "iat": s - 60, "exp": s + 10 * day})) else {
        panic!("it passes");
    };
    let end = NOW.plus(Duration::from_secs(86_400 - 60 + 30));
    assert_eq!(permit.until(), Some(end));
    let old = of(json!({"revocable": false, "iat": s - day - 30, "exp": s + 10 * day}));
    assert_eq!(reason(&old), Some(Reason::TokenExpired));
    let undated = of(json!({"revocable": false, "exp": s + 2 * day}));
    assert_eq!(reason(&undated), Some(Reason::TokenMalformed));
    assert_eq!(reason(&of(json!({"revocable": false, "exp": s + day}))), None);
    assert_eq!(reason(&of(json!({"exp": s + 366 * day}))), Some(Reason::TokenMalformed));
    assert_eq!(
        reason(&of(json!({"iat": s - 366 * day, "exp": s + day}))),
        Some(Reason::TokenExpired)
    );
}

#[test]
fn what_was_taken_back_is_forgotten_token_by_token_and_nothing_that_covers_many() {
    let revoked = |policy: &Policy, subject: Subject| {
        policy.with(&Update::Revoked {
            organisation: organisation(1),
            subject,
            at: NOW,
        })
    };
    let forgotten = |policy: &Policy, n: u64| {
        policy.with(&Update::RevocationsOver {
            organisation: organisation(n),
            tokens: vec!["tok".into(), "unheard-of".into()],
        })
    };
    let token = Credential::from_token(&scene().sign(&super::scene::claims(1)));
    let of = |policy: &Policy| reason(&outcome(&token, live(), policy, NOW));
    let both = revoked(&scene().policy, Subject::Token("tok".into()));
    let both = revoked(&both, Subject::Token("another".into()));
    assert_eq!(
        of(&forgotten(&both, 2)),
        Some(Reason::TokenRevoked),
        "another organisation's"
    );
    let one = forgotten(&both, 1);
    assert_eq!(of(&one), None);
    assert_eq!(of(&forgotten(&one, 1)), None, "twice is the same as once");
    assert!(format!("{one:?}").contains("\"another\""));
    assert_eq!(
        of(&revoked(&one, Subject::Token("tok".into()))),
        Some(Reason::TokenRevoked)
    );
    let all = revoked(&both, Subject::User("viewer".into()));
    assert_eq!(of(&forgotten(&all, 1)), Some(Reason::TokenRevoked));
}

/// First the times, then what was taken back, then for whom and for what it is.
#[test]
fn a_token_of_another_subject_is_told_first_that_it_is_over_or_was_taken_back() {
    let strange = |more: &Value| {
        let mut claims = super::scene::claims(1);
        claims["sub"] = json!("org_00000000000000000000000000");
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        Credential::from_token(&scene().sign(&claims))
    };
    let now = strange(&json!({}));
    assert_eq!(
        reason(&outcome(&now, live(), &scene().policy, NOW)),
        Some(Reason::TokenScope)
    );
    let over = strange(&json!({"exp": NOW.s()}));
    assert_eq!(
        reason(&outcome(&over, live(), &scene().policy, NOW)),
        Some(Reason::TokenExpired)
    );
    let revoked = scene().policy.with(&Update::Revoked {
        organisation: organisation(1),
        subject: Subject::Token("tok".into()),
        at: NOW,
    });
    assert_eq!(
        reason(&outcome(&now, live(), &revoked, NOW)),
        Some(Reason::TokenRevoked)
    );
    let publishes = strange(&json!({"aud": "publish", "exp": NOW.s()}));
    assert_eq!(
        reason(&outcome(&publishes, live(), &revoked, NOW)),
        Some(Reason::TokenAudience)
    );
}

#[test]
fn a_time_ten_years_ahead_is_milliseconds_by_mistake() {
    for claim in ["exp", "nbf", "iat"] {
        let token = sign(&foreign_claims(&json!({claim: NOW.s() + 11 * 366 * 86_400})));
        let Decision::Deny(denial) = outcome(&token, live(), &foreign(), NOW) else {
            panic!("it is refused");
        };
        assert_eq!(denial.reason, Reason::TokenMalformed);
        assert!(denial.sentence().contains("milliseconds"), "{}", denial.sentence());
    }
}

#[test]
fn a_ban_holds_until_it_is_taken_back_whenever_the_token_was_issued() {
    let ban = |banned| Update::Banned {
        organisation: organisation(1),
        user: "viewer".into(),
        banned,
    };
    let token = Credential::from_token(&scene().sign(&super::scene::claims(1)));
    let banned = scene().policy.with(&ban(true));
    assert_eq!(
        reason(&outcome(&token, live(), &banned, NOW)),
        Some(Reason::TokenUserBanned)
    );
    let running = Facts {
        running: true,
        ..Facts::default()
    };
    assert_eq!(
        reason(&outcome(&token, running, &banned, NOW)),
        Some(Reason::TokenUserBanned)
    );
    assert_eq!(reason(&outcome(&token, live(), &banned.with(&ban(false)), NOW)), None);
    let elsewhere = scene().policy.with(&Update::Banned {
        organisation: organisation(2),
        user: "viewer".into(),
        banned: true,
    });
    assert_eq!(reason(&outcome(&token, live(), &elsewhere, NOW)), None);
}

#[test]
fn a_hold_keeps_a_token_or_a_viewer_out_until_its_end_and_nobody_else() {
    let hold = |who, until| Update::Held {
        organisation: organisation(1),
        hold: Hold { who, until },
    };
    let token = Credential::from_token(&scene().sign(&super::scene::claims(1)));
    let end = Timestamp::from_s(NOW.s() + 60);
    let running = || Facts {
        running: true,
        ..Facts::default()
    };
    for who in [Held::Token("tok".into()), Held::User("viewer".into())] {
        let held = scene().policy.with(&hold(who.clone(), end));
        for facts in [live(), running()] {
            assert_eq!(reason(&outcome(&token, facts, &held, NOW)), Some(Reason::SessionEnded));
        }
        assert_eq!(reason(&outcome(&token, live(), &held, end)), None, "its end lets in");
        let lifted = held.with(&hold(who, Timestamp::default()));
        assert_eq!(reason(&outcome(&token, live(), &lifted, NOW)), None);
    }
    // What is over is forgotten, as no policy names whom it kept out, and what goes on stays.
    let two = scene().policy.with(&hold(Held::User("viewer".into()), end));
    let two = two.with(&hold(Held::Token("another".into()), Timestamp::from_s(end.s() + 1)));
    let forgotten = two.with(&Update::HoldsOver {
        organisation: organisation(1),
        at: end,
    });
    assert!(format!("{two:?}").contains("User(\"viewer\")"));
    assert!(!format!("{forgotten:?}").contains("User(\"viewer\")"));
    assert!(format!("{forgotten:?}").contains("Token(\"another\")"));
    for other in [Held::Token("another".into()), Held::User("another".into())] {
        let elsewhere = scene().policy.with(&hold(other, end));
        assert_eq!(reason(&outcome(&token, live(), &elsewhere, NOW)), None);
    }
    let theirs = scene().policy.with(&Update::Held {
        organisation: organisation(2),
        hold: Hold {
            who: Held::User("viewer".into()),
            until: end,
        },
    });
    assert_eq!(reason(&outcome(&token, live(), &theirs, NOW)), None);
}
