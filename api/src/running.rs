//! Starts the control plane, and ends it without losing anything.

use std::{path::PathBuf, sync::Arc, time::Duration};

use entity::{Table, signing_key};
use link::{Clock, Control, Entropy};
use sea_orm::{ColumnTrait, DbErr, QueryFilter};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{
    alerts::{self, Alerts},
    analytics::{self, Analytics},
    audit::{self, heads::Heads},
    count,
    graphql::{self, Api},
    http::{self, Doors, Rate, Rates, Tools},
    jwks, keys,
    live::{self, Live},
    mail::{self, Mail, Post},
    outbound::Outbound,
    people::{Access, Passwords, Throttle, factor::RelyingParty, provider},
    privacy::{self, Privacy},
    publisher::{self, Desk},
    questions,
    seal::{MasterKeyError, Seal},
    search::{self, Meilisearch, Outside},
    service::{
        exports::Exports,
        responses::{Responses, automatic},
    },
    state::{Addresses, Places, State},
    store::{self, Store},
    webhooks::{self, Hooks},
};

/// What the control plane is told at start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `sqlite://…?mode=rwc` or `postgres://…`.
    pub database_url: String,
    /// Where the master key is, outside the database; made with mode 0600 where it is absent.
    pub master_key_file: PathBuf,
    /// Where the signed heads of the audit log are, outside the database; made with mode 0700 where it is absent.
    pub audit_heads: PathBuf,
    /// Whether it is a demo, which shows its mails.
    pub demo: bool,
    /// What helps whoever writes a client.
    pub tools: Tools,
    /// How viewers and people reach it, as in `https://live.example.com`.
    pub public_http: String,
    /// How much software may ask.
    pub rates: Rates,
    /// How encoders reach it, as in `rtmp://live.example.com:1935`.
    pub public_rtmp: String,
    /// Whether addresses that customers enter may be of private networks, and plain HTTP.
    pub danger_allow_private_networks: bool,
    /// How mails leave.
    pub mail: Mail,
    /// Where addresses are, for whoever asks why.
    pub places: Places,
    /// Where searches are asked; the database, where there is none.
    pub search: Option<Meilisearch>,
}

/// Why the control plane does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The master key is missing or unusable.
    #[error("no master key")]
    MasterKey(#[from] MasterKeyError),
    /// The database's secrets were sealed with another master key.
    #[error("the master key is not the one with which this database was made")]
    OtherMasterKey,
    /// The database cannot be opened or migrated.
    #[error("the database cannot be used")]
    Database(#[from] DbErr),
    /// The link to the nodes was given away before.
    #[error("the link's events and questions were taken before")]
    Link,
    /// Our bug: the policy of roles, or hashing.
    #[error("the program is unusable: {0}")]
    Unusable(String),
}

/// The control plane at work.
pub struct Running {
    pub(crate) state: Arc<State>,
    api: Api,
    publisher: JoinHandle<()>,
    events: JoinHandle<()>,
    questions: JoinHandle<()>,
    heads: JoinHandle<()>,
    mails: JoinHandle<()>,
    feed: JoinHandle<()>,
    hooks: JoinHandle<()>,
    hook_log: JoinHandle<()>,
    credentials: JoinHandle<()>,
    database: JoinHandle<()>,
    privacy: JoinHandle<()>,
    alerts: JoinHandle<()>,
    responses: JoinHandle<()>,
    alert_sender: JoinHandle<()>,
    stop: CancellationToken,
    leaving: CancellationToken,
}

/// Starts the control plane: migrates, closes what a crash left open, delivers what waits in the outbox.
pub async fn start(
    settings: Settings,
    clock: Clock,
    entropy: Entropy,
    mut control: Control,
) -> Result<Running, StartError> {
    count::describe();
    let events = control.take_events().ok_or(StartError::Link)?;
    let asked = control.take_questions().ok_or(StartError::Link)?;
    let state = Arc::new(state(&settings, clock, entropy).await?);
    let closed = live::record::close_abandoned(&state).await?;
    if closed > 0 {
        tracing::info!(sessions = closed, "closed what was left open");
    }
    if let Err(error) = analytics::recover(&state).await {
        tracing::error!(%error, "what is usual is learnt anew");
    }
    if let Err(error) = alerts::recover(&state).await {
        tracing::error!(%error, "alert rules begin anew");
    }
    if state.search.is_none() {
        search::forget(&state).await?;
    }
    let stop = CancellationToken::new();
    let heads = Heads::new(&state.seal, settings.audit_heads);
    Ok(Running {
        api: graphql::schema(state.clone()),
        publisher: tokio::spawn(publisher::run(state.clone(), control, stop.clone())),
        heads: tokio::spawn(audit::heads::run(state.clone(), heads, stop.clone())),
        events: tokio::spawn(live::run(state.clone(), events, stop.clone())),
        questions: tokio::spawn(questions::run(state.clone(), asked, stop.clone())),
        mails: tokio::spawn(mail::run(state.clone(), stop.clone())),
        feed: tokio::spawn(search::run(state.clone(), stop.clone())),
        hooks: tokio::spawn(webhooks::run(state.clone(), stop.clone())),
        hook_log: tokio::spawn(webhooks::log(state.clone(), stop.clone())),
        privacy: tokio::spawn(privacy::run(state.clone(), stop.clone())),
        alerts: tokio::spawn(alerts::run(state.clone(), stop.clone())),
        responses: tokio::spawn(automatic::run(state.clone(), stop.clone())),
        alert_sender: tokio::spawn(alerts::send(state.clone(), stop.clone())),
        credentials: tokio::spawn(jwks::run(state.clone(), stop.clone())),
        database: tokio::spawn(store::tend(state.clone(), stop.clone())),
        state,
        stop,
        leaving: CancellationToken::new(),
    })
}

impl Running {
    /// `/graphql` (POST, and WebSocket; GraphiQL where it is wanted) and `/.well-known/jwks.json`. The client's address
    /// comes as the extension `ConnectInfo<SocketAddr>`, the scheme as [`Scheme`](axum::http::uri::Scheme), which is
    /// HTTP where there is none.
    pub fn router(&self) -> axum::Router {
        http::router(Doors {
            state: self.state.clone(),
            api: self.api.clone(),
            leaving: self.leaving.clone(),
        })
    }

    /// Closes every socket of its router with 1001, and those that come later too: the process is about to go.
    pub fn leave(&self) {
        self.leaving.cancel();
    }

    /// Whether its database can be written, and its outbox be read.
    pub fn health(&self) -> Health {
        Health(self.state.clone())
    }

    /// How many statements it gave its database so far.
    pub fn statements(&self) -> u64 {
        self.state.store.statements()
    }

    /// Ends it: what was committed is delivered, what nodes told is written, the database is closed. Whoever holds a
    /// router should have been drained before.
    pub async fn shutdown(self) {
        self.stop.cancel();
        let tasks = [
            self.publisher,
            self.events,
            self.questions,
            self.heads,
            self.mails,
            self.feed,
            self.hooks,
            self.hook_log,
            self.credentials,
            self.privacy,
            self.alerts,
            self.alert_sender,
            self.responses,
            self.database,
        ];
        for task in tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task of the control plane failed");
            }
        }
        if let Err(error) = self.state.store.close().await {
            tracing::error!(%error, "the database was not closed cleanly");
        }
    }
}

/// How the control plane is doing.
#[derive(Clone, Debug)]
pub struct Health(Arc<State>);

impl Health {
    /// Whether the database takes a write, and what nodes are to be told can be read, within two seconds; says why where
    /// that is not so.
    pub async fn is_well(&self) -> bool {
        let looked = async {
            self.0.store.takes_writes().await?;
            publisher::readable(&self.0).await
        };
        let trouble = match tokio::time::timeout(SOON, looked).await {
            Ok(Ok(())) => return true,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it does not answer".to_owned(),
        };
        tracing::warn!(trouble, "the database takes no writes, or its outbox cannot be read");
        false
    }
}

const SOON: Duration = Duration::from_secs(2);

/// What the control plane knows, over a database in its newest form; nothing runs yet.
pub(crate) async fn state(settings: &Settings, clock: Clock, entropy: Entropy) -> Result<State, StartError> {
    let store = Store::open(&settings.database_url).await?;
    Ok(State {
        seal: sealed(settings, &store, &entropy).await?,
        policy: authz::Policy::load().map_err(|error| StartError::Unusable(error.to_string()))?,
        addresses: Addresses {
            http: settings.public_http.trim_end_matches('/').to_owned(),
            rtmp: settings.public_rtmp.trim_end_matches('/').to_owned(),
        },
        places: settings.places.clone(),
        demo: settings.demo,
        tools: settings.tools,
        desk: Desk::new(),
        live: Live::new(),
        privacy: Privacy::default(),
        exports: Exports::default(),
        alerts: Alerts::new(),
        analytics: Analytics::new(),
        passwords: Passwords::new(entropy.bytes())
            .map_err(|_| StartError::Unusable("a password cannot be hashed".to_owned()))?,
        relying_party: RelyingParty::of(&settings.public_http),
        throttle: Throttle::default(),
        resets: Throttle::default(),
        post: Post::new(settings.mail.clone()),
        access: Access::new(),
        rate: Rate::new(settings.rates),
        outbound: Outbound::new(settings.danger_allow_private_networks)
            .map_err(|error| StartError::Unusable(error.to_string()))?,
        search: (settings.search.clone())
            .map(|meilisearch| Outside::new(meilisearch, &entropy))
            .transpose()
            .map_err(|error| StartError::Unusable(error.to_string()))?,
        sets: jwks::Turns::default(),
        providers: provider::Known::new(),
        hooks: Hooks::default(),
        responses: Responses::new(),
        store,
        clock,
        entropy,
    })
}

/// The master key, if it is the database's.
async fn sealed(settings: &Settings, store: &Store, entropy: &Entropy) -> Result<Seal, StartError> {
    let known = signing_key::Entity::across_tenants("whether the master key fits the database")
        .filter(signing_key::Column::PrivateKeySealed.is_not_null())
        .one(store.read())
        .await?;
    if known.is_some() && !settings.master_key_file.exists() {
        return Err(StartError::OtherMasterKey);
    }
    let seal = Seal::from_file(&settings.master_key_file, entropy.clone())?;
    match known {
        Some(key) if keys::private(&seal, &key).is_err() => Err(StartError::OtherMasterKey),
        _ => Ok(seal),
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").finish_non_exhaustive()
    }
}
