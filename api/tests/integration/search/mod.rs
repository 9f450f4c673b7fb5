//! Search: what is found, by whom, in which order; from the database, and from Meilisearch with the database behind it.

mod contract;
mod double;
mod fed;
mod roles;

use std::time::Duration;

use api::{Key, Meilisearch, SearchKey};
use double::{ADMIN_KEY, Double, SEARCH_KEY, SEARCH_KEY_UID};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use testkit::Kind;

use crate::harness::{Client, World};

const SEARCH: &str = "query($t: String!, $k: [SearchKind!], $n: Int, $a: String) { search(text: $t, kinds: $k, first: $n, after: $a) {
    totalCount pageInfo { hasNextPage endCursor } edges { cursor } nodes { kind fit
        stream { id name title } token { jti user tag } rule { id value } member { name email } auditEntry { id action object email } } } }";

/// How long a search waits for Meilisearch in tests.
const PATIENCE: Duration = Duration::from_millis(1500);
/// How long it is left alone.
const PAUSE: Duration = Duration::from_secs(10);

impl Double {
    /// What the control plane is told.
    fn settings(&self) -> Meilisearch {
        let key = Key::new(SEARCH_KEY.to_owned()).unwrap();
        self.settings_without_search_key()
            .with_search_key(SearchKey::new(SEARCH_KEY_UID, key).unwrap())
    }

    /// The same, with the one key for everything.
    fn settings_without_search_key(&self) -> Meilisearch {
        Meilisearch::new(&format!("http://{}", self.address), "test")
            .unwrap()
            .with_key(Key::new(ADMIN_KEY.to_owned()).unwrap())
            .patient(PATIENCE, PAUSE)
    }
}

/// What a search says.
async fn search(client: &Client, text: &str) -> Value {
    client.data(SEARCH, json!({ "t": text })).await["search"].clone()
}

/// What is found of one kind, by what people call it, with how well it fits.
async fn found(client: &Client, text: &str, kind: &str) -> Vec<(String, String)> {
    let data = client.data(SEARCH, json!({ "t": text, "k": [kind], "n": 100 })).await;
    let nodes = data["search"]["nodes"].as_array().unwrap().clone();
    nodes
        .iter()
        .map(|node| (name(node), node["fit"].as_str().unwrap().to_owned()))
        .collect()
}

/// What people call something found.
fn name(node: &Value) -> String {
    let name = match node["kind"].as_str().unwrap() {
        "STREAM" => &node["stream"]["name"],
        "TOKEN" => &node["token"]["jti"],
        "RULE" => &node["rule"]["value"],
        "MEMBER" => &node["member"]["email"],
        _ => &node["auditEntry"]["action"],
    };
    name.as_str().unwrap().to_owned()
}

async fn stream(client: &Client, input: Value) -> String {
    let create = "mutation($i: CreateStreamInput!) { createStream(input: $i) { stream { name } errors { code } } }";
    let made = client.data(create, json!({ "i": input })).await;
    made["createStream"]["stream"]["name"]
        .as_str()
        .unwrap_or_else(|| panic!("{made}"))
        .to_owned()
}

async fn rule(client: &Client, input: Value) -> String {
    let create = "mutation($i: CreateGuardianRuleInput!) { createGuardianRule(input: $i) { rule { id } } }";
    let made = client.data(create, json!({ "i": input })).await;
    let id = made["createGuardianRule"]["rule"]["id"].as_str();
    id.unwrap_or_else(|| panic!("{made}")).to_owned()
}

impl World {
    /// With Meilisearch, which holds everything by now.
    async fn with_meilisearch(kind: Kind, meilisearch: Meilisearch) -> Self {
        let world = Self::tuned(kind, |settings| settings.search = Some(meilisearch)).await;
        world.fed().await;
        world
    }

    /// Waits until Meilisearch has what was written by now.
    async fn fed(&self) {
        let tables = self.tables().await;
        let number = |query: &'static str| {
            let statement = Statement::from_string(tables.get_database_backend(), query);
            let tables = &tables;
            async move {
                tables
                    .query_one_raw(statement)
                    .await
                    .unwrap()
                    .unwrap()
                    .try_get::<i64>("", "n")
                    .unwrap()
            }
        };
        for _ in 0..1000 {
            let built = number("SELECT count(built_at) AS n FROM search_index").await;
            if built == 1 && number("SELECT count(*) AS n FROM search_feed").await == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("Meilisearch was not fed");
    }
}
