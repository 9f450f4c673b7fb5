//! HLS on fragmented MP4: a playlist, an init segment per epoch, segments. Every request is decided.

mod visits;

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use container::playlist;
use futures_util::stream;
use guard::{Admitted, Door, Reason};
use link::Protocol;
pub(crate) use visits::Visits;

use super::{Carrier, Handled, Node, Renewal, Visit, refuse};
use crate::{
    gate::{Asked, Glance},
    http::Line,
    hub::Window,
    session::Session,
};

pub(super) async fn playlist(node: Node, request: Request) -> Result<Response, Infallible> {
    Ok(respond_playlist(&node, request).await.unwrap_or_else(|refusal| refusal))
}

pub(super) async fn init(node: Node, request: Request) -> Result<Response, Infallible> {
    Ok(respond_init(&node, request).await.unwrap_or_else(|refusal| refusal))
}

pub(super) async fn segment(node: Node, request: Request) -> Result<Response, Infallible> {
    Ok(respond_segment(&node, request).await.unwrap_or_else(|refusal| refusal))
}

async fn respond_playlist(node: &Node, request: Request) -> Handled {
    let (visit, admitted, _) = enter(node, request).await?;
    let mut window = admitted.target().stream.segments(&admitted);
    // A stream that has just begun has no segment yet; a player that is told so gives up.
    let first = window.wait_for(|window| !window.segments.is_empty() || window.ended);
    let window = match tokio::time::timeout(FIRST_SEGMENT, first).await {
        Ok(Ok(window)) if !window.segments.is_empty() => window.clone(),
        _ => {
            return Err(refuse::response(&node.gate.refuse(
                Door::Playback,
                &visit.asked,
                Reason::StreamOffline,
            )));
        }
    };
    let text = render(&window, &visit.carrier);
    Ok((
        [(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/vnd.apple.mpegurl"),
        )],
        text,
    )
        .into_response())
}

async fn respond_init(node: &Node, request: Request) -> Handled {
    let (visit, admitted, session) = enter(node, request).await?;
    let number = number(&visit, ".mp4").ok_or_else(not_found)?;
    let window = admitted.target().stream.segments(&admitted).borrow().clone();
    let epoch = window
        .segments
        .iter()
        .map(|segment| &segment.epoch)
        .find(|epoch| epoch.number == number);
    let init = epoch.map(|epoch| epoch.init.clone()).ok_or_else(not_found)?;
    Ok(media(&visit, &session, vec![init]))
}

async fn respond_segment(node: &Node, request: Request) -> Handled {
    let (visit, admitted, session) = enter(node, request).await?;
    let number = number(&visit, ".m4s").ok_or_else(not_found)?;
    let window = admitted.target().stream.segments(&admitted).borrow().clone();
    let segment = window
        .segments
        .iter()
        .find(|segment| segment.number == number)
        .ok_or_else(not_found)?;
    Ok(media(&visit, &session, segment.parts.clone()))
}

/// Passes the gate, within the session that this token, address and player have already or get now.
async fn enter(node: &Node, request: Request) -> Result<(Visit, Admitted<Glance>, Arc<Session>), Response> {
    let mut visit = Visit::of(node, request, Protocol::Hls).await;
    if let Some(renewal) = visit.renewal.take() {
        renew(node, &mut visit, renewal).await?;
    }
    // Again only where the session that it belonged to has ended meanwhile.
    loop {
        let known = node.visits.of(&visit.asked, node.gate.clock().now());
        let admitted = node
            .gate
            .glance(&visit.asked, known.as_deref())
            .await
            .map_err(|denial| refuse::response(&denial))?;
        // Taking back any of a session's tokens ends it for whoever shows another of them, for as long as they go on asking.
        if known.is_some_and(|session| session.reason() == Some(Reason::TokenRevoked)) {
            let denial = node.gate.refuse(Door::Playback, &visit.asked, Reason::TokenRevoked);
            return Err(refuse::response(&denial));
        }
        let entered = node
            .visits
            .enter(&node.gate, &visit.asked, &admitted)
            .map_err(|denial| refuse::response(&denial))?;
        if let Some(session) = entered {
            return Ok((visit, admitted, session));
        }
    }
}

/// Where a session runs on the older of two tokens, it takes the newer one; where none does, the two stay a conflict.
async fn renew(node: &Node, visit: &mut Visit, Renewal { older, newer }: Renewal) -> Result<(), Response> {
    let known = Asked {
        credential: older,
        ..visit.asked.clone()
    };
    let Some(session) = node.visits.of(&known, node.gate.clock().now()) else {
        return Ok(());
    };
    if let Some(reason) = session.reason() {
        if newer.digest().is_some_and(|digest| session.knows(digest)) {
            return Err(refuse::response(&node.gate.refuse(Door::Playback, &known, reason)));
        }
        return Ok(());
    }
    node.gate
        .renew(&session, newer.clone())
        .await
        .map_err(|denial| refuse::response(&denial))?;
    node.visits.also(&session, &newer);
    visit.asked = known;
    Ok(())
}

fn render(window: &Window, carrier: &Carrier) -> String {
    let query = match carrier {
        Carrier::Query(token) => form_urlencoded::Serializer::for_suffix(String::from("?"), 1)
            .append_pair("token", token)
            .finish(),
        Carrier::Silent => String::new(),
    };
    let segments: Vec<_> = window
        .listed()
        .map(|segment| playlist::Segment {
            uri: format!("segment/{}.m4s{query}", segment.number),
            map: format!("init/{}.mp4{query}", segment.epoch.number),
            duration: segment.lasts,
            discontinuity: segment.discontinuity,
            program_date_time_ms: Some(segment.began.ms()),
        })
        .collect();
    playlist::Playlist {
        target_duration_s: window.target_duration_s,
        media_sequence: window.listed().next().map_or(0, |segment| segment.number),
        discontinuity_sequence: window.discontinuity_sequence,
        segments: &segments,
        ended: window.ended,
    }
    .render()
}

/// A body that goes through its session, of bytes that every viewer shares.
fn media(visit: &Visit, session: &Arc<Session>, parts: Vec<bytes::Bytes>) -> Response {
    let length: usize = parts.iter().map(bytes::Bytes::len).sum();
    let line = visit.request.extensions().get::<Line>().cloned().unwrap_or_default();
    let carrying = line.carry(session);
    let body = stream::unfold((parts.into_iter(), carrying), |(mut parts, carrying)| async move {
        let part = parts.next()?;
        Some((Ok::<_, Infallible>(part), (parts, carrying)))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("video/mp4")),
        (header::CONTENT_LENGTH, HeaderValue::from(length)),
    ];
    (headers, Body::from_stream(body)).into_response()
}

/// The number in a file's name; names are never taken apart by patterns.
fn number(visit: &Visit, suffix: &str) -> Option<u64> {
    let digits = visit.file.as_deref()?.strip_suffix(suffix)?;
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok())?
}

/// For those who were admitted: a segment that is no longer, or not yet, there.
fn not_found() -> Response {
    StatusCode::NOT_FOUND.into_response()
}

const FIRST_SEGMENT: Duration = Duration::from_secs(10);
