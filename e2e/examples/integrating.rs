//! Mints a playback token for a viewer, and takes it back: `integrating ADDRESS API-TOKEN STREAM`.

use std::{
    env,
    error::Error,
    io::{Write, stdout},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

/// An installation, as one API token sees it.
struct Portcullis {
    http: ureq::Agent,
    graphql: String,
    authorization: String,
}

impl Portcullis {
    fn new(address: &str, api_token: &str) -> Self {
        // A refusal is read like any answer, so statuses are not errors here.
        let http = ureq::Agent::config_builder().http_status_as_error(false).build();
        Self {
            http: http.into(),
            graphql: format!("{address}/graphql"),
            authorization: format!("Bearer {api_token}"),
        }
    }

    /// The data of an answer; an error with its code otherwise.
    fn ask(&self, query: &str, variables: &Value) -> Result<Value, Box<dyn Error>> {
        loop {
            let mut response = self
                .http
                .post(&self.graphql)
                .header("authorization", &self.authorization)
                .header("accept", "application/graphql-response+json")
                .send_json(json!({ "query": query, "variables": variables }))?;
            if response.status().as_u16() == 429 {
                let wait = response.headers().get("retry-after").ok_or("no retry-after")?;
                thread::sleep(Duration::from_secs(wait.to_str()?.parse()?));
                continue;
            }
            let answer: Value = response.body_mut().read_json()?;
            if let Some(error) = answer["errors"].get(0) {
                return Err(format!("{}: {}", error["extensions"]["code"], error["message"]).into());
            }
            return Ok(answer["data"].clone());
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().collect();
    let [_, address, api_token, stream] = &arguments[..] else {
        return Err("the arguments are ADDRESS API-TOKEN STREAM".into());
    };
    let portcullis = Portcullis::new(address, api_token);
    let minted = portcullis.ask(
        "mutation($input: CreatePlaybackTokenInput!) {
            createPlaybackToken(input: $input) { token record { jti } errors { code message } }
        }",
        &json!({ "input": { "streams": [stream], "user": "viewer-4711", "ttlSeconds": 600 } }),
    )?;
    let jti = &minted["createPlaybackToken"]["record"]["jti"];
    writeln!(stdout(), "minted {jti}")?;
    let revoked = portcullis.ask(
        "mutation($input: RevokeTokensInput!) { revokeTokens(input: $input) { revoked errors { code } } }",
        &json!({ "input": { "jti": jti } }),
    )?;
    writeln!(stdout(), "revoked {}", revoked["revokeTokens"]["revoked"])?;
    Ok(())
}
