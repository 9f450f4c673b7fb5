//! Two organisations that cannot see each other: what belongs to others answers, byte for byte, as what does not exist.

use serde_json::{Value, json};

use crate::harness::World;

/// Every operation that names something: with the name of another organisation's object, and with one that never was.
#[tokio::test]
async fn what_belongs_to_others_answers_as_what_does_not_exist() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let outsider = world.outsider().await;
    let made = admin.make_token(json!({ "streams": [world.stream()] })).await;
    let jti = made["record"]["jti"].as_str().unwrap();
    let key = admin.data("{ organisation { signingKeys { id } } }", json!({})).await["organisation"]["signingKeys"][0]
        ["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let change = admin.revoke(json!({ "user": "x" })).await["change"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let never = |id: &str| format!("{}{}", &id[..id.len() - 4], "0000");
    let by_name = |operation: &str| {
        format!("mutation($x: String!) {{ {operation}(input: {{name: $x}}) {{ errors {{ code }} }} }}")
    };
    let mut cases: Vec<(String, String, String)> = vec![
        (
            "query($x: String!) { stream(name: $x) { id } }".to_owned(),
            world.stream().to_owned(),
            "22222-none".to_owned(),
        ),
        (
            "query($x: ID!) { playbackToken(jti: $x) { id } }".to_owned(),
            jti.to_owned(),
            never(jti),
        ),
        (
            "query($x: ID!) { change(id: $x) { id } }".to_owned(),
            change.clone(),
            never(&change),
        ),
        (
            "mutation($x: String!) { createPlaybackToken(input: {streams: [$x]}) { token } }".to_owned(),
            world.stream().to_owned(),
            "22222-none".to_owned(),
        ),
        (
            "mutation($x: ID!) { revokeTokens(input: {jti: $x}) { revoked } }".to_owned(),
            jti.to_owned(),
            never(jti),
        ),
        (
            "mutation($x: String!) { revokeTokens(input: {token: $x}) { revoked } }".to_owned(),
            made["token"].as_str().unwrap().to_owned(),
            "nonsense".to_owned(),
        ),
        (
            "mutation($x: String!) { revokeTokens(input: {stream: $x}) { revoked } }".to_owned(),
            world.stream().to_owned(),
            "22222-none".to_owned(),
        ),
        (
            "mutation($x: ID!) { revokeTokens(input: {signingKey: $x}) { revoked } }".to_owned(),
            key.clone(),
            never(&key),
        ),
    ];
    let tagged =
        "mutation($n: String!) { updateStream(input: {name: $n, tags: [\"demo-of-theirs\"]}) { errors { code } } }";
    admin.data(tagged, json!({ "n": world.stream() })).await;
    let members = "{ organisation { members { nodes { id signIns { id } } } } }";
    let members = admin.data(members, json!({})).await["organisation"]["members"]["nodes"].clone();
    let member = members[0]["id"].as_str().unwrap();
    let sign_in = members
        .as_array()
        .unwrap()
        .iter()
        .find_map(|member| member["signIns"][0]["id"].as_str())
        .unwrap();
    for operation in [
        "changeRole(input: {member: $x, role: nanoAdmin}) { errors { code } }",
        "removeMember(input: {member: $x}) { errors { code } }",
        "invalidateMemberAccess(input: {member: $x}) { errors { code } }",
    ] {
        let query = format!("mutation($x: ID!) {{ {operation} }}");
        cases.push((query, member.to_owned(), never(member)));
    }
    cases.push((
        "mutation($x: ID!) { endSignIn(input: {id: $x}) { errors { code } } }".to_owned(),
        sign_in.to_owned(),
        never(sign_in),
    ));
    for operation in [
        "updateStream",
        "stopStream",
        "startStream",
        "lockStream",
        "unlockStream",
        "deleteStream",
        "rotateIngestKey",
        "startTestSource",
        "watchStream",
    ] {
        cases.push((by_name(operation), world.stream().to_owned(), "22222-none".to_owned()));
        cases.push((
            by_name(operation),
            world.stream().to_owned(),
            "../\u{0}\u{fffd}".to_owned(),
        ));
    }
    let group = admin
        .data(
            "mutation { createGroup(input: {name: \"G\"}) { group { id } } }",
            json!({}),
        )
        .await["createGroup"]["group"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for operation in [
        "createGroup(input: {name: \"H\", streams: [$x]})",
        "deleteTag(input: {name: $x})",
    ] {
        cases.push((
            format!("mutation($x: String!) {{ {operation} {{ errors {{ code }} }} }}"),
            if operation.starts_with("delete") {
                "demo-of-theirs"
            } else {
                world.stream()
            }
            .to_owned(),
            "22222-none".to_owned(),
        ));
    }
    for operation in ["updateGroup", "deleteGroup"] {
        cases.push((
            format!("mutation($x: ID!) {{ {operation}(input: {{id: $x}}) {{ errors {{ code }} }} }}"),
            group.clone(),
            never(&group),
        ));
    }
    for (query, theirs, nowhere) in cases {
        let one = outsider.ask(&query, json!({ "x": theirs })).await;
        let other = outsider.ask(&query, json!({ "x": nowhere })).await;
        assert_eq!(one.code().as_deref(), Some("NOT_FOUND"), "{query}: {}", one.text);
        assert_eq!(one.text, other.text, "{query}");
        assert_eq!((one.status, one.headers.len()), (other.status, other.headers.len()));
    }
    // Nothing of it was done.
    admin
        .data("{ organisation { members { totalCount } } }", json!({}))
        .await;
    assert_eq!(
        world
            .node
            .denies(world.stream(), made["token"].as_str().unwrap(), world.clock.now()),
        None
    );
}

#[tokio::test]
async fn lists_hold_nothing_of_others_whatever_they_are_asked_for() {
    let world = World::new().await;
    let outsider = world.outsider().await;
    let query = "query($s: String) { organisation {
        streams(filter: {text: $s}) { totalCount } all: streams { totalCount }
        playbackTokens(filter: {stream: $s}) { totalCount } tokens: playbackTokens { totalCount }
        sessions(filter: {stream: $s}) { totalCount } members(text: \"northwind\") { totalCount } } }";
    let found = outsider.data(query, json!({ "s": world.stream() })).await["organisation"].clone();
    let zero = json!({ "totalCount": 0 });
    assert_eq!(
        found,
        json!({ "streams": zero, "all": zero, "playbackTokens": zero, "tokens": zero, "sessions": zero, "members": zero })
    );
}

#[tokio::test]
async fn a_request_acts_in_the_organisation_that_it_names_if_it_is_the_callers() {
    let world = World::new().await;
    let mut client = world.as_role("nanoAdmin").await;
    let query = "{ organisation { hash } viewer { organisation { hash } } }";
    let own = world.demo.users[0].organisation.clone();
    client.organisation = Some(own.clone());
    assert_eq!(client.data(query, json!({})).await["organisation"]["hash"], own);
    client.organisation = Some(world.demo.users[3].organisation.clone());
    let theirs = client.ask(query, json!({})).await;
    client.organisation = Some("22222".to_owned());
    let nowhere = client.ask(query, json!({})).await;
    assert_eq!(theirs.code().as_deref(), Some("NOT_FOUND"));
    assert_eq!(theirs.text, nowhere.text);
    assert_eq!(theirs.body["data"], Value::Null);
}

#[tokio::test]
async fn the_role_is_judged_before_anything_is_looked_up_or_checked() {
    let world = World::new().await;
    let reader = world.as_role("nanoReadOnly").await;
    for (query, x) in [
        (
            "mutation($x: String!) { lockStream(input: {name: $x}) { errors { code } } }",
            world.stream(),
        ),
        (
            "mutation($x: String!) { lockStream(input: {name: $x}) { errors { code } } }",
            "nonsense",
        ),
        (
            "mutation($x: String!) { createStream(input: {alias: $x}) { errors { code } } }",
            "///",
        ),
        (
            "mutation($x: String!) { createPlaybackToken(input: {streams: [$x], ttlSeconds: -1}) { errors { code } } }",
            "nonsense",
        ),
        (
            "mutation($x: String!) { revokeTokens(input: {token: $x}) { errors { code } } }",
            "nonsense",
        ),
        ("query($x: ID!) { playbackToken(jti: $x) { id } }", "nonsense"),
    ] {
        assert_eq!(reader.code(query, json!({ "x": x })).await, "FORBIDDEN", "{query}");
    }
    // One refusal does not empty the whole answer.
    let answer = reader
        .ask(
            "query($n: String!) { stream(name: $n) { name ingestKey ingestUrl viewers } }",
            json!({ "n": world.stream() }),
        )
        .await;
    assert_eq!(answer.code().as_deref(), Some("FORBIDDEN"));
    assert_eq!(answer.body["data"]["stream"]["name"], world.stream());
    assert_eq!(answer.body["data"]["stream"]["ingestKey"], Value::Null);
}
