//! How an authority is asked.

use std::{future::Future, pin::Pin, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use reqwest::{Certificate, redirect};

/// Asks by HTTPS, and believes whom everybody believes.
#[derive(Clone, Debug)]
pub(super) struct Client(reqwest::Client);

impl Client {
    /// `root`: whom to believe beside those, in PEM.
    pub(super) fn new(root: Option<&[u8]>) -> Result<Self, reqwest::Error> {
        let mut builder = reqwest::Client::builder()
            .https_only(true)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(PATIENCE);
        if let Some(root) = root {
            builder = builder.add_root_certificate(Certificate::from_pem(root)?);
        }
        builder.build().map(Self)
    }
}

impl HttpClient for Client {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let client = self.0.clone();
        Box::pin(async move {
            let request = reqwest::Request::try_from(request.map(reqwest::Body::wrap));
            let request = request.map_err(|error| Error::Other(error.into()))?;
            let answer = client.execute(request).await;
            let answer = answer.map_err(|error| Error::Other(error.into()))?;
            Ok(Response::<reqwest::Body>::from(answer).into())
        })
    }
}

const PATIENCE: Duration = Duration::from_secs(30);
