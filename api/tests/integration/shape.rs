//! Answers have the shape that the specification of GraphQL prescribes, whatever fails in them.

use serde_json::json;

use crate::harness::World;

/// What may be `null` and failed is `null`, and nothing beside it is lost; what may not takes what holds it along.
#[tokio::test]
async fn what_fails_is_null_as_far_up_as_null_is_allowed_and_no_further() {
    let world = World::new().await;
    let reader = world.as_role("nanoReadOnly").await;
    let name = world.stream();
    let cases = [
        (
            "{ organisation { playbackTokens { totalCount } } }".to_owned(),
            r#"{"organisation":{"playbackTokens":null}}"#,
            1,
        ),
        (
            format!("{{ stream(name: \"{name}\") {{ ingestKey state ingestUrl }} }}"),
            r#"{"stream":{"ingestKey":null,"state":"CREATED","ingestUrl":null}}"#,
            2,
        ),
        (
            "{ a: stream(name: \"nix\") { id } viewer { role } }".to_owned(),
            r#"{"a":null,"viewer":{"role":"nanoReadOnly"}}"#,
            1,
        ),
        (
            // A list that may not be missing, in an organisation that may not be missing either.
            "{ viewer { role } organisation { hash streams(first: 101) { totalCount } } }".to_owned(),
            "null",
            1,
        ),
        (
            "{ organisation { streams(first: 100) { nodes { ingestKey } } } }".to_owned(),
            r#"{"organisation":{"streams":{"nodes":[{"ingestKey":null},{"ingestKey":null}]}}}"#,
            2,
        ),
    ];
    for (query, data, errors) in cases {
        let answer = reader.ask(&query, json!({})).await;
        assert!(
            answer.text.contains(&format!(r#""data":{data}"#)),
            "{query}\n{}",
            answer.text
        );
        let told = answer.body["errors"].as_array().unwrap();
        assert_eq!(told.len(), errors, "{query}\n{}", answer.text);
        assert!(told.iter().all(|error| error["path"].is_array()), "{}", answer.text);
    }
}

/// Whatever is found first: fields stand as they were asked for, in fragments too, and answers are the same bytes.
#[tokio::test]
async fn fields_stand_in_the_order_in_which_they_were_asked_for() {
    let world = World::new().await;
    let reader = world.as_role("nanoReadOnly").await;
    let query = "query One { organisation { sessions { totalCount } ...Rest hash playbackTokens { totalCount } } viewer { role } }
        query Other { viewer { email } }
        fragment Rest on Organisation { name streams { totalCount nodes { state name } ... { totalEdges: totalCount } } tags { name } hash }";
    let ask = async || {
        let body = json!({ "query": query, "operationName": "One" });
        reader.send(&body, &[]).await.text
    };
    let first = ask().await;
    let (_, data) = first.split_once(r#""data":"#).unwrap();
    let at = |what: &str| data.find(what).unwrap_or_else(|| panic!("{what}: {first}"));
    let keys = [
        "\"organisation\"",
        "\"sessions\"",
        "\"name\":\"North",
        "\"streams\"",
        "\"state\"",
        "\"totalEdges\"",
        "\"tags\"",
        "\"hash\"",
        "\"playbackTokens\"",
        "\"viewer\"",
    ];
    let places: Vec<_> = keys.into_iter().map(at).collect();
    assert!(places.is_sorted(), "{first}");
    for _ in 0..20 {
        assert_eq!(ask().await, first);
    }
}
