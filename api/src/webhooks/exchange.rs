//! One call, from the signature to the end of the answer.

use std::time::Duration;

use entity::webhook;
use ids::WebhookDeliveryId;
use openidconnect::{HttpRequest, http::Request};
use tokio::time::Instant;

use super::{Content, Encoding, sign};
use crate::{
    outbound::{Bounds, OutboundError},
    state::State,
};

/// What came of a call.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    /// The status of the answer, where there was one.
    pub(crate) status: Option<u16>,
    /// From the first byte sent, or the name looked up, to the last one read.
    pub(crate) took: Duration,
    /// The answer, or why it is none; for customers.
    pub(crate) answer: Result<Vec<u8>, &'static str>,
}

impl Exchange {
    /// Whether the receiver took it.
    pub(crate) fn is_taken(&self) -> bool {
        self.answer.is_ok() && self.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// What was wrong, for whoever looks after the receiver.
    pub(crate) fn trouble(&self) -> Option<String> {
        match (&self.answer, self.status) {
            (Err(why), _) => Some((*why).to_owned()),
            (Ok(_), Some(status)) if !(200..300).contains(&status) => Some(match status {
                300..400 => format!("answered {status}: redirects are not followed"),
                _ => format!("answered {status}"),
            }),
            _ => None,
        }
    }

    /// Milliseconds, as the column has it.
    pub(crate) fn took_ms(&self) -> i64 {
        i64::try_from(self.took.as_millis()).unwrap_or(i64::MAX)
    }
}

/// Calls the address once, signed, under that id.
pub(crate) async fn call(state: &State, row: &webhook::Model, id: WebhookDeliveryId, content: &Content) -> Exchange {
    let begun = Instant::now();
    let none = |why| Exchange {
        status: None,
        took: begun.elapsed(),
        answer: Err(why),
    };
    let Some(request) = request(state, row, id, content) else {
        return none("the call cannot be written");
    };
    match state.outbound.send_within(request, BOUNDS).await {
        Ok(response) => Exchange {
            status: Some(response.status().as_u16()),
            took: begun.elapsed(),
            answer: Ok(response.into_body()),
        },
        Err(error) => {
            tracing::debug!(%error, webhook.delivery = %id, "a webhook was not answered");
            none(why(&error))
        }
    }
}

fn request(state: &State, row: &webhook::Model, id: WebhookDeliveryId, content: &Content) -> Option<HttpRequest> {
    let (now, id) = (state.now(), id.to_string());
    let (kind, body) = content.written(Encoding::of(row));
    let signature = sign::signature(state, row, &id, now, &body)
        .inspect_err(|error| tracing::error!(%error, "a webhook cannot be signed"))
        .ok()?;
    Request::post(&row.url)
        .header("content-type", kind)
        .header("webhook-id", &id)
        .header("webhook-timestamp", now.s())
        .header("webhook-signature", signature)
        .body(body)
        .ok()
}

/// What a customer is told: nothing of names and addresses beyond what they entered.
fn why(error: &OutboundError) -> &'static str {
    match error {
        OutboundError::Address(_) => "the address is not one that may be called",
        OutboundError::Large(_) => "the answer is larger than 64 KB",
        OutboundError::Silent { source, .. } if source.is_timeout() => "no answer within 3 s",
        OutboundError::Silent { source, .. } if source.is_connect() => {
            "no connection: the name is unknown, is one of a private network, or nobody answers there"
        }
        OutboundError::Silent { .. } => "the answer broke off",
        OutboundError::Form(_) => "the answer is no HTTP",
    }
}

const BOUNDS: Bounds = Bounds {
    patience: Duration::from_secs(3),
    largest: 64 << 10,
};
