//! A browser, as far as signing in with a provider needs one.

use std::{collections::BTreeMap, net::SocketAddr};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{Request, StatusCode, header},
};
use reqwest::Url;
use tower::ServiceExt;

use crate::harness::{Client, World};

/// A browser with its cookies.
#[derive(Clone)]
pub(super) struct Browser {
    router: Router,
    pub(super) cookies: BTreeMap<String, String>,
    /// Each `set-cookie` of the last answer.
    pub(super) set: Vec<String>,
}

impl Browser {
    pub(super) fn new(world: &World) -> Self {
        Self {
            router: world.running.router(),
            cookies: BTreeMap::new(),
            set: Vec::new(),
        }
    }

    /// Opens a path; gives back where the answer leads.
    pub(super) async fn go(&mut self, path: &str) -> String {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut request = Request::get(path)
            .header("cookie", cookies.join("; "))
            .body(Body::empty())
            .unwrap();
        request
            .extensions_mut()
            .insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 78], 40_000))));
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{path}");
        assert_eq!(response.headers()["cache-control"], "no-store");
        self.set.clear();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap().to_owned();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
            self.set.push(cookie);
        }
        response.headers()["location"].to_str().unwrap().to_owned()
    }

    /// Begins, and gives back the question that the provider is asked.
    pub(super) async fn begin(&mut self, provider: &str) -> (Url, BTreeMap<String, String>) {
        let at = self.go(&format!("/sign-in/provider/{provider}?return=/streams")).await;
        let url = Url::parse(&at).unwrap_or_else(|_| panic!("{at}"));
        let asked = url.query_pairs().into_owned().collect();
        (url, asked)
    }

    /// Whoever is signed in in this browser, as one who asks.
    pub(super) fn client(&self, world: &World) -> Client {
        let mut client = world.anonymous();
        let secret = self.cookies.get("portcullis_sign_in");
        client.cookie = secret.map(|secret| format!("portcullis_sign_in={secret}"));
        client
    }
}
