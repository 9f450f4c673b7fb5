//! A case with everything in it from its beginning.

use serde_json::{Value, json};
use testkit::Kind;

use super::{changed, thief};
use crate::harness::World;

async fn at_once_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let (finding, token) = thief(&world, &admin).await;
    let whole = json!({
        "title": "Restream", "findings": [finding["id"]], "tokens": [token], "addresses": ["192.0.2.0/24"],
    });
    for (field, wrong) in [
        ("findings", json!(["fnd_nobody"])),
        ("tokens", json!(["never seen"])),
        ("addresses", json!(["nowhere"])),
    ] {
        let mut input = whole.clone();
        input[field] = wrong;
        let refused = changed(&admin, "createCase", input).await;
        let error = &refused["errors"][0];
        assert_eq!(
            (&refused["case"], &error["code"], &error["field"]),
            (&Value::Null, &json!("UNKNOWN"), &json!(["input", field]))
        );
    }
    let made = changed(&admin, "createCase", whole).await;
    assert_eq!(made["errors"], json!([]));
    let counts = ["findingCount", "tokenCount", "addressCount"].map(|count| made["case"][count].as_i64());
    // What was found is of an address, which comes along.
    assert_eq!(counts, [Some(1), Some(1), Some(2)]);
    let all = "{ organisation { cases { totalCount } } }";
    let all = admin.data(all, json!({})).await;
    assert_eq!(all["organisation"]["cases"]["totalCount"], 1, "none is there in part");
}

#[tokio::test]
async fn a_case_is_made_with_all_that_is_put_into_it_or_not_at_all() {
    at_once_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_case_is_made_with_all_that_is_put_into_it_or_not_at_all_on_postgresql() {
    at_once_on(Kind::Postgres).await;
}
