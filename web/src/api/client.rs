//! Operations over HTTP: JSON, the session's cookie, and the organisation that the request acts in.

use cynic::{GraphQlResponse, Operation};
use gloo_net::http::Request;
use js_sys::Date;
use leptos::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

use super::failure::{Extensions, Failure};

/// Where GraphQL is answered, beside this page.
pub(crate) const PATH: &str = "/graphql";

/// The header, and the key in `connection_init`, that name the organisation.
pub(crate) const ORGANISATION: &str = "x-organisation";

/// Asks the server, in one organisation.
#[derive(Clone, Copy)]
pub(crate) struct Api {
    /// The hash of the organisation; the server chooses where it is `None`.
    pub(crate) organisation: RwSignal<Option<String>>,
    /// Set as soon as an answer says that nobody is signed in.
    pub(crate) signed_out: RwSignal<bool>,
    /// Grows with every answer that says that the role does not suffice: it may have been changed meanwhile.
    pub(crate) times_forbidden: RwSignal<u32>,
    /// Grows as soon as the organisation may have other packages than before.
    pub(crate) times_changed: RwSignal<u32>,
    /// How far the server's clock is ahead of the reader's, at least, in milliseconds; by the newest answer.
    pub(crate) server_ahead_ms: StoredValue<f64>,
}

/// The one client.
pub(crate) fn use_api() -> Api {
    expect_context()
}

impl Api {
    /// Reads. What a role closes arrives as `None` in its field and does not spoil the rest; whatever else came to nothing is
    /// the failure of the whole, in its own words.
    pub(crate) async fn query<Q, V>(self, operation: Operation<Q, V>) -> Result<Q, Failure>
    where
        Q: DeserializeOwned + 'static,
        V: Serialize,
    {
        let answer = self.post(operation).await?;
        let failures: Vec<_> = answer.errors.into_iter().flatten().map(Failure::from).collect();
        let spoils = failures.iter().find(|one| **one != Failure::Forbidden).cloned();
        let result = match (spoils, answer.data) {
            (Some(failure), _) => Err(failure),
            (None, Some(data)) => Ok(data),
            (None, None) => Err(failures.into_iter().next().unwrap_or(Failure::Server)),
        };
        self.noticed(result)
    }

    /// Changes. Any error is the failure of the whole.
    pub(crate) async fn mutate<Q, V>(self, operation: Operation<Q, V>) -> Result<Q, Failure>
    where
        Q: DeserializeOwned + 'static,
        V: Serialize,
    {
        let answer = self.post(operation).await?;
        let result = match answer.errors.into_iter().flatten().next() {
            Some(error) => Err(error.into()),
            None => answer.data.ok_or(Failure::Server),
        };
        self.noticed(result)
    }

    /// When it was by the server's clock, or somewhat before, at a moment of the reader's after which it answered.
    pub(crate) fn by_server(self, at_ms: f64) -> f64 {
        at_ms + self.server_ahead_ms.get_value()
    }

    async fn post<Q, V>(self, operation: Operation<Q, V>) -> Result<GraphQlResponse<Q, Extensions>, Failure>
    where
        Q: DeserializeOwned + 'static,
        V: Serialize,
    {
        let mut request = Request::post(PATH).header("accept", "application/json");
        if let Some(organisation) = self.organisation.get_untracked() {
            request = request.header(ORGANISATION, &organisation);
        }
        let answer = request.json(&operation).map_err(|_| Failure::Server)?.send().await;
        let answer = answer.map_err(|_| Failure::Unreachable)?;
        // It was dated before it came: as long as it took, the server's clock seems behind, and never ahead.
        let dated_ms = answer.headers().get("date").map_or(f64::NAN, |at| Date::parse(&at));
        if !dated_ms.is_nan() {
            self.server_ahead_ms.set_value(dated_ms - Date::now());
        }
        let status = answer.status();
        answer.json().await.map_err(|_| match status {
            401 => Failure::SignedOut,
            429 => Failure::Slowed,
            502..=504 => Failure::Unreachable,
            _ => Failure::Server,
        })
    }

    fn noticed<T>(self, result: Result<T, Failure>) -> Result<T, Failure> {
        if matches!(result, Err(Failure::SignedOut)) {
            self.signed_out.set(true);
        }
        if matches!(result, Err(Failure::Forbidden)) {
            self.times_forbidden.update(|times| *times = times.wrapping_add(1));
        }
        result
    }
}

/// A mutation's payload, settled: what a caller can cause arrives as data, and becomes a failure here.
pub(crate) fn settle<P>(payload: Option<P>, errors: impl Fn(&P) -> Option<Failure>) -> Result<P, Failure> {
    let payload = payload.ok_or(Failure::Server)?;
    match errors(&payload) {
        Some(failure) => Err(failure),
        None => Ok(payload),
    }
}
