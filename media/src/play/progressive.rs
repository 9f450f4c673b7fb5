//! Progressive fMP4: one response that lasts as long as the tracks do.
//!
//! It ends cleanly when the stream or its tracks end, and breaks off when the session is ended: an answer that has begun
//! cannot give a reason, so the next request is told.

use std::{collections::VecDeque, convert::Infallible, future, io};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use guard::Admitted;
use link::Protocol;
use tokio_util::sync::CancellationToken;

use super::{Handled, Node, Visit, refuse};
use crate::{
    gate::Play,
    http::{Carrying, Line},
    hub::{Next, Subscription},
};

pub(super) async fn serve(node: Node, request: Request) -> Result<Response, Infallible> {
    Ok(respond(&node, request).await.unwrap_or_else(|refusal| refusal))
}

async fn respond(node: &Node, request: Request) -> Handled {
    let visit = Visit::of(node, request, Protocol::Progressive).await;
    let admitted = node
        .gate
        .play(&visit.asked)
        .await
        .map_err(|denial| refuse::response(&denial))?;
    let line = visit.request.extensions().get::<Line>().cloned().unwrap_or_default();
    let subscription = admitted.target().stream.subscribe(&admitted);
    let carrying = line.carry(admitted.target().stay.session());
    let reel = Reel {
        admitted,
        subscription,
        epoch: None,
        ready: VecDeque::new(),
        drain: node.drain.clone(),
        _carrying: carrying,
    };
    let body = Body::from_stream(stream::unfold(reel, Reel::next));
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("video/mp4"))], body).into_response())
}

/// What one response still has to send.
struct Reel {
    admitted: Admitted<Play>,
    subscription: Subscription,
    epoch: Option<u64>,
    ready: VecDeque<Bytes>,
    drain: CancellationToken,
    _carrying: Carrying,
}

impl Reel {
    async fn next(mut self) -> Option<(Result<Bytes, io::Error>, Self)> {
        loop {
            let ready = self.ready.pop_front();
            let next = tokio::select! {
                biased;
                reason = self.admitted.target().stay.over() => {
                    return Some((Err(io::Error::other(reason.as_str())), self));
                }
                () = future::ready(()), if ready.is_some() => return Some((Ok(ready?), self)),
                () = self.drain.cancelled() => return None,
                next = self.subscription.next(32) => next,
            };
            let Next::Fragments(fragments) = next else { return None };
            for fragment in fragments {
                match self.epoch {
                    None => {
                        self.epoch = Some(fragment.epoch.number);
                        self.ready.push_back(fragment.epoch.init.clone());
                    }
                    Some(epoch) if epoch != fragment.epoch.number => {
                        // One file has one set of tracks: what is left is sent, then it ends.
                        self.drain = CancellationToken::new();
                        self.drain.cancel();
                        break;
                    }
                    Some(_) => {}
                }
                self.ready.push_back(fragment.media());
            }
        }
    }
}
