//! Passkeys (`WebAuthn`), as a second factor beside the password.
//!
//! What the server must remember between the two halves of a ceremony travels with the browser, sealed for one person, one
//! purpose and five minutes, so that any node can finish what another began. A ceremony that was begun before its passkey
//! was last used is refused: none serves twice.

use std::{net::IpAddr, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entity::{Table, app_user, passkey};
use ids::PasskeyId;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, DbErr, QueryFilter, SqlErr};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use webauthn_rs::prelude::{
    Passkey, PasskeyAuthentication, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Url,
    Webauthn, WebauthnBuilder,
};

use super::{Factors, added, removed};
use crate::{
    fault::Fault,
    mail::AccountChange,
    people::{Caller, Whose, account::Hold},
    service::label,
    state::State,
    store::Write,
};

/// As whom passkeys know the installation: they serve there and nowhere else.
#[derive(Clone, Debug)]
pub(crate) struct RelyingParty(Option<Known>);

#[derive(Clone, Debug)]
struct Known {
    webauthn: Webauthn,
    origin: String,
}

/// A ceremony that a browser is to go on with.
#[derive(Clone, Debug)]
pub(crate) struct Begun {
    /// What `navigator.credentials` wants, as `WebAuthn` writes it in JSON.
    pub(crate) options: Value,
    /// To be given back with what the browser makes of it.
    pub(crate) state: String,
}

/// What the server must remember of a ceremony.
#[derive(Debug, Serialize, Deserialize)]
struct Ceremony<S> {
    begun_at: i64,
    state: S,
}

impl RelyingParty {
    /// That of an installation with this public address; none where that names an address instead of a host, as passkeys
    /// need a name. A loopback address is reached as `localhost` too.
    pub(crate) fn of(public_http: &str) -> Self {
        Self(Known::of(public_http))
    }

    /// The only site whose pages can use passkeys, as in `https://live.example.com`.
    pub(crate) fn origin(&self) -> Option<&str> {
        self.0.as_ref().map(|known| known.origin.as_str())
    }

    fn webauthn(&self) -> Result<&Webauthn, Fault> {
        let message = "this installation has no name that passkeys could be bound to: use an authenticator app";
        self.0
            .as_ref()
            .map(|known| &known.webauthn)
            .ok_or_else(|| Fault::field("name", "NO_PASSKEYS", message))
    }
}

impl Known {
    fn of(public_http: &str) -> Option<Self> {
        let mut url = Url::parse(public_http).ok()?;
        let host = url.host_str()?.trim_matches(['[', ']']);
        if host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()) {
            url.set_host(Some("localhost")).ok()?;
        }
        let name = url.domain()?.to_owned();
        let builder = WebauthnBuilder::new(&name, &url).ok()?.rp_name("Portcullis");
        Some(Self {
            webauthn: builder.build().ok()?,
            origin: url.origin().ascii_serialization(),
        })
    }
}

/// Begins making one.
pub(crate) async fn begin(state: &Arc<State>, caller: &Caller, password: Option<String>) -> Result<Begun, Fault> {
    let webauthn = state.relying_party.webauthn()?;
    let hold = Hold::by_password_or_young(state, caller, password).await?;
    let user = &hold.person.user;
    let before = Factors::of(&*hold.write, user.id).await?.passkeys;
    enough(before.len())?;
    let theirs = before.iter().map(|row| row.credential_id.clone()).collect();
    let begun = webauthn.start_passkey_registration(user.id, &user.email, &user.name, Some(theirs));
    let (options, registration) = begun.map_err(|error| Fault::bug(&error))?;
    let begun = Begun::of(state, &making(&hold), options, registration)?;
    hold.finish("passkey.begin", json!({})).await?;
    Ok(begun)
}

/// Keeps one that the browser made. Gives recovery codes where it is the person's first factor.
pub(crate) async fn add(
    state: &State,
    caller: &Caller,
    begun: &str,
    credential: Value,
    name: &str,
) -> Result<(passkey::Model, Option<Vec<String>>), Fault> {
    let name = label("name", name, NAME)?;
    let webauthn = state.relying_party.webauthn()?;
    let hold = Hold::begin(state, caller).await?;
    let refused = || {
        Fault::field(
            "credential",
            "PASSKEY_REFUSED",
            "that passkey was not accepted: begin again",
        )
    };
    let ceremony: Ceremony<PasskeyRegistration> = opened(state, &making(&hold), begun).ok_or_else(refused)?;
    let made = serde_json::from_value::<RegisterPublicKeyCredential>(credential).map_err(|_| refused())?;
    let made = webauthn
        .finish_passkey_registration(&made, &ceremony.state)
        .map_err(|error| {
            tracing::info!(%error, "a passkey was not accepted");
            refused()
        })?;
    let before = Factors::of(&*hold.write, hold.person.user.id).await?;
    enough(before.passkeys.len())?;
    let row = passkey::ActiveModel {
        id: Set(state.mint::<PasskeyId>().uuid()),
        user_id: Set(hold.person.user.id),
        name: Set(name),
        credential_id: Set(made.cred_id().clone()),
        credential: Set(written(&made)?),
        created_at: Set(state.now_us()),
        used_at: Set(None),
    };
    let row = row.insert(&*hold.write).await.map_err(|error| match error.sql_err() {
        // Whoever has it, nobody is told.
        Some(SqlErr::UniqueConstraintViolation(_)) => refused(),
        _ => error.into(),
    })?;
    let codes = added(&hold, &before).await?;
    let id = hold.person.id();
    let passkey = PasskeyId::from_uuid(row.id).to_string();
    let added = AccountChange::PasskeyAdded(&row.name);
    hold.finish_told("passkey.add", json!({ "passkey": passkey }), added)
        .await?;
    state.access.changed(Whose::User(id));
    Ok((row, codes))
}

/// Calls one of the caller's own otherwise.
pub(crate) async fn rename(state: &State, caller: &Caller, id: &str, name: &str) -> Result<passkey::Model, Fault> {
    let found = own(state, caller, id).await?;
    let name = label("name", name, NAME)?;
    let hold = Hold::begin(state, caller).await?;
    let named = passkey::ActiveModel {
        id: Set(found.id),
        name: Set(name),
        ..Default::default()
    };
    let row = named.update(&*hold.write).await.map_err(|error| match error {
        // It was removed at the same moment.
        DbErr::RecordNotUpdated => Fault::NotFound,
        error => error.into(),
    })?;
    let passkey = PasskeyId::from_uuid(row.id).to_string();
    hold.finish("passkey.rename", json!({ "passkey": passkey })).await?;
    Ok(row)
}

/// Removes one of the caller's own.
pub(crate) async fn remove(state: &Arc<State>, caller: &Caller, id: &str, password: String) -> Result<(), Fault> {
    let found = own(state, caller, id).await?;
    let hold = Hold::by_password(state, caller, "password", password).await?;
    passkey::Entity::remove_across_tenants("a person's own passkey")
        .filter(passkey::Column::Id.eq(found.id))
        .filter(passkey::Column::UserId.eq(hold.person.user.id))
        .exec(&*hold.write)
        .await?;
    removed(&hold).await?;
    let id = hold.person.id();
    let passkey = PasskeyId::from_uuid(found.id).to_string();
    let removed = AccountChange::PasskeyRemoved(&found.name);
    hold.finish_told("passkey.remove", json!({ "passkey": passkey }), removed)
        .await?;
    state.access.changed(Whose::User(id));
    Ok(())
}

/// Begins a proof of one of them, for whoever knows the password of `user`; none where there is nothing to prove.
pub(super) fn begin_sign_in(
    state: &State,
    user: &app_user::Model,
    theirs: &[passkey::Model],
) -> Result<Option<Begun>, Fault> {
    let Ok(webauthn) = state.relying_party.webauthn() else {
        return Ok(None);
    };
    if theirs.is_empty() {
        return Ok(None);
    }
    let keys = theirs.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let begun = webauthn.start_passkey_authentication(&keys);
    let (options, authentication) = begun.map_err(|error| Fault::bug(&error))?;
    Begun::of(state, &proving(user), options, authentication).map(Some)
}

/// Whether it proves one of these passkeys of `user`, in a ceremony that is theirs and that none used since it began.
pub(super) async fn check(
    state: &State,
    write: &Write,
    user: &app_user::Model,
    theirs: &[passkey::Model],
    begun: &str,
    credential: Value,
) -> Result<bool, Fault> {
    let Ok(webauthn) = state.relying_party.webauthn() else {
        return Ok(false);
    };
    let Some(ceremony) = opened::<PasskeyAuthentication>(state, &proving(user), begun) else {
        return Ok(false);
    };
    let Ok(shown) = serde_json::from_value::<PublicKeyCredential>(credential) else {
        return Ok(false);
    };
    let proven = match webauthn.finish_passkey_authentication(&shown, &ceremony.state) {
        Ok(proven) => proven,
        Err(error) => {
            tracing::info!(%error, "a passkey was not proven");
            return Ok(false);
        }
    };
    let fresh = |row: &&passkey::Model| row.used_at.is_none_or(|used| used < ceremony.begun_at);
    let Some(row) = theirs
        .iter()
        .find(|row| row.credential_id == *proven.cred_id())
        .filter(fresh)
    else {
        return Ok(false);
    };
    let mut key = read(row)?;
    key.update_credential(&proven);
    let used = passkey::ActiveModel {
        id: Set(row.id),
        credential: Set(written(&key)?),
        used_at: Set(Some(state.now_us())),
        ..Default::default()
    };
    used.update_without_returning(&**write).await?;
    Ok(true)
}

impl Begun {
    fn of(state: &State, place: &str, options: impl Serialize, ceremony: impl Serialize) -> Result<Self, Fault> {
        let ceremony = Ceremony {
            begun_at: state.now_us(),
            state: ceremony,
        };
        let ceremony = serde_json::to_vec(&ceremony).map_err(|error| Fault::bug(&error))?;
        Ok(Self {
            options: serde_json::to_value(options).map_err(|error| Fault::bug(&error))?,
            state: URL_SAFE_NO_PAD.encode(state.seal.close(place, &ceremony)),
        })
    }
}

/// A ceremony that was begun for `place`, and is not over.
fn opened<S: DeserializeOwned>(state: &State, place: &str, text: &str) -> Option<Ceremony<S>> {
    let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
    let ceremony = state.seal.open(place, &sealed).ok()?;
    let ceremony: Ceremony<S> = serde_json::from_slice(&ceremony).ok()?;
    (state.now_us() < ceremony.begun_at.saturating_add(CEREMONY_US)).then_some(ceremony)
}

/// One of the caller's own.
async fn own(state: &State, caller: &Caller, id: &str) -> Result<passkey::Model, Fault> {
    let user = caller.account()?.user.id;
    let id: PasskeyId = id.parse().map_err(|_| Fault::NotFound)?;
    passkey::Entity::across_tenants("a person's own passkey, by id")
        .filter(passkey::Column::Id.eq(id.uuid()))
        .filter(passkey::Column::UserId.eq(user))
        .one(state.store.read())
        .await?
        .ok_or(Fault::NotFound)
}

fn enough(have: usize) -> Result<(), Fault> {
    if have < MOST {
        return Ok(());
    }
    let message = format!("{MOST} passkeys are enough: remove one first");
    Err(Fault::field("name", "TOO_MANY", message))
}

fn read(row: &passkey::Model) -> Result<Passkey, Fault> {
    serde_json::from_value(row.credential.clone()).map_err(|error| Fault::bug(&error))
}

fn written(key: &Passkey) -> Result<Value, Fault> {
    serde_json::to_value(key).map_err(|error| Fault::bug(&error))
}

/// For what the state of making one is sealed: this sign-in of this person.
fn making(hold: &Hold<'_>) -> String {
    format!("passkey:{}:making:{}", hold.person.user.id, hold.person.sign_in)
}

/// For what the state of proving one is sealed.
fn proving(user: &app_user::Model) -> String {
    format!("passkey:{}:proving", user.id)
}

const NAME: usize = 100;
const MOST: usize = 10;
/// As long as browsers are told to wait.
const CEREMONY_US: i64 = 5 * 60 * 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_are_bound_to_the_installations_name() {
        for (address, origin) in [
            ("https://live.example.com", Some("https://live.example.com")),
            ("https://live.example.com:8443/", Some("https://live.example.com:8443")),
            ("http://127.0.0.1:8080", Some("http://localhost:8080")),
            ("http://[::1]:8080", Some("http://localhost:8080")),
            ("http://localhost:8080", Some("http://localhost:8080")),
            ("http://192.0.2.1:8080", None),
            ("https://[2001:db8::1]", None),
            ("nonsense", None),
        ] {
            assert_eq!(RelyingParty::of(address).origin(), origin, "{address}");
        }
    }
}
