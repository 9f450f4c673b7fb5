//! Transport before everything, limits after everything.

use guard::{
    Binding, Credential, Decision, Door, Facts, IngestKeyDigest, Question, Reason, Update, Use, Whose, decide,
};
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

#[test]
fn whoever_was_sent_away_is_kept_out_for_a_while() {
    let facts = Facts { barred: true, ..live() };
    assert_eq!(
        outcome("7KQ2M-SECURED", token(&json!({})), facts),
        Some(Reason::SessionEnded)
    );
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
}
