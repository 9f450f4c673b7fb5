//! What a stranger hears of a token that nobody's key fits says neither whose key it names nor that an organisation is there.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use guard::{
    Credential, Decision, Door, Policy, Reason, Update, VerifyingKey, explain,
    key::{Algorithm, Dialect},
};
use serde_json::{Value, json};

use super::scene::{NOW, answer, live, organisation, reason, request, scene, settle};

/// The first organisation's own key, the second one's own and those it brought, and nobody's.
const KIDS: [Option<&str>; 6] = [
    Some("key_first"),
    Some("key_second"),
    Some("brought"),
    Some("ant"),
    Some("nobodys"),
    None,
];
/// A stream, and what is none: of each organisation, and of none at all.
const NAMES: [&str; 5] = [
    "7KQ2M-SECURED",
    "7KQ2M-NOTHING",
    "XYZ23-SUSPENDED",
    "XYZ23-NOTHING",
    "W3W3W-NOTHING",
];

fn policy() -> Policy {
    let brought = |kid: &str, dialect| Update::Key {
        organisation: organisation(2),
        key: VerifyingKey::theirs(kid, Algorithm::Hs256, vec![1; 32], dialect).unwrap(),
    };
    let names = BTreeMap::from([("video".into(), "streams".into()), ("until".into(), "exp".into())]);
    [
        brought("brought", Dialect::Ours),
        brought("ant", Dialect::AntMedia),
        brought("named", Dialect::names(names).unwrap()),
    ]
    .iter()
    .fold(scene().policy.clone(), |policy, update| policy.with(update))
}

fn token(kid: Option<&str>, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = kid.map_or_else(|| json!({}), |kid| json!({ "kid": kid }));
    let signed = format!("{}.{}", part(&header), part(claims));
    let secret = hmac::Key::new(hmac::HMAC_SHA256, &[9; 32]);
    format!(
        "{signed}.{}",
        URL_SAFE_NO_PAD.encode(hmac::sign(&secret, signed.as_bytes()))
    )
}

fn shown() -> Vec<String> {
    let exp = NOW.s() + 60;
    let claims = [
        json!({ "aud": "play", "exp": exp, "streams": ["7KQ2M-SECURED"] }),
        json!({ "aud": "play", "streams": ["7KQ2M-SECURED"] }),
        json!({ "aud": "play", "exp": exp, "jti": "tok_1", "org": true }),
        json!({ "aud": "play", "exp": exp, "org": true, "groups": ["grp"] }),
        json!({ "type": "play", "exp": exp, "streamId": "7KQ2M-SECURED" }),
        json!({ "type": 7, "exp": exp, "streamId": "7KQ2M-SECURED" }),
        json!({ "aud": "play", "until": exp, "video": "7KQ2M-SECURED" }),
        json!({ "aud": "play", "exp": exp, "until": exp, "streams": [], "video": "x" }),
    ];
    let tokens = KIDS
        .iter()
        .flat_map(|kid| claims.iter().map(|claims| token(*kid, claims)));
    let others = ["h_0123456789abcdefghijkl", "anything", "a.b.c", ""].map(ToOwned::to_owned);
    tokens.chain(others).collect()
}

#[test]
fn a_strangers_token_is_answered_alike_whosever_stream_it_is_shown_for() {
    let policy = policy();
    let mut told = BTreeSet::new();
    for text in shown() {
        let answers: BTreeSet<_> = NAMES
            .iter()
            .map(|name| {
                let request = request(Door::Playback, name, Credential::from_token(&text));
                let Decision::Deny(denial) = settle(request, live(), &policy, NOW) else {
                    panic!("{name} lets in {text}");
                };
                let denial = denial.outwards();
                (denial.reason, denial.sentence().to_owned())
            })
            .collect();
        assert_eq!(answers.len(), 1, "{text}: {answers:?}");
        told.extend(answers.into_iter().map(|(reason, _)| reason));
    }
    let all = [Reason::TokenMalformed, Reason::TokenKey, Reason::TokenSignature];
    assert_eq!(told, BTreeSet::from(all), "each of them is met");
}

/// Anybody can see by the installation's public keys that it is whole.
#[test]
fn a_whole_token_of_another_organisation_is_answered_alike_for_all_others() {
    let policy = policy();
    let text = scene().sign_second(&super::scene::claims(2));
    for name in ["7KQ2M-SECURED", "7KQ2M-NOTHING", "W3W3W-NOTHING"] {
        let request = request(Door::Playback, name, Credential::from_token(&text));
        let Decision::Deny(denial) = settle(request, live(), &policy, NOW) else {
            panic!("{name} lets in");
        };
        assert_eq!(denial.outwards(), Reason::TokenKey.into(), "{name}");
    }
}

#[test]
fn operators_are_told_what_it_was() {
    let policy = policy();
    let claims = json!({ "aud": "play", "exp": NOW.s() + 60, "streams": ["XYZ23-SUSPENDED"] });
    for (kid, first, second) in [
        (Some("key_first"), Reason::TokenSignature, Reason::TokenKey),
        (Some("key_second"), Reason::TokenKey, Reason::TokenSignature),
        (Some("brought"), Reason::TokenKey, Reason::TokenSignature),
        (Some("nobodys"), Reason::TokenKey, Reason::TokenKey),
        (None, Reason::TokenKey, Reason::TokenSignature),
    ] {
        for (name, why) in [("7KQ2M-SECURED", first), ("XYZ23-SUSPENDED", second)] {
            let mut request = request(Door::Playback, name, Credential::from_token(&token(kid, &claims)));
            let mut facts = live();
            let (decision, steps) = loop {
                match explain(&request, &facts, &policy, NOW) {
                    (Decision::Ask(question), _) => answer(question, &mut request, &mut facts),
                    explained => break explained,
                }
            };
            assert_eq!(reason(&decision), Some(why), "{kid:?} {name}");
            let last = steps.last().unwrap();
            assert!(last.because.starts_with(why.as_str()), "{last:?}");
        }
    }
}

/// A signature by a key that is the organisation's proves its holder, who is told what is wrong with the claims.
#[test]
fn whoever_holds_a_key_is_told_what_its_tokens_lack() {
    let policy = policy();
    let secret = hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]);
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    for (kid, claims) in [
        ("ant", json!({ "type": "play", "exp": NOW.s() + 60, "streamId": 7 })),
        ("named", json!({ "aud": "play", "exp": 1, "until": NOW.s() + 60 })),
        ("brought", json!({ "aud": "play", "exp": NOW.s() + 60, "jti": "tok_1" })),
    ] {
        let signed = format!("{}.{}", part(&json!({ "kid": kid })), part(&claims));
        let text = format!(
            "{signed}.{}",
            URL_SAFE_NO_PAD.encode(hmac::sign(&secret, signed.as_bytes()))
        );
        let request = request(Door::Playback, "XYZ23-SUSPENDED", Credential::from_token(&text));
        let Decision::Deny(denial) = settle(request, live(), &policy, NOW) else {
            panic!("{kid} lets in");
        };
        let denial = denial.outwards();
        assert_eq!(denial.reason, Reason::TokenMalformed, "{kid}");
        assert!(denial.detail.is_some(), "{kid}");
    }
}
