//! What a broadcaster has to show: nothing, the stream's key or a publish token, as the stream says or else its
//! organisation.

use guard::{
    Credential, Decision, Door, Facts, IngestKeyDigest, Policy, Presence, Reason, Request, Update, decide,
    lint::Severity,
    marks,
    policy::{
        IngestAuthorisation::{self, Key, Open, Token},
        Organisation, Package, Standing, Stream, StreamIngest, StreamStanding, Touched,
    },
};
use serde_json::{Value, json};

use super::scene::{KEY, NOW, answer, claims, organisation, reason, request, scene, settle};

const NAME: &str = "7KQ2M-SECURED";

fn stream(policy: &Policy, change: impl FnOnce(&mut Stream)) -> Policy {
    let mut stream = (**policy.stream(&NAME.parse().unwrap()).unwrap()).clone();
    change(&mut stream);
    policy.with(&Update::Stream(stream))
}

fn settings(policy: &Policy, change: impl FnOnce(&mut Organisation)) -> Policy {
    let mut settings = policy.tenant(organisation(1)).unwrap().organisation.clone();
    change(&mut settings);
    policy.with(&Update::Organisation(settings))
}

/// The scene where the stream itself wants that.
fn wanting(wanted: IngestAuthorisation) -> Policy {
    stream(&scene().policy, |stream| stream.ingest = StreamIngest::Own(wanted))
}

fn key(text: &str) -> Credential {
    Credential::Key(IngestKeyDigest::of(text))
}

/// A publish token with other claims.
fn token(more: &Value) -> Credential {
    let mut all = claims(1);
    all["aud"] = json!("publish");
    for (name, value) in more.as_object().unwrap() {
        all[name] = value.clone();
    }
    Credential::from_token(&scene().sign(&all))
}

/// What comes of somebody who wants to begin.
fn begins(policy: &Policy, name: &str, credential: &Credential) -> Decision {
    let facts = Facts {
        publisher: Presence::Absent,
        ..Facts::default()
    };
    settle(request(Door::Ingest, name, credential.clone()), facts, policy, NOW)
}

fn told(policy: &Policy, credential: &Credential) -> Option<Reason> {
    reason(&begins(policy, NAME, credential))
}

/// What comes of somebody who publishes already.
fn goes_on(policy: &Policy, credential: &Credential) -> Option<Reason> {
    let facts = Facts {
        running: true,
        ..Facts::default()
    };
    let ask = request(Door::Ingest, NAME, credential.clone());
    reason(&settle(ask, facts, policy, NOW))
}

#[test]
fn what_is_shown_is_what_the_stream_wants_or_else_its_organisation() {
    let shown = [
        Credential::Missing,
        Credential::Conflicting,
        Credential::from_token("abc"),
        key(KEY),
        key("wrong"),
        token(&json!({})),
        token(&json!({"aud": "play"})),
        Credential::TestSource,
    ];
    let no = Some(Reason::IngestKey);
    let (missing, malformed) = (Some(Reason::TokenMissing), Some(Reason::TokenMalformed));
    let audience = Some(Reason::TokenAudience);
    // The node's own source passes where it is wanted, and nowhere else.
    let rows = [
        (Open, [None, None, None, None, None, None, None, no]),
        (Key, [no, no, no, None, no, no, no, no]),
        (
            Token,
            [missing, malformed, malformed, missing, missing, None, audience, no],
        ),
    ];
    for (by_organisation, _) in rows {
        let policy = settings(&scene().policy, |settings| settings.ingest = by_organisation);
        for own in [None, Some(Open), Some(Key), Some(Token)] {
            let policy = stream(&policy, |stream| {
                stream.ingest = own.map_or(StreamIngest::Inherit, StreamIngest::Own);
            });
            let wanted = own.unwrap_or(by_organisation);
            let (_, reasons) = rows.iter().find(|(row, _)| *row == wanted).unwrap();
            for (credential, expected) in shown.iter().zip(reasons) {
                let found = told(&policy, credential);
                assert_eq!(found, *expected, "{by_organisation:?} {own:?} {credential:?}");
            }
        }
    }
}

#[test]
fn whoever_an_open_stream_lets_in_rests_on_no_token() {
    for credential in [Credential::Missing, token(&json!({}))] {
        let Decision::Admit(permit) = begins(&wanting(Open), NAME, &credential) else {
            panic!("it passes");
        };
        assert_eq!((permit.grant(), permit.end()), (None, None), "{credential:?}");
    }
}

#[test]
fn an_open_stream_tells_its_standing_to_whoever_comes() {
    let open = wanting(Open);
    let nothing = &Credential::Missing;
    let standing = |standing| stream(&open, |stream| stream.standing = standing);
    let of_organisation = |change: fn(&mut Organisation)| settings(&open, change);
    let without_live = of_organisation(|settings| {
        settings.packages = Package::ALL.into_iter().filter(|it| *it != Package::Live).collect();
    });
    for (policy, expected) in [
        (standing(StreamStanding::Stopped), Reason::StreamStopped),
        (standing(StreamStanding::Locked), Reason::StreamLocked),
        (without_live, Reason::PackageRequired),
        (
            of_organisation(|settings| settings.standing = Standing::Suspended),
            Reason::OrganisationSuspended,
        ),
        (
            of_organisation(|settings| settings.encrypted_ingest = true),
            Reason::EncryptionRequired,
        ),
    ] {
        assert_eq!(told(&policy, nothing), Some(expected));
        assert_eq!(goes_on(&policy, nothing), Some(expected), "who runs is told so too");
    }
    let taken = Facts {
        publisher: Presence::Present,
        ..Facts::default()
    };
    let second = |policy: &Policy| {
        reason(&settle(
            request(Door::Ingest, NAME, nothing.clone()),
            taken,
            policy,
            NOW,
        ))
    };
    assert_eq!(second(&open), Some(Reason::StreamInUse));
    assert_eq!(second(&stream(&open, |stream| stream.takeover = true)), None);

    // What does not exist is no open stream, whatever the organisation says.
    let all_open = settings(&scene().policy, |settings| settings.ingest = Open);
    let nowhere = begins(&all_open, "7KQ2M-NOTHING", nothing);
    assert_eq!(reason(&nowhere), Some(Reason::IngestKey));
}

#[test]
fn whoever_shows_no_key_is_told_so_and_a_stream_that_does_not_exist_says_the_same() {
    let policy = wanting(Key);
    let sentence = |name: &str, credential: &Credential| match begins(&policy, name, credential) {
        Decision::Deny(denial) => denial.to_string(),
        other => panic!("{name}: {other:?}"),
    };
    let text = Credential::from_token;
    for (shown, more) in [
        (key("wrong"), ""),
        (Credential::TestSource, ""),
        (Credential::Missing, ": no key was shown"),
        (Credential::Conflicting, ": two that differ were shown"),
        (token(&json!({})), ": a token is no key"),
        (text("open sesame"), ": a token is no key"),
        (text("a.b.c"), ": a token is no key"),
        (text("e30.W10.AAAA"), ": a token is no key"),
        (text("h_0123456789abcdefghijkl"), ": a token is no key"),
    ] {
        let said = format!("INGEST_KEY: the key does not fit the stream{more}");
        for name in [NAME, "7KQ2M-NOTHING", "ZZZZZ-NOTHING"] {
            assert_eq!(sentence(name, &shown), said, "{name} {shown:?}");
        }
    }
}

#[test]
fn what_a_stream_that_wants_tokens_is_like_is_told_to_whoever_shows_one_of_its_organisation() {
    let stopped = stream(&wanting(Token), |stream| stream.standing = StreamStanding::Stopped);
    let theirs = Credential::from_token(&scene().sign_second(&claims(2)));
    assert_eq!(told(&stopped, &token(&json!({}))), Some(Reason::StreamStopped));
    assert_eq!(told(&stopped, &Credential::Missing), Some(Reason::TokenMissing));
    assert_eq!(told(&stopped, &theirs), Some(Reason::TokenKey));
    let by_token = settings(&scene().policy, |settings| settings.ingest = Token);
    let nowhere = |credential: &Credential| reason(&begins(&by_token, "7KQ2M-NOTHING", credential));
    assert_eq!(nowhere(&token(&json!({}))), Some(Reason::StreamUnknown));
    assert_eq!(nowhere(&Credential::Missing), Some(Reason::TokenMissing));
}

#[test]
fn a_second_factor_is_demanded_of_viewers_and_of_no_broadcaster() {
    let policy = stream(&wanting(Token), |stream| stream.needs_mfa = true);
    let viewer = request(Door::Playback, NAME, token(&json!({"aud": "play"})));
    let facts = Facts {
        publisher: Presence::Present,
        ..Facts::default()
    };
    assert_eq!(reason(&settle(viewer, facts, &policy, NOW)), Some(Reason::TokenMfa));
    assert_eq!(told(&policy, &token(&json!({}))), None);
}

#[test]
fn advice_on_a_publish_token_is_nothing_that_an_encoder_would_be_refused_for() {
    let policy = wanting(Token);
    // What an encoder is told that comes from no page, and what speaks against its token.
    let comes = |more: &Value| {
        let mut encoder = Request {
            referrer: None,
            ..request(Door::Ingest, NAME, token(more))
        };
        let mut facts = Facts {
            publisher: Presence::Absent,
            ..Facts::default()
        };
        let decision = loop {
            match decide(&encoder, &facts, &policy, NOW) {
                Decision::Ask(question) => answer(question, &mut encoder, &mut facts),
                settled => break settled,
            }
        };
        let found = marks(&encoder, &facts, &policy, NOW).findings().into_iter();
        let found: Vec<_> = found.map(|finding| (finding.code, finding.severity)).collect();
        (reason(&decision), found)
    };
    let no_ip = ("NO_IP", Severity::Warn);
    assert_eq!(comes(&json!({})), (None, vec![no_ip]));
    let bound = ("NEEDS_REFERRER", Severity::Warn);
    assert_eq!(
        comes(&json!({"domains": ["app.example.com"]})),
        (Some(Reason::TokenDomain), vec![no_ip, bound])
    );
}

#[test]
fn a_stream_that_is_open_no_more_ends_who_runs_without_what_it_wants() {
    let open = wanting(Open);
    for (wanted, credential, expected) in [
        (Key, Credential::Missing, Some(Reason::IngestKey)),
        (Key, key("wrong"), Some(Reason::IngestKey)),
        (Key, token(&json!({})), Some(Reason::IngestKey)),
        (Key, key(KEY), None),
        (Token, Credential::Missing, Some(Reason::TokenMissing)),
        (Token, key(KEY), Some(Reason::TokenMissing)),
        (Token, token(&json!({})), None),
    ] {
        assert_eq!(goes_on(&open, &credential), None, "{credential:?}");
        let by_stream = stream(&open, |stream| stream.ingest = StreamIngest::Own(wanted));
        assert_eq!(goes_on(&by_stream, &credential), expected, "{wanted:?} {credential:?}");
        let inherits = stream(&open, |stream| stream.ingest = StreamIngest::Inherit);
        let by_organisation = settings(&inherits, |settings| settings.ingest = wanted);
        let found = goes_on(&by_organisation, &credential);
        assert_eq!(found, expected, "by the organisation: {wanted:?} {credential:?}");
    }
    // They are found, too.
    let stream = (**open.stream(&NAME.parse().unwrap()).unwrap()).clone();
    let settings = open.tenant(organisation(1)).unwrap().organisation.clone();
    assert_eq!(
        Update::Stream(stream.clone()).touched(&open),
        [Touched::Stream(stream.id)]
    );
    assert_eq!(
        Update::Organisation(settings).touched(&open),
        [Touched::Organisation(organisation(1))]
    );
}
