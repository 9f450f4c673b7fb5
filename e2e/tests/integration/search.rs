//! `portcullis search reindex`, as an operator runs it beside a running installation.

#[expect(dead_code, reason = "only some of what it can do is needed here")]
#[path = "../../../api/tests/integration/search/double/mod.rs"]
mod double;

use std::process::Output;

use double::{ADMIN_KEY, Double};
use serde_json::json;

use crate::stage::{Home, Person, Server, until};

/// A demo that searches with Meilisearch.
async fn demo(home: &Home, double: &Double, key: &str) -> Server {
    let toml = format!(
        "[search]\nmeilisearch_url = \"http://{}\"\napi_key = \"{key}\"\nindex_prefix = \"test\"\n",
        double.address
    );
    home.demo_with(&toml).await
}

async fn reindex(home: &Home) -> Output {
    let file = home.path("portcullis.toml");
    let file = file.to_str().expect("a path");
    home.command(&["search", "reindex"], &["--config", file]).await
}

fn complaint(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn indices_that_were_lost_are_built_anew_beside_a_running_installation() {
    let (home, double) = (Home::new(), Double::start().await);
    let server = demo(&home, &double, ADMIN_KEY).await;
    let admin = Person::admin(&server).await;
    let (name, _) = admin.create_stream(json!({ "title": "Summer finals" })).await;
    until("the index has the stream", async || {
        double.holds("stream").contains(&name).then_some(())
    })
    .await;
    double.lose_everything();
    let done = reindex(&home).await;
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let said = String::from_utf8_lossy(&done.stdout);
    let counted = said.lines().filter_map(|line| {
        let (kind, count) = line.split_once(' ')?;
        Some((kind, count.trim().parse::<u64>().ok()?))
    });
    let counted: Vec<_> = counted.collect();
    // Two of the demo, and that one.
    assert!(counted.contains(&("stream", 3)), "{said}");
    assert!(counted.len() >= 4 && counted.len() == said.lines().count(), "{said}");
    assert!(double.holds("stream").contains(&name));
    let before = double.searches();
    let query = "{ search(text: \"finals sumer\") { nodes { stream { name } } } }";
    let found = admin.ask(query, &json!({})).await;
    assert_eq!(found["search"]["nodes"][0]["stream"]["name"], *name);
    assert_eq!(double.searches(), before + 1, "Meilisearch answered");
}

#[tokio::test]
async fn indices_are_not_built_where_there_is_no_meilisearch_or_it_does_not_answer_and_the_operator_is_told_why() {
    let home = Home::new();
    std::fs::write(home.path("portcullis.toml"), "").expect("a file");
    let said = complaint(&reindex(&home).await);
    assert!(
        said.contains("search.meilisearch_url: no Meilisearch is configured"),
        "{said}"
    );

    let double = Double::start().await;
    let server = demo(&home, &double, "a-key-that-is-wrong").await;
    let said = complaint(&reindex(&home).await);
    assert!(
        said.contains("the indices were not built") && said.contains("invalid_api_key"),
        "{said}"
    );
    assert!(!said.contains("a-key-that-is-wrong"), "{said}");
    double.stop();
    let said = complaint(&reindex(&home).await);
    assert!(said.contains("the indices were not built"), "{said}");
    // The installation goes on, and the database answers.
    let admin = Person::admin(&server).await;
    let query = format!(
        "{{ search(text: \"{}\") {{ nodes {{ stream {{ name }} }} }} }}",
        server.test().name()
    );
    let found = admin.ask(&query, &json!({})).await;
    assert_eq!(found["search"]["nodes"][0]["stream"]["name"], server.test().name());
}
