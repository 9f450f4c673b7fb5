//! GraphQL over WebSocket (graphql-transport-ws): for subscriptions above all. Who is asking is found out anew for every
//! operation, so that a socket outlives no sign-in.
//!
//! `protocol` is what is said, `session` the order in which it may be said.

mod protocol;
mod session;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_graphql::{Executor, Name, Request as Operation, Response as Outcome, parser::types::OperationType};
use axum::{
    extract::{FromRequestParts, Request, State, WebSocketUpgrade},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use futures_util::{
    StreamExt,
    future::{self, FutureExt},
    stream::{self, BoxStream},
};
use serde_json::{Map, Value};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    Doors, OverSocket, graphiql,
    graphql::{failed, refuse},
    limits::presentable,
    origin,
    persisted::Persisted,
    presented,
};
use crate::{
    fault::Fault,
    people::{Presented, Who, identify},
};

/// `GET /graphql`: a socket where one is asked for, GraphiQL for a browser where it is wanted.
pub(super) async fn upgrade_or_page(State(doors): State<Doors>, request: Request) -> Response {
    let presented = presented(&doors.state, &request);
    let foreign = origin::is_foreign(request.headers(), &doors.state.addresses.http);
    let (mut parts, _) = request.into_parts();
    let Ok(upgrade) = WebSocketUpgrade::from_request_parts(&mut parts, &()).await else {
        return if doors.state.tools.graphiql && is_browser(&parts.headers) {
            graphiql::page()
        } else {
            let mut response = refuse(StatusCode::METHOD_NOT_ALLOWED, "operations are sent by POST");
            response
                .headers_mut()
                .insert(header::ALLOW, HeaderValue::from_static("POST"));
            response
        };
    };
    if foreign {
        return refuse(StatusCode::FORBIDDEN, "another site may not open a socket here");
    }
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .max_message_size(MESSAGE)
        .max_frame_size(MESSAGE);
    if upgrade.selected_protocol().is_none() {
        return refuse(
            StatusCode::BAD_REQUEST,
            "the socket's protocol must be graphql-transport-ws",
        );
    }
    let places = Arc::new(Semaphore::new(OPERATIONS));
    let desk = Desk {
        doors,
        presented,
        places,
    };
    upgrade.on_upgrade(move |socket| session::run(desk, socket))
}

/// Whether it is somebody who looks at pages: programs that ask by GET are told how to ask.
fn is_browser(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// What `connection_init` says: a browser cannot set headers on a socket.
#[derive(Default)]
struct Said {
    organisation: Option<String>,
    bearer: Option<String>,
}

impl Said {
    fn of(payload: &Map<String, Value>) -> Self {
        let text = |name: &str| payload.get(name).and_then(Value::as_str).map(str::to_owned);
        Self {
            organisation: text("x-organisation"),
            bearer: text("authorization")
                .or_else(|| text("Authorization"))
                .map(|value| secret(&value)),
        }
    }
}

/// The secret in `Bearer …`; unreadable where it is another scheme.
fn secret(authorization: &str) -> String {
    let parts = authorization.trim().split_once(' ');
    let secret = parts.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    secret.map_or(String::new(), |(_, secret)| secret.trim().to_owned())
}

/// Executes what one socket asks.
struct Desk {
    doors: Doors,
    presented: Presented,
    /// For operations at once.
    places: Arc<Semaphore>,
}

/// One operation's, until it is done: whoever asks and will not hear the answer asks all the same.
type Place = Arc<OwnedSemaphorePermit>;

impl Desk {
    /// Whether somebody with this may have a socket: nobody in particular may; who shows a token must show one that stands.
    async fn admits(&self, said: &Said) -> Result<bool, Fault> {
        let presented = self.presented(said);
        let caller = identify(&self.doors.state, &presented).await?;
        Ok(presented.bearer.is_none() || !matches!(caller.who, Who::Nobody))
    }

    /// A place for one more operation, if there is one.
    fn place(&self) -> Option<Place> {
        self.places.clone().try_acquire_owned().ok().map(Arc::new)
    }

    /// What comes of an operation: once, or for as long as it is subscribed.
    fn outcomes(&self, request: Operation, said: &Said, place: Place) -> BoxStream<'static, Outcome> {
        let outcomes = begin(self.doors.clone(), self.presented(said), request, place);
        // A fault of ours ends the operation, not the socket.
        AssertUnwindSafe(outcomes.flatten_stream())
            .catch_unwind()
            .map(|outcome| presentable(outcome.unwrap_or_else(|_| failed(Fault::bug(&"a panic on a socket")))))
            .boxed()
    }

    fn presented(&self, said: &Said) -> Presented {
        let mut presented = self.presented.clone();
        presented.request = self.doors.state.mint();
        if said.organisation.is_some() {
            presented.organisation.clone_from(&said.organisation);
        }
        if said.bearer.is_some() {
            presented.bearer.clone_from(&said.bearer);
        }
        presented
    }
}

/// Does what an operation asks; of a subscription nothing yet.
async fn begin(
    doors: Doors,
    presented: Presented,
    mut request: Operation,
    place: Place,
) -> BoxStream<'static, Outcome> {
    let caller = match identify(&doors.state, &presented).await {
        Ok(caller) => caller,
        Err(fault) => return one(failed(fault)),
    };
    if let Some(refusal) = doors.state.rate.count(&caller).and_then(|left| left.refusal()) {
        return one(failed(refusal));
    }
    if let Some(persisted) = doors.api.data::<Persisted>() {
        persisted.fill(&mut request);
    }
    let is_subscription = is_subscription(&mut request);
    let request = request.data(caller).data(OverSocket);
    if is_subscription {
        return Executor::execute_stream(&doors.api, request, None);
    }
    // A client that goes away, or wants to hear no more of it, does not stop it halfway: the database would go on with what
    // it was asked, and the turn to ask be free again.
    let done = tokio::spawn(async move {
        let outcome = doors.api.execute(request).boxed().await;
        drop(place);
        outcome
    });
    one(done.await.unwrap_or_else(|error| failed(Fault::bug(&error))))
}

/// Whether it is subscribed. What cannot be read is not, nor what is not there: that is said once.
fn is_subscription(request: &mut Operation) -> bool {
    let wanted = request.operation_name.clone();
    let Ok(document) = request.parsed_query() else {
        return false;
    };
    let is_wanted = |name: Option<&str>| wanted.is_none() || wanted.as_deref() == name;
    let mut operations = document.operations.iter();
    operations
        .any(|(name, operation)| is_wanted(name.map(Name::as_str)) && operation.node.ty == OperationType::Subscription)
}

fn one(outcome: Outcome) -> BoxStream<'static, Outcome> {
    stream::once(future::ready(outcome)).boxed()
}

const PROTOCOL: &str = "graphql-transport-ws";
/// Who says nothing does not stay, and neither does who does not listen.
const PATIENCE: Duration = Duration::from_secs(10);
const MESSAGE: usize = 256 * 1024;
/// Operations at once on one socket.
const OPERATIONS: usize = 32;
