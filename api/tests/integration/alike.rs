//! What belongs to others is, byte for byte, what does not exist: at every place of the schema that takes a text or an id.
//!
//! The places come from the running schema. Whatever the first organisation has is tried at each of them by the
//! administrator of the second, beside something of the same shape that never was.

use std::{collections::BTreeMap, fmt::Write};

use link::{Kind, SessionFacts};
use serde_json::{Value, json};

use crate::{
    harness::{Client, World, granted},
    made::{open_alert, response},
    subscriptions::{Socket, settled},
};

/// Texts that name nothing: what people say, and what only they know.
const WORDS: &[&str] = &[
    "clientSecret",
    "code",
    "current",
    "new",
    "note",
    "password",
    "state",
    "title",
];

/// A place that takes a text or an id.
#[derive(Debug)]
struct Place {
    /// `query`, `mutation` or `subscription`.
    root: &'static str,
    /// As in `Organisation.streams filter.tag`.
    name: String,
    /// A request with `$x` there, and no more than it needs elsewhere.
    request: String,
}

/// The types of the schema, by name, as introspection tells them.
struct Schema(BTreeMap<String, Value>);

#[tokio::test]
async fn to_read_what_belongs_to_others_is_byte_for_byte_what_does_not_exist() {
    let table = what_belongs_to_others_does_not_exist("query").await;
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn to_change_what_belongs_to_others_is_byte_for_byte_what_does_not_exist() {
    let table = what_belongs_to_others_does_not_exist("mutation").await;
    insta::assert_snapshot!(table);
}

/// What each place of that kind answers to who names something of others'.
async fn what_belongs_to_others_does_not_exist(root: &str) -> String {
    let world = World::new().await;
    let (admin, outsider) = (world.as_role("nanoAdmin").await, world.outsider().await);
    let schema = Schema::of(&admin).await;
    let theirs = belongings(&world, &admin).await;
    let before = standing(&admin).await;
    let mut table = String::new();
    for place in schema.places().iter().filter(|place| place.root == root) {
        let mut code = String::new();
        for (theirs, never) in &theirs {
            let mut answers = Vec::new();
            for x in [theirs, never] {
                if ["signIn(", "requestPasswordReset("]
                    .iter()
                    .any(|slow| place.request.contains(slow))
                {
                    // Guessing slows, whoever it is about.
                    world.pass(std::time::Duration::from_mins(6));
                }
                answers.push(ask(&outsider, place, x).await);
            }
            let [one, other] = <[_; 2]>::try_from(answers).unwrap();
            assert_eq!(one, other, "{} of {theirs}", place.name);
            code = one.3;
        }
        if code == "NOT_FOUND" {
            let never = ask(&outsider, place, &theirs[0].1).await;
            for malformed in ["", "nonsense", "../\u{0}\u{fffd}", "usr_", &"x".repeat(5000)] {
                assert_eq!(
                    ask(&outsider, place, malformed).await,
                    never,
                    "{} of {malformed}",
                    place.name
                );
            }
        }
        writeln!(table, "{:52}{code}", place.name).unwrap();
    }
    assert_eq!(standing(&admin).await, before, "nothing of it was done");
    table
}

#[tokio::test]
async fn a_subscription_to_what_belongs_to_others_is_one_to_what_does_not_exist() {
    let world = World::new().await;
    let address = world.serve().await;
    let (admin, outsider) = (world.as_role("nanoAdmin").await, world.outsider().await);
    let schema = Schema::of(&admin).await;
    let belongings = belongings(&world, &admin).await;
    let own = "mutation { createStream(input: {}) { stream { name } } }";
    let own = outsider.data(own, json!({})).await["createStream"]["stream"]["name"].clone();
    let places = schema.places();
    let places: Vec<_> = places.iter().filter(|place| place.root == "subscription").collect();
    assert_eq!(places.len(), 8, "a new place is told here what it answers: {places:?}");
    for place in places {
        let mut socket = Socket::open(address, &outsider, None).await.unwrap();
        if place.name.starts_with("changeProgress") || place.name.starts_with("live") {
            for (theirs, never) in &belongings {
                let mut said = Vec::new();
                for x in [theirs.as_str(), never, "nonsense", ""] {
                    socket.subscribe_with("x", &place.request, &json!({ "x": x })).await;
                    said.push([socket.hear().await, socket.hear().await]);
                }
                assert_eq!(said[0][0]["payload"]["errors"][0]["extensions"]["code"], "NOT_FOUND");
                assert!(said.iter().all(|one| *one == said[0]), "{}: {said:?}", place.name);
            }
            continue;
        }
        // These take any text, and are silent about what is not there.
        for (n, (theirs, never)) in belongings.iter().enumerate() {
            for (which, x) in [("theirs", theirs), ("never", never)] {
                let id = format!("{which} {n}");
                if n < 15 {
                    socket.subscribe_with(&id, &place.request, &json!({ "x": x })).await;
                }
            }
        }
        socket.subscribe("own", "subscription { streamState { name } }").await;
        settled(&mut socket).await;
        happens(&world, world.stream());
        happens(&world, own.as_str().unwrap());
        assert_eq!(
            socket.next("own").await["data"]["streamState"]["name"],
            own,
            "{}",
            place.name
        );
        settled(&mut socket).await;
    }
}

/// A broadcaster and a viewer come, and another viewer is refused.
fn happens(world: &World, name: &str) {
    let now = world.clock.now();
    let viewing = SessionFacts {
        grant: Some(guard::Grant {
            user: Some(USER.into()),
            tag: Some(TAG.into()),
            ..granted(JTI)
        }),
        ..world.viewing(name, 1)
    };
    let (stream, organisation) = (viewing.stream, viewing.organisation);
    world.node.tell(now, Kind::Started(viewing));
    world.node.tell(now, Kind::Live { stream, organisation });
}

/// The answer: its status, the number of its headers, its bytes but for the value itself, and the code in it.
async fn ask(client: &Client, place: &Place, x: &str) -> (u16, usize, String, String) {
    let answer = client.ask(&place.request, json!({ "x": x })).await;
    let code = answer.code().unwrap_or_else(|| "ok".to_owned());
    assert!(code != "INTERNAL", "{}: {}", place.request, answer.text);
    assert!(!answer.text.contains("Unknown"), "{}: {}", place.request, answer.text);
    let text = if x.is_empty() {
        answer.text
    } else {
        answer.text.replace(x, "X")
    };
    (answer.status.as_u16(), answer.headers.len(), text, code)
}

/// Everything of the first organisation that has a name, and a name of the same shape that nothing has.
async fn belongings(world: &World, admin: &Client) -> Vec<(String, String)> {
    let made = admin
        .make_token(json!({ "streams": [world.stream()], "user": USER, "tag": TAG }))
        .await;
    let change = admin.revoke(json!({ "user": "nobody" })).await["change"]["id"].clone();
    let tagged =
        "mutation($n: String!) { updateStream(input: {name: $n, tags: [\"label-of-theirs\"]}) { stream { id } } }";
    let stream = admin.data(tagged, json!({ "n": world.stream() })).await["updateStream"]["stream"]["id"].clone();
    let group = "mutation { createGroup(input: {name: \"Group of theirs\"}) { group { id } } }";
    let group = admin.data(group, json!({})).await["createGroup"]["group"]["id"].clone();
    let rule =
        "mutation { createGuardianRule(input: {kind: IP, value: \"203.0.113.0/24\", action: DENY}) { rule { id } } }";
    let rule = admin.data(rule, json!({})).await["createGuardianRule"]["rule"]["id"].clone();
    let hook = "mutation { setWebhook(input: {url: \"http://127.0.0.1:9/hooks-of-theirs\"}) { webhook { id } } }";
    let hook = admin.data(hook, json!({})).await["setWebhook"]["webhook"]["id"].clone();
    let test = "mutation($i: ID!) { testWebhook(input: {id: $i}) { delivery { id } } }";
    let call = admin.data(test, json!({ "i": hook })).await["testWebhook"]["delivery"]["id"].clone();
    let watched = "mutation { saveAlertRule(input: {name: \"watched-of-theirs\", metric: DENIALS, threshold: 1, windowS: 86400}) {
        alertRule { id } }
        saveAlertReceiver(input: {name: \"receiver-of-theirs\", emails: [\"receiver@example.com\"]}) { alertReceiver { id } } }";
    let watched = admin.data(watched, json!({})).await;
    let more = "mutation { createStaticToken(input: {name: \"list-of-theirs\", organisation: true}) { staticToken { id } text }
        banUser(input: {user: \"banned-of-theirs\"}) { errors { code } }
        addSigningKey(input: {hs256Secret: \"a secret that only they know, of 32 bytes\", kid: \"kid-of-theirs\"}) { signingKey { id } } }";
    let credentials = admin.data(more, json!({})).await;
    let case = "mutation { createCase(input: {title: \"case-of-theirs\"}) { case { id } } }";
    let case = admin.data(case, json!({})).await["createCase"]["case"]["id"].clone();
    let added =
        "mutation($i: ID!) { addToCase(input: {id: $i, addresses: [\"203.0.113.0/24\"]}) { case { addresses { id } } }
        addCaseNote(input: {id: $i, text: \"note-of-theirs\"}) { case { notes { id } } } }";
    let added = admin.data(added, json!({ "i": case })).await;
    let response = json!(response(world, admin).await);
    let invite =
        "mutation { inviteMember(input: {email: \"nora@example.com\", role: nanoUser}) { invitation { id } } }";
    let invitation = admin.data(invite, json!({})).await["inviteMember"]["invitation"]["id"].clone();
    let token = "mutation { createApiToken(input: {name: \"a\", role: nanoUser}) { apiToken { id } secret } }";
    let token = admin.data(token, json!({})).await["createApiToken"].clone();
    let more = "{ viewer { id signIns { id } } organisation { id hash name signingKeys { id }
        members { nodes { id } } auditLog { nodes { id } } } }";
    let more = admin.data(more, json!({})).await;
    let viewing = world.viewing(world.stream(), 5);
    let session = json!(viewing.session.to_string());
    world.begins(admin, viewing).await;
    let decision = json!(world.refused(admin, 7).await);
    let alert = json!(open_alert(admin).await);
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{more}")).to_owned();
    let organisation = &more["organisation"];
    let ids = [
        &stream,
        &made["record"]["jti"],
        &session,
        &decision,
        &change,
        &group,
        &rule,
        &hook,
        &call,
        &watched["saveAlertRule"]["alertRule"]["id"],
        &watched["saveAlertReceiver"]["alertReceiver"]["id"],
        &alert,
        &case,
        &added["addToCase"]["case"]["addresses"][0]["id"],
        &added["addCaseNote"]["case"]["notes"][0]["id"],
        &response,
        &credentials["createStaticToken"]["staticToken"]["id"],
        &credentials["addSigningKey"]["signingKey"]["id"],
        &invitation,
        &token["apiToken"]["id"],
        &more["viewer"]["id"],
        &more["viewer"]["signIns"][0]["id"],
        &organisation["id"],
        &organisation["signingKeys"][0]["id"],
        &organisation["members"]["nodes"][0]["id"],
        &organisation["auditLog"]["nodes"][0]["id"],
    ];
    let mut all: Vec<_> = ids.iter().map(|id| (text(id), never(&text(id)))).collect();
    let jwt = text(&made["token"]);
    // The signature of one, and of none.
    let forged = format!("{}{}", &jwt[..jwt.len() - 8], "AAAAAAAA");
    all.push((jwt, forged));
    all.push((world.stream().to_owned(), "22222-none".to_owned()));
    all.push((text(&organisation["hash"]), "22222".to_owned()));
    all.push(("203.0.113.0/24".to_owned(), "198.51.100.0/24".to_owned()));
    let texts = [
        USER,
        TAG,
        "label-of-theirs",
        "Group of theirs",
        "list-of-theirs",
        "banned-of-theirs",
        "kid-of-theirs",
        "watched-of-theirs",
        "receiver-of-theirs",
        "Northwind Live",
        &world.demo.users[1].email,
    ];
    all.extend(texts.map(|text| (text.to_owned(), format!("un{text}"))));
    all
}

/// An id of the same kind and time that nothing has.
fn never(id: &str) -> String {
    format!("{}{}", &id[..id.len() - 4], "0000")
}

/// What of the first organisation an attack could have changed.
async fn standing(admin: &Client) -> Value {
    let query = "{ organisation { name settings { securePlayback } members { nodes { id role } } tags { name }
        streams { nodes { name title state tags { name } } } groups { nodes { id name } } guardianRules { nodes { id value note } } webhooks { id url calls enabled }
        webhookDeliveries { nodes { id state attempts } } alertRules { id name threshold } alertReceivers { id name emails }
        alerts { nodes { id acknowledgedAt } }
        cases { nodes { id title state addresses { id } notes { id } } } responses { nodes { id state } } signingKeys { id }
        staticTokens { id } bannedUsers { nodes { user } } playbackTokens { nodes { jti status } } apiTokens { nodes { id status } } invitations { nodes { id status } } } }";
    admin.data(query, json!({})).await
}

impl Schema {
    async fn of(client: &Client) -> Self {
        let kind = "kind name ofType { kind name ofType { kind name ofType { kind name } } }";
        let inputs = format!("name defaultValue type {{ {kind} }}");
        let query = format!(
            "{{ __schema {{ types {{ kind name enumValues {{ name }} inputFields {{ {inputs} }}
                fields {{ name args {{ {inputs} }} type {{ {kind} }} }} }} }} }}"
        );
        let data = client.data(&query, json!({})).await;
        let types = data["__schema"]["types"].as_array().unwrap();
        Self(
            types
                .iter()
                .map(|one| (one["name"].as_str().unwrap().to_owned(), one.clone()))
                .collect(),
        )
    }

    /// In the order of their names.
    fn places(&self) -> Vec<Place> {
        let mut places = Vec::new();
        for (owner, root, begin, end) in [
            ("Query", "query", "", ""),
            ("Organisation", "query", "organisation { ", " }"),
            ("Platform", "query", "platform { ", " }"),
            ("Mutation", "mutation", "", ""),
            ("Subscription", "subscription", "", ""),
        ] {
            for field in self.0[owner]["fields"].as_array().unwrap() {
                let name = field["name"].as_str().unwrap();
                let shown = match owner {
                    "Organisation" | "Platform" => format!("{owner}.{name}"),
                    _ => name.to_owned(),
                };
                let below = self.below(named(&field["type"]));
                for (path, kind, arguments) in self.arguments(&field["args"]) {
                    places.push(Place {
                        root,
                        name: format!("{shown} {path}"),
                        request: format!("{root}($x: {kind}!) {{ {begin}{name}({arguments}){below}{end} }}"),
                    });
                }
            }
        }
        places.retain(|place| !WORDS.iter().any(|word| place.name.ends_with(&format!(".{word}"))));
        places
    }

    /// Each way to put `$x` into one place: the place, its type, the arguments.
    fn arguments(&self, all: &Value) -> Vec<(String, String, String)> {
        let all = all.as_array().map(Vec::as_slice).unwrap_or_default();
        let mut ways = Vec::new();
        for one in all {
            let name = one["name"].as_str().unwrap();
            let others = all
                .iter()
                .filter(|other| other["name"] != one["name"] && required(other))
                .fold(String::new(), |others, other| {
                    others + " " + other["name"].as_str().unwrap() + ": " + &self.some(&other["type"])
                });
            match named(&one["type"]) {
                kind @ ("ID" | "String") => {
                    let x = if is_list(&one["type"]) { "[$x]" } else { "$x" };
                    ways.push((name.to_owned(), kind.to_owned(), format!("{name}: {x}{others}")));
                }
                kind if self.0[kind]["kind"] == "INPUT_OBJECT" && !is_list(&one["type"]) => {
                    for (path, kind, inner) in self.arguments(&self.0[kind]["inputFields"]) {
                        let path = format!("{name}.{path}");
                        ways.push((path, kind, format!("{name}: {{ {inner} }}{others}")));
                    }
                }
                _ => {}
            }
        }
        ways
    }

    /// Some value of a type, where one is required.
    fn some(&self, kind: &Value) -> String {
        if is_list(kind) {
            return "[]".to_owned();
        }
        match named(kind) {
            "Boolean" => "true".to_owned(),
            "Int" | "Float" => "1".to_owned(),
            "ID" | "String" => "\"some words\"".to_owned(),
            "JSON" => "{}".to_owned(),
            "DateTime" => "\"2026-06-01T00:00:00Z\"".to_owned(),
            "TimeRange" => "{ from: \"2026-06-01T00:00:00Z\" }".to_owned(),
            name if self.0[name]["kind"] == "ENUM" => {
                let values = self.0[name]["enumValues"].as_array().unwrap();
                values.last().unwrap()["name"].as_str().unwrap().to_owned()
            }
            name => panic!("{name} is required somewhere: say here what it may be"),
        }
    }

    /// What is selected of an object: its errors and their words, how many a list holds, or a scalar.
    fn below(&self, name: &str) -> String {
        let one = &self.0[name];
        if one["kind"] != "OBJECT" {
            return String::new();
        }
        let fields = one["fields"].as_array().unwrap();
        let has = |wanted: &str| fields.iter().any(|field| field["name"] == wanted);
        if has("errors") {
            return " { errors { code message field } }".to_owned();
        }
        if has("totalCount") {
            return " { totalCount nodes { __typename } }".to_owned();
        }
        let scalar = fields
            .iter()
            .find(|field| self.0[named(&field["type"])]["kind"] != "OBJECT");
        let scalar = scalar.map_or("__typename", |scalar| scalar["name"].as_str().unwrap());
        format!(" {{ {scalar} }}")
    }
}

fn required(input: &Value) -> bool {
    input["type"]["kind"] == "NON_NULL" && input["defaultValue"].is_null()
}

fn is_list(kind: &Value) -> bool {
    let bare = if kind["kind"] == "NON_NULL" {
        &kind["ofType"]
    } else {
        kind
    };
    bare["kind"] == "LIST"
}

/// The type's own name, without what is around it.
fn named(mut kind: &Value) -> &str {
    while !kind["ofType"].is_null() {
        kind = &kind["ofType"];
    }
    kind["name"].as_str().unwrap()
}

const JTI: &str = "jti-of-theirs";
const USER: &str = "viewer-of-theirs";
const TAG: &str = "tag-of-theirs";
