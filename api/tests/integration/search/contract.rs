//! What every store keeps: the database on SQLite and on PostgreSQL, and Meilisearch.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::Kind;

use super::{Double, SEARCH, found, name, rule, search, stream};
use crate::harness::{Client, World};

/// What answers searches.
#[derive(Clone, Copy, Debug)]
enum Store {
    Sqlite,
    Postgres,
    Meilisearch,
}

const STORES: [Store; 3] = [Store::Sqlite, Store::Postgres, Store::Meilisearch];

/// A world whose searches one store answers.
struct Stage {
    world: World,
    double: Option<Double>,
}

impl Stage {
    async fn on(store: Store) -> Self {
        // Shown where a promise is broken.
        eprintln!("on {store:?}");
        let kind = match store {
            Store::Sqlite => Kind::Sqlite,
            Store::Postgres => Kind::Postgres,
            Store::Meilisearch => {
                let double = Double::start().await;
                return Self {
                    world: World::with_meilisearch(Kind::Sqlite, double.settings()).await,
                    double: Some(double),
                };
            }
        };
        Self {
            world: World::on(kind).await,
            double: None,
        }
    }

    /// Waits until the store knows what was written.
    async fn settled(&self) {
        if self.double.is_some() {
            self.world.fed().await;
        }
    }

    /// The words are answered by the store that is meant, not by the one behind it.
    async fn found(&self, client: &Client, text: &str, kind: &str) -> Vec<(String, String)> {
        let before = self.double.as_ref().map(Double::searches);
        let found = found(client, text, kind).await;
        if let (Some(double), Some(before)) = (&self.double, before) {
            assert_eq!(double.searches(), before + 1, "Meilisearch was not asked for `{text}`");
        }
        found
    }
}

fn fits(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    pairs.iter().map(|(name, fit)| (name.as_str(), fit.as_str())).collect()
}

#[tokio::test]
async fn whole_names_come_first_then_beginnings_then_the_rest() {
    for store in STORES {
        order(Stage::on(store).await).await;
    }
}

async fn order(stage: Stage) {
    let admin = stage.world.as_role("nanoAdmin").await;
    let inside = stream(&admin, json!({ "alias": "sunday", "title": "The morning" })).await;
    stage.world.pass(SECOND);
    let whole = stream(&admin, json!({ "alias": "morning" })).await;
    stage.world.pass(SECOND);
    let tagged = stream(&admin, json!({ "alias": "late", "tags": ["Morning"] })).await;
    let beginning = stream(&admin, json!({ "alias": "morning-two" })).await;
    stream(&admin, json!({ "alias": "evening" })).await;
    stage.settled().await;
    assert_eq!(
        fits(&stage.found(&admin, "morning", "STREAM").await),
        [
            (tagged.as_str(), "EXACT"),
            (whole.as_str(), "EXACT"),
            (beginning.as_str(), "PREFIX"),
            (inside.as_str(), "SUBSTRING")
        ]
    );
    let by_name = stage.found(&admin, &whole, "STREAM").await;
    assert_eq!(
        fits(&by_name),
        [(whole.as_str(), "EXACT"), (beginning.as_str(), "PREFIX")]
    );
}

#[tokio::test]
async fn the_case_of_letters_makes_no_difference_in_any_alphabet() {
    for store in STORES {
        case(Stage::on(store).await).await;
    }
}

async fn case(stage: Stage) {
    let admin = stage.world.as_role("nanoAdmin").await;
    let name = stream(&admin, json!({ "alias": "u", "title": "Übung ЖИВО" })).await;
    stage.settled().await;
    for text in ["übung", "ÜBUNG", "ÜbUnG", "живо", "ЖивО"] {
        let found = stage.found(&admin, text, "STREAM").await;
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(found[0].0, name);
    }
}

#[tokio::test]
async fn every_kind_is_found_by_its_texts_and_its_id() {
    for store in STORES {
        kinds(Stage::on(store).await).await;
    }
}

async fn kinds(stage: Stage) {
    let admin = stage.world.as_role("nanoAdmin").await;
    let name = stream(&admin, json!({ "alias": "arena" })).await;
    let made = admin
        .make_token(json!({ "streams": [name], "user": "viewer-77", "tag": "season" }))
        .await;
    let jti = made["record"]["jti"].as_str().unwrap();
    let network = json!({ "kind": "IP", "value": "198.51.100.0/24", "action": "DENY", "note": "Loud neighbours" });
    let network = rule(&admin, network).await;
    stage.settled().await;
    for (text, fit) in [
        ("198.51.100.0/24", "EXACT"),
        (&network, "EXACT"),
        ("198.51.", "PREFIX"),
        ("NEIGHBOURS", "SUBSTRING"),
    ] {
        let found = stage.found(&admin, text, "RULE").await;
        assert_eq!(found, [("198.51.100.0/24".to_owned(), fit.to_owned())], "{text}");
    }
    for text in [jti, "viewer-77", "season"] {
        assert_eq!(
            fits(&stage.found(&admin, text, "TOKEN").await),
            [(jti, "EXACT")],
            "{text}"
        );
    }
    let ada = &stage.world.demo.users[0].email;
    for text in ["Ada Admin", "ada", ada] {
        let members = stage.found(&admin, text, "MEMBER").await;
        assert_eq!(members[0].0, *ada, "{text}");
    }
    let made: Vec<_> = stage.found(&admin, &name, "AUDIT").await;
    assert_eq!(fits(&made), [("stream.create", "EXACT")]);
    let all = search(&admin, &name).await["nodes"].clone();
    let stream = all
        .as_array()
        .unwrap()
        .iter()
        .find(|node| node["kind"] == "STREAM")
        .unwrap();
    let entry = all
        .as_array()
        .unwrap()
        .iter()
        .find(|node| node["kind"] == "AUDIT")
        .unwrap();
    for (id, kind) in [
        (&stream["stream"]["id"], "STREAM"),
        (&entry["auditEntry"]["id"], "AUDIT"),
    ] {
        assert_eq!(stage.found(&admin, id.as_str().unwrap(), kind).await.len(), 1, "{id}");
    }
    // By whom and from where.
    assert!(!stage.found(&admin, "192.0.2.77", "AUDIT").await.is_empty());
}

#[tokio::test]
async fn signs_stand_for_themselves() {
    for store in STORES {
        signs(Stage::on(store).await).await;
    }
}

async fn signs(stage: Stage) {
    let admin = stage.world.as_role("nanoAdmin").await;
    let sure = stream(&admin, json!({ "alias": "sure", "title": "100% sure" })).await;
    stream(&admin, json!({ "alias": "many", "title": "1000 of them" })).await;
    let odd = stream(&admin, json!({ "alias": "odd", "title": r#"a*b?c[d]e\f"g"# })).await;
    stage.settled().await;
    for (text, expected) in [
        ("100%", vec![&sure]),
        ("100_", vec![]),
        ("%", vec![&sure]),
        ("__", vec![]),
        ("*b?", vec![&odd]),
        ("*", vec![&odd]),
        ("?", vec![&odd]),
        ("[d]", vec![&odd]),
        ("[c-e]", vec![]),
        (r"\f", vec![&odd]),
        ("\"", vec![&odd]),
        (".*", vec![]),
        ("' OR 1=1 --", vec![]),
        ("sure -100", vec![]),
        ("🦀", vec![]),
    ] {
        let found = found(&admin, text, "STREAM").await;
        let names: Vec<_> = found.iter().map(|(name, _)| name).collect();
        assert_eq!(names, expected, "{text}");
    }
    let longest = "ä".repeat(200);
    assert_eq!(search(&admin, &longest).await["totalCount"], 0);
    assert_eq!(search(&admin, " \t\n ").await["totalCount"], 0);
    for text in ["ä".repeat(201), "a\0b".to_owned(), "x".repeat(100_000)] {
        assert_eq!(admin.code(SEARCH, json!({ "t": text })).await, "INVALID");
    }
}

#[tokio::test]
async fn what_changes_or_goes_is_found_as_it_is() {
    for store in STORES {
        changes(Stage::on(store).await).await;
    }
}

async fn changes(stage: Stage) {
    let admin = stage.world.as_role("nanoAdmin").await;
    let name = stream(
        &admin,
        json!({ "alias": "x", "title": "Beforehand", "tags": ["elder"] }),
    )
    .await;
    stage.settled().await;
    assert_eq!(stage.found(&admin, "beforehand", "STREAM").await.len(), 1);
    let edit = "mutation($n: String!) { updateStream(input: {name: $n, title: \"Afterwards\", tags: [\"younger\"]}) { errors { code } } }";
    admin.data(edit, json!({ "n": name })).await;
    stage.settled().await;
    for (text, count) in [("beforehand", 0), ("elder", 0), ("afterwards", 1), ("younger", 1)] {
        assert_eq!(stage.found(&admin, text, "STREAM").await.len(), count, "{text}");
    }
    let delete = "mutation($n: String!) { deleteStream(input: {name: $n}) { errors { code } } }";
    admin.data(delete, json!({ "n": name })).await;
    stage.settled().await;
    for text in ["afterwards", "younger", &name] {
        assert_eq!(stage.found(&admin, text, "STREAM").await, [], "{text}");
    }
    // What was done with it is still on record.
    assert_eq!(stage.found(&admin, &name, "AUDIT").await.len(), 3);

    let thieves = rule(
        &admin,
        json!({ "kind": "ASN", "value": "64500", "action": "DENY", "note": "thieves" }),
    )
    .await;
    stage.settled().await;
    assert_eq!(stage.found(&admin, "thieves", "RULE").await.len(), 1);
    let edit = "mutation($r: ID!) { updateGuardianRule(input: {id: $r, note: \"regretted\"}) { errors { code } } }";
    admin.data(edit, json!({ "r": thieves })).await;
    stage.settled().await;
    for (text, count) in [("thieves", 0), ("regretted", 1)] {
        assert_eq!(stage.found(&admin, text, "RULE").await.len(), count, "{text}");
    }
    let delete = "mutation($r: ID!) { deleteGuardianRule(input: {id: $r}) { errors { code } } }";
    admin.data(delete, json!({ "r": thieves })).await;
    stage.settled().await;
    assert_eq!(stage.found(&admin, "regretted", "RULE").await, []);

    let hash = stage.world.demo.users[0].organisation.clone();
    let member = stage.world.join("zoe@northwind.example", &hash, "nanoUser").await;
    stage.settled().await;
    assert_eq!(stage.found(&admin, "zoe", "MEMBER").await.len(), 1);
    let remove = "mutation($m: ID!) { removeMember(input: {member: $m}) { errors { code } } }";
    admin.data(remove, json!({ "m": member.to_string() })).await;
    stage.settled().await;
    assert_eq!(stage.found(&admin, "zoe", "MEMBER").await, []);
}

#[tokio::test]
async fn a_search_is_read_page_by_page() {
    for store in STORES {
        pages(Stage::on(store).await).await;
    }
}

async fn pages(stage: Stage) {
    let admin = stage.world.as_role("nanoAdmin").await;
    for n in 0..7 {
        stream(
            &admin,
            json!({ "alias": format!("paged-{n}"), "title": format!("Paged {n}") }),
        )
        .await;
    }
    stage.settled().await;
    let (mut after, mut seen) = (Value::Null, Vec::new());
    let mut made_meanwhile = false;
    loop {
        let page = admin
            .data(
                SEARCH,
                json!({ "t": "paged", "n": 3, "a": after, "k": ["STREAM", "AUDIT"] }),
            )
            .await["search"]
            .clone();
        seen.extend(
            page["nodes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|node| (node["kind"].clone(), name(node))),
        );
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        if !made_meanwhile {
            // Comes before what was seen, and moves nothing.
            stream(&admin, json!({ "alias": "paged" })).await;
            stage.settled().await;
            made_meanwhile = true;
        }
    }
    let streams: Vec<_> = seen
        .iter()
        .filter(|(kind, _)| kind == "STREAM")
        .map(|(_, name)| name)
        .collect();
    assert_eq!(streams.len(), 7, "{seen:?}");
    let none = admin.data(SEARCH, json!({ "t": "paged", "k": [] })).await;
    assert_eq!(none["search"]["totalCount"], 0);
    assert_eq!(
        admin.code(SEARCH, json!({ "t": "paged", "a": "nonsense" })).await,
        "INVALID"
    );
    assert_eq!(admin.code(SEARCH, json!({ "t": "paged", "n": 101 })).await, "INVALID");
}

#[tokio::test]
async fn nothing_of_others_is_found() {
    for store in STORES {
        tenants(Stage::on(store).await).await;
    }
}

async fn tenants(stage: Stage) {
    let world = &stage.world;
    let (admin, outsider) = (world.as_role("nanoAdmin").await, world.outsider().await);
    let ours = stream(
        &admin,
        json!({ "alias": "shared", "title": "Shared words", "tags": ["shared"] }),
    )
    .await;
    admin
        .make_token(json!({ "streams": [ours], "user": "shared", "tag": "shared" }))
        .await;
    let theirs = stream(&outsider, json!({ "alias": "shared", "title": "Shared words" })).await;
    stage.settled().await;
    let seen = |answer: &Value| -> Vec<String> { answer["nodes"].as_array().unwrap().iter().map(name).collect() };
    let mine = search(&admin, "shared").await;
    assert_eq!(
        mine["totalCount"],
        2 + 1,
        "the stream, its token and that it was made: {mine}"
    );
    let found = search(&outsider, "shared").await;
    assert_eq!(seen(&found), [theirs.clone(), "stream.create".to_owned()], "{found}");
    assert_eq!(found["totalCount"], 2);
    let hash = &world.demo.users[0].organisation;
    for text in [&ours, hash, &world.demo.users[0].email, "Ada Admin", world.stream()] {
        let found = search(&outsider, text).await;
        assert_eq!(
            (&found["nodes"], &found["totalCount"]),
            (&json!([]), &json!(0)),
            "{text}"
        );
    }
    // Nor by naming the organisation.
    let mut outsider = outsider;
    outsider.organisation = Some(hash.clone());
    assert_eq!(outsider.code(SEARCH, json!({ "t": "shared" })).await, "NOT_FOUND");
    assert_eq!(
        world.anonymous().code(SEARCH, json!({ "t": "shared" })).await,
        "UNAUTHENTICATED"
    );
}

const SECOND: Duration = Duration::from_secs(1);
