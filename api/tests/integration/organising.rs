//! Tags and groups of streams.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::Kind;

use crate::harness::{Client, World};

async fn stream(client: &Client, alias: &str, tags: &[&str]) -> String {
    let query = "mutation($i: CreateStreamInput!) { createStream(input: $i) { stream { name } errors { code } } }";
    let made = client
        .data(query, json!({ "i": { "alias": alias, "tags": tags } }))
        .await;
    made["createStream"]["stream"]["name"].as_str().unwrap().to_owned()
}

async fn act(client: &Client, operation: &str, input: &str, value: Value) -> Value {
    let what = match operation {
        "deleteTag" => "streams",
        "deleteGroup" => "id",
        _ => "group { id name streams { totalCount nodes { name } } }",
    };
    let query = format!("mutation($i: {input}!) {{ {operation}(input: $i) {{ {what} errors {{ code field }} }} }}");
    client.data(&query, json!({ "i": value })).await[operation].clone()
}

async fn listed(client: &Client, filter: Value) -> Vec<String> {
    let query = "query($f: StreamFilter) { organisation { streams(filter: $f, orderBy: NAME) { nodes { name } } } }";
    let found = client.data(query, json!({ "f": filter })).await;
    let nodes = found["organisation"]["streams"]["nodes"].as_array().unwrap().clone();
    nodes
        .iter()
        .map(|node| node["name"].as_str().unwrap().to_owned())
        .collect()
}

const TAGS: &str = "{ organisation { tags { name streams } } }";

async fn tags_and_groups_hold_on(kind: Kind) {
    let world = World::on(kind).await;
    let admin = world.as_role("nanoAdmin").await;
    let [one, two] = [
        stream(&admin, "one", &["b", "a", "b"]).await,
        stream(&admin, "two", &["b"]).await,
    ];
    let own = "query($n: String!) { stream(name: $n) { tags { name streams } group { name } } }";
    let found = admin.data(own, json!({ "n": one })).await["stream"].clone();
    let tags = json!([{ "name": "a", "streams": 1 }, { "name": "b", "streams": 2 }]);
    assert_eq!(found, json!({ "tags": tags, "group": null }));
    let all = admin.data(TAGS, json!({})).await["organisation"]["tags"].clone();
    let demo = json!({ "name": "demo", "streams": 2 });
    assert_eq!(all, json!([tags[0], tags[1], demo]));
    assert_eq!(listed(&admin, json!({ "tag": "b" })).await, [one.clone(), two.clone()]);
    assert!(listed(&admin, json!({ "tag": "B" })).await.is_empty());

    let edited =
        "mutation($n: String!) { updateStream(input: {name: $n, tags: [\"c\"]}) { stream { tags { name } } } }";
    let edited = admin.data(edited, json!({ "n": one })).await["updateStream"]["stream"].clone();
    assert_eq!(edited, json!({ "tags": [{ "name": "c" }] }));
    assert_eq!(
        act(&admin, "deleteTag", "DeleteTagInput", json!({ "name": "b" })).await["streams"],
        1
    );
    let gone = "mutation { deleteTag(input: {name: \"b\"}) { streams } }";
    assert_eq!(admin.code(gone, json!({})).await, "NOT_FOUND");

    let made = act(
        &admin,
        "createGroup",
        "CreateGroupInput",
        json!({ "name": "Final", "streams": [one, two] }),
    )
    .await;
    assert_eq!(made["group"]["streams"]["totalCount"], 2);
    let id = made["group"]["id"].clone();
    let again = act(&admin, "createGroup", "CreateGroupInput", json!({ "name": "Final" })).await;
    assert_eq!(
        again["errors"],
        json!([{ "code": "TAKEN", "field": ["input", "name"] }])
    );
    assert_eq!(listed(&admin, json!({ "group": id })).await, [one.clone(), two.clone()]);
    // A stream is in one group at most.
    world.pass(Duration::from_millis(1));
    act(
        &admin,
        "createGroup",
        "CreateGroupInput",
        json!({ "name": "Other", "streams": [two] }),
    )
    .await;
    assert_eq!(listed(&admin, json!({ "group": id })).await, [one.as_str()]);
    let input = json!({ "id": id, "name": "Semi", "streams": [two] });
    let updated = act(&admin, "updateGroup", "UpdateGroupInput", input).await;
    assert_eq!(updated["group"]["name"], "Semi");
    assert_eq!(
        updated["group"]["streams"],
        json!({ "totalCount": 1, "nodes": [{ "name": two }] })
    );
    let groups = "{ organisation { groups { totalCount nodes { name streams(first: 1) { totalCount nodes { name group { name } } pageInfo { hasNextPage } } } } } }";
    let groups = admin.data(groups, json!({})).await["organisation"]["groups"].clone();
    let none = json!({ "totalCount": 0, "nodes": [], "pageInfo": { "hasNextPage": false } });
    let two_in = json!({ "totalCount": 1, "nodes": [{ "name": two, "group": { "name": "Semi" } }], "pageInfo": { "hasNextPage": false } });
    let expected = json!({ "totalCount": 2, "nodes": [{ "name": "Other", "streams": none }, { "name": "Semi", "streams": two_in }] });
    assert_eq!(groups, expected);
    assert_eq!(
        act(&admin, "deleteGroup", "DeleteGroupInput", json!({ "id": id })).await["id"],
        id
    );
    let found = admin.data(own, json!({ "n": two })).await["stream"].clone();
    assert_eq!(found, json!({ "tags": [], "group": null }));

    // A deleted stream counts nowhere.
    let delete = "mutation($n: String!) { deleteStream(input: {name: $n}) { errors { code } } }";
    admin.data(delete, json!({ "n": one })).await;
    let all = admin.data(TAGS, json!({})).await["organisation"]["tags"].clone();
    assert_eq!(all, json!([demo]));
}

#[tokio::test]
async fn tags_and_groups_hold_what_they_were_given() {
    tags_and_groups_hold_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn tags_and_groups_hold_what_they_were_given_on_postgresql() {
    tags_and_groups_hold_on(Kind::Postgres).await;
}

#[tokio::test]
async fn a_page_of_a_groups_streams_goes_on_where_it_ended() {
    let world = World::new().await;
    let user = world.as_role("nanoUser").await;
    let mut names = Vec::new();
    for n in 0..5 {
        world.pass(Duration::from_millis(1));
        names.push(stream(&user, &format!("n{n}"), &[]).await);
    }
    act(
        &user,
        "createGroup",
        "CreateGroupInput",
        json!({ "name": "All", "streams": names }),
    )
    .await;
    let query = "query($a: String) { organisation { groups { nodes { streams(first: 2, after: $a) {
        totalCount nodes { name } pageInfo { hasNextPage hasPreviousPage endCursor } } } } } }";
    let (mut after, mut seen) = (Value::Null, Vec::new());
    loop {
        let found = user.data(query, json!({ "a": after })).await;
        let page = found["organisation"]["groups"]["nodes"][0]["streams"].clone();
        assert_eq!(page["totalCount"], 5);
        assert_eq!(page["pageInfo"]["hasPreviousPage"], !after.is_null());
        seen.extend(
            page["nodes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|node| node["name"].clone()),
        );
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    names.reverse();
    assert_eq!(json!(seen), json!(names));
    assert_eq!(user.code(query, json!({ "a": "nonsense" })).await, "INVALID");
}

#[tokio::test]
async fn another_organisations_tags_and_groups_are_not_there() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let outsider = world.outsider().await;
    let name = stream(&admin, "one", &["secret"]).await;
    let made = act(
        &admin,
        "createGroup",
        "CreateGroupInput",
        json!({ "name": "Final", "streams": [name] }),
    )
    .await;
    let theirs = "{ organisation { tags { name } groups { totalCount } } }";
    let theirs = outsider.data(theirs, json!({})).await["organisation"].clone();
    assert_eq!(theirs, json!({ "tags": [], "groups": { "totalCount": 0 } }));
    for filter in [
        json!({ "group": made["group"]["id"] }),
        json!({ "tag": "secret" }),
        json!({ "group": "x" }),
    ] {
        assert!(listed(&outsider, filter).await.is_empty());
    }
    // A name that another organisation uses is free here.
    let own = act(&outsider, "createGroup", "CreateGroupInput", json!({ "name": "Final" })).await;
    assert_eq!(own["errors"], json!([]));
}
