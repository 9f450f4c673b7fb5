//! What a token's text may be.

use guard::token::{MAX_LENGTH, Malformed, Token};
use proptest::prelude::*;
use serde_json::json;

use super::scene::{claims, scene};

#[test]
fn a_token_that_is_too_long_is_an_error_that_says_so() {
    assert_eq!(
        Token::parse(&"a".repeat(MAX_LENGTH + 1)).unwrap_err(),
        Malformed::TooLong
    );
}

#[test]
fn a_header_with_crit_is_refused() {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64};
    let part = |value: serde_json::Value| B64.encode(value.to_string());
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

proptest! {
    #[test]
    fn any_text_is_parsed_without_panic(text in ".{0,200}") {
        let _ = Token::parse(&text);
    }

    #[test]
    fn any_claims_are_parsed_without_panic(payload: Vec<u8>) {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64};
        let _ = Token::parse(&format!("e30.{}.", B64.encode(payload)));
    }

    #[test]
    fn any_times_are_parsed_without_panic(exp: f64, iat: i64) {
        let _ = Token::parse(&scene().sign(&json!({"exp": exp, "iat": iat, "nbf": u64::MAX})));
    }
}
