//! What a demo has from the start: two organisations, their people, a platform operator, two streams. The same at every start of one folder.
//!
//! Passwords come from the master key, so they are the same for a folder, and nobody else's.

use authz::{Action, PlatformAction, Role};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entity::{Table, app_user, member, organisation, stream};
use guard::policy::Package;
use ids::{MemberId, UserId};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, QueryFilter};

use crate::{
    fault::Fault,
    graphql, operator,
    people::{Acting, Actor, By},
    publisher::policy,
    running::Running,
    service::{Work, organisations, streams, tokens},
    state::State,
    store::Write,
};

/// What a visitor of a demo is given.
#[derive(Clone, Debug)]
pub struct Demo {
    /// The first organisation's people first: one per role; then the second's.
    pub users: Vec<DemoUser>,
    /// Looks after the installation, and belongs to no organisation.
    pub operator: DemoOperator,
    /// The test stream first, then the one for the visitor's encoder; both the first organisation's. Without those that
    /// it may not have any more.
    pub streams: Vec<DemoStream>,
}

/// Someone to sign in as.
#[derive(Clone)]
pub struct DemoUser {
    /// With this address.
    pub email: String,
    /// With this password.
    pub password: String,
    /// As in `nanoAdmin`.
    pub role: &'static str,
    /// The organisation's hash.
    pub organisation: String,
}

/// A platform operator to sign in as.
#[derive(Clone)]
pub struct DemoOperator {
    /// With this address.
    pub email: String,
    /// With this password.
    pub password: String,
}

/// Something to watch.
#[derive(Clone)]
pub struct DemoStream {
    /// The public name.
    pub name: String,
    /// Complete, with host, port and key.
    pub ingest_url: String,
    /// A playback token that lives for a day.
    pub token: String,
}

/// The demo could not be prepared; what failed was logged.
#[derive(Debug, thiserror::Error)]
#[error("the demo could not be prepared")]
pub struct SeedError;

/// Prepares the demo; adds only what is missing. Tokens are new each time.
pub async fn seed_demo(running: &Running) -> Result<Demo, SeedError> {
    prepare(&running.state).await.map_err(|fault| {
        tracing::error!(?fault, "the demo could not be prepared");
        SeedError
    })
}

async fn prepare(state: &State) -> Result<Demo, Fault> {
    let mut users = Vec::new();
    let mut actings = Vec::new();
    for (name, people) in ORGANISATIONS {
        for (email, acting) in organisation(state, name, people).await? {
            users.push(DemoUser {
                email: email.to_owned(),
                password: password(state, email),
                role: acting.role.as_str(),
                organisation: acting.hash.to_string(),
            });
            actings.push((name, acting));
        }
    }
    let mut streams = Vec::new();
    // Whoever may make streams in the first organisation; none is left where everybody was removed or demoted.
    let (first, _) = ORGANISATIONS[0];
    let maker = actings
        .iter()
        .find(|(name, acting)| *name == first && acting.may(state, Action::StreamCreate));
    if let Some((_, acting)) = maker {
        for (alias, title, test_source) in STREAMS {
            match demo_stream(state, acting, alias, title, test_source).await {
                Ok(stream) => streams.push(stream),
                // The visitor suspended the organisation, or took from it what a stream needs.
                Err(fault @ (Fault::Suspended | Fault::PackageRequired(_) | Fault::Caller(_))) => {
                    tracing::warn!(?fault, stream.alias = alias, "the demo starts without a stream");
                }
                Err(fault) => return Err(fault),
            }
        }
    }
    Ok(Demo {
        users,
        operator: operator(state).await?,
        streams,
    })
}

/// The people of an organisation who are members of one still. They and the organisation are made at the first start.
async fn organisation(
    state: &State,
    name: &str,
    people: &'static [Person],
) -> Result<Vec<(&'static str, Acting)>, Fault> {
    let mut hashes = Vec::new();
    for (email, ..) in people {
        hashes.push(
            state
                .passwords
                .hash(password(state, email), state.entropy.bytes())
                .await?,
        );
    }
    let write = state.store.write().await?;
    let mut actings = Vec::new();
    for (email, ..) in people {
        let existing = existing(state, &write, email).await?;
        actings.extend(existing.map(|acting| (*email, acting)));
    }
    let known = app_user::Entity::across_tenants("whether the demo's people were made before")
        .filter(app_user::Column::Email.is_in(people.iter().map(|(email, ..)| *email)))
        .one(&*write)
        .await?;
    if known.is_some() {
        return Ok(actings);
    }
    drop(write);
    let by = By {
        actor: Actor::Platform,
        role: None,
        address: std::net::Ipv4Addr::LOCALHOST.into(),
        request: state.mint(),
    };
    let work = Work::on(state, state.mint(), by).await?;
    let (row, updates) = organisations::found(&work, name, &Package::ALL).await?;
    for ((email, name, role), hash) in people.iter().zip(hashes) {
        let (user, member): (UserId, MemberId) = (state.mint(), state.mint());
        app_user::ActiveModel {
            id: Set(user.uuid()),
            email: Set((*email).to_owned()),
            name: Set((*name).to_owned()),
            password_hash: Set(hash),
            operator: Set(false),
            created_at: Set(work.at.us()),
        }
        .insert(&*work.write)
        .await?;
        member::ActiveModel {
            id: Set(member.uuid()),
            organisation_id: Set(work.organisation.uuid()),
            user_id: Set(user.uuid()),
            role: Set(role.as_str().to_owned()),
            access_since: Set(0),
            given: Set(false),
            created_at: Set(work.at.us()),
        }
        .insert(&*work.write)
        .await?;
        actings.push((*email, acting(state, user, member, *role, row.clone())?));
    }
    work.finish(
        PlatformAction::OrganisationCreate,
        &row.hash,
        serde_json::json!({}),
        &updates,
    )
    .await?;
    Ok(actings)
}

/// The platform operator, who is made where they are missing.
async fn operator(state: &State) -> Result<DemoOperator, Fault> {
    let password = password(state, OPERATOR);
    let hash = state.passwords.hash(password.clone(), state.entropy.bytes()).await?;
    operator::with_password(state, OPERATOR, "Otto Operator", hash).await?;
    Ok(DemoOperator {
        email: OPERATOR.to_owned(),
        password,
    })
}

async fn existing(state: &State, write: &Write, email: &str) -> Result<Option<Acting>, Fault> {
    let user = app_user::Entity::across_tenants("the demo's people, by email")
        .filter(app_user::Column::Email.eq(email))
        .one(&**write)
        .await?;
    let Some(user) = user else { return Ok(None) };
    let member = member::Entity::across_tenants("the demo's people, by email")
        .filter(member::Column::UserId.eq(user.id))
        .one(&**write)
        .await?;
    let Some(member) = member else { return Ok(None) };
    let row = organisation::Entity::across_tenants("the demo's organisations")
        .filter(organisation::Column::Id.eq(member.organisation_id))
        .one(&**write)
        .await?
        .ok_or(Fault::Internal)?;
    let role = member.role.parse().map_err(|error| Fault::bug(&error))?;
    acting(
        state,
        UserId::from_uuid(user.id),
        MemberId::from_uuid(member.id),
        role,
        row,
    )
    .map(Some)
}

/// The stream of that alias, or of the next one that was not deleted; made where it is missing.
async fn demo_stream(
    state: &State,
    acting: &Acting,
    alias: &str,
    title: &str,
    test_source: bool,
) -> Result<DemoStream, Fault> {
    let mut row = None;
    for n in 1_u32.. {
        let alias = if n == 1 {
            alias.to_owned()
        } else {
            format!("{alias}-{n}")
        };
        match streams::by_name(state.store.read(), acting.id, &format!("{}-{alias}", acting.hash)).await {
            Ok(found) => row = Some(found),
            Err(Fault::NotFound) => {
                let new = streams::New {
                    title: Some(title.to_owned()),
                    alias: Some(alias),
                    tags: vec!["demo".to_owned()],
                    switches: streams::Switches {
                        secure_playback: test_source.then_some("required"),
                        ..streams::Switches::default()
                    },
                    test_source,
                };
                match streams::create(state, acting, new).await {
                    Ok((made, _)) => row = Some(made),
                    // It was deleted: its name is not used again.
                    Err(Fault::Caller(error)) if error.code == "TAKEN" => continue,
                    Err(fault) => return Err(fault),
                }
            }
            Err(fault) => return Err(fault),
        }
        break;
    }
    let mut row: stream::Model = row.ok_or(Fault::Internal)?;
    if test_source && !row.test_source && row.standing == "active" {
        row = streams::start_test_source(state, acting, &row.name).await?.0;
    }
    let wanted = tokens::Wanted {
        scope: tokens::Scope::Streams(vec![row.name.clone()]),
        expires: state.now().s() + tokens::DAY_S,
        tag: Some("demo".to_owned()),
        revocable: true,
        ..tokens::Wanted::default()
    };
    let made = tokens::create(state, acting, Action::TokenCreate, wanted).await?;
    let key = policy::ingest_key(state, &row)?;
    Ok(DemoStream {
        ingest_url: graphql::ingest_url(&state.addresses, &row.name, &key),
        name: row.name,
        token: made.token,
    })
}

fn acting(
    state: &State,
    user: UserId,
    member: MemberId,
    role: Role,
    row: organisation::Model,
) -> Result<Acting, Fault> {
    Acting::unsigned(Actor::Member { user, member }, role, row, state.mint())
}

fn password(state: &State, email: &str) -> String {
    let bytes = state.seal.derive(&format!("demo password {email}"));
    let (short, _) = bytes.split_at(12);
    URL_SAFE_NO_PAD.encode(short)
}

impl std::fmt::Debug for DemoUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DemoUser")
            .field("email", &self.email)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for DemoOperator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DemoOperator")
            .field("email", &self.email)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for DemoStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DemoStream")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

const OPERATOR: &str = "operator@platform.example";

/// Email, name, role.
type Person = (&'static str, &'static str, Role);

/// Alias, title, whether the built-in test source publishes it.
const STREAMS: [(&str, &str, bool); 2] = [("test", "Test picture", true), ("encoder", "Your encoder", false)];

const ORGANISATIONS: [(&str, &[Person]); 2] = [
    (
        "Northwind Live",
        &[
            ("admin@northwind.example", "Ada Admin", Role::Admin),
            ("user@northwind.example", "Uma User", Role::User),
            ("readonly@northwind.example", "Ron Reader", Role::ReadOnly),
        ],
    ),
    (
        "Southgate Media",
        &[("admin@southgate.example", "Sol Admin", Role::Admin)],
    ),
];
