//! Streams: made, edited, stopped, locked, deleted; and the nodes know of it.

use serde_json::{Value, json};

use crate::harness::{Client, World};

async fn create(client: &Client, input: Value) -> Value {
    let query = "mutation($i: CreateStreamInput!) { createStream(input: $i) {
        stream { name title state tags { name } ingestUrl ingestKey securePlayback playbackUrls { websocket progressive hls } }
        change { nodes { acknowledged } doneAfterMs } errors { code field message } } }";
    client.data(query, json!({ "i": input })).await["createStream"].clone()
}

async fn act(client: &Client, operation: &str, name: &str) -> Value {
    let query = format!(
        "mutation($n: String!) {{ {operation}(input: {{name: $n}}) {{ stream {{ state ingestKey testSource }} change {{ sessionsEnded }} errors {{ code }} }} }}"
    );
    client.data(&query, json!({ "n": name })).await[operation].clone()
}

#[tokio::test]
async fn a_new_stream_is_known_to_the_nodes_before_it_is_answered() {
    let world = World::new().await;
    let client = world.as_role("nanoUser").await;
    let made = create(
        &client,
        json!({ "title": "Morning", "alias": "morning", "tags": ["a", "b", "a"] }),
    )
    .await;
    let stream = &made["stream"];
    let name = stream["name"].as_str().unwrap();
    assert_eq!(name, format!("{}-morning", world.demo.users[0].organisation));
    assert_eq!(stream["tags"], json!([{ "name": "a" }, { "name": "b" }]));
    assert_eq!(stream["state"], "CREATED");
    let key = stream["ingestKey"].as_str().unwrap();
    assert_eq!(
        stream["ingestUrl"],
        format!("rtmp://live.example.com:1935/live/{name}?key={key}")
    );
    assert_eq!(
        stream["playbackUrls"]["websocket"],
        format!("ws://live.example.com/live/{name}/ws")
    );
    assert_eq!(made["change"]["nodes"], json!([{ "acknowledged": true }]));
    let policy = world.node.policy.lock().unwrap().clone();
    let known = policy.stream(&name.parse().unwrap()).expect("the node knows it");
    assert!(known.ingest_key == guard::IngestKeyDigest::of(key));
}

#[tokio::test]
async fn a_name_is_given_once_and_a_bad_one_is_told_so() {
    let world = World::new().await;
    let client = world.as_role("nanoAdmin").await;
    let name = create(&client, json!({ "alias": "once" })).await["stream"]["name"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        create(&client, json!({ "alias": "once" })).await["errors"][0]["code"],
        "TAKEN"
    );
    act(&client, "deleteStream", &name).await;
    assert_eq!(
        create(&client, json!({ "alias": "once" })).await["errors"][0]["code"],
        "TAKEN"
    );
    for alias in ["", "a/b", "..", "%2f", "a b", &"a".repeat(41)] {
        let refused = create(&client, json!({ "alias": alias })).await;
        assert_eq!(
            refused["errors"][0],
            json!({ "code": "INVALID", "field": ["input", "alias"], "message": refused["errors"][0]["message"] })
        );
    }
    for tag in ["a,b", "\u{202e}a", ""] {
        let refused = create(&client, json!({ "tags": [tag] })).await;
        assert_eq!(refused["errors"][0]["field"], json!(["input", "tags"]), "{tag}");
    }
    assert_eq!(
        client
            .code("query($n: String!) { stream(name: $n) { id } }", json!({ "n": name }))
            .await,
        "NOT_FOUND"
    );
}

#[tokio::test]
async fn what_an_operator_says_of_a_stream_holds_on_the_nodes() {
    use guard::policy::StreamStanding;
    let world = World::new().await;
    let client = world.as_role("nanoAdmin").await;
    let name = world.stream();
    let standing = || {
        let policy = world.node.policy.lock().unwrap().clone();
        policy.stream(&name.parse().unwrap()).map(|stream| stream.standing)
    };
    for (operation, state, expected) in [
        ("stopStream", "STOPPED", Some(StreamStanding::Stopped)),
        ("startStream", "CREATED", Some(StreamStanding::Active)),
        ("lockStream", "LOCKED", Some(StreamStanding::Locked)),
        ("unlockStream", "CREATED", Some(StreamStanding::Active)),
        ("deleteStream", "DELETED", None),
    ] {
        let done = act(&client, operation, name).await;
        assert_eq!(done["stream"]["state"], state, "{operation}");
        assert_eq!(done["change"]["sessionsEnded"], 1);
        assert_eq!(standing(), expected, "{operation}");
    }
}

#[tokio::test]
async fn a_stop_ends_the_test_source_for_good_and_a_rotated_key_is_another() {
    let world = World::new().await;
    let client = world.as_role("nanoAdmin").await;
    let test = &world.demo.streams[0].name;
    assert_eq!(act(&client, "stopStream", test).await["stream"]["testSource"], false);
    assert_eq!(
        act(&client, "startTestSource", test).await["errors"][0]["code"],
        "STOPPED"
    );
    act(&client, "startStream", test).await;
    assert_eq!(
        act(&client, "startTestSource", test).await["stream"]["testSource"],
        true
    );
    let first = act(&client, "rotateIngestKey", test).await["stream"]["ingestKey"].clone();
    let second = act(&client, "rotateIngestKey", test).await["stream"]["ingestKey"].clone();
    assert_ne!(first, second);
}

#[tokio::test]
async fn a_list_is_read_page_by_page_in_every_order() {
    let world = World::new().await;
    let client = world.as_role("nanoUser").await;
    for n in 0..5 {
        create(
            &client,
            json!({ "alias": format!("n{n}"), "title": format!("Title {n} 100%") }),
        )
        .await;
    }
    let query = "query($a: String, $o: StreamOrder, $f: StreamFilter) { organisation { streams(first: 3, after: $a, orderBy: $o, filter: $f) {
        totalCount nodes { name } pageInfo { hasNextPage hasPreviousPage endCursor } edges { cursor } } } }";
    for order in ["NEWEST", "OLDEST", "NAME"] {
        let (mut after, mut seen) = (Value::Null, Vec::new());
        loop {
            let page = client.data(query, json!({ "a": after, "o": order })).await["organisation"]["streams"].clone();
            assert_eq!(page["totalCount"], 7);
            seen.extend(
                page["nodes"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|node| node["name"].as_str().unwrap().to_owned()),
            );
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        let unique: std::collections::BTreeSet<_> = seen.iter().cloned().collect();
        assert_eq!((seen.len(), unique.len()), (7, 7), "{order}");
    }
    let found = client.data(query, json!({ "f": { "text": "TITLE 3 100%" } })).await;
    assert_eq!(found["organisation"]["streams"]["totalCount"], 1);
    let found = client.data(query, json!({ "f": { "text": "100_" } })).await;
    assert_eq!(found["organisation"]["streams"]["totalCount"], 0);
    let found = client.data(query, json!({ "f": { "state": "CREATED" } })).await;
    assert_eq!(found["organisation"]["streams"]["totalCount"], 7);
    assert_eq!(client.code(query, json!({ "a": "nonsense" })).await, "INVALID");
}

#[tokio::test]
async fn taking_secure_playback_off_is_for_administrators() {
    let world = World::new().await;
    let query =
        "mutation($n: String!) { updateStream(input: {name: $n, securePlayback: OPEN}) { stream { securePlayback } } }";
    let user = world.as_role("nanoUser").await;
    assert_eq!(user.code(query, json!({ "n": world.stream() })).await, "FORBIDDEN");
    let made = user
        .ask(
            "mutation { createStream(input: {securePlayback: OPEN}) { errors { code } } }",
            json!({}),
        )
        .await;
    assert_eq!(made.code().as_deref(), Some("FORBIDDEN"));
    let admin = world.as_role("nanoAdmin").await;
    let done = admin.data(query, json!({ "n": world.stream() })).await;
    assert_eq!(done["updateStream"]["stream"]["securePlayback"], "OPEN");
}

#[tokio::test]
async fn a_stream_is_made_with_whatever_it_can_be_changed_to() {
    let world = World::new().await;
    let (user, admin) = (world.as_role("nanoUser").await, world.as_role("nanoAdmin").await);
    let query = "mutation($i: CreateStreamInput!) { createStream(input: $i) { errors { code }
        stream { name securePlayback ingestAuthorisation staticTokens backendTokens mfaRequired takeover } } }";
    // Letting more in is the administrators', at birth as later; a second factor is not needed unless said.
    for setting in ["staticTokens", "backendTokens"] {
        assert_eq!(user.code(query, json!({ "i": { setting: "ON" } })).await, "FORBIDDEN");
    }
    let plain = json!({ "securePlayback": "INHERIT", "ingestAuthorisation": "INHERIT", "staticTokens": "INHERIT",
        "backendTokens": "INHERIT", "mfaRequired": false, "takeover": false });
    let tight = json!({ "securePlayback": "REQUIRED", "ingestAuthorisation": "TOKEN", "staticTokens": "OFF",
        "backendTokens": "OFF", "mfaRequired": true, "takeover": true });
    let loose = json!({ "securePlayback": "OPEN", "ingestAuthorisation": "OPEN", "staticTokens": "ON",
        "backendTokens": "ON", "mfaRequired": false, "takeover": false });
    for (who, input, expected) in [
        (&user, json!({}), &plain),
        (&user, json!({ "mfaRequired": false }), &plain),
        (&user, tight.clone(), &tight),
        (&admin, loose.clone(), &loose),
    ] {
        let made = who.data(query, json!({ "i": input })).await["createStream"].clone();
        assert_eq!(made["errors"], json!([]));
        let mut stream = made["stream"].clone();
        let name = stream.as_object_mut().unwrap().remove("name").unwrap();
        assert_eq!(&stream, expected);
        let policy = world.node.policy.lock().unwrap().clone();
        let known = policy.stream(&name.as_str().unwrap().parse().unwrap()).unwrap();
        assert_eq!(json!(known.needs_mfa), expected["mfaRequired"]);
        assert_eq!(json!(known.takeover), expected["takeover"]);
        let own = |switch: Option<bool>| match switch {
            None => "INHERIT",
            Some(true) => "ON",
            Some(false) => "OFF",
        };
        assert_eq!(json!(own(known.static_tokens)), expected["staticTokens"]);
        assert_eq!(json!(own(known.backend)), expected["backendTokens"]);
    }
}

#[tokio::test]
async fn a_stream_has_its_own_word_on_who_judges_credentials_and_loosening_is_for_administrators() {
    let world = World::new().await;
    let query =
        "mutation($i: UpdateStreamInput!) { updateStream(input: $i) { stream { staticTokens backendTokens mfaRequired }
        errors { code } } }";
    let with = |setting: &str, value: Value| {
        let mut input = json!({ "name": world.stream() });
        input[setting] = value;
        json!({ "i": input })
    };
    let known = || {
        let policy = world.node.policy.lock().unwrap().clone();
        let stream = policy.stream(&world.stream().parse().unwrap()).unwrap();
        (stream.static_tokens, stream.backend, stream.needs_mfa)
    };
    assert_eq!(known(), (None, None, false));
    let (user, admin) = (world.as_role("nanoUser").await, world.as_role("nanoAdmin").await);
    for (setting, tight, loose) in [
        ("staticTokens", json!("OFF"), json!("ON")),
        ("backendTokens", json!("OFF"), json!("ON")),
        ("mfaRequired", json!(true), json!(false)),
    ] {
        let done = user.data(query, with(setting, tight.clone())).await["updateStream"].clone();
        assert_eq!((&done["stream"][setting], &done["errors"]), (&tight, &json!([])));
        assert_eq!(user.code(query, with(setting, loose)).await, "FORBIDDEN", "{setting}");
    }
    assert_eq!(known(), (Some(false), Some(false), true));
    let loose = json!({ "name": world.stream(), "staticTokens": "ON", "backendTokens": "ON", "mfaRequired": false });
    admin.data(query, json!({ "i": loose })).await;
    assert_eq!(known(), (Some(true), Some(true), false));
    let inherit = json!({ "name": world.stream(), "staticTokens": "INHERIT", "backendTokens": "INHERIT" });
    let done = user.data(query, json!({ "i": inherit })).await["updateStream"].clone();
    assert_eq!(
        done["stream"],
        json!({ "staticTokens": "INHERIT", "backendTokens": "INHERIT", "mfaRequired": false })
    );
    assert_eq!(known(), (None, None, false));
    let log = "{ organisation { auditLog { nodes { action detail } } } }";
    let log = admin.data(log, json!({})).await["organisation"]["auditLog"]["nodes"].clone();
    let edits: Vec<_> = log
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["action"] == "stream.update")
        .collect();
    let after = json!({ "staticTokens": "inherit", "backendTokens": "inherit" });
    assert!(edits.iter().any(|entry| entry["detail"]["after"] == after), "{edits:?}");
    // What follows an organisation that lets more in does so too.
    let settings = "mutation($i: UpdateSettingsInput!) { updateSettings(input: $i) { errors { code } } }";
    for (setting, of_stream, open, closed) in [
        ("staticTokens", "staticTokens", json!(true), json!(false)),
        ("securePlayback", "securePlayback", json!(false), json!(true)),
        (
            "ingestAuthorisation",
            "ingestAuthorisation",
            json!("OPEN"),
            json!("KEY"),
        ),
    ] {
        admin.data(settings, json!({ "i": { setting: open } })).await;
        assert_eq!(
            user.code(query, with(of_stream, json!("INHERIT"))).await,
            "FORBIDDEN",
            "{setting}"
        );
        admin.data(settings, json!({ "i": { setting: closed } })).await;
        let done = user.data(query, with(of_stream, json!("INHERIT"))).await["updateStream"].clone();
        assert_eq!(done["errors"], json!([]), "{setting}");
    }
    // What holds after a restart is what was said.
    let world = world.restarted().await;
    let policy = world.node.policy.lock().unwrap().clone();
    assert_eq!(
        policy.stream(&world.stream().parse().unwrap()).unwrap().static_tokens,
        None
    );
}
