//! Streams: made, edited, stopped, locked, deleted.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use authz::Action;
use entity::organisation;

use super::answer;
use crate::{
    fault::{Fault, UserError},
    graphql::{
        caller, state,
        types::{Change, IngestAuthorisation, SecurePlayback, Stream, StreamSwitch},
    },
    service::streams::{self, Edit, New},
};

#[derive(Default)]
pub(super) struct Streams;

#[Object]
impl Streams {
    /// Makes a stream. Without an alias it gets a name of its own. Opening playback or ingest, and letting static tokens or a
    /// webhook's word in, are for administrators.
    async fn create_stream(
        &self,
        context: &Context<'_>,
        input: CreateStreamInput,
    ) -> Result<Option<CreateStreamPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::StreamCreate)?;
        if input.switches.open() {
            caller(context).may(state, Action::StreamOpen)?;
        }
        let new = New {
            title: input.title.filter(|title| !title.trim().is_empty()),
            alias: input.alias,
            tags: input.tags.unwrap_or_default(),
            switches: input.switches.into(),
            test_source: false,
        };
        CreateStreamPayload::of(streams::create(state, acting, new).await)
    }

    /// Edits a stream; what is left out stays. Opening playback or ingest, letting static tokens or a webhook's word in, and
    /// doing without a second factor are for administrators.
    async fn update_stream(
        &self,
        context: &Context<'_>,
        input: UpdateStreamInput,
    ) -> Result<Option<UpdateStreamPayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::StreamUpdate)?;
        // A new stream does without until somebody says so, and as its organisation does; here that may let more in.
        let loosens = input.switches.mfa_required == Some(false) || input.switches.open_by(&acting.row);
        if input.switches.open() || loosens {
            caller(context).may(state, Action::StreamOpen)?;
        }
        let edit = Edit {
            title: input.title,
            tags: input.tags,
            switches: input.switches.into(),
        };
        UpdateStreamPayload::of(streams::edit(state, acting, &input.name, edit).await)
    }

    /// Ends the publisher, the test source too, and bars the key until the stream is started again.
    async fn stop_stream(&self, context: &Context<'_>, input: StopStreamInput) -> Result<Option<StopStreamPayload>> {
        let acting = caller(context).may(state(context), Action::StreamStop)?;
        StopStreamPayload::of(streams::stop(state(context), acting, &input.name).await)
    }

    /// Lets a stopped stream be published again.
    async fn start_stream(&self, context: &Context<'_>, input: StartStreamInput) -> Result<Option<StartStreamPayload>> {
        let acting = caller(context).may(state(context), Action::StreamStart)?;
        StartStreamPayload::of(streams::start(state(context), acting, &input.name).await)
    }

    /// Ends the publisher, bars the key and refuses viewers.
    async fn lock_stream(&self, context: &Context<'_>, input: LockStreamInput) -> Result<Option<LockStreamPayload>> {
        let acting = caller(context).may(state(context), Action::StreamLock)?;
        LockStreamPayload::of(streams::lock(state(context), acting, &input.name).await)
    }

    /// Takes the lock off.
    async fn unlock_stream(
        &self,
        context: &Context<'_>,
        input: UnlockStreamInput,
    ) -> Result<Option<UnlockStreamPayload>> {
        let acting = caller(context).may(state(context), Action::StreamUnlock)?;
        UnlockStreamPayload::of(streams::unlock(state(context), acting, &input.name).await)
    }

    /// Deletes a stream and the rules for it alone, and ends its sessions; its name is not used again.
    async fn delete_stream(
        &self,
        context: &Context<'_>,
        input: DeleteStreamInput,
    ) -> Result<Option<DeleteStreamPayload>> {
        let acting = caller(context).may(state(context), Action::StreamDelete)?;
        DeleteStreamPayload::of(streams::delete(state(context), acting, &input.name).await)
    }

    /// Replaces the secret key; the old one is worth nothing from then on.
    async fn rotate_ingest_key(
        &self,
        context: &Context<'_>,
        input: RotateIngestKeyInput,
    ) -> Result<Option<RotateIngestKeyPayload>> {
        let acting = caller(context).may(state(context), Action::IngestKeyRotate)?;
        RotateIngestKeyPayload::of(streams::rotate_key(state(context), acting, &input.name).await)
    }

    /// Has the built-in test source publish the stream: a moving picture with a counter and a tone.
    async fn start_test_source(
        &self,
        context: &Context<'_>,
        input: StartTestSourceInput,
    ) -> Result<Option<StartTestSourcePayload>> {
        let acting = caller(context).may(state(context), Action::TestSourceStart)?;
        StartTestSourcePayload::of(streams::start_test_source(state(context), acting, &input.name).await)
    }
}

/// What a new stream is to be.
#[derive(InputObject)]
pub(super) struct CreateStreamInput {
    /// What people call it; 200 characters at most.
    title: Option<String>,
    /// The name behind the organisation's hash: 1 to 40 of `A-Za-z0-9_-`.
    alias: Option<String>,
    /// Labels: 20 at most, of 40 characters at most.
    tags: Option<Vec<String>>,
    #[graphql(flatten)]
    switches: Switches,
}

/// What of a stream is to be different.
#[derive(InputObject)]
pub(super) struct UpdateStreamInput {
    /// Which stream.
    name: String,
    /// What people call it; an empty text takes it away.
    title: Option<String>,
    /// Labels, in place of those it has.
    tags: Option<Vec<String>>,
    #[graphql(flatten)]
    switches: Switches,
}

/// Whom a stream lets in, and on whose word. A new one follows its organisation in what is not said.
#[derive(Clone, Copy, InputObject)]
struct Switches {
    /// Whether playback needs a token.
    secure_playback: Option<SecurePlayback>,
    /// What a broadcaster has to show.
    ingest_authorisation: Option<IngestAuthorisation>,
    /// Whether the list of static tokens lets in. Off: sessions on them end.
    static_tokens: Option<StreamSwitch>,
    /// Whether the organisation's webhook judges tokens that are neither a JWT nor a handle. Off: sessions on its word end.
    backend_tokens: Option<StreamSwitch>,
    /// Whether viewers' tokens must say that a second factor was shown: `mfa` in `amr`. On: sessions without it end.
    mfa_required: Option<bool>,
    /// Whether a second broadcaster takes the stream over from the first, who is told `PUBLISHER_REPLACED`. Off: the second is
    /// refused, `STREAM_IN_USE`.
    takeover: Option<bool>,
}

impl Switches {
    /// Whether they let in whom nothing else would.
    fn open(&self) -> bool {
        self.secure_playback == Some(SecurePlayback::Open)
            || self.ingest_authorisation == Some(IngestAuthorisation::Open)
            || [self.static_tokens, self.backend_tokens].contains(&Some(StreamSwitch::On))
    }
}

impl Switches {
    /// Whether they hand the stream over to an organisation's settings which do.
    fn open_by(&self, organisation: &organisation::Model) -> bool {
        let inherits = StreamSwitch::Inherit;
        (self.secure_playback == Some(SecurePlayback::Inherit) && !organisation.secure_playback)
            || (self.ingest_authorisation == Some(IngestAuthorisation::Inherit)
                && organisation.ingest_authorisation == "open")
            || (self.static_tokens == Some(inherits) && organisation.static_tokens)
            || (self.backend_tokens == Some(inherits) && organisation.judges_backend && organisation.backend_tokens)
    }
}

impl From<Switches> for streams::Switches {
    fn from(switches: Switches) -> Self {
        Self {
            secure_playback: switches.secure_playback.map(SecurePlayback::column),
            ingest_authorisation: switches.ingest_authorisation.map(IngestAuthorisation::column),
            static_tokens: switches.static_tokens.map(StreamSwitch::column),
            backend_tokens: switches.backend_tokens.map(StreamSwitch::column),
            mfa_required: switches.mfa_required,
            takeover: switches.takeover,
        }
    }
}

macro_rules! named {
    ($($input:ident),*) => {
        $(
            /// Which stream.
            #[derive(InputObject)]
            pub(super) struct $input {
                /// Its public name.
                name: String,
            }
        )*
    };
}
named!(
    StopStreamInput,
    StartStreamInput,
    LockStreamInput,
    UnlockStreamInput,
    DeleteStreamInput,
    RotateIngestKeyInput,
    StartTestSourceInput
);

macro_rules! payload {
    ($($payload:ident),*) => {
        $(
            /// What came of it.
            #[derive(SimpleObject)]
            pub(super) struct $payload {
                /// The stream afterwards.
                stream: Option<Stream>,
                /// The change on its way to the nodes.
                change: Option<Change>,
                /// What can be mended.
                errors: Vec<UserError>,
            }

            impl $payload {
                fn of(done: Result<streams::Changed, Fault>) -> Result<Option<Self>> {
                    answer(
                        done,
                        |(row, progress)| Self {
                            stream: Some(Stream(row)),
                            change: Some(progress.into()),
                            errors: vec![],
                        },
                        |errors| Self {
                            stream: None,
                            change: None,
                            errors,
                        },
                    )
                }
            }
        )*
    };
}
payload!(
    CreateStreamPayload,
    UpdateStreamPayload,
    StopStreamPayload,
    StartStreamPayload,
    LockStreamPayload,
    UnlockStreamPayload,
    DeleteStreamPayload,
    RotateIngestKeyPayload,
    StartTestSourcePayload
);
