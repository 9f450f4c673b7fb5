//! The doors of broadcasters: each yields requests, the gate decides, the hub takes what is admitted.

mod parameters;
pub mod rtmp;
pub mod srt;
pub(crate) mod test_source;

use std::{io, net::SocketAddr};

use guard::{Denial, Door};
use link::Protocol;
use rtmp::{Item, Limits, Request, Server};

use crate::{gate::Asked, hub, node::Shared, proxies::Networks};

/// Opens the doors; where RTMP is.
pub(crate) async fn listen(node: &Shared, rtmp: SocketAddr, proxies: Networks) -> io::Result<SocketAddr> {
    let mut server = Server::bind(rtmp, Limits::default(), proxies).await?;
    let address = server.local_addr();
    let node = node.clone();
    node.tasks.clone().spawn(async move {
        loop {
            let request = tokio::select! {
                () = node.drain.cancelled() => return,
                request = server.accept() => request,
            };
            let Some(request) = request else { return };
            node.tasks.spawn(admit(node.clone(), request));
        }
    });
    Ok(address)
}

/// Decides one request, and carries what it publishes until somebody ends it.
async fn admit(node: Shared, request: Request) {
    let asked = Asked {
        // Only one application has streams; what asks for another asks for no stream.
        name: if request.app() == APP {
            request.name().to_owned()
        } else {
            String::new()
        },
        credential: request.credential(),
        address: request.address(),
        protocol: Protocol::Rtmp,
        user_agent: request
            .encoder()
            .map(|encoder| encoder.chars().take(200).collect::<String>().into()),
        referrer: None,
        encrypted: request.encrypted(),
        parameters: request.parameters(),
    };
    let publisher = match node.gate.publish(&asked).await {
        Ok(admitted) => {
            let publisher = node.hub.publish(admitted).await;
            publisher.map_err(|reason| node.gate.refuse(Door::Ingest, &asked, reason))
        }
        Err(denial) => Err(denial),
    };
    match publisher {
        Ok(publisher) => carry(&node, request, publisher).await,
        Err(denial) => request.reject(&denial).await,
    }
}

async fn carry(node: &Shared, request: Request, mut publisher: hub::Publisher) {
    let session = publisher.stay().session().clone();
    let wire = tokio::select! {
        biased;
        wire = request.accept(publisher.admitted()) => wire,
        // It does not read that it was let in.
        _ = publisher.stay().over() => return,
    };
    let mut wire = match wire {
        Ok(wire) => wire,
        Err(error) => {
            tracing::info!(session.id = %session.id, %error, "a broadcaster left before it began");
            return;
        }
    };
    let mut counted = wire.bytes_in();
    loop {
        let item = tokio::select! {
            biased;
            reason = publisher.stay().over() => {
                drop(publisher);
                tracing::info!(session.id = %session.id, denial.reason = reason.as_str(), "a broadcaster was cut off");
                wire.end(&Denial::from(reason)).await;
                return;
            }
            () = node.drain.cancelled() => {
                publisher.leave_for_good();
                drop(publisher);
                wire.finish().await;
                return;
            }
            item = wire.next() => item,
        };
        session.received(wire.bytes_in().saturating_sub(counted));
        counted = wire.bytes_in();
        match item {
            Ok(Some(Item::Video { timestamp_ms, tracks })) => {
                for track in &tracks {
                    publisher.video(timestamp_ms, track);
                }
            }
            Ok(Some(Item::Audio { timestamp_ms, tracks })) => {
                for track in &tracks {
                    publisher.audio(timestamp_ms, track);
                }
            }
            Ok(Some(Item::Metadata(metadata))) => {
                tracing::info!(session.id = %session.id, encoder = metadata.encoder, "a broadcaster began");
            }
            Ok(Some(Item::Unreadable(error))) => {
                tracing::debug!(session.id = %session.id, %error, "a media message cannot be read");
            }
            Ok(None) => {
                tracing::info!(session.id = %session.id, "a broadcaster has finished");
                drop(publisher);
                // Closed without a word, encoders would take a good end for a broken one.
                wire.finish().await;
                return;
            }
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::info!(session.id = %session.id, error, "a broadcaster broke off");
                return;
            }
        }
    }
}

/// The application in `rtmp://host/live/NAME`.
const APP: &str = "live";
