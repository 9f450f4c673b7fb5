//! Credentials that are no JWT: static tokens, handles, and what only the customer's backend knows.

use std::{sync::Arc, time::Duration};

use guard::{
    Credential, Decision, Door, Facts, Policy, Question, Reason, Timestamp, Update, Verdict, VerifyingKey, decide,
    explain,
    lint::Marks,
    marks,
    policy::{Asks, CredentialDigest, Handle, Organisation, Package, StaticScope, StaticToken, Subject},
};
use serde_json::json;

use super::scene::{NOW, answer, claims, group, live, organisation, reason, request, scene, settle};

fn settings(change: impl FnOnce(&mut Organisation)) -> Policy {
    let mut organisation = scene().policy.tenant(organisation(1)).unwrap().organisation.clone();
    change(&mut organisation);
    scene().policy.with(&Update::Organisation(organisation))
}

fn listed(scope: StaticScope) -> Policy {
    list(
        &settings(|organisation| organisation.judges.static_tokens = true),
        scope,
    )
}

fn list(policy: &Policy, scope: StaticScope) -> Policy {
    policy.with(&Update::StaticToken {
        organisation: organisation(1),
        token: StaticToken {
            name: "studio".into(),
            digest: CredentialDigest::of("open sesame"),
            door: Door::Playback,
            scope,
            made: Some(NOW),
            expires: NOW.plus(Duration::from_mins(1)),
        },
    })
}

fn outcome(stream: &str, text: &str, facts: Facts, policy: &Policy, now: Timestamp) -> Decision {
    settle(
        request(Door::Playback, stream, Credential::from_token(text)),
        facts,
        policy,
        now,
    )
}

fn why(stream: &str, text: &str, policy: &Policy) -> Option<Reason> {
    reason(&outcome(stream, text, live(), policy, NOW))
}

#[test]
fn what_stands_around_a_text_unseen_makes_no_other_of_it() {
    let digest = |text: &str| Credential::from_token(text).digest();
    let token = scene().sign(&claims(1));
    for text in ["ticket-4711", HANDLE, &token] {
        for (before, behind) in [
            (" ", ""),
            ("", "\r\n"),
            ("\t", "\0"),
            ("\u{feff}", "\u{a0}"),
            ("", "\u{1c}"),
        ] {
            assert_eq!(
                digest(&format!("{before}{text}{behind}")),
                digest(text),
                "{before:?}, {behind:?}"
            );
        }
    }
    assert_ne!(digest("ticket 4711"), digest("ticket4711"));
}

#[test]
fn a_static_token_lets_in_where_it_is_listed_until_it_expires() {
    let policy = listed(StaticScope::Streams(vec!["7KQ2M-SECURED".parse().unwrap()]));
    let Decision::Admit(permit) = outcome("7KQ2M-SECURED", "open sesame", live(), &policy, NOW) else {
        panic!("it passes");
    };
    assert_eq!(&*permit.grant().unwrap().jti, "static:studio");
    assert_eq!(permit.until(), Some(NOW.plus(Duration::from_mins(1))));
    assert_eq!(
        why("7KQ2M-SECURED", "open sesam", &policy),
        Some(Reason::TokenMalformed)
    );
    assert_eq!(why("7KQ2M-GROUPED", "open sesame", &policy), Some(Reason::TokenScope));
    assert_eq!(
        why("XYZ23-SUSPENDED", "open sesame", &policy),
        Some(Reason::TokenMalformed)
    );
    let later = outcome("7KQ2M-SECURED", "open sesame", live(), &policy, permit.until().unwrap());
    assert_eq!(reason(&later), Some(Reason::TokenExpired));
    let publish = request(Door::Ingest, "7KQ2M-SECURED", Credential::from_token("open sesame"));
    assert_eq!(
        reason(&settle(publish, Facts::default(), &policy, NOW)),
        Some(Reason::IngestKey)
    );

    let grouped = listed(StaticScope::Groups(vec![group()]));
    assert_eq!(why("7KQ2M-GROUPED", "open sesame", &grouped), None);
    assert_eq!(why("7KQ2M-SECURED", "open sesame", &grouped), Some(Reason::TokenScope));
}

#[test]
fn a_static_token_ends_with_its_removal_its_revocation_and_its_switch() {
    let policy = listed(StaticScope::Organisation);
    assert_eq!(why("7KQ2M-SECURED", "open sesame", &policy), None);
    let removed = policy.with(&Update::StaticTokenRemoved {
        organisation: organisation(1),
        name: "studio".into(),
    });
    assert_eq!(
        why("7KQ2M-SECURED", "open sesame", &removed),
        Some(Reason::TokenMalformed)
    );
    let revoked = policy.with(&Update::Revoked {
        organisation: organisation(1),
        subject: Subject::Token("static:studio".into()),
        at: NOW,
    });
    assert_eq!(
        why("7KQ2M-SECURED", "open sesame", &revoked),
        Some(Reason::TokenRevoked)
    );
    let all = |at| Update::Revoked {
        organisation: organisation(1),
        subject: Subject::Everything,
        at,
    };
    let before = policy.with(&all(NOW.minus(Duration::from_micros(1))));
    assert_eq!(
        why("7KQ2M-SECURED", "open sesame", &before),
        None,
        "it was made afterwards"
    );
    let after = policy.with(&all(NOW));
    assert_eq!(why("7KQ2M-SECURED", "open sesame", &after), Some(Reason::TokenRevoked));
    let off = policy.with(&Update::Organisation(
        scene().policy.tenant(organisation(1)).unwrap().organisation.clone(),
    ));
    assert_eq!(why("7KQ2M-SECURED", "open sesame", &off), Some(Reason::TokenMalformed));
}

#[test]
fn a_streams_own_word_on_judges_comes_before_the_organisations() {
    for (organisation, own, heard) in [
        (false, None, false),
        (false, Some(true), true),
        (false, Some(false), false),
        (true, None, true),
        (true, Some(true), true),
        (true, Some(false), false),
    ] {
        let stream = |policy: &Policy| (**policy.stream(&"7KQ2M-SECURED".parse().unwrap()).unwrap()).clone();
        let policy = settings(|of| of.judges.static_tokens = organisation);
        let listed = list(&policy, StaticScope::Organisation);
        let mut word = stream(&listed);
        word.static_tokens = own;
        let listed = listed.with(&Update::Stream(word));
        let told = why("7KQ2M-SECURED", "open sesame", &listed);
        assert_eq!(told.is_none(), heard, "{organisation} {own:?}");

        let ask = request(Door::Playback, "7KQ2M-SECURED", Credential::from_token("ticket-4711"));
        for is_there in [true, false] {
            let policy = settings(|of| {
                of.judges.backend = organisation;
                of.asks.tokens = is_there;
            });
            let mut word = stream(&policy);
            word.backend = own;
            let policy = policy.with(&Update::Stream(word));
            let asked = matches!(
                decide(&ask, &live(), &policy, NOW),
                Decision::Ask(Question::Backend { .. })
            );
            assert_eq!(asked, heard && is_there, "{organisation} {own:?} {is_there}");
        }
    }
}

const HANDLE: &str = "h_0123456789abcdefghij-_";

fn handled() -> Policy {
    scene().policy.with(&Update::Handle {
        organisation: organisation(1),
        handle: Handle {
            digest: CredentialDigest::of(HANDLE),
            kid: "key_first".into(),
            key: None,
            jti: "tok_1".into(),
            claims: claims(1).to_string().into(),
        },
    })
}

#[test]
fn a_handle_stands_for_its_tokens_claims_and_dies_with_it() {
    let policy = handled();
    assert_eq!(HANDLE.len(), 24);
    let Decision::Admit(permit) = outcome("7KQ2M-SECURED", HANDLE, live(), &policy, NOW) else {
        panic!("it passes");
    };
    assert_eq!(&*permit.grant().unwrap().jti, "tok");
    assert_eq!(
        why("7KQ2M-SECURED", &HANDLE.replace('0', "1"), &policy),
        Some(Reason::TokenMalformed)
    );
    assert_eq!(why("XYZ23-SUSPENDED", HANDLE, &policy), Some(Reason::TokenMalformed));
    let change = |update: Update| why("7KQ2M-SECURED", HANDLE, &policy.with(&update));
    let (organisation, at) = (organisation(1), NOW);
    let subject = Subject::Token("tok".into());
    assert_eq!(
        change(Update::Revoked {
            organisation,
            subject,
            at
        }),
        Some(Reason::TokenRevoked)
    );
    let kid = "key_first".into();
    assert_eq!(change(Update::KeyRemoved { organisation, kid }), Some(Reason::TokenKey));
    let digest = CredentialDigest::of(HANDLE);
    assert_eq!(
        change(Update::HandleRemoved { organisation, digest }),
        Some(Reason::TokenMalformed)
    );
    let end = permit.until().unwrap();
    assert_eq!(
        reason(&outcome("7KQ2M-SECURED", HANDLE, live(), &policy, end)),
        Some(Reason::TokenExpired)
    );
}

#[test]
fn a_handle_is_worth_nothing_under_another_key_of_the_same_name() {
    let organisation = organisation(1);
    let (old, kid): (_, Arc<str>) = (
        scene().policy.tenant(organisation).unwrap().keys["key_first"].clone(),
        "key_first".into(),
    );
    let other = VerifyingKey::ours(kid.clone(), vec![7; 32]).unwrap();
    let named = |key: VerifyingKey| Update::Key { organisation, key };
    let handle = |key| {
        let claims = claims(1).to_string().into();
        let (digest, kid, jti) = (CredentialDigest::of(HANDLE), kid.clone(), "tok_1".into());
        Update::Handle {
            organisation,
            handle: Handle {
                digest,
                kid,
                key,
                jti,
                claims,
            },
        }
    };
    // One that does not say is of the key that has the name when it comes.
    for key in [Some(old.fingerprint()), None] {
        let policy = scene().policy.with(&handle(key));
        assert_eq!(why("7KQ2M-SECURED", HANDLE, &policy), None);
        let policy = policy.with(&named(other.clone()));
        assert_eq!(why("7KQ2M-SECURED", HANDLE, &policy), Some(Reason::TokenKey));
        let asked = request(Door::Playback, "7KQ2M-SECURED", Credential::from_token(HANDLE));
        let (_, steps) = explain(&asked, &live(), &policy, NOW);
        let last = steps.last().unwrap();
        assert_eq!(
            (&*last.check, &*last.looked_at),
            ("key", "another key is called key_first now")
        );
        let removed = Update::KeyRemoved {
            organisation,
            kid: kid.clone(),
        };
        let policy = policy.with(&removed).with(&named((*old).clone()));
        assert_eq!(
            why("7KQ2M-SECURED", HANDLE, &policy),
            None,
            "it is the token's key again"
        );
    }
    // A node that joins later is told of it under the other key.
    let policy = scene()
        .policy
        .with(&named(other))
        .with(&handle(Some(old.fingerprint())));
    assert_eq!(why("7KQ2M-SECURED", HANDLE, &policy), Some(Reason::TokenKey));
    // By a fingerprint a weak secret could be guessed.
    assert!(handle(Some(old.fingerprint())).holds_secret());
    assert!(format!("{:?}", handle(Some(old.fingerprint()))).contains("key: Some([redacted])"));
}

#[test]
fn a_handle_keeps_its_tokens_restrictions() {
    let mut elsewhere = claims(1);
    elsewhere["ip"] = json!("198.51.100.0/24");
    let policy = scene().policy.with(&Update::Handle {
        organisation: organisation(1),
        handle: Handle {
            digest: CredentialDigest::of(HANDLE),
            kid: "key_first".into(),
            key: None,
            jti: "tok_1".into(),
            claims: elsewhere.to_string().into(),
        },
    });
    assert_eq!(why("7KQ2M-SECURED", HANDLE, &policy), Some(Reason::TokenIp));
}

#[test]
fn only_the_backend_judges_what_only_it_knows() {
    let policy = settings(|organisation| {
        organisation.judges.backend = true;
        organisation.asks.tokens = true;
    });
    let ask = request(Door::Playback, "7KQ2M-SECURED", Credential::from_token("ticket-4711"));
    let Decision::Ask(Question::Backend {
        credential: Some(opaque),
    }) = decide(&ask, &live(), &policy, NOW)
    else {
        panic!("the backend is asked");
    };
    assert_eq!(opaque.text(), "ticket-4711");
    assert_eq!(format!("{:?}", ask.credential), "Opaque([redacted])");
    let said = |verdict| {
        let facts = Facts {
            backend: Some(verdict),
            ..live()
        };
        decide(&ask, &facts, &policy, NOW)
    };
    let until = Some(NOW.plus(Duration::from_mins(5)));
    let Decision::Admit(permit) = said(Verdict::Allowed { until }) else {
        panic!("it passes");
    };
    assert_eq!(permit.until(), until);
    assert_eq!(permit.end().unwrap().reason, Reason::BackendDenied);
    assert_eq!(
        reason(&said(Verdict::Allowed { until: Some(NOW) })),
        Some(Reason::BackendDenied)
    );
    assert_eq!(reason(&said(Verdict::Denied)), Some(Reason::BackendDenied));
    assert_eq!(reason(&said(Verdict::Unavailable)), Some(Reason::BackendUnavailable));
    let jti = permit.grant().unwrap().jti.clone();
    let revoked = policy.with(&Update::Revoked {
        organisation: organisation(1),
        subject: Subject::Token(jti),
        at: NOW,
    });
    assert_eq!(
        why("7KQ2M-SECURED", "ticket-4711", &revoked),
        Some(Reason::TokenRevoked)
    );

    // What does not exist is asked about alike, and told to nobody who was not let in.
    let nothing = request(Door::Playback, "7KQ2M-NOTHING", Credential::from_token("ticket-4711"));
    assert!(matches!(
        decide(&nothing, &live(), &policy, NOW),
        Decision::Ask(Question::Backend { .. })
    ));
    let locked = request(Door::Playback, "7KQ2M-LOCKED", Credential::from_token("ticket-4711"));
    let denied = Facts {
        backend: Some(Verdict::Denied),
        ..live()
    };
    assert_eq!(
        reason(&decide(&locked, &denied, &policy, NOW)),
        Some(Reason::BackendDenied)
    );
    // A token that is broken is not handed to a stranger.
    let forged = scene().sign_second(&claims(1));
    assert_eq!(why("7KQ2M-SECURED", &forged, &policy), Some(Reason::TokenKey));

    let without = settings(|organisation| {
        organisation.judges.backend = true;
        organisation.asks.tokens = true;
        organisation.packages = Package::ALL.into_iter().filter(|it| *it != Package::Webhooks).collect();
    });
    assert_eq!(
        why("7KQ2M-SECURED", "ticket-4711", &without),
        Some(Reason::TokenMalformed)
    );
}

#[test]
fn what_is_taken_back_in_bulk_ends_whom_the_backend_let_in_and_it_is_asked_about_who_comes() {
    let policy = settings(|organisation| {
        organisation.judges.backend = true;
        organisation.asks.tokens = true;
    });
    let ask = request(Door::Playback, "7KQ2M-SECURED", Credential::from_token("ticket-4711"));
    let decided = |policy: &Policy, since: Option<Timestamp>, now| {
        let facts = Facts {
            running: since.is_some(),
            since,
            backend: Some(Verdict::Allowed { until: None }),
            ..live()
        };
        decide(&ask, &facts, policy, now)
    };
    let Decision::Admit(permit) = decided(&policy, None, NOW) else {
        panic!("it passes");
    };
    assert_eq!(permit.grant().unwrap().issued, Some(NOW));
    let at = NOW.plus(Duration::from_secs(1));
    for (subject, ends) in [
        (Subject::Everything, true),
        (Subject::Stream(permit.stream()), true),
        // It names neither viewer nor label.
        (Subject::User("viewer".into()), false),
        (Subject::Tag("label".into()), false),
    ] {
        let taken = policy.with(&Update::Revoked {
            organisation: organisation(1),
            subject: subject.clone(),
            at,
        });
        let running = decided(&taken, Some(NOW), at);
        assert_eq!(reason(&running), ends.then_some(Reason::TokenRevoked), "{subject}");
        assert_eq!(reason(&decided(&taken, None, at)), None, "{subject}");
        let later = at.plus(Duration::from_secs(1));
        assert_eq!(reason(&decided(&taken, Some(at), later)), None, "{subject}");
        // A yes that was asked for before, and comes only now.
        let late = Facts {
            since: Some(NOW),
            backend: Some(Verdict::Allowed { until: None }),
            ..live()
        };
        let late = decide(&ask, &late, &taken, later);
        assert_eq!(reason(&late), ends.then_some(Reason::TokenRevoked), "{subject}");
    }
}

#[test]
fn a_backend_that_wants_to_be_asked_is_asked_last_about_everybody() {
    let policy = settings(|organisation| {
        organisation.asks = Asks {
            play: true,
            publish: true,
            ..Asks::default()
        };
    });
    let denied = Facts {
        backend: Some(Verdict::Denied),
        ..live()
    };
    let with = |stream, credential, facts| {
        reason(&settle(
            request(Door::Playback, stream, credential),
            facts,
            &policy,
            NOW,
        ))
    };
    let good = || Credential::from_token(&scene().sign(&claims(1)));
    assert_eq!(with("7KQ2M-SECURED", good(), denied), Some(Reason::BackendDenied));
    assert_eq!(
        with("7KQ2M-OPEN", Credential::Missing, denied),
        Some(Reason::BackendDenied)
    );
    assert_eq!(with("7KQ2M-SECURED", good(), live()), None);
    assert_eq!(
        with("7KQ2M-SECURED", Credential::Missing, denied),
        Some(Reason::TokenMissing)
    );
    assert_eq!(with("7KQ2M-LOCKED", good(), denied), Some(Reason::StreamLocked));
    let publish = request(
        Door::Ingest,
        "7KQ2M-SECURED",
        Credential::Key(guard::IngestKeyDigest::of(super::scene::KEY)),
    );
    let facts = Facts {
        backend: Some(Verdict::Denied),
        ..Facts::default()
    };
    assert_eq!(
        reason(&settle(publish, facts, &policy, NOW)),
        Some(Reason::BackendDenied)
    );
}

/// A decision is made for each segment, what speaks against a token is told once for a session.
#[test]
fn what_speaks_against_a_token_is_found_where_it_is_asked_for_alone() {
    let policy = &scene().policy;
    let text = scene().sign(&claims(1));
    let mut request = request(Door::Playback, "7KQ2M-SECURED", Credential::from_token(&text));
    let mut facts = live();
    assert_eq!(marks(&request, &facts, policy, NOW), Marks::default(), "not proven yet");
    let permit = loop {
        match decide(&request, &facts, policy, NOW) {
            Decision::Ask(question) => answer(question, &mut request, &mut facts),
            Decision::Admit(permit) => break permit,
            Decision::Deny(denial) => panic!("{denial}"),
        }
    };
    assert_eq!(permit.grant().unwrap().marks, Marks::default());
    let found: Vec<_> = marks(&request, &facts, policy, NOW).findings();
    let codes: Vec<_> = found.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["LIFETIME", "NO_IP", "NO_DOMAINS"]);
}
