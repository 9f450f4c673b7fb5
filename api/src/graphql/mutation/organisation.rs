//! An organisation's own settings, and its wishes for packages.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use authz::Action;

use super::answer;
use crate::{
    fault::UserError,
    graphql::{
        caller, state,
        types::{
            Change, IngestAuthorisation, MisuseThresholdsInput, Organisation, Package, PrivacyInput,
            ResponseSettingsInput, RetentionInput,
        },
    },
    people::Who,
    service::{
        organisations::{self, Edit, Retention},
        packages,
    },
};

#[derive(Default)]
pub(super) struct Settings;

#[Object]
impl Settings {
    /// Changes the organisation's settings; what is left out stays. Running sessions are decided again.
    async fn update_settings(
        &self,
        context: &Context<'_>,
        input: UpdateSettingsInput,
    ) -> Result<Option<UpdateSettingsPayload>> {
        let (state, caller) = (state(context), caller(context));
        let acting = caller.may(state, Action::OrganisationUpdate)?;
        let with_second_factor = matches!(&caller.who, Who::Person(person) if person.second_factor);
        let thresholds = match input.misuse_thresholds.map(MisuseThresholdsInput::read).transpose() {
            Ok(thresholds) => thresholds,
            Err(fault) => {
                return answer(
                    Err(fault),
                    |()| UpdateSettingsPayload::none(vec![]),
                    UpdateSettingsPayload::none,
                );
            }
        };
        let edit = Edit {
            name: input.name,
            secure_playback: input.secure_playback,
            force_disconnect: input.force_disconnect,
            ingest_authorisation: input.ingest_authorisation.map(IngestAuthorisation::column),
            second_factor_required: input.second_factor_required,
            encrypted_ingest: input.encrypted_ingest,
            static_tokens: input.static_tokens,
            backend_tokens: input.backend_tokens,
            origins: input.allowed_origins,
            thresholds,
            responses: input.responses.map(Into::into),
            address_days: input.privacy.and_then(|privacy| privacy.address_days),
            masking: input
                .privacy
                .and_then(|privacy| privacy.addresses_afterwards)
                .map(Into::into),
            retention: input.retention.map(|RetentionInput { days }| Retention { days }),
        };
        answer(
            organisations::edit(state, acting, with_second_factor, edit).await,
            |(row, progress)| UpdateSettingsPayload {
                organisation: Some(Organisation(crate::people::Acting { row, ..acting.clone() })),
                change: Some(progress.into()),
                errors: vec![],
            },
            UpdateSettingsPayload::none,
        )
    }

    /// Asks the platform operators for a package. Asking twice changes nothing.
    async fn request_package(
        &self,
        context: &Context<'_>,
        input: RequestPackageInput,
    ) -> Result<Option<RequestPackagePayload>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::PackageRequest)?;
        answer(
            packages::request(state, acting, input.package.into(), input.note).await,
            |()| RequestPackagePayload {
                requested: true,
                errors: vec![],
            },
            |errors| RequestPackagePayload {
                requested: false,
                errors,
            },
        )
    }
}

/// What is to be different.
#[derive(InputObject)]
pub(super) struct UpdateSettingsInput {
    /// What people call the organisation; 100 characters at most.
    name: Option<String>,
    /// Whether playback needs a token, where a stream does not say. On: sessions without one end.
    secure_playback: Option<bool>,
    /// Whether sessions end when their token expires, where the token does not say.
    force_disconnect: Option<bool>,
    /// What a broadcaster has to show, where a stream does not say; `INHERIT` says nothing here.
    ingest_authorisation: Option<IngestAuthorisation>,
    /// Whether members must have a second factor. Who turns it on has shown one.
    second_factor_required: Option<bool>,
    /// Whether broadcasters must come encrypted: plain RTMP is refused then, with `ENCRYPTION_REQUIRED`.
    encrypted_ingest: Option<bool>,
    /// Whether the list of static tokens lets in, where a stream does not say: a tool for tests. Off: sessions on them end.
    static_tokens: Option<bool>,
    /// Whether the webhook that judges tokens is asked about them, where a stream does not say. Off: sessions on its word
    /// end.
    backend_tokens: Option<bool>,
    /// Pages that may read what their players fetch (CORS), as `https://example.com` or `https://*.example.com`; 50 at most.
    /// All of them where the list is empty. Those that are written out in full may do so with the viewer's cookie,
    /// which by WebSocket counts from them and our own only.
    allowed_origins: Option<Vec<String>>,
    /// From when on something is a sign of misuse.
    misuse_thresholds: Option<MisuseThresholdsInput>,
    /// What is to happen by itself about whom misuse is found in.
    responses: Option<ResponseSettingsInput>,
    /// For how long viewers' addresses are full, and what becomes of them then.
    privacy: Option<PrivacyInput>,
    /// For how long it is remembered what was watched.
    retention: Option<RetentionInput>,
}

/// What came of it.
#[derive(SimpleObject)]
pub(super) struct UpdateSettingsPayload {
    /// The organisation afterwards.
    organisation: Option<Organisation>,
    /// The change on its way to the nodes.
    change: Option<Change>,
    /// What can be mended; `SECOND_FACTOR_FIRST` among others.
    errors: Vec<UserError>,
}

impl UpdateSettingsPayload {
    fn none(errors: Vec<UserError>) -> Self {
        Self {
            organisation: None,
            change: None,
            errors,
        }
    }
}

/// Which package is wished for.
#[derive(InputObject)]
pub(super) struct RequestPackageInput {
    /// Which.
    package: Package,
    /// What the operators should know; 500 characters at most.
    note: Option<String>,
}

/// What came of asking.
#[derive(SimpleObject)]
pub(super) struct RequestPackagePayload {
    /// Whether the wish is with the operators now.
    requested: bool,
    /// What can be mended.
    errors: Vec<UserError>,
}
