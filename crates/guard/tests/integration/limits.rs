//! Transport before everything, limits after everything.

use std::time::Duration;

use guard::{
    Binding, Credential, Decision, Door, Facts, IngestKeyDigest, Policy, Presence, Question, Reason, Update, Use,
    Whose, decide,
    policy::{Bar, Barred, Subject, Touched},
};
use ids::{SessionId, StreamId};
use serde_json::{Value, json};

use super::scene::{KEY, NOW, answer, claims, live, organisation, reason, request, scene, settle};

fn token(more: &Value) -> Credential {
    let mut all = claims(1);
    for (name, value) in more.as_object().unwrap() {
        all[name] = value.clone();
    }
    Credential::from_token(&scene().sign(&all))
}

fn outcome(stream: &str, credential: Credential, facts: Facts) -> Option<Reason> {
    reason(&settle(
        request(Door::Playback, stream, credential),
        facts,
        &scene().policy,
        NOW,
    ))
}

/// Everything that is asked about a request, in order, when all of it is answered well.
fn asked(stream: &str, credential: Credential) -> Vec<Question> {
    let mut request = request(Door::Playback, stream, credential);
    let (mut facts, mut questions) = (live(), Vec::new());
    while let Decision::Ask(question) = decide(&request, &facts, &scene().policy, NOW) {
        questions.push(question.clone());
        answer(question, &mut request, &mut facts);
    }
    questions
}

#[test]
fn transport_is_judged_before_anything_else() {
    let with = |facts| outcome("7KQ2M-SECURED", Credential::Missing, facts);
    let (off_origin, throttled) = (true, true);
    assert_eq!(
        with(Facts {
            off_origin,
            throttled,
            ..live()
        }),
        Some(Reason::OriginOnly)
    );
    assert_eq!(with(Facts { throttled, ..live() }), Some(Reason::Throttled));
}

#[test]
fn unencrypted_broadcasters_are_refused_where_the_organisation_says_so() {
    let mut settings = scene().policy.tenant(organisation(1)).unwrap().organisation.clone();
    settings.encrypted_ingest = true;
    let policy = scene().policy.with(&Update::Organisation(settings));
    let ask = |encrypted| guard::Request {
        encrypted,
        ..request(Door::Ingest, "7KQ2M-SECURED", Credential::Key(IngestKeyDigest::of(KEY)))
    };
    let outcome = |encrypted| reason(&settle(ask(encrypted), Facts::default(), &policy, NOW));
    assert_eq!(outcome(false), Some(Reason::EncryptionRequired));
    assert_eq!(outcome(true), None);
}

#[test]
fn a_broadcaster_whose_stream_is_gone_is_told_so_and_who_comes_to_none_is_told_of_the_key() {
    let ask = || request(Door::Ingest, "7KQ2M-GONE", Credential::Key(IngestKeyDigest::of(KEY)));
    let outcome = |running| {
        let facts = Facts {
            running,
            ..Facts::default()
        };
        reason(&settle(ask(), facts, &scene().policy, NOW))
    };
    assert_eq!(outcome(true), Some(Reason::StreamUnknown));
    assert_eq!(outcome(false), Some(Reason::IngestKey));
}

#[test]
fn sessions_are_counted_for_the_viewer_or_else_for_the_token() {
    let questions = asked("7KQ2M-SECURED", token(&json!({"maxSessions": 2})));
    assert!(matches!(&questions[1], Question::Sessions { whose: Whose::User(user) } if **user == *"viewer"));
    let questions = asked("7KQ2M-SECURED", token(&json!({"maxSessions": 2, "user": null})));
    assert!(matches!(&questions[1], Question::Sessions { whose: Whose::Token(jti) } if **jti == *"tok"));
    let with = |sessions, running| {
        let facts = Facts {
            sessions: Some(sessions),
            running,
            ..live()
        };
        outcome("7KQ2M-SECURED", token(&json!({"maxSessions": 2})), facts)
    };
    assert_eq!(with(1, false), None);
    assert_eq!(with(2, false), Some(Reason::SessionLimit));
    assert_eq!(with(2, true), None, "whoever runs was counted");
}

#[test]
fn a_token_locks_itself_to_addresses_and_counts_its_uses_last() {
    let all = token(&json!({"maxSessions": 1, "bindIps": 2, "maxUses": 1}));
    let questions = asked("7KQ2M-SECURED", all.clone());
    assert!(matches!(
        questions[..],
        [
            Question::Signature { .. },
            Question::Sessions { .. },
            Question::Binding { most: 2, .. },
            Question::Use { most: 1, .. }
        ]
    ));
    for (binding, refused) in [
        (Binding::Bound, None),
        (Binding::Elsewhere, Some(Reason::TokenBound)),
        (Binding::Unknown, Some(Reason::TokenBound)),
    ] {
        let facts = Facts {
            binding: Some(binding),
            ..live()
        };
        assert_eq!(outcome("7KQ2M-SECURED", all.clone(), facts), refused);
    }
    for (uses, refused) in [
        (Use::Reserved, None),
        (Use::Exhausted, Some(Reason::TokenUsed)),
        (Use::Unknown, Some(Reason::TokenUsed)),
    ] {
        let facts = Facts {
            uses: Some(uses),
            ..live()
        };
        assert_eq!(outcome("7KQ2M-SECURED", all.clone(), facts), refused);
    }
    // Nothing is used up, nor bound, for what is refused anyway.
    assert!(asked("7KQ2M-LOCKED", all).len() == 1);
}

#[test]
fn an_address_counts_as_far_as_it_is_one_customers() {
    let mut ask = request(Door::Playback, "7KQ2M-SECURED", token(&json!({"bindIps": 1})));
    ask.address = "2001:db8::1234".parse().unwrap();
    let mut facts = live();
    while let Decision::Ask(question) = decide(&ask, &facts, &scene().policy, NOW) {
        if let Question::Binding { address, .. } = &question {
            assert_eq!(address.to_string(), "2001:db8::");
            return;
        }
        answer(question, &mut ask, &mut facts);
    }
    panic!("the address is asked about");
}

/// The scene after an operator ended a session of theirs from 192.0.2.7.
fn after(number: u64, who: Barred, address: &str) -> Policy {
    scene().policy.with(&Update::Ended {
        organisation: organisation(number),
        bar: Bar {
            session: SessionId::mint(1, [0; 10]),
            who: vec![who],
            address: address.parse().unwrap(),
            at: NOW,
        },
    })
}

#[test]
fn whoever_was_sent_away_is_kept_out_from_there_for_five_minutes() {
    let after = |number, address| after(number, Barred::Token("tok".into()), address);
    let with = |policy: &Policy, running, seconds| {
        let facts = Facts { running, ..live() };
        let now = NOW.plus(Duration::from_secs(seconds));
        let ask = request(Door::Playback, "7KQ2M-SECURED", token(&json!({})));
        reason(&settle(ask, facts, policy, now))
    };
    let policy = after(1, "192.0.2.7");
    for running in [false, true] {
        assert_eq!(with(&policy, running, 0), Some(Reason::SessionEnded));
        assert_eq!(with(&policy, running, 299), Some(Reason::SessionEnded));
        assert_eq!(with(&policy, running, 300), None);
    }
    assert_eq!(with(&after(1, "192.0.2.8"), false, 0), None, "from elsewhere");
    assert_eq!(with(&after(2, "192.0.2.7"), false, 0), None, "in another organisation");
    // Another token from there is somebody else.
    let other = request(Door::Playback, "7KQ2M-SECURED", token(&json!({"jti": "other"})));
    assert_eq!(reason(&settle(other, live(), &policy, NOW)), None);
    // Whoever has an IPv6 address has a whole /64 of them.
    let policy = after(1, "2001:db8::1");
    let mut six = request(Door::Playback, "7KQ2M-SECURED", token(&json!({})));
    for (address, refused) in [("2001:db8::ffff", true), ("2001:db8:0:1::1", false)] {
        six.address = address.parse().unwrap();
        let refusal = reason(&settle(six.clone(), live(), &policy, NOW));
        assert_eq!(refusal, refused.then_some(Reason::SessionEnded), "{address}");
    }
    // Revoked beats ended, which is for a while only.
    let revoked = after(1, "192.0.2.7").with(&Update::Revoked {
        organisation: organisation(1),
        subject: Subject::Token("tok".into()),
        at: NOW,
    });
    assert_eq!(with(&revoked, false, 0), Some(Reason::TokenRevoked));
}

#[test]
fn whoever_was_sent_away_without_a_token_is_kept_out_of_that_stream_and_door() {
    let open = scene().policy.stream(&"7KQ2M-OPEN".parse().unwrap()).unwrap().id;
    let key = || Credential::Key(IngestKeyDigest::of(KEY));
    let with = |policy: &Policy, door, name: &str, credential, running| {
        let facts = Facts { running, ..live() };
        let facts = if door == Door::Ingest {
            Facts {
                publisher: Presence::Absent,
                ..facts
            }
        } else {
            facts
        };
        reason(&settle(request(door, name, credential), facts, policy, NOW))
    };
    let watched = after(
        1,
        Barred::Bare {
            stream: open,
            door: Door::Playback,
        },
        "192.0.2.7",
    );
    let ended = Some(Reason::SessionEnded);
    let nothing = || Credential::Missing;
    assert_eq!(with(&watched, Door::Playback, "7KQ2M-OPEN", nothing(), false), ended);
    // Others at that address who watch already are not known to be the one who was meant.
    assert_eq!(with(&watched, Door::Playback, "7KQ2M-OPEN", nothing(), true), None);
    assert_eq!(with(&watched, Door::Ingest, "7KQ2M-OPEN", key(), false), None);
    assert_eq!(
        with(&watched, Door::Playback, "7KQ2M-SECURED", token(&json!({})), false),
        None
    );
    let published = after(
        1,
        Barred::Bare {
            stream: open,
            door: Door::Ingest,
        },
        "192.0.2.7",
    );
    assert_eq!(with(&published, Door::Ingest, "7KQ2M-OPEN", key(), false), ended);
    assert_eq!(with(&published, Door::Playback, "7KQ2M-OPEN", nothing(), false), None);
    // Whoever has no key is told nothing of it.
    let wrong = Credential::Key(IngestKeyDigest::of("wrong"));
    assert_eq!(
        with(&published, Door::Ingest, "7KQ2M-OPEN", wrong, false),
        Some(Reason::IngestKey)
    );
}

#[test]
fn an_ended_session_is_one_and_takes_along_those_of_its_token_there() {
    let session = SessionId::mint(1, [0; 10]);
    let update = |who| Update::Ended {
        organisation: organisation(1),
        bar: Bar {
            session,
            who,
            address: "192.0.2.7".parse().unwrap(),
            at: NOW,
        },
    };
    let one = Touched::Ended(organisation(1), session);
    let bare = Barred::Bare {
        stream: StreamId::mint(1, [0; 10]),
        door: Door::Ingest,
    };
    assert_eq!(update(vec![bare]).touched(&scene().policy), std::slice::from_ref(&one));
    let of_token = Touched::Tokens(organisation(1), Subject::Token("tok".into()));
    let token = Barred::Token("tok".into());
    assert_eq!(update(vec![token]).touched(&scene().policy), [one, of_token]);
}

#[test]
fn a_stream_may_be_taken_over_where_it_says_so() {
    let mut stream = (**scene().policy.stream(&"7KQ2M-SECURED".parse().unwrap()).unwrap()).clone();
    let key = || request(Door::Ingest, "7KQ2M-SECURED", Credential::Key(IngestKeyDigest::of(KEY)));
    assert_eq!(
        reason(&settle(key(), live(), &scene().policy, NOW)),
        Some(Reason::StreamInUse)
    );
    stream.takeover = true;
    let policy = scene().policy.with(&Update::Stream(stream));
    assert_eq!(reason(&settle(key(), live(), &policy, NOW)), None);

    // The test source takes over from nobody.
    let mut stream = (**policy.stream(&"7KQ2M-SECURED".parse().unwrap()).unwrap()).clone();
    stream.test_source = true;
    let policy = policy.with(&Update::Stream(stream));
    let source = request(Door::Ingest, "7KQ2M-SECURED", Credential::TestSource);
    assert_eq!(reason(&settle(source, live(), &policy, NOW)), Some(Reason::StreamInUse));
}
