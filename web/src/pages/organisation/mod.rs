//! The organisation: what it has, who is in it, what acts for it, and how it is kept safe. A page per part.

mod invitations;
mod keys;
mod members;
mod overview;
mod packages;
mod privacy;
mod provider;
mod second_factor;
mod security;
mod settings;
mod sign_ins;
mod tokens;
mod webhooks;

pub(crate) use self::{
    keys::Keys, members::Members, overview::Overview, security::Security, tokens::ApiTokens, webhooks::Webhooks,
};

use leptos::prelude::*;

use crate::{
    api::people::Permission,
    kit::{PageHead, Tabs},
    session::{may, use_person},
};

/// Head and tabs of each of the pages. A part that is closed to the role has no tab.
#[component]
pub(super) fn Head(
    part: &'static str,
    lead: &'static str,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let name = use_person().with_untracked(|person| person.organisation().map(|one| one.name.clone()));
    let mut tabs = vec![("/organisation", "Overview")];
    if may(Permission::MemberRead) {
        tabs.push(("/organisation/members", "Members"));
    }
    if may(Permission::ApiTokenManage) {
        tabs.push(("/organisation/api-tokens", "API tokens"));
    }
    if may(Permission::SigningKeyRead) {
        tabs.push(("/organisation/keys", "Signing keys"));
    }
    if may(Permission::OrganisationUpdate) {
        tabs.push(("/organisation/security", "Security"));
    }
    if may(Permission::WebhookRead) {
        tabs.push(("/organisation/webhooks", "Webhooks"));
    }
    if may(Permission::AuditRead) {
        tabs.push(("/organisation/audit", "Audit log"));
    }
    let lead = match name {
        Some(name) => format!("{name}. {lead}"),
        None => lead.to_owned(),
    };
    view! {
        <PageHead title="Organisation" tab=part lead=lead>{children.map(|children| children())}</PageHead>
        {(tabs.len() > 1).then(|| view! { <Tabs label="Parts of the organisation" tabs/> })}
    }
}

/// What stands on a page that the role cannot open.
#[component]
pub(super) fn ClosedToRole() -> impl IntoView {
    view! {
        <crate::kit::Empty icon=icondata_lu::LuLockKeyhole title="Closed to your role" text="This page is for nanoAdmin. Ask an administrator of your organisation."/>
    }
}
