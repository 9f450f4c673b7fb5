//! A customer's server, which writes down what it is told and answers as a test wants.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::net::TcpListener;

/// The server.
#[derive(Clone)]
pub(super) struct Receiver {
    pub(super) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    says: Arc<Mutex<Says>>,
}

/// A call that came.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// What it answers.
#[derive(Clone, Debug)]
pub(super) enum Says {
    /// This.
    Answer(u16, String),
    /// That it is elsewhere.
    Redirect(String),
    /// Nothing.
    Nothing,
}

impl Receiver {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            url: format!("http://{}/hooks?of=mine", listener.local_addr().unwrap()),
            seen: Arc::default(),
            says: Arc::new(Mutex::new(Says::Answer(200, String::new()))),
        };
        let routes = Router::new().fallback(take).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        receiver
    }

    /// Answers so from now on.
    pub(super) fn says(&self, says: Says) {
        *self.says.lock().unwrap() = says;
    }

    /// What came so far.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Waits until so many calls came.
    pub(super) async fn until(&self, many: usize) -> Vec<Seen> {
        for _ in 0..3000 {
            let seen = self.seen();
            if seen.len() >= many {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{many} calls did not come: {:?}", self.seen());
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> Response {
    receiver.seen.lock().unwrap().push(Seen {
        headers,
        body: body.to_vec(),
    });
    let says = receiver.says.lock().unwrap().clone();
    match says {
        Says::Answer(status, body) => (StatusCode::from_u16(status).unwrap(), body).into_response(),
        Says::Redirect(to) => (StatusCode::FOUND, [(LOCATION, to)]).into_response(),
        Says::Nothing => std::future::pending().await,
    }
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub(super) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json");
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(super) fn form(&self) -> BTreeMap<String, String> {
        assert_eq!(self.header("content-type"), "application/x-www-form-urlencoded");
        reqwest::Url::parse(&format!("http://form/?{}", String::from_utf8_lossy(&self.body)))
            .unwrap()
            .query_pairs()
            .into_owned()
            .collect()
    }

    /// How many of its signatures are by that secret, computed anew.
    pub(super) fn signatures_by(&self, secret: &str) -> usize {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("{}.{}.", self.header("webhook-id"), self.header("webhook-timestamp")).as_bytes());
        mac.update(&self.body);
        let wanted = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        let signatures = self.header("webhook-signature").split(' ');
        signatures.filter(|signature| *signature == wanted).count()
    }
}
