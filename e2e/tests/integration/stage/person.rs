//! Somebody who is signed in, and what they ask by GraphQL.

use serde_json::{Value, json};

use super::{Server, Subscription, curl, curl_if_there, get, until};

/// A signed-in person.
pub(crate) struct Person {
    graphql: String,
    http: String,
    /// The header `cookie`.
    pub(crate) cookie: String,
}

impl Person {
    /// Whoever has that address in `ready.json`.
    pub(crate) async fn sign_in(server: &Server, email: &str) -> Self {
        let users = server.ready["users"].as_array().expect("users");
        let user = users.iter().find(|user| user["email"] == email).expect("that user");
        Self::with_password(server, email, user["password"].as_str().expect("a password")).await
    }

    pub(crate) async fn with_password(server: &Server, email: &str, password: &str) -> Self {
        Self::at(server.ready["graphql"].as_str().expect("an address"), email, password).await
    }

    /// Whoever has that password, where GraphQL is at that address.
    pub(crate) async fn at(graphql: &str, email: &str, password: &str) -> Self {
        let query = "mutation($input: SignInInput!) { signIn(input: $input) { viewer { email } errors { code } } }";
        let body = json!({ "query": query, "variables": { "input": { "email": email, "password": password } } });
        let answer = curl(&["--header", JSON, graphql], Some(&body.to_string())).await;
        assert_eq!(
            answer.json()["data"]["signIn"]["viewer"]["email"],
            email,
            "{}",
            answer.text()
        );
        let cookie = answer.header("set-cookie").expect("a cookie");
        assert!(
            cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
            "{cookie}"
        );
        let pair = cookie.split(';').next().expect("a pair");
        Self {
            graphql: graphql.to_owned(),
            http: graphql.trim_end_matches("/graphql").to_owned(),
            cookie: format!("cookie: {pair}"),
        }
    }

    /// The administrator of the organisation that has the streams.
    pub(crate) async fn admin(server: &Server) -> Self {
        Self::sign_in(server, "admin@northwind.example").await
    }

    /// The administrator of the other organisation.
    pub(crate) async fn outsider(server: &Server) -> Self {
        Self::sign_in(server, "admin@southgate.example").await
    }

    /// The secret of the cookie.
    pub(crate) fn secret(&self) -> &str {
        self.cookie.split_once('=').expect("a pair").1
    }

    /// The whole answer, whatever it says.
    pub(crate) async fn answer(&self, query: &str, variables: &Value) -> Value {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let answer = curl(
            &["--header", JSON, "--header", &self.cookie, &self.graphql],
            Some(&body),
        )
        .await;
        answer.json()
    }

    /// The data of an answer without errors.
    pub(crate) async fn ask(&self, query: &str, variables: &Value) -> Value {
        let answer = self.answer(query, variables).await;
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
        answer["data"].clone()
    }

    /// The payload of a mutation that has one `input`.
    pub(crate) async fn change(&self, mutation: &str, input: &Value, wanted: &str) -> Value {
        let query = written(mutation, wanted);
        let payload = self.ask(&query, &json!({ "input": input })).await[mutation].clone();
        assert_eq!(payload["errors"], json!([]), "{mutation}");
        payload
    }

    /// The same of a server that may be killed meanwhile: none where no answer came, or not the whole of it.
    pub(crate) async fn change_if_there(&self, mutation: &str, input: &Value, wanted: &str) -> Option<Value> {
        let body = json!({ "query": written(mutation, wanted), "variables": { "input": input } }).to_string();
        let arguments = ["--header", JSON, "--header", &self.cookie, &self.graphql];
        let answer = curl_if_there(&arguments, Some(&body)).await.ok()?;
        let payload = (answer.exit == 0).then(|| answer.json())?["data"][mutation].clone();
        assert_eq!(payload["errors"], json!([]), "{mutation}: {}", answer.text());
        Some(payload)
    }

    /// Makes a stream: its name and its ingest address.
    pub(crate) async fn create_stream(&self, input: Value) -> (String, String) {
        let payload = self.change("createStream", &input, "stream { name ingestUrl }").await;
        let text = |field: &str| payload["stream"][field].as_str().expect("text").to_owned();
        (text("name"), text("ingestUrl"))
    }

    /// Makes a playback token.
    pub(crate) async fn token(&self, input: Value) -> String {
        let payload = self.change("createPlaybackToken", &input, "token").await;
        payload["token"].as_str().expect("a token").to_owned()
    }

    /// A token for one stream.
    pub(crate) async fn token_for(&self, stream: &str) -> String {
        self.token(json!({ "streams": [stream] })).await
    }

    /// Takes tokens back; the change.
    pub(crate) async fn revoke(&self, input: Value) -> Value {
        self.change("revokeTokens", &input, CHANGED).await
    }

    /// Does to a stream what needs its name alone.
    pub(crate) async fn on_stream(&self, mutation: &str, name: &str) -> Value {
        self.change(mutation, &json!({ "name": name }), CHANGE).await["change"].clone()
    }

    /// Makes a Guardian rule: its id, and the change.
    pub(crate) async fn rule(&self, input: Value) -> Value {
        let wanted = format!("rule {{ id }} {CHANGE}");
        self.change("createGuardianRule", &input, &wanted).await
    }

    /// Imports Guardian rules: how many were made, and the change.
    pub(crate) async fn import(&self, input: Value) -> Value {
        let wanted = format!("made unchanged {CHANGE}");
        self.change("importGuardianRules", &input, &wanted).await
    }

    /// Deletes a Guardian rule; the change.
    pub(crate) async fn unrule(&self, id: &Value) -> Value {
        self.change("deleteGuardianRule", &json!({ "id": id }), CHANGE).await["change"].clone()
    }

    /// Suspends an organisation, as an operator; the change.
    pub(crate) async fn suspend(&self, organisation: &str) -> Value {
        self.change("suspendOrganisation", &json!({ "organisation": organisation }), CHANGE)
            .await["change"]
            .clone()
    }

    /// Waits until a stream has a publisher.
    pub(crate) async fn until_live(&self, stream: &str) {
        self.until_state(stream, "LIVE").await;
    }

    pub(crate) async fn until_state(&self, stream: &str, state: &str) {
        let query = "query($name: String!) { stream(name: $name) { state } }";
        until(&format!("{stream} is {state}"), async || {
            let data = self.ask(query, &json!({ "name": stream })).await;
            (data["stream"]["state"] == state).then_some(())
        })
        .await;
    }

    /// Waits until a stream can be played by every door: until its playlist has a segment.
    pub(crate) async fn until_playable(&self, stream: &str, token: &str) {
        self.until_live(stream).await;
        let url = format!("{}/live/{stream}/index.m3u8?token={token}", self.http);
        until("a playlist", async || (get(&url).await.status == 200).then_some(())).await;
    }

    /// Subscribes.
    pub(crate) async fn subscribe(&self, query: &str, variables: Value) -> Subscription {
        let cookie = self.cookie.trim_start_matches("cookie: ");
        Subscription::open(&self.graphql.replacen("http", "ws", 1), cookie, query, variables).await
    }
}

/// A mutation that has one `input`.
fn written(mutation: &str, wanted: &str) -> String {
    let mut letters = mutation.chars();
    let first = letters.next().expect("a name").to_ascii_uppercase();
    let kind = format!("{first}{}Input", letters.as_str());
    format!("mutation($input: {kind}!) {{ {mutation}(input: $input) {{ {wanted} errors {{ code message }} }} }}")
}

pub(crate) const JSON: &str = "content-type: application/json";
const CHANGE: &str = "change { id sessionsEnded doneAfterMs bytesAfter nodes { acknowledged sessionsEnded tookMs } }";
const CHANGED: &str =
    "revoked change { id sessionsEnded doneAfterMs bytesAfter nodes { acknowledged sessionsEnded tookMs } }";
