//! Addresses in records of tokens that an earlier version left are masked by the next one.

use testkit::Kind;

use crate::tables::Tables;

async fn masking_goes_back_on(kind: Kind) {
    let tables = Tables::before(kind, "m0054_token_addresses").await;
    let (json, bytes) = if tables.is_sqlite() {
        ("", "x'00'")
    } else {
        ("::jsonb", r"'\x00'::bytea")
    };
    let named = r#"{"ip": ["192.0.2.7"]}"#;
    for (n, hash, tokens) in [
        (1, "7KQ2M", &[(300, "{}"), (500, named), (400, named)][..]),
        (2, "XYZ23", &[(300, r#"{"user": "ip"}"#)][..]),
        (3, "W3W3W", &[(2_000, named)][..]),
        (4, "K4K4K", &[(300, named)][..]),
    ] {
        tables.organisation(n, hash).await;
        let (id, no) = (tables.id(n), tables.no());
        tables
            .run(&format!(
                "INSERT INTO signing_key (id, organisation_id, kid, algorithm, public_key, created_at) \
                 VALUES ({id}, {id}, 'key', 'EdDSA', {bytes}, 1)"
            ))
            .await;
        for (place, (expires, claims)) in (1..).zip(tokens) {
            let token = tables.id(n * 16 + place);
            tables
                .run(&format!(
                    "INSERT INTO playback_token (id, organisation_id, jti, signing_key_id, organisation_wide, claims, revocable, \
                     watch, created_by, created_at, issued_at, expires_at) VALUES ({token}, {id}, '{n}-{place}', {id}, {no}, \
                     '{claims}'{json}, {no}, {no}, {id}, 1, 1, {expires})"
                ))
                .await;
        }
        // The last one has masked nothing yet.
        if n < 4 {
            let until = format!("INSERT INTO address_mask (organisation_id, until_at) VALUES ({id}, 1000)");
            tables.run(&until).await;
        }
    }
    tables.up().await;
    let rows = tables
        .rows("SELECT until_at FROM address_mask ORDER BY organisation_id")
        .await;
    let until: Vec<i64> = rows.iter().map(|row| row.try_get("", "until_at").unwrap()).collect();
    assert_eq!(until, [400, 1_000, 1_000]);
}

#[tokio::test]
async fn masking_goes_back_to_the_first_token_that_was_for_an_address() {
    masking_goes_back_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn masking_goes_back_to_the_first_token_that_was_for_an_address_on_postgresql() {
    masking_goes_back_on(Kind::Postgres).await;
}
