//! Streams.
#![expect(
    clippy::unused_async,
    reason = "the library wants resolvers to be async, awaiting or not"
)]

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject, dataloader::DataLoader};
use authz::Action;
use chrono::{DateTime, Utc};
use entity::stream;
use ids::{OrganisationId, StreamId};

use super::{SessionConnection, StreamGroup, Tag, page::connection, session};
use crate::{
    fault::Fault,
    graphql::{
        caller,
        loaders::{Groups, Tags},
        state,
    },
    publisher::policy,
    service::reading,
    state::Addresses,
};

/// A stream. Its name is public and no credential; its ingest key is secret.
#[derive(Clone)]
pub(crate) struct Stream(pub(crate) stream::Model);

connection!(
    /// Streams.
    StreamConnection,
    StreamEdge,
    Stream
);

#[Object]
impl Stream {
    /// Its id.
    async fn id(&self) -> ID {
        self.stream_id().to_string().into()
    }

    /// Its public name: the organisation's hash, and a name of its own.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What people call it.
    async fn title(&self) -> Option<&str> {
        self.0.title.as_deref()
    }

    /// What it is now.
    async fn state(&self, context: &Context<'_>) -> StreamState {
        reading::stream_is(state(context), &self.0).into()
    }

    /// Its labels.
    async fn tags(&self, context: &Context<'_>) -> Result<Vec<Tag>> {
        let organisation = self.organisation();
        let loader = context.data_unchecked::<DataLoader<Tags>>();
        let tags = loader.load_one((organisation, self.0.id)).await?.unwrap_or_default();
        Ok(tags
            .into_iter()
            .map(|name| Tag {
                organisation,
                name,
                streams: None,
            })
            .collect())
    }

    /// The group that it is in.
    async fn group(&self, context: &Context<'_>) -> Result<Option<StreamGroup>> {
        let Some(group) = self.0.group_id else {
            return Ok(None);
        };
        let loader = context.data_unchecked::<DataLoader<Groups>>();
        Ok(loader.load_one((self.organisation(), group)).await?.map(StreamGroup))
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        super::moment(self.0.created_at)
    }

    /// Whether playback needs a token.
    async fn secure_playback(&self) -> SecurePlayback {
        match self.0.secure_playback.as_str() {
            "inherit" => SecurePlayback::Inherit,
            "open" => SecurePlayback::Open,
            _ => SecurePlayback::Required,
        }
    }

    /// What a broadcaster has to show.
    async fn ingest_authorisation(&self) -> IngestAuthorisation {
        IngestAuthorisation::of(&self.0.ingest_authorisation)
    }

    /// Whether the list of static tokens lets in.
    async fn static_tokens(&self) -> StreamSwitch {
        StreamSwitch::of(&self.0.static_tokens)
    }

    /// Whether the organisation's webhook judges tokens that are neither a JWT nor a handle.
    async fn backend_tokens(&self) -> StreamSwitch {
        StreamSwitch::of(&self.0.backend_tokens)
    }

    /// Whether viewers' tokens must say that a second factor was shown: `mfa` in `amr`.
    async fn mfa_required(&self) -> bool {
        self.0.mfa_required
    }

    /// Whether a second broadcaster takes it over from the first; otherwise the second is refused.
    async fn takeover(&self) -> bool {
        self.0.takeover
    }

    /// Whether the built-in test source publishes it.
    async fn test_source(&self) -> bool {
        self.0.test_source
    }

    /// The complete address for an encoder: host, port, name and key. `FORBIDDEN` for those who may not see keys.
    async fn ingest_url(&self, context: &Context<'_>) -> Result<Option<String>> {
        let key = self.key(context)?;
        Ok(Some(ingest_url(&state(context).addresses, &self.0.name, &key)))
    }

    /// The secret key. `FORBIDDEN` for those who may not see keys.
    async fn ingest_key(&self, context: &Context<'_>) -> Result<Option<String>> {
        Ok(Some(self.key(context)?))
    }

    /// Where it is played.
    async fn playback_urls(&self, context: &Context<'_>) -> PlaybackUrls {
        PlaybackUrls::of(&state(context).addresses, &self.0.name)
    }

    /// How many watch it now.
    async fn viewers(&self, context: &Context<'_>) -> i32 {
        super::count(state(context).live.viewers(self.stream_id()).into())
    }

    /// Its sessions, live and past, the newest first.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 100) as usize * child_complexity + 1")]
    async fn sessions(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Behind which cursor.")] after: Option<String>,
        #[graphql(desc = "Those that go on, or those that are over.")] live: Option<bool>,
    ) -> Result<SessionConnection> {
        session::of_stream(context, &self.0, live, first, after.as_deref()).await
    }
}

impl Stream {
    fn organisation(&self) -> OrganisationId {
        OrganisationId::from_uuid(self.0.organisation_id)
    }

    fn stream_id(&self) -> StreamId {
        StreamId::from_uuid(self.0.id)
    }

    fn key(&self, context: &Context<'_>) -> Result<String, Fault> {
        let state = state(context);
        caller(context).may(state, Action::IngestKeyRead)?;
        Ok(policy::ingest_key(state, &self.0)?)
    }
}

/// Where a stream is played; a token goes into the query as `token`, where the stream needs one.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct PlaybackUrls {
    /// Fragmented MP4 over WebSocket.
    websocket: String,
    /// Progressive fragmented MP4.
    progressive: String,
    /// HLS on fragmented MP4.
    hls: String,
}

impl PlaybackUrls {
    /// Those of the stream of that name.
    pub(crate) fn of(addresses: &Addresses, name: &str) -> Self {
        let http = &addresses.http;
        let socket = http.strip_prefix("http").unwrap_or(http);
        Self {
            websocket: format!("ws{socket}/live/{name}/ws"),
            progressive: format!("{http}/live/{name}/stream.mp4"),
            hls: format!("{http}/live/{name}/index.m3u8"),
        }
    }
}

/// The complete address for an encoder.
pub(crate) fn ingest_url(addresses: &Addresses, name: &str, key: &str) -> String {
    format!("{}/live/{name}?key={key}", addresses.rtmp)
}

/// What a stream is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "reading::StreamIs")]
pub(crate) enum StreamState {
    /// Never published yet.
    Created,
    /// Published now.
    Live,
    /// Published before.
    Ended,
    /// Its publisher was ended, and its key is barred until it is started.
    Stopped,
    /// The same, and viewers are refused.
    Locked,
    /// Gone; its name is not used again.
    Deleted,
}

/// Whether playback needs a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum SecurePlayback {
    /// As the organisation says.
    Inherit,
    /// A token is needed.
    Required,
    /// None is.
    Open,
}

impl SecurePlayback {
    /// The column.
    pub(crate) const fn column(self) -> &'static str {
        match self {
            Self::Inherit => "inherit",
            Self::Required => "required",
            Self::Open => "open",
        }
    }
}

/// A stream's own word on what the organisation says for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum StreamSwitch {
    /// As the organisation says.
    Inherit,
    /// On, whatever the organisation says.
    On,
    /// Off, whatever the organisation says.
    Off,
}

impl StreamSwitch {
    fn of(column: &str) -> Self {
        match column {
            "inherit" => Self::Inherit,
            "on" => Self::On,
            _ => Self::Off,
        }
    }

    /// The column.
    pub(crate) const fn column(self) -> &'static str {
        match self {
            Self::Inherit => "inherit",
            Self::On => "on",
            Self::Off => "off",
        }
    }
}

/// What a broadcaster has to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum IngestAuthorisation {
    /// As the organisation says.
    Inherit,
    /// Nothing.
    Open,
    /// The stream's key.
    Key,
    /// A publish token.
    Token,
}

impl IngestAuthorisation {
    /// What the column says.
    pub(crate) fn of(column: &str) -> Self {
        match column {
            "inherit" => Self::Inherit,
            "open" => Self::Open,
            "token" => Self::Token,
            _ => Self::Key,
        }
    }

    /// The column.
    pub(crate) const fn column(self) -> &'static str {
        match self {
            Self::Inherit => "inherit",
            Self::Open => "open",
            Self::Key => "key",
            Self::Token => "token",
        }
    }
}
