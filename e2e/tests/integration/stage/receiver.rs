//! A customer's server that webhooks call: it writes down what comes, and answers as a test wants.

use std::{
    collections::BTreeMap,
    process::Stdio,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, process::Command};

use super::{foreign, until};

/// The server.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) url: String,
    calls: Arc<Mutex<Vec<Call>>>,
    says: Arc<Mutex<Says>>,
}

/// A call that came.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// What it answers.
#[derive(Clone, Debug)]
pub(crate) enum Says {
    /// This.
    Answer(u16, &'static str),
    /// That it is elsewhere.
    Redirect(String),
    /// Nothing.
    Nothing,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let receiver = Self {
            url: format!("http://{}/hooks", listener.local_addr().expect("an address")),
            calls: Arc::default(),
            says: Arc::new(Mutex::new(Says::Answer(200, ""))),
        };
        let routes = Router::new().fallback(take).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        receiver
    }

    /// Answers so from now on.
    pub(crate) fn says(&self, says: Says) {
        *self.says.lock().expect("no panic") = says;
    }

    /// The JSON of what came so far and is about that.
    pub(crate) fn about(&self, call: &str) -> Vec<Value> {
        let mut bodies: Vec<_> = self.calls().iter().map(Call::json).collect();
        bodies.retain(|body| body["call"] == call);
        bodies
    }

    /// What came so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().expect("no panic").clone()
    }

    /// Waits for so many calls about that; the newest.
    pub(crate) async fn until(&self, call: &str, many: usize) -> Value {
        until(&format!("{many} of {call}"), async || {
            let mut about = self.about(call);
            (about.len() >= many).then(|| about.pop().expect("one at least"))
        })
        .await
    }
}

impl Call {
    /// A header of it.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).cloned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// What the library of the specification says of it: its content, or why it is not to be believed.
    pub(crate) async fn verified(&self, secret: &str) -> Result<Value, String> {
        let output = Command::new("node")
            .arg(foreign("standardwebhooks.mjs"))
            .args([secret, &json!(self.headers).to_string(), &self.body])
            .stdin(Stdio::null())
            .output()
            .await
            .expect("node");
        if output.status.success() {
            Ok(serde_json::from_slice(&output.stdout).expect("JSON"))
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> Response {
    let headers = headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    receiver.calls.lock().expect("no panic").push(Call {
        headers: headers.collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    });
    let says = receiver.says.lock().expect("no panic").clone();
    match says {
        Says::Answer(status, body) => (StatusCode::from_u16(status).expect("a status"), body).into_response(),
        Says::Redirect(to) => (StatusCode::FOUND, [(LOCATION, to)]).into_response(),
        Says::Nothing => std::future::pending().await,
    }
}
