//! How Meilisearch is asked over HTTP: no redirects, no more than [`LARGEST`] of an answer, and in time.

use std::{pin::pin, time::Duration};

use async_trait::async_trait;
use futures_util::io::{AsyncRead, AsyncReadExt};
use meilisearch_sdk::{
    errors::Error,
    request::{HttpClient, Method, parse_response},
};
use reqwest::{
    Client,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue},
    redirect,
};
use serde::{Serialize, de::DeserializeOwned};

/// Asks with one key or token.
#[derive(Clone, Debug)]
pub(super) struct Http {
    client: Client,
    bearer: Option<HeaderValue>,
}

/// It says more than an answer can be.
#[derive(Debug, thiserror::Error)]
#[error("the answer is larger than 8 MB")]
struct Large;

impl Http {
    pub(super) fn new(client: Client, bearer: Option<HeaderValue>) -> Self {
        Self { client, bearer }
    }

    /// What requests are sent with.
    pub(super) fn client() -> Result<Client, reqwest::Error> {
        Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(PATIENCE)
            .user_agent("Portcullis")
            .build()
    }
}

#[async_trait]
impl HttpClient for Http {
    async fn stream_request<
        Query: Serialize + Send + Sync,
        Body: AsyncRead + Send + Sync + 'static,
        Output: DeserializeOwned + 'static,
    >(
        &self,
        url: &str,
        method: Method<Query, Body>,
        content_type: &str,
        expected_status_code: u16,
    ) -> Result<Output, Error> {
        let other = |error: reqwest::Error| Error::Other(error.without_url().into());
        let verb = match &method {
            Method::Get { .. } => reqwest::Method::GET,
            Method::Post { .. } => reqwest::Method::POST,
            Method::Patch { .. } => reqwest::Method::PATCH,
            Method::Put { .. } => reqwest::Method::PUT,
            Method::Delete { .. } => reqwest::Method::DELETE,
        };
        let mut request = self.client.request(verb, url).query(method.query());
        if let Some(bearer) = &self.bearer {
            request = request.header(AUTHORIZATION, bearer);
        }
        if let Some(body) = method.into_body() {
            let mut bytes = Vec::new();
            let read = pin!(body).read_to_end(&mut bytes).await;
            read.map_err(|error| Error::Other(error.into()))?;
            request = request.header(CONTENT_TYPE, content_type).body(bytes);
        }
        let mut answer = request.send().await.map_err(other)?;
        let status = answer.status().as_u16();
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(other)? {
            if bytes.len() + chunk.len() > LARGEST {
                return Err(Error::Other(Large.into()));
            }
            bytes.extend_from_slice(&chunk);
        }
        let text = String::from_utf8_lossy(&bytes);
        let text = if text.is_empty() { "null" } else { &*text };
        parse_response(status, expected_status_code, text, url.to_owned())
    }
}

/// How long one request may take; a search waits less.
const PATIENCE: Duration = Duration::from_secs(10);
const LARGEST: usize = 8 << 20;
