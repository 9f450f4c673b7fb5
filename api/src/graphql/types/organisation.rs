//! The organisation in which a request acts, and what hangs from it.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use authz::Action;
use entity::{Tenanted, api_token, stream};
use ids::{ApiTokenId, AuditId, ChangeId, GroupId, StreamId, TokenId};
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter};

use super::{
    Alert, AlertConnection, AlertDelivery, AlertDeliveryConnection, AlertFilter, AlertReceiver, AlertRule, Analytics,
    AnalyticsFilter, ApiToken, ApiTokenConnection, ApiTokenFilter, AuditEntry, AuditEntryConnection, AuditFilter,
    BannedUser, BannedUserConnection, CaseState, Change, ChangeConnection, Geolocation, GuardianRule,
    GuardianRuleConnection, GuardianRuleFilter, IdentityProvider, Member, MemberConnection, MisuseCase,
    MisuseCaseConnection, MisuseResponse, MisuseResponseConnection, MisuseThresholds, Part, PrivacySettings,
    ResponseSettings, ResponseState, RetentionSettings, SessionConnection, SessionFilter, SigningKey, StaticToken,
    StreamGroup, StreamGroupConnection, Tag, TimeRange, TokenDoor, WeakTokens, Webhook, WebhookDelivery,
    WebhookDeliveryConnection, WebhookDeliveryFilter,
    decision::{self, RefusalConnection, RefusalFilter},
    invitation::{self, InvitationConnection},
    package::PackageStatus,
    page::wanted,
    session,
    stream::{IngestAuthorisation, Stream, StreamConnection, StreamState},
    token::{PlaybackToken, PlaybackTokenConnection, TokenStatus},
};
use crate::{
    analytics::findings,
    fault::Fault,
    graphql::{caller, state},
    live::weak,
    people::{Acting, provider},
    publisher::policy,
    service::{
        alert_receivers, alert_rules, alerts, api_tokens, audit_log, bans, cases, groups, members, packages, reading,
        responses, rules, signing_keys, static_tokens, tags, webhooks,
    },
};

/// The organisation in which the request acts.
pub(crate) struct Organisation(pub(crate) Acting);

#[Object]
impl Organisation {
    /// Its id; what our tokens carry as `sub`.
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// What people call it.
    async fn name(&self) -> &str {
        &self.0.row.name
    }

    /// The public hash that its stream names begin with.
    async fn hash(&self) -> &str {
        &self.0.row.hash
    }

    /// Every package of the catalogue, enabled or not, with limits and use.
    async fn packages(&self, context: &Context<'_>) -> Result<Vec<PackageStatus>> {
        let state = state(context);
        let connection = state.store.read();
        let standings = packages::of(connection, self.0.id).await.map_err(Fault::from)?;
        let streams = stream::Entity::in_tenant(self.0.id)
            .filter(stream::Column::DeletedAt.is_null())
            .count(connection)
            .await
            .map_err(Fault::from)?;
        let rules = packages::rules(connection, self.0.id).await.map_err(Fault::from)?;
        Ok(PackageStatus::all(
            &standings,
            streams,
            rules,
            &state.live.counters(self.0.id, None),
        ))
    }

    /// What was watched within a time, by whom, and what looks like misuse.
    async fn analytics(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Within which time.")] range: TimeRange,
        #[graphql(desc = "Which sessions count.")] filter: Option<AnalyticsFilter>,
    ) -> Result<Option<Analytics>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::AnalyticsRead)?;
        acting.needs(state, guard::policy::Package::Analytics).await?;
        Ok(Some(Analytics::of(state, acting, range, filter)?))
    }

    /// Whether countries and networks of addresses are known here, and who is to be named where they are shown.
    async fn geolocation(&self, context: &Context<'_>) -> Geolocation {
        Geolocation::of(&state(context).places)
    }

    /// What holds where a stream or a token does not say.
    async fn settings(&self) -> OrganisationSettings {
        OrganisationSettings {
            secure_playback: self.0.row.secure_playback,
            force_disconnect: self.0.row.force_disconnect,
            second_factor_required: self.0.row.second_factor_required,
            ingest_authorisation: IngestAuthorisation::of(&self.0.row.ingest_authorisation),
            encrypted_ingest: self.0.row.encrypted_ingest,
            static_tokens: self.0.row.static_tokens,
            backend_tokens: self.0.row.backend_tokens,
            allowed_origins: policy::origins(&self.0.row),
            misuse_thresholds: MisuseThresholds::of(&findings::thresholds_of(&self.0.row)),
            responses: ResponseSettings::of(&self.0.row),
            privacy: PrivacySettings::of(&self.0.row),
            retention: RetentionSettings::of(&self.0.row),
        }
    }

    /// The keys that verify its tokens; for administrators.
    async fn signing_keys(&self, context: &Context<'_>) -> Result<Option<Vec<SigningKey>>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::SigningKeyRead)?;
        let keys = signing_keys::all(state, acting).await?;
        Ok(Some(keys.into_iter().map(SigningKey).collect()))
    }

    /// The list of static tokens, the newest first.
    async fn static_tokens(&self, context: &Context<'_>) -> Result<Option<Vec<StaticToken>>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::TokenRead)?;
        let tokens = static_tokens::all(state, acting).await?;
        Ok(Some(tokens.into_iter().map(StaticToken).collect()))
    }

    /// Viewers who are banned, the last banned first.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 100) as usize * child_complexity + 1")]
    async fn banned_users(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Behind which cursor.")] after: Option<String>,
        #[graphql(desc = "In the viewer's name or the note, whatever the case.")] text: Option<String>,
    ) -> Result<Option<BannedUserConnection>> {
        let state = state(context);
        caller(context).may(state, Action::TokenRead)?;
        let wanted = wanted(context, first, after.as_deref())?;
        let page = bans::page(state, self.0.id, text.as_deref(), wanted).await?;
        let key = |row: &entity::banned_viewer::Model| TokenId::from_uuid(row.id).to_string();
        Ok(Some(Part::of(page, key, BannedUser).into()))
    }

    /// With whom its people may sign in; for administrators.
    async fn identity_provider(&self, context: &Context<'_>) -> Result<Option<IdentityProvider>> {
        let state = state(context);
        caller(context).may(state, Action::ProviderRead)?;
        let found = provider::of(state.store.read(), self.0.id).await?;
        Ok(found.map(|(row, domains)| IdentityProvider::of(state, &row, domains)))
    }

    /// Its invitations, the newest first; for administrators.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 100) as usize * child_complexity + 1")]
    async fn invitations(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Behind which cursor.")] after: Option<String>,
        #[graphql(desc = "Whether only those are listed that can be accepted.")] pending_only: Option<bool>,
    ) -> Result<Option<InvitationConnection>> {
        invitation::connection_of(context, first, after.as_deref(), pending_only.unwrap_or(false))
            .await
            .map(Some)
    }

    /// Its streams, without deleted ones.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 100) as usize * child_complexity + 1")]
    async fn streams(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Behind which cursor.")] after: Option<String>,
        #[graphql(desc = "Which.")] filter: Option<StreamFilter>,
        #[graphql(desc = "In which order; the newest first unless said.")] order_by: Option<StreamOrder>,
    ) -> Result<StreamConnection> {
        let state = state(context);
        caller(context).may(state, Action::StreamRead)?;
        let filter = filter.unwrap_or_default();
        let which = reading::Streams {
            text: filter.text,
            state: filter.state.map(Into::into),
            tag: filter.tag,
            group: filter.group.map(|group| group.0),
            order: order_by.map(Into::into).unwrap_or_default(),
        };
        let by_name = matches!(which.order, reading::StreamOrder::Name);
        let page = reading::streams(state, self.0.id, which, wanted(context, first, after.as_deref())?).await?;
        let key = |row: &stream::Model| {
            if by_name {
                row.name.clone()
            } else {
                StreamId::from_uuid(row.id).to_string()
            }
        };
        Ok(Part::of(page, key, Stream).into())
    }

    /// Its stream groups, the newest first.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 100) as usize * child_complexity + 1")]
    async fn groups(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Behind which cursor.")] after: Option<String>,
    ) -> Result<StreamGroupConnection> {
        let state = state(context);
        caller(context).may(state, Action::StreamRead)?;
        let page = groups::page(state, self.0.id, wanted(context, first, after.as_deref())?).await?;
        let key = |row: &entity::stream_group::Model| GroupId::from_uuid(row.id).to_string();
        Ok(Part::of(page, key, StreamGroup).into())
    }

    /// Its Guardian rules, the newest first.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 100) as usize * child_complexity + 1")]
    async fn guardian_rules(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Behind which cursor.")] after: Option<String>,
        #[graphql(desc = "Which.")] filter: Option<GuardianRuleFilter>,
    ) -> Result<Option<GuardianRuleConnection>> {
        let state = state(context);
        caller(context).may(state, Action::RuleRead)?;
        let wanted = wanted(context, first, after.as_deref())?;
        let page = rules::page(state, self.0.id, filter.unwrap_or_default().into(), wanted).await?;
        let page = page.try_map(GuardianRule::of)?;
        Ok(Some(Part::of(page, GuardianRule::key, |rule| rule).into()))
    }

    /// The labels of its streams by name, the first 1000.
    async fn tags(&self, context: &Context<'_>) -> Result<Vec<Tag>> {
        let state = state(context);
        caller(context).may(state, Action::StreamRead)?;
        let organisation = self.0.id;
        let tags = tags::all(state, organisation).await?;
        Ok(tags
            .into_iter()
            .map(|(name, streams)| Tag {
                organisation,
                name,
                streams: Some(streams),
            })
            .collect())
    }

    /// Its audit log, the newest first; for administrators.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 100) as usize * child_complexity + 1")]
    async fn audit_log(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Behind which cursor.")] after: Option<String>,
        #[graphql(desc = "Which.")] filter: Option<AuditFilter>,
    ) -> Result<Option<AuditEntryConnection>> {
        let state = state(context);
        caller(context).may(state, audit_log::READ)?;
        let which = filter.unwrap_or_default().try_into()?;
        let wanted = wanted(context, first, after.as_deref())?;
        let page = audit_log::page(state, self.0.id, &which, wanted).await?;
        let key = |row: &entity::audit_entry::Model| AuditId::from_uuid(row.id).to_string();
        Ok(Some(Part::of(page, key, AuditEntry).into()))
    }

    /// The records of its playback tokens, the newest first.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 100) as usize * child_complexity + 1")]
    async fn playback_tokens(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Behind which cursor.")] after: Option<String>,
        #[graphql(desc = "Which.")] filter: Option<TokenFilter>,
    ) -> Result<Option<PlaybackTokenConnection>> {
        let state = state(context);
        caller(context).may(state, Action::TokenRead)?;
        let filter = filter.unwrap_or_default();
        let which = reading::Tokens {
            text: filter.text,
            stream: filter.stream,
            status: filter.status.map(Into::into),
            user: filter.user,
            tag: filter.tag,
            door: filter.door.map(Into::into),
            watch: filter.watch.unwrap_or(false),
        };
        let page = reading::tokens(state, self.0.id, which, wanted(context, first, after.as_deref())?).await?;
        let key = |row: &entity::playback_token::Model| TokenId::from_uuid(row.id).to_string();
        Ok(Some(Part::of(page, key, PlaybackToken).into()))
    }

    /// What could be better about the tokens that were shown at its doors within 30 days, by the key that signed them and the
    /// kind of finding, the last seen first. Of what its own keys sign this is all that can be known beforehand.
    async fn weak_tokens(&self, context: &Context<'_>) -> Result<Option<Vec<WeakTokens>>> {
        let state = state(context);
        caller(context).may(state, Action::TokenRead)?;
        let rows = weak::of(state.store.read(), self.0.id, state.now())
            .await
            .map_err(Fault::from)?;
        Ok(Some(rows.into_iter().filter_map(WeakTokens::of).collect()))
    }

    /// Its API tokens, the newest first: everybody's and the API key for administrators, their own for others.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 100) as usize * child_complexity + 1")]
    async fn api_tokens(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Behind which cursor.")] after: Option<String>,
        #[graphql(desc = "Which.")] filter: Option<ApiTokenFilter>,
    ) -> Result<Option<ApiTokenConnection>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::AccountUse)?;
        let wanted = wanted(context, first, after.as_deref())?;
        let page = api_tokens::page(state, acting, filter.unwrap_or_default().into(), wanted).await?;
        let key = |row: &api_token::Model| ApiTokenId::from_uuid(row.id).to_string();
        Ok(Some(Part::of(page, key, ApiToken).into()))
    }

    /// Its members, the newest first; for administrators.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 100) as usize * child_complexity + 1")]
    async fn members(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Behind which cursor.")] after: Option<String>,
        #[graphql(desc = "In the name or the address, whatever the case.")] text: Option<String>,
    ) -> Result<Option<MemberConnection>> {
        let state = state(context);
        let acting = caller(context).may(state, Action::MemberRead)?;
        let page = members::page(
            state,
            acting.id,
            text.as_deref(),
            wanted(context, first, after.as_deref())?,
        )
        .await?;
        let page = page.try_map(|known| Member::of(acting, known))?;
        Ok(Some(Part::of(page, Member::key, |member| member).into()))
    }

    /// Its webhooks, the oldest first; for administrators.
    async fn webhooks(&self, context: &Context<'_>) -> Result<Option<Vec<Webhook>>> {
        let state = state(context);
        caller(context).may(state, Action::WebhookRead)?;
        let rows = webhooks::all(state.store.read(), self.0.id).await?;
        Ok(Some(rows.into_iter().map(Into::into).collect()))
    }

    /// What its webhooks were called for in the last 7 days, the newest first; for administrators.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 100) as usize * child_complexity + 1")]
    async fn webhook_deliveries(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Behind which cursor.")] after: Option<String>,
        #[graphql(desc = "Which.")] filter: Option<WebhookDeliveryFilter>,
    ) -> Result<Option<WebhookDeliveryConnection>> {
        let state = state(context);
        caller(context).may(state, Action::WebhookRead)?;
        let wanted = wanted(context, first, after.as_deref())?;
        let page = webhooks::page(state, self.0.id, filter.unwrap_or_default().into(), wanted).await?;
        Ok(Some(Part::of(page, WebhookDelivery::key, WebhookDelivery).into()))
    }

    /// What it wants to be told of, the oldest first.
    async fn alert_rules(&self, context: &Context<'_>) -> Result<Option<Vec<AlertRule>>> {
        let state = state(context);
        caller(context).may(state, Action::AlertRead)?;
        let rows = alert_rules::all(state.store.read(), self.0.id).await?;
        Ok(Some(rows.into_iter().filter_map(AlertRule::of).collect()))
    }

    /// Its alerts of the last 90 days, and those that go on, the newest first.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 100) as usize * child_complexity + 1")]
    async fn alerts(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Behind which cursor.")] after: Option<String>,
        #[graphql(desc = "Which.")] filter: Option<AlertFilter>,
    ) -> Result<Option<AlertConnection>> {
        let state = state(context);
        caller(context).may(state, Action::AlertRead)?;
        let wanted = wanted(context, first, after.as_deref())?;
        let page = alerts::page(state, self.0.id, filter.unwrap_or_default().into(), wanted).await?;
        Ok(Some(Part::of(page, Alert::key, Alert).into()))
    }

    /// Its misuse cases, the newest first; not for `nanoReadOnly`.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 100) as usize * child_complexity + 1")]
    async fn cases(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only those in this state.")] state: Option<CaseState>,
        #[graphql(desc = "How many, 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Behind which cursor.")] after: Option<String>,
    ) -> Result<Option<MisuseCaseConnection>> {
        let standing = state.map(CaseState::column);
        let state = crate::graphql::state(context);
        caller(context).may(state, Action::CaseRead)?;
        let page = cases::page(state, self.0.id, standing, wanted(context, first, after.as_deref())?).await?;
        Ok(Some(Part::of(page, MisuseCase::key, MisuseCase).into()))
    }

    /// What is suggested, and done, about whom misuse is found in, the newest first; not for `nanoReadOnly`.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 100) as usize * child_complexity + 1")]
    async fn responses(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only those in this state.")] state: Option<ResponseState>,
        #[graphql(desc = "How many, 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Behind which cursor.")] after: Option<String>,
    ) -> Result<Option<MisuseResponseConnection>> {
        let standing = state.map(Into::into);
        let state = crate::graphql::state(context);
        caller(context).may(state, Action::ResponseRead)?;
        let page = responses::page(state, self.0.id, standing, wanted(context, first, after.as_deref())?).await?;
        Ok(Some(Part::of(page, MisuseResponse::key, MisuseResponse).into()))
    }

    /// One of its misuse cases; not for `nanoReadOnly`.
    async fn case(&self, context: &Context<'_>, #[graphql(desc = "Its id.")] id: ID) -> Result<Option<MisuseCase>> {
        let state = state(context);
        caller(context).may(state, Action::CaseRead)?;
        let row = cases::by_id(state.store.read(), self.0.id, &id).await?;
        Ok(Some(MisuseCase(row)))
    }

    /// Where its alerts go beside webhooks, the oldest first; for administrators.
    async fn alert_receivers(&self, context: &Context<'_>) -> Result<Option<Vec<AlertReceiver>>> {
        let state = state(context);
        caller(context).may(state, Action::AlertReceiverRead)?;
        let rows = alert_receivers::all(state.store.read(), self.0.id).await?;
        Ok(Some(rows.into_iter().map(Into::into).collect()))
    }

    /// What was sent to its receivers of alerts in the last 30 days, the newest first; for administrators. What webhooks were
    /// told is in their own log.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 100) as usize * child_complexity + 1")]
    async fn alert_deliveries(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Behind which cursor.")] after: Option<String>,
    ) -> Result<Option<AlertDeliveryConnection>> {
        let state = state(context);
        caller(context).may(state, Action::AlertReceiverRead)?;
        let wanted = wanted(context, first, after.as_deref())?;
        let page = alert_receivers::page(state, self.0.id, wanted).await?;
        Ok(Some(Part::of(page, AlertDelivery::key, AlertDelivery).into()))
    }

    /// Changes to its policy, the newest first: how long each took to be in force, and whom it cut.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 100) as usize * child_complexity + 1")]
    async fn changes(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Behind which cursor.")] after: Option<String>,
    ) -> Result<Option<ChangeConnection>> {
        let state = state(context);
        caller(context).may(state, Action::ChangeRead)?;
        let wanted = wanted(context, first, after.as_deref())?;
        let page = reading::changes(state, self.0.id, wanted).await?;
        let key = |row: &entity::change::Model| ChangeId::from_uuid(row.id).to_string();
        Ok(Some(Part::of(page, key, Change::from).into()))
    }

    /// Its sessions, live and past, the newest first. `nanoReadOnly` sees addresses masked, and no users.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 100) as usize * child_complexity + 1")]
    async fn sessions(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Behind which cursor.")] after: Option<String>,
        #[graphql(desc = "Which.")] filter: Option<SessionFilter>,
    ) -> Result<Option<SessionConnection>> {
        session::connection(context, filter.unwrap_or_default(), first, after.as_deref())
            .await
            .map(Some)
    }

    /// Who was refused of late, and why, the newest first: the newest 10 000 are kept, for 30 days. Of a crowd that is
    /// refused at once some are.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 100) as usize * child_complexity + 1")]
    async fn refusals(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Behind which cursor.")] after: Option<String>,
        #[graphql(desc = "Which.")] filter: Option<RefusalFilter>,
    ) -> Result<Option<RefusalConnection>> {
        decision::refusals(context, filter.unwrap_or_default(), first, after.as_deref())
            .await
            .map(Some)
    }
}

/// What holds where a stream or a token does not say.
#[derive(Clone, Debug, SimpleObject)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub(crate) struct OrganisationSettings {
    /// Whether playback needs a token.
    secure_playback: bool,
    /// Whether sessions end when their token expires.
    force_disconnect: bool,
    /// Whether members must have a second factor.
    second_factor_required: bool,
    /// What a broadcaster has to show.
    ingest_authorisation: IngestAuthorisation,
    /// Whether broadcasters must come encrypted.
    encrypted_ingest: bool,
    /// Whether the list of static tokens lets in.
    static_tokens: bool,
    /// Whether the webhook that judges tokens is asked about them.
    backend_tokens: bool,
    /// Pages that may read what their players fetch (CORS); all of them where none is named. Those that are
    /// written out in full may do so with the viewer's cookie, which by WebSocket counts from them and our own only.
    allowed_origins: Vec<String>,
    /// From when on something is a sign of misuse.
    misuse_thresholds: MisuseThresholds,
    /// What happens by itself about whom misuse is found in.
    responses: ResponseSettings,
    /// For how long viewers' addresses are full, and what becomes of them then.
    privacy: PrivacySettings,
    /// For how long it is remembered what was watched.
    retention: RetentionSettings,
}

/// Which streams.
#[derive(Clone, Debug, Default, InputObject)]
pub(crate) struct StreamFilter {
    /// In the name or the title, whatever the case.
    text: Option<String>,
    /// In this state.
    state: Option<StreamState>,
    /// With this label.
    tag: Option<String>,
    /// In this group.
    group: Option<ID>,
}

/// In which order streams are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "reading::StreamOrder")]
pub(crate) enum StreamOrder {
    /// The newest first.
    Newest,
    /// The oldest first.
    Oldest,
    /// By name.
    Name,
}

/// Which tokens.
#[derive(Clone, Debug, Default, InputObject)]
pub(crate) struct TokenFilter {
    /// In the id, the viewer's name or the label, whatever the case.
    text: Option<String>,
    /// For the stream of this name; organisation-wide ones included.
    stream: Option<String>,
    /// In this state.
    status: Option<TokenStatus>,
    /// With this viewer.
    user: Option<String>,
    /// With this label.
    tag: Option<String>,
    /// For this.
    door: Option<TokenDoor>,
    /// Whether those made for the dashboard's own player are listed too.
    watch: Option<bool>,
}
