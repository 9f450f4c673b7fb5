//! The words of graphql-transport-ws.
//!
//! <https://github.com/graphql/graphql-over-http/blob/main/rfcs/GraphQLOverWebSocket.md>

use std::borrow::Cow;

use async_graphql::ServerError;
use axum::extract::ws::CloseFrame;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::super::{asked::Asked, form::Written};

/// What a client says.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Heard {
    ConnectionInit { payload: Option<Map<String, Value>> },
    Subscribe { id: String, payload: Asked },
    Complete { id: String },
    Ping { payload: Option<Map<String, Value>> },
    Pong {},
}

/// What we say.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Word<'a> {
    ConnectionAck,
    Next {
        id: &'a str,
        payload: Written<'a>,
    },
    /// The operation was not begun; nothing follows.
    Error {
        id: &'a str,
        payload: &'a [ServerError],
    },
    Complete {
        id: &'a str,
    },
    Pong {
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<Map<String, Value>>,
    },
}

/// Why we close.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Close {
    /// What came is no message of the protocol.
    Malformed,
    /// An operation before the socket was opened.
    TooEarly,
    /// The token stands no more, or never did.
    Forbidden,
    /// Nothing came in time.
    Late,
    /// An id that is in use.
    Taken(String),
    /// Opened a second time.
    Twice,
    /// Something that we need does not answer.
    Unavailable,
    /// The process is about to go.
    Leaving,
    /// Our bug.
    Internal,
}

impl Close {
    pub(super) fn frame(&self) -> CloseFrame {
        let (code, reason): (u16, Cow<'_, str>) = match self {
            Self::Malformed => (4400, "Invalid message".into()),
            Self::TooEarly => (4401, "Unauthorized".into()),
            Self::Forbidden => (4403, "Forbidden".into()),
            Self::Late => (4408, "Connection initialisation timeout".into()),
            Self::Taken(id) => {
                // RFC 6455 5.5: a close frame holds 123 bytes of reason.
                let end = id.floor_char_boundary(80);
                (4409, format!("Subscriber for {} already exists", &id[..end]).into())
            }
            Self::Twice => (4429, "Too many initialisation requests".into()),
            Self::Leaving => (1001, "Going away".into()),
            Self::Unavailable => (1013, "Try again later".into()),
            Self::Internal => (4500, "Internal server error".into()),
        };
        CloseFrame {
            code,
            reason: reason.as_ref().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Close, Heard};

    #[test]
    fn only_messages_of_the_protocol_are_understood() {
        for good in [
            r#"{"type":"connection_init"}"#,
            r#"{"type":"connection_init","payload":null}"#,
            r#"{"type":"connection_init","payload":{"authorization":"Bearer x"}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{a}"}}"#,
            r#"{"type":"complete","id":"1"}"#,
            r#"{"type":"ping"}"#,
            r#"{"type":"pong","payload":{}}"#,
        ] {
            assert!(serde_json::from_str::<Heard>(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "null",
            r#"{"type":"connection_init","payload":"x"}"#,
            r#"{"type":"start","id":"1","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":1,"payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":[]}}"#,
            r#"{"type":"connection_terminate"}"#,
        ] {
            assert!(serde_json::from_str::<Heard>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_long_id_still_fits_into_a_close_frame() {
        let reason = Close::Taken("ä".repeat(200)).frame().reason;
        assert!(reason.len() <= 123, "{}", reason.len());
    }
}
