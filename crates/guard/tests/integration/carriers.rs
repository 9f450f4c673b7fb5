//! What a token's text may be.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use guard::{
    Credential, Door,
    token::{MAX_LENGTH, Malformed, Token},
};
use proptest::{
    collection::{btree_map, vec},
    prelude::*,
    sample::select,
};
use serde_json::{Value, json};

use super::scene::{NOW, claims, live, request, scene, settle};

#[test]
fn a_token_that_is_too_long_is_an_error_that_says_so() {
    assert_eq!(
        Token::parse(&"a".repeat(MAX_LENGTH + 1)).unwrap_err(),
        Malformed::TooLong
    );
}

#[test]
fn a_header_with_crit_is_refused() {
    let part = |value: Value| B64.encode(value.to_string());
    let text = format!(
        "{}.{}.AA",
        part(json!({"alg": "EdDSA", "crit": ["b64"]})),
        part(claims(1))
    );
    assert_eq!(Token::parse(&text).unwrap_err(), Malformed::Critical);
}

#[test]
fn a_token_without_an_id_is_known_by_what_it_says() {
    let mut nameless = claims(1);
    nameless.as_object_mut().unwrap().remove("jti");
    let text = scene().sign(&nameless);
    let (signed, _) = text.rsplit_once('.').unwrap();
    let (one, twin) = (
        Token::parse(&text).unwrap(),
        Token::parse(&format!("{signed}.AAAA")).unwrap(),
    );
    assert!(one.claims().unwrap().jti.starts_with("sha256:"));
    assert_eq!(one.claims().unwrap().jti, twin.claims().unwrap().jti);
    assert_ne!(one.digest(), twin.digest());
}

#[test]
fn a_token_is_not_printed() {
    let text = scene().sign(&claims(1));
    assert_eq!(format!("{:?}", Token::parse(&text).unwrap()), "Token(tok)");
}

/// Any JSON: of every type, nested, as long and as large as it comes, and what is almost right.
fn any_json() -> impl Strategy<Value = Value> {
    let plain = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        select(&ALMOST[..]).prop_map(Value::from),
        (-2..2_i64).prop_map(|s| json!(NOW.s() + s)),
    ];
    plain.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(".{0,8}", inner, 0..4).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Claims of which one to three are any JSON, and the others are good or not there.
fn any_claims() -> impl Strategy<Value = Value> {
    let replaced = vec((select(&CLAIMS[..]), any_json()), 1..4);
    (any::<bool>(), replaced).prop_map(|(least, replaced)| {
        let mut all = if least {
            json!({"aud": "play", "exp": NOW.s() + 60})
        } else {
            claims(1)
        };
        for (name, value) in replaced {
            all[name] = value;
        }
        all
    })
}

/// A part of a token: an object with some of these members.
fn any_part(names: &'static [&'static str]) -> impl Strategy<Value = String> {
    btree_map(select(names), any_json(), 0..4).prop_map(|members| B64.encode(json!(members).to_string()))
}

/// Any text, of any number of parts, and of the parts that a token has.
fn any_text() -> impl Strategy<Value = String> {
    let bytes = || any::<Vec<u8>>().prop_map(|bytes| B64.encode(bytes));
    let part = prop_oneof![
        bytes(),
        "[A-Za-z0-9_=-]{0,40}",
        any_json().prop_map(|value| B64.encode(value.to_string())),
        any_part(&HEADER),
    ];
    let token = (any_part(&HEADER), any_part(&CLAIMS), bytes());
    prop_oneof![
        ".{0,200}",
        vec(part, 0..6).prop_map(|parts| parts.join(".")),
        token.prop_map(|(header, payload, signature)| format!("{header}.{payload}.{signature}")),
    ]
}

const HEADER: [&str; 4] = ["alg", "kid", "crit", "typ"];
/// Every name that has a meaning, and one that has none.
const CLAIMS: [&str; 25] = [
    "sub",
    "aud",
    "jti",
    "iat",
    "nbf",
    "exp",
    "streams",
    "groups",
    "org",
    "ip",
    "domains",
    "countries",
    "asns",
    "ua",
    "user",
    "tag",
    "maxSessions",
    "bindIps",
    "revocable",
    "forceDisconnect",
    "maxUses",
    "amr",
    "crit",
    "iss",
    "unheard",
];
/// Values near an edge of what some claim may be.
const ALMOST: [&str; 20] = [
    "",
    "play",
    "exp",
    "7KQ2M-SECURED",
    "7KQ2M-",
    "org_00000000000000000000000000",
    "tok_",
    "sha256:",
    "h_0123456789abcdefghijkl",
    "0.0.0.0/0",
    "192.0.2.7/33",
    "::ffff:192.0.2.7/95",
    "::/129",
    "*.",
    "*.xn--",
    "a.b..c",
    "DE",
    "d\u{e9}",
    "AS4294967296",
    "-1",
];

proptest! {
    #[test]
    fn any_text_is_parsed_without_panic(text in any_text()) {
        let _ = Token::parse(&text);
        let _ = Credential::from_token(&text);
    }

    #[test]
    fn any_claims_are_parsed_without_panic(claims in any_claims()) {
        let text = scene().sign(&claims);
        match Token::parse(&text) {
            // Its claims were read, whatever came out; what could be read is judged, signature and all.
            Ok(_) => {
                let viewer = request(Door::Playback, "7KQ2M-SECURED", Credential::from_token(&text));
                let _ = settle(viewer, live(), &scene().policy, NOW);
            }
            Err(why) => prop_assert_eq!(why, Malformed::TooLong),
        }
    }

    #[test]
    fn any_times_are_parsed_without_panic(exp: f64, iat: i64) {
        let _ = Token::parse(&scene().sign(&json!({"exp": exp, "iat": iat, "nbf": u64::MAX})));
    }
}
