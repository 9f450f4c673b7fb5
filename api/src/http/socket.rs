//! GraphQL over WebSocket (graphql-transport-ws): for subscriptions above all. Who is asking is found out anew for every
//! operation, so that a socket outlives no sign-in.

use std::{sync::Arc, time::Duration};

use async_graphql::{Data, Executor, Request as Operation, Response as Outcome};
use async_graphql_axum::{GraphQLProtocol, GraphQLWebSocket};
use axum::{
    extract::{FromRequestParts, Request, State, WebSocketUpgrade, ws::WebSocket},
    http::StatusCode,
    response::Response,
};
use futures_util::{
    StreamExt,
    future::{self, FutureExt},
    stream::{self, BoxStream},
};
use tokio::sync::Semaphore;

use super::{
    Doors, OverSocket, graphiql,
    graphql::{failed, refuse},
    limits::presentable,
    origin, presented,
};
use crate::{
    fault::Fault,
    people::{Presented, identify},
};

/// `GET /graphql`: a socket where one is asked for, GraphiQL for a browser where it is a demo.
pub(super) async fn upgrade_or_page(State(doors): State<Doors>, request: Request) -> Response {
    let presented = presented(&doors.state, &request);
    let foreign = origin::is_foreign(request.headers(), &doors.state.addresses.http);
    let (mut parts, _) = request.into_parts();
    let Ok(upgrade) = WebSocketUpgrade::from_request_parts(&mut parts, &()).await else {
        return if doors.state.demo {
            graphiql::page()
        } else {
            refuse(StatusCode::METHOD_NOT_ALLOWED, "operations are sent by POST")
        };
    };
    if foreign {
        return refuse(StatusCode::FORBIDDEN, "another site may not open a socket here");
    }
    let Ok(protocol) = GraphQLProtocol::from_request_parts(&mut parts, &()).await else {
        return refuse(
            StatusCode::BAD_REQUEST,
            "the socket's protocol must be graphql-transport-ws",
        );
    };
    upgrade
        .protocols(["graphql-transport-ws"])
        .max_message_size(MESSAGE)
        .max_frame_size(MESSAGE)
        .on_upgrade(move |socket| serve(doors, presented, protocol, socket))
}

async fn serve(doors: Doors, presented: Presented, protocol: GraphQLProtocol, socket: WebSocket) {
    let (sink, mut messages) = socket.split();
    // Who says nothing does not stay.
    let Ok(Some(first)) = tokio::time::timeout(INIT, messages.next()).await else {
        return;
    };
    let messages = stream::once(future::ready(first)).chain(messages);
    let desk = SocketDesk {
        doors,
        presented,
        open: Arc::new(Semaphore::new(OPERATIONS)),
    };
    GraphQLWebSocket::new_with_pair(sink, messages, desk, protocol)
        .on_connection_init(|payload| {
            let mut data = Data::default();
            let text = |name: &str| payload.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
            // A browser cannot set headers on a socket.
            data.insert(Said {
                organisation: text("x-organisation"),
                bearer: text("authorization")
                    .or_else(|| text("Authorization"))
                    .map(|value| secret(&value)),
            });
            future::ready(Ok(data))
        })
        .serve()
        .await;
}

/// What `connection_init` says.
struct Said {
    organisation: Option<String>,
    bearer: Option<String>,
}

/// The secret in `Bearer …`; unreadable where it is another scheme.
fn secret(authorization: &str) -> String {
    let parts = authorization.trim().split_once(' ');
    let secret = parts.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    secret.map_or(String::new(), |(_, secret)| secret.trim().to_owned())
}

/// Executes what one socket asks.
#[derive(Clone)]
struct SocketDesk {
    doors: Doors,
    presented: Presented,
    open: Arc<Semaphore>,
}

impl Executor for SocketDesk {
    async fn execute(&self, request: Operation) -> Outcome {
        let outcome = self.execute_stream(request, None).next().await;
        outcome.unwrap_or_else(|| failed(Fault::Internal))
    }

    fn execute_stream(&self, request: Operation, data: Option<Arc<Data>>) -> BoxStream<'static, Outcome> {
        let Ok(turn) = self.open.clone().try_acquire_owned() else {
            return one(failed(Fault::Invalid("more than 32 operations at once on one socket")));
        };
        let doors = self.doors.clone();
        let mut presented = self.presented.clone();
        presented.request = doors.state.mint();
        let said = data.as_ref().and_then(|data| data.get(&std::any::TypeId::of::<Said>()));
        if let Some(Said { organisation, bearer }) = said.and_then(|any| any.downcast_ref()) {
            presented.organisation = organisation.clone().or(presented.organisation);
            presented.bearer = bearer.clone().or(presented.bearer);
        }
        let outcomes = async move {
            match identify(&doors.state, &presented).await {
                Ok(caller) => match doors.state.rate.count(&caller).and_then(|left| left.refusal()) {
                    Some(refusal) => one(failed(refusal)),
                    None => Executor::execute_stream(&doors.api, request.data(caller).data(OverSocket), data),
                },
                Err(fault) => one(failed(fault)),
            }
        };
        outcomes
            .flatten_stream()
            .map(move |outcome| {
                let _held = &turn;
                presentable(outcome)
            })
            .boxed()
    }
}

fn one(outcome: Outcome) -> BoxStream<'static, Outcome> {
    stream::once(future::ready(outcome)).boxed()
}

const INIT: Duration = Duration::from_secs(10);
const MESSAGE: usize = 256 * 1024;
const OPERATIONS: usize = 32;
