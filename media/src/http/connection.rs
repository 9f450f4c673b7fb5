//! One connection, from its first request to its end.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use http::Request;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use super::{Front, arrival::Wire, front::Arrived};

pub(super) async fn serve<S>(wire: Wire<S>, router: Router, front: Arc<Front>, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let Wire {
        stream,
        line,
        peer,
        encrypted,
    } = wire;
    let arrived = Arrived {
        peer,
        encrypted,
        line: line.clone(),
    };
    let service = service_fn(move |request: Request<Incoming>| {
        let (front, router, arrived) = (front.clone(), router.clone(), arrived.clone());
        async move { Ok::<_, Infallible>(front.answer(request.map(Body::new), &arrived, router).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    let mut stopping = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection broke off");
                }
                return;
            }
            () = line.cut() => return,
            () = stop.cancelled(), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// How long a peer may take over a request's head.
const HEADERS: Duration = Duration::from_secs(15);
/// What hyper may hold back of one connection, each way.
const BUFFER: usize = 64 * 1024;
