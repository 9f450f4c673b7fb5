//! One socket, from its opening to its end: what may be said when, and what closes it.

use async_graphql::Response as Outcome;
use axum::extract::ws::{Message, WebSocket};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use serde_json::{Map, Value};
use tokio::time::{sleep, timeout};
use tokio_stream::StreamMap;

use super::{
    super::{
        asked::Asked,
        form::{Written, is_begun},
        graphql::failed,
        limits::presentable,
    },
    Desk, PATIENCE, Said,
    protocol::{Close, Heard, Word},
};
use crate::fault::Fault;

/// Serves a socket until it ends.
pub(super) async fn run(desk: Desk, socket: WebSocket) {
    let mut session = Session {
        desk,
        socket,
        said: None,
        operations: StreamMap::new(),
    };
    match session.serve().await {
        Err(End::Closed(close)) => {
            let last = session.socket.send(Message::Close(Some(close.frame())));
            let _ = timeout(PATIENCE, last).await;
        }
        // The answer to the other side's close goes out with the next read, which is the last.
        Err(End::Gone) | Ok(()) => drop(timeout(PATIENCE, session.socket.recv()).await),
    }
}

struct Session {
    desk: Desk,
    socket: WebSocket,
    /// What opened it.
    said: Option<Said>,
    operations: StreamMap<String, BoxStream<'static, Event>>,
}

/// What an operation brings; nothing at its end.
type Event = Option<Outcome>;

/// How a socket ends.
enum End {
    /// By us, with a reason.
    Closed(Close),
    /// By the other side.
    Gone,
}

impl From<Close> for End {
    fn from(close: Close) -> Self {
        Self::Closed(close)
    }
}

impl Session {
    async fn serve(&mut self) -> Result<(), End> {
        let mut late = std::pin::pin!(sleep(PATIENCE));
        let leaving = self.desk.doors.leaving.clone();
        loop {
            tokio::select! {
                message = self.socket.recv() => match message {
                    Some(Ok(message)) => self.take(message).await?,
                    Some(Err(_)) | None => return Err(End::Gone),
                },
                Some((id, event)) = self.operations.next() => self.tell(&id, event).await?,
                () = &mut late, if self.said.is_none() => return Err(Close::Late.into()),
                () = leaving.cancelled() => return Err(Close::Leaving.into()),
            }
        }
    }

    async fn take(&mut self, message: Message) -> Result<(), End> {
        let text = match &message {
            Message::Text(text) => text.as_str(),
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Binary(_) => return Err(Close::Malformed.into()),
            Message::Close(_) => return Err(End::Gone),
        };
        match serde_json::from_str(text).map_err(|_| Close::Malformed)? {
            Heard::ConnectionInit { payload } => self.open(&payload.unwrap_or_default()).await,
            Heard::Subscribe { id, payload } => self.begin(id, payload).await,
            Heard::Complete { id } => {
                self.operations.remove(&id);
                Ok(())
            }
            Heard::Ping { payload } => self.say(&Word::Pong { payload }).await,
            Heard::Pong {} => Ok(()),
        }
    }

    async fn open(&mut self, payload: &Map<String, Value>) -> Result<(), End> {
        if self.said.is_some() {
            return Err(Close::Twice.into());
        }
        let said = Said::of(payload);
        match self.desk.admits(&said).await {
            Ok(true) => {}
            Ok(false) => return Err(Close::Forbidden.into()),
            Err(Fault::Unavailable) => return Err(Close::Unavailable.into()),
            Err(_) => return Err(Close::Internal.into()),
        }
        self.said = Some(said);
        self.say(&Word::ConnectionAck).await
    }

    async fn begin(&mut self, id: String, asked: Asked) -> Result<(), End> {
        let said = self.said.as_ref().ok_or(Close::TooEarly)?;
        if id.is_empty() || id.len() > ID {
            return Err(Close::Malformed.into());
        }
        if self.operations.contains_key(&id) {
            return Err(Close::Taken(id).into());
        }
        let refusal = match (self.desk.place(), asked.operation()) {
            (None, _) => Fault::Invalid("more than 32 operations at once on one socket"),
            (Some(_), None) => Fault::Invalid("there is no query"),
            (Some(place), Some(operation)) => {
                let outcomes = self.desk.outcomes(operation, said, place.clone()).map(Some);
                let end = async move {
                    drop(place);
                    None
                };
                self.operations.insert(id, outcomes.chain(stream::once(end)).boxed());
                return Ok(());
            }
        };
        self.tell(&id, Some(presentable(failed(refusal)))).await
    }

    async fn tell(&mut self, id: &str, event: Event) -> Result<(), End> {
        match event {
            Some(outcome) if is_begun(&outcome) => {
                let payload = Written::of(&outcome);
                self.say(&Word::Next { id, payload }).await
            }
            Some(outcome) => {
                self.operations.remove(id);
                let payload = &outcome.errors;
                self.say(&Word::Error { id, payload }).await
            }
            None => {
                self.operations.remove(id);
                self.say(&Word::Complete { id }).await
            }
        }
    }

    async fn say(&mut self, word: &Word<'_>) -> Result<(), End> {
        let text = serde_json::to_string(word).map_err(|_| Close::Internal)?;
        match timeout(PATIENCE, self.socket.send(Message::text(text))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }
}

/// How long an id may be.
const ID: usize = 256;
