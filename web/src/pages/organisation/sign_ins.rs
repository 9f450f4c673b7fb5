//! Where the organisation's people are signed in.

use leptos::prelude::*;

use super::members::called;
use crate::{
    api::{
        account,
        client::use_api,
        members::{self, Member},
    },
    kit::{Card, Doing, Load, Loaded, More, Skeleton, Trouble, nodes, use_toasts},
    pages::account::SignInRows,
};

/// Every member who is signed in here, with each browser.
#[component]
pub(super) fn SignIns() -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let load = Load::new(move || members::members(api, String::new(), None));
    let all = nodes(load);
    let signed_in = Memo::new(move |_| {
        let mut members = all.get();
        members.retain(|member| member.sign_ins.as_ref().is_some_and(|all| !all.is_empty()));
        members
    });
    let end = Callback::new(move |id: cynic::Id| {
        doing.run(account::end_sign_in(api, account::EndSignInInput { id }), move |_| {
            load.again();
            toasts.good("The sign-in has ended here.");
        });
    });
    view! {
        <Card title="Where members are signed in" flush=true>
            <p class="row-note soft">"Ending a sign-in ends it in this organisation, at once. Elsewhere it goes on."</p>
            <Trouble doing/>
            <Loaded load skeleton=|| view! { <Skeleton lines=4/> }>
                <For each=move || signed_in.get() key=|member| format!("{member:?}") let:member>
                    <One member end/>
                </For>
                <More load ask=move |after| members::members(api, String::new(), after)/>
            </Loaded>
        </Card>
    }
}

#[component]
fn One(member: Member, end: Callback<cynic::Id>) -> impl IntoView {
    let name = called(&member);
    let sign_ins = Signal::stored(member.sign_ins.unwrap_or_default());
    view! {
        <section class="signed-in">
            <h3>{name}<span class="soft">{member.email}</span></h3>
            <SignInRows sign_ins on_end=end/>
        </section>
    }
}
