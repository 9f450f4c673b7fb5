//! The routes, and what all pages share.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    components::{ParentRoute, Redirect, Route, Router, Routes},
    path,
};

use crate::{
    kit::{ToastPlace, Toasts},
    pages::{
        Account, AccountSecurity, AccountTokens, Activity, AlertReceivers, AlertRules, Alerts, ApiTokens, Audit, Bans,
        CasePage, Cases, Changes, Findings, Guardian, Invitation, IpView, Keys, LookAtToken, Members, Missing,
        OrganisationOverview, Overview, Platform, Quality, Reset, Responses, Security, SeenTokens, SignIn,
        StaticTokens, StreamPage, Streams, TokenMaker, TokenView, Tokens, ViewerView, Watch, Webhooks,
    },
    session::Session,
    shell::Shell,
    time::Now,
};

/// The dashboard.
#[component]
pub(crate) fn App() -> impl IntoView {
    provide_meta_context();
    Now::provide();
    Toasts::provide();
    Session::provide();
    view! {
        <Title formatter=|page: String| if page.is_empty() { "Portcullis".to_owned() } else { format!("{page} · Portcullis") }/>
        <Router>
            <Routes fallback=Missing>
                <Route path=path!("/") view=|| view! { <Redirect path="/streams"/> }/>
                <Route path=path!("/sign-in") view=SignIn/>
                <Route path=path!("/watch") view=Watch/>
                <Route path=path!("/invitation") view=Invitation/>
                <Route path=path!("/reset") view=Reset/>
                <ParentRoute path=path!("") view=Shell>
                    <Route path=path!("/overview") view=Overview/>
                    <Route path=path!("/overview/quality") view=Quality/>
                    <Route path=path!("/streams") view=Streams/>
                    <Route path=path!("/streams/:name") view=StreamPage/>
                    <Route path=path!("/tokens") view=Tokens/>
                    <Route path=path!("/tokens/banned") view=Bans/>
                    <Route path=path!("/tokens/static") view=StaticTokens/>
                    <Route path=path!("/tokens/seen") view=SeenTokens/>
                    <Route path=path!("/tokens/look") view=LookAtToken/>
                    <Route path=path!("/tokens/new") view=TokenMaker/>
                    <Route path=path!("/guardian") view=Guardian/>
                    <Route path=path!("/misuse") view=Findings/>
                    <Route path=path!("/misuse/tokens") view=TokenView/>
                    <Route path=path!("/misuse/viewers") view=ViewerView/>
                    <Route path=path!("/misuse/addresses") view=IpView/>
                    <Route path=path!("/misuse/responses") view=Responses/>
                    <Route path=path!("/misuse/cases") view=Cases/>
                    <Route path=path!("/misuse/cases/:id") view=CasePage/>
                    <Route path=path!("/alerts") view=Alerts/>
                    <Route path=path!("/alerts/rules") view=AlertRules/>
                    <Route path=path!("/alerts/receivers") view=AlertReceivers/>
                    <Route path=path!("/activity") view=Activity/>
                    <Route path=path!("/activity/changes") view=Changes/>
                    <Route path=path!("/organisation") view=OrganisationOverview/>
                    <Route path=path!("/organisation/members") view=Members/>
                    <Route path=path!("/organisation/api-tokens") view=ApiTokens/>
                    <Route path=path!("/organisation/keys") view=Keys/>
                    <Route path=path!("/organisation/security") view=Security/>
                    <Route path=path!("/organisation/webhooks") view=Webhooks/>
                    <Route path=path!("/organisation/audit") view=Audit/>
                    <Route path=path!("/account") view=Account/>
                    <Route path=path!("/account/security") view=AccountSecurity/>
                    <Route path=path!("/account/api-tokens") view=AccountTokens/>
                    <Route path=path!("/platform") view=Platform/>
                </ParentRoute>
            </Routes>
        </Router>
        <ToastPlace/>
    }
}
