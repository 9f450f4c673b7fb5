//! The routes, and what all pages share.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    components::{ParentRoute, Redirect, Route, Router, Routes},
    path,
};

use crate::{
    kit::{ToastPlace, Toasts},
    pages::{Account, Activity, Missing, SignIn, StreamPage, Streams, Tokens, Watch},
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
                <ParentRoute path=path!("") view=Shell>
                    <Route path=path!("/streams") view=Streams/>
                    <Route path=path!("/streams/:name") view=StreamPage/>
                    <Route path=path!("/tokens") view=Tokens/>
                    <Route path=path!("/activity") view=Activity/>
                    <Route path=path!("/account") view=Account/>
                </ParentRoute>
            </Routes>
        </Router>
        <ToastPlace/>
    }
}
