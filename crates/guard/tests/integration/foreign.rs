//! Keys and tokens of customers: their algorithms, their names for claims, and what they may leave out.

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    hmac,
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use guard::{
    Credential, Door, Facts, Policy, Reason, Update, VerifyingKey,
    key::{Algorithm, Dialect, DialectError, KeyError, from_jwk, from_pem},
};
use serde_json::{Value, json};

use super::scene::{NOW, STREAMS, claims, live, organisation, reason, request, scene, settle};

const SECRET: &[u8; 32] = b"0123456789abcdef0123456789abcdef";

fn token(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

fn hs256(secret: &[u8], header: &Value, claims: &Value) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    token(header, claims, |signed| hmac::sign(&key, signed).as_ref().to_vec())
}

fn with(keys: impl IntoIterator<Item = VerifyingKey>) -> Policy {
    keys.into_iter().fold(scene().policy.clone(), |policy, key| {
        policy.with(&Update::Key {
            organisation: organisation(1),
            key,
        })
    })
}

fn shared(kid: &str, secret: &[u8], dialect: Dialect) -> VerifyingKey {
    VerifyingKey::theirs(kid, Algorithm::Hs256, secret.to_vec(), dialect).unwrap()
}

fn outcome(text: &str, policy: &Policy) -> Option<Reason> {
    let request = request(Door::Playback, "7KQ2M-SECURED", Credential::from_token(text));
    reason(&settle(request, live(), policy, NOW))
}

/// All that a customer must say.
fn least() -> Value {
    json!({"aud": "play", "exp": NOW.s() + 60, "streams": ["7KQ2M-SECURED"]})
}

#[test]
fn customers_sign_with_each_algorithm_by_pem_and_by_jwk() {
    let ed = Ed25519KeyPair::generate().unwrap();
    let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let der = |key: &dyn Fn() -> Vec<u8>| pem("PUBLIC KEY", &key());
    let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);

    let ed_public = ed.public_key().as_ref().to_vec();
    let ec_public = ec.public_key().as_ref().to_vec();
    let ed_spki = [
        &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00],
        &*ed_public,
    ]
    .concat();
    let components = aws_lc_rs::rsa::PublicKeyComponents::<Vec<u8>>::from(rsa.public_key());
    let spki = |der: PublicKeyX509Der<'static>| der.as_ref().to_vec();

    let read = [
        (from_pem(&der(&|| ed_spki.clone())).unwrap(), {
            let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": b64(&ed_public), "kid": "a"});
            from_jwk(&jwk.to_string()).unwrap()
        }),
        (from_pem(&der(&|| spki(ec.public_key().as_der().unwrap()))).unwrap(), {
            let jwk = json!({"kty": "EC", "crv": "P-256", "x": b64(&ec_public[1..33]), "y": b64(&ec_public[33..])});
            from_jwk(&jwk.to_string()).unwrap()
        }),
        (from_pem(&der(&|| spki(rsa.public_key().as_der().unwrap()))).unwrap(), {
            let jwk =
                json!({"kty": "RSA", "alg": "RS256", "use": "sig", "n": b64(&components.n), "e": b64(&components.e)});
            from_jwk(&jwk.to_string()).unwrap()
        }),
    ];
    let random = SystemRandom::new();
    let sign = |which: usize, signed: &[u8]| match which {
        0 => ed.sign(signed).as_ref().to_vec(),
        1 => ec.sign(&random, signed).unwrap().as_ref().to_vec(),
        _ => {
            let mut signature = vec![0; rsa.public_modulus_len()];
            rsa.sign(&RSA_PKCS1_SHA256, &random, signed, &mut signature).unwrap();
            signature
        }
    };
    for (which, (by_pem, by_jwk)) in read.into_iter().enumerate() {
        assert_eq!(by_pem, (by_jwk.0, by_jwk.1.clone()));
        let key = VerifyingKey::theirs("theirs", by_pem.0, by_pem.1, Dialect::Ours).unwrap();
        let policy = with([key.clone()]);
        let header = json!({"alg": "none", "kid": "theirs"});
        let text = token(&header, &least(), |signed| sign(which, signed));
        assert_eq!(outcome(&text, &policy), None, "{}", key.algorithm().as_str());
        let forged = token(&header, &least(), |_| sign(which, b"something else"));
        assert_eq!(outcome(&forged, &policy), Some(Reason::TokenSignature));
        // The public part as a shared secret: the well-known swap.
        let swapped = hs256(key.material(), &json!({"alg": "HS256", "kid": "theirs"}), &least());
        assert_eq!(outcome(&swapped, &policy), Some(Reason::TokenSignature));
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let body: Vec<_> = STANDARD.encode(der).into_bytes();
    let lines: Vec<_> = body
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap().to_owned())
        .collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

#[test]
fn weak_and_wrong_keys_are_not_taken() {
    let theirs =
        |algorithm, material: Vec<u8>| VerifyingKey::theirs("k", algorithm, material, Dialect::Ours).unwrap_err();
    assert_eq!(theirs(Algorithm::Hs256, vec![1; 31]), KeyError::ShortSecret);
    assert_eq!(theirs(Algorithm::EdDsa, vec![1; 33]), KeyError::Content);
    assert_eq!(theirs(Algorithm::Es256, vec![1; 65]), KeyError::Content);
    assert_eq!(theirs(Algorithm::Rs256, vec![1; 300]), KeyError::Content);
    let rsa =
        |bytes: usize| json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode(vec![0xff; bytes]), "e": "AQAB"}).to_string();
    for (bytes, error) in [
        (128, KeyError::ShortRsa),
        (255, KeyError::ShortRsa),
        (1025, KeyError::LongRsa),
    ] {
        let (algorithm, material, _) = from_jwk(&rsa(bytes)).unwrap();
        assert_eq!(theirs(algorithm, material), error);
    }
    assert_eq!(from_pem(&pem("PRIVATE KEY", &scene().first)), Err(KeyError::Private));
    assert_eq!(from_pem("hello"), Err(KeyError::Form));
    assert_eq!(from_pem(&pem("PUBLIC KEY", &[0x30, 0x80, 0, 0])), Err(KeyError::Form));
    for (jwk, error) in [
        (r#"{"kty":"OKP","crv":"Ed25519","x":"AA","d":"AA"}"#, KeyError::Private),
        (r#"{"kty":"EC","crv":"P-384","x":"AA","y":"AA"}"#, KeyError::Kind),
        (r#"{"kty":"RSA","alg":"RS512","n":"AA","e":"AQAB"}"#, KeyError::Kind),
        (r#"{"kty":"RSA","use":"enc","n":"AA","e":"AQAB"}"#, KeyError::Kind),
        (r#"{"kty":"OKP","crv":"Ed25519"}"#, KeyError::Content),
        ("[]", KeyError::Form),
    ] {
        assert_eq!(from_jwk(jwk).unwrap_err(), error, "{jwk}");
    }
}

#[test]
fn a_secret_is_not_printed() {
    assert!(!format!("{:?}", shared("k", SECRET, Dialect::Ours)).contains("48"));
}

#[test]
fn a_token_without_a_key_is_tried_with_each_of_the_organisations_own() {
    let secret = |number: u8| [number; 32];
    let policy = with((0..8).map(|number| shared(&format!("k{number}"), &secret(number), Dialect::Ours)));
    let header = json!({"alg": "HS256"});
    for number in 0..8 {
        assert_eq!(outcome(&hs256(&secret(number), &header, &least()), &policy), None);
    }
    assert_eq!(
        outcome(&hs256(&secret(9), &header, &least()), &policy),
        Some(Reason::TokenSignature)
    );
    assert_eq!(
        outcome(&hs256(&secret(9), &header, &least()), &scene().policy),
        Some(Reason::TokenKey)
    );
    // A ninth key is one too many, and a key of another organisation is none of ours.
    let nine = policy.with(&Update::Key {
        organisation: organisation(1),
        key: shared("k9", &secret(9), Dialect::Ours),
    });
    assert_eq!(
        outcome(&hs256(&secret(9), &header, &least()), &nine),
        Some(Reason::TokenSignature)
    );
    let elsewhere = policy.with(&Update::Key {
        organisation: organisation(2),
        key: shared("k9", &secret(9), Dialect::Ours),
    });
    assert_eq!(
        outcome(&hs256(&secret(9), &header, &least()), &elsewhere),
        Some(Reason::TokenSignature)
    );
    let removed = policy.with(&Update::KeyRemoved {
        organisation: organisation(1),
        kid: "k3".into(),
    });
    assert_eq!(
        outcome(&hs256(&secret(3), &header, &least()), &removed),
        Some(Reason::TokenSignature)
    );
    // Who was let in under it is told that it is gone.
    let credential = Credential::from_token(&hs256(&secret(3), &header, &least()));
    let running = Facts {
        running: true,
        signed: true,
        ..live()
    };
    let falls = settle(
        request(Door::Playback, "7KQ2M-SECURED", credential),
        running,
        &removed,
        NOW,
    );
    assert_eq!(reason(&falls), Some(Reason::TokenKey));
}

#[test]
fn a_key_of_another_organisation_signs_nothing_here() {
    let policy = scene().policy.with(&Update::Key {
        organisation: organisation(2),
        key: shared("theirs", SECRET, Dialect::Ours),
    });
    let text = hs256(SECRET, &json!({"kid": "theirs"}), &least());
    assert_eq!(outcome(&text, &policy), Some(Reason::TokenKey));
}

#[test]
fn what_a_customer_may_leave_out_and_what_not() {
    let policy = with([shared("theirs", SECRET, Dialect::Ours)]);
    let sign = |claims: &Value| hs256(SECRET, &json!({"kid": "theirs"}), claims);
    assert_eq!(outcome(&sign(&least()), &policy), None);
    for (missing, refused) in [
        ("aud", Reason::TokenAudience),
        ("exp", Reason::TokenMalformed),
        ("streams", Reason::TokenScope),
    ] {
        let mut claims = least();
        claims.as_object_mut().unwrap().remove(missing);
        assert_eq!(outcome(&sign(&claims), &policy), Some(refused), "{missing}");
    }
    for (claim, value, refused) in [
        ("sub", json!(organisation(1)), None),
        ("sub", json!(organisation(2)), Some(Reason::TokenScope)),
        ("jti", json!("mine"), None),
        ("jti", json!("tok_01k9"), Some(Reason::TokenMalformed)),
        ("jti", json!("sha256:00"), Some(Reason::TokenMalformed)),
        ("jti", json!(""), Some(Reason::TokenMalformed)),
        ("jti", json!(7), Some(Reason::TokenMalformed)),
        ("unheard", json!("of"), None),
    ] {
        let mut claims = least();
        claims[claim] = value.clone();
        assert_eq!(outcome(&sign(&claims), &policy), refused, "{claim} {value}");
    }
}

#[test]
fn an_issuer_is_no_claim_that_is_judged() {
    let by = |dialect: Dialect, claims: &Value| {
        let policy = with([shared("theirs", SECRET, dialect)]);
        outcome(&hs256(SECRET, &json!({"kid": "theirs"}), claims), &policy)
    };
    let mut claims = least();
    claims["iss"] = json!(7);
    assert_eq!(
        by(Dialect::Ours, &claims),
        None,
        "whoever it says it is, its key says who it is"
    );
    claims["crit"] = json!(["iss"]);
    assert_eq!(by(Dialect::Ours, &claims), Some(Reason::TokenMalformed));
    // To a customer it may be called otherwise, or be something that is judged.
    let names =
        |theirs: &str, ours: &str| Dialect::names(std::iter::once((theirs.into(), ours.into())).collect()).unwrap();
    claims["crit"] = json!(["by"]);
    assert_eq!(by(names("by", "iss"), &claims), Some(Reason::TokenMalformed));
    claims["crit"] = json!(["iss"]);
    claims["iss"] = json!("ann");
    assert_eq!(by(names("iss", "user"), &claims), None);
}

#[test]
fn a_key_may_speak_ant_medias_dialect() {
    let policy = with([shared("ant", SECRET, Dialect::AntMedia)]);
    let play = json!({"streamId": "7KQ2M-SECURED", "type": "play", "exp": NOW.s() + 60, "sub": "somebody"});
    // Its tokens name no key.
    let sign = |claims: &Value| hs256(SECRET, &json!({"alg": "HS256", "typ": "JWT"}), claims);
    assert_eq!(outcome(&sign(&play), &policy), None);
    let mut other = play.clone();
    other["streamId"] = json!("7KQ2M-OTHER");
    assert_eq!(outcome(&sign(&other), &policy), Some(Reason::TokenScope));
    other = play.clone();
    other["type"] = json!("publish");
    assert_eq!(outcome(&sign(&other), &policy), Some(Reason::TokenAudience));
    other = play.clone();
    other["exp"] = json!(NOW.s() - 31);
    assert_eq!(outcome(&sign(&other), &policy), Some(Reason::TokenExpired));
    // What is critical is called as its claims are; what is left out is not understood.
    for (named, refused) in [
        ("streamId", None),
        ("type", None),
        ("exp", None),
        ("sub", Some(Reason::TokenMalformed)),
        ("aud", Some(Reason::TokenMalformed)),
        ("colour", Some(Reason::TokenMalformed)),
    ] {
        other = play.clone();
        other["crit"] = json!([named]);
        assert_eq!(outcome(&sign(&other), &policy), refused, "{named}");
    }
    // In our own dialect the same says nothing of streams.
    let ours = with([shared("ant", SECRET, Dialect::Ours)]);
    assert_eq!(outcome(&sign(&play), &ours), Some(Reason::TokenAudience));
}

#[test]
fn a_key_may_name_claims_its_own_way() {
    let names = |pairs: &[(&str, &str)]| {
        Dialect::names(
            pairs
                .iter()
                .map(|(theirs, ours)| ((*theirs).into(), (*ours).into()))
                .collect(),
        )
    };
    let dialect = names(&[
        ("video_id", "streams"),
        ("use", "aud"),
        ("until", "exp"),
        ("sub", "user"),
    ])
    .unwrap();
    let policy = with([shared("theirs", SECRET, dialect)]);
    let sign = |claims: &Value| hs256(SECRET, &json!({"kid": "theirs"}), claims);
    let good = json!({"video_id": "7KQ2M-SECURED", "use": "play", "until": NOW.s() + 60, "sub": "viewer-7"});
    assert_eq!(outcome(&sign(&good), &policy), None);
    let banned = policy.with(&Update::Banned {
        organisation: organisation(1),
        user: "viewer-7".into(),
        banned: true,
    });
    assert_eq!(outcome(&sign(&good), &banned), Some(Reason::TokenUserBanned));
    let mut twice = good.clone();
    twice["streams"] = json!(STREAMS);
    assert_eq!(outcome(&sign(&twice), &policy), Some(Reason::TokenMalformed));
    let mut critical = good.clone();
    critical["crit"] = json!(["video_id"]);
    assert_eq!(outcome(&sign(&critical), &policy), None);
    for refused in [json!(["colour"]), json!("colour"), json!([7])] {
        critical["crit"] = refused;
        assert_eq!(outcome(&sign(&critical), &policy), Some(Reason::TokenMalformed));
    }
    critical["crit"] = json!("video_id");
    assert_eq!(outcome(&sign(&critical), &policy), None);

    assert_eq!(names(&[("a", "colour")]), Err(DialectError::Unknown("colour".into())));
    assert_eq!(
        names(&[("a", "exp"), ("b", "exp")]),
        Err(DialectError::Twice("exp".into()))
    );
    assert_eq!(names(&[("", "exp")]), Err(DialectError::Empty));
}

#[test]
fn a_claim_that_stands_twice_is_no_token() {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let text = format!("{}.{}.AAAA", part("{}"), part(r#"{"exp":1,"exp":2}"#));
    assert!(guard::Token::parse(&text).is_err());
    let mut good = claims(1);
    good["jti"] = json!("once");
    assert_eq!(outcome(&scene().sign(&good), &scene().policy), None);
}
